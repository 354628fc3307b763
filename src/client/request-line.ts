import type { Id } from '../protocol/index.js';

const FIRST_PLACES = 8;
/** Most sessions never have anything in line. */
const NO_INTS = new Int32Array(0);
const NO_TIMES = new Float64Array(0);

/**
 * The requests of one connection that are not answered yet, oldest first: writes that the pipeline has, and reads that
 * wait behind a write. A ring of parallel columns, so that a request costs no object.
 */
export class RequestLine {
  size = 0;
  private first = 0;
  private xids = NO_INTS;
  private types = NO_INTS;
  private times = NO_TIMES;
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
    const { first, size } = this;
    const places = Math.max(FIRST_PLACES, this.xids.length * 2);
    const order = Array.from({ length: size }, (_, i) => (first + i) & (this.xids.length - 1));
    const xids = new Int32Array(places);
    const types = new Int32Array(places);
    const times = new Float64Array(places);
    order.forEach((from, to) => {
      xids[to] = this.xids[from] as number;
      types[to] = this.types[from] as number;
      times[to] = this.times[from] as number;
    });
    const empty = new Array<null>(places - size).fill(null);
    this.bodies = [...order.map((from) => this.bodies[from] ?? null), ...empty];
    this.auths = [...order.map((from) => this.auths[from] ?? null), ...empty];
    this.xids = xids;
    this.types = types;
    this.times = times;
    this.first = 0;
  }
}
