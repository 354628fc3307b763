import type { Id } from '../protocol/index.js';

/** Most sessions never have more in line; one that comes and goes has one request, its closeSession. */
const FIRST_PLACES = 4;

/**
 * The requests of one connection that are not answered yet, oldest first: writes that the pipeline has, and reads that
 * wait behind a write. A ring of parallel columns, so that a request costs no object.
 */
export class RequestLine {
  size = 0;
  private first = 0;
  private xids: number[] = [];
  private types: number[] = [];
  private times: number[] = [];
  private bodies: (Buffer | null)[] = [];
  private auths: (readonly Id[] | null)[] = [];

  /** A write that is about to be submitted. */
  pushWrite(xid: number, type: number, receivedMs: number, body: Buffer): void {
    this.push(xid, type, receivedMs, body, null);
  }

  /** A read with its body (its own copy) and the identities its sender had. */
  pushRead(xid: number, type: number, receivedMs: number, body: Buffer, auth: readonly Id[]): void {
    this.push(xid, type, receivedMs, body, auth);
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  /** The oldest is a read: it may be answered now. */
  get startsWithRead(): boolean {
    return this.size > 0 && this.auths[this.first] !== null;
  }

  // The oldest request's columns; the line must not be empty.

  get xid(): number {
    return this.xids[this.first] as number;
  }

  get type(): number {
    return this.types[this.first] as number;
  }

  get receivedMs(): number {
    return this.times[this.first] as number;
  }

  get body(): Buffer | null {
    return this.bodies[this.first] ?? null;
  }

  get auth(): readonly Id[] | null {
    return this.auths[this.first] ?? null;
  }

  /** Drops the oldest. */
  shift(): void {
    const at = this.first;
    this.bodies[at] = null;
    this.auths[at] = null;
    this.first = (at + 1) & (this.xids.length - 1);
    this.size--;
  }

  private push(xid: number, type: number, ms: number, body: Buffer | null, auth: readonly Id[] | null): void {
    if (this.size === this.xids.length) this.grow();
    const at = (this.first + this.size) & (this.xids.length - 1);
    this.xids[at] = xid;
    this.types[at] = type;
    this.times[at] = ms;
    this.bodies[at] = body;
    this.auths[at] = auth;
    this.size++;
  }

  /** Doubles the ring and lays it out from its start. */
  private grow(): void {
    const places = Math.max(FIRST_PLACES, this.xids.length * 2);
    this.xids = this.laidOut(this.xids, places, 0);
    this.types = this.laidOut(this.types, places, 0);
    this.times = this.laidOut(this.times, places, 0);
    this.bodies = this.laidOut(this.bodies, places, null);
    this.auths = this.laidOut(this.auths, places, null);
    this.first = 0;
  }

  private laidOut<T>(column: readonly T[], places: number, empty: T): T[] {
    const { first, size } = this;
    const out: T[] = [];
    for (let i = 0; i < size; i++) out.push(column[(first + i) & (column.length - 1)] as T);
    while (out.length < places) out.push(empty);
    return out;
  }
}
