import type { Endpoint } from '../host/index.js';

/** The addresses of one server: `first` at once, `later` only when none of those answers soon. */
export interface Turns {
  readonly first: readonly Endpoint[];
  readonly later: readonly Endpoint[];
}

/**
 * In which order the addresses of a server that has several are dialled. One that took a connection and led to nobody (another
 * program listens there, or a relay whose far end is gone) goes behind the others until the server was heard there.
 */
export class AddressTurns {
  /** Where each server was reached last, as long as nothing was heard there, and since when (monotonic). */
  private readonly unheard = new Map<number, { readonly endpoint: Endpoint; readonly sinceMs: number }>();
  /** Addresses of each server that led to nobody; the one that was tried last stands last. */
  private readonly doubted = new Map<number, readonly Endpoint[]>();

  /** For the next dial to a server. */
  next(sid: number, endpoints: readonly Endpoint[]): Turns {
    const doubted = (this.doubted.get(sid) ?? []).filter((one) => isAmong(endpoints, one));
    if (doubted.length > 0) this.doubted.set(sid, doubted);
    else this.doubted.delete(sid);
    const first = endpoints.filter((one) => !isAmong(doubted, one));
    return first.length > 0 ? { first, later: doubted } : { first: doubted.slice(0, 1), later: doubted.slice(1) };
  }

  /** A dial to the server was answered there; by whom is not known yet. The first time counts. */
  reached(sid: number, endpoint: Endpoint, nowMs: number): void {
    const before = this.unheard.get(sid);
    if (before === undefined || !isSame(before.endpoint, endpoint)) this.unheard.set(sid, { endpoint, sinceMs: nowMs });
  }

  /** As `doubt`, if it was reached there before `sinceMs` for the first time. */
  doubtBefore(sid: number, sinceMs: number): void {
    if ((this.unheard.get(sid)?.sinceMs ?? Number.POSITIVE_INFINITY) <= sinceMs) this.doubt(sid);
  }

  /** Where it was reached last it had its time, and was not heard. Nothing when it was. */
  doubt(sid: number): void {
    const failed = this.unheard.get(sid)?.endpoint;
    if (failed === undefined) return;
    this.unheard.delete(sid);
    this.doubted.set(sid, [...(this.doubted.get(sid) ?? []).filter((one) => !isSame(one, failed)), failed]);
  }

  /** That it was not heard where it was reached last says nothing of the address: there was no time, or another reason. */
  forgive(sid: number): void {
    this.unheard.delete(sid);
  }

  /** It was the server that answered where it was reached last. */
  heard(sid: number): void {
    const endpoint = this.unheard.get(sid)?.endpoint;
    if (endpoint === undefined) return;
    this.unheard.delete(sid);
    const doubted = this.doubted.get(sid)?.filter((one) => !isSame(one, endpoint)) ?? [];
    if (doubted.length > 0) this.doubted.set(sid, doubted);
    else this.doubted.delete(sid);
  }
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.host === b.host && a.port === b.port;
}

function isAmong(endpoints: readonly Endpoint[], one: Endpoint): boolean {
  return endpoints.some((endpoint) => isSame(endpoint, one));
}
