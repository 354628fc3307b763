import type { Endpoint } from '../host/index.js';
import { LoadConnection, type LoadOwner, type LoadWorld } from './connection.js';
import { FastRandom } from './fast-random.js';
import { Outcome } from './outcome.js';
import { type Kind, KINDS, type Share, shareOf } from './plan.js';
import type { SceneRun } from './scene.js';
import { RequestSource } from './templates.js';

/** Requests of an open loop under way on one session; what cannot be sent keeps the time at which it was due. */
const OPEN_LOOP_LIMIT = 8192;
/** After the measured time answers are waited for so long. */
const DRAIN_MS = 5000;
const REOPEN_MS = 200;
const TICK_MS = 1;

interface Seat {
  connection: LoadConnection | null;
  readonly source: RequestSource;
  readonly target: Endpoint;
}

/** Requests of a mix, in a closed loop (so many under way on each session) or an open one (at a rate, whatever happens). */
export class MixScene implements SceneRun, LoadOwner {
  private readonly outcome = new Outcome();
  private readonly seats: Seat[];
  private readonly seatOf = new Map<LoadConnection, Seat>();
  private readonly ratePerMs: number;
  private readonly depth: number;
  private startMs = 0;
  private measureMs = Infinity;
  private endMs = Infinity;
  private issued = 0;
  private turn = 0;
  private pingMs = 0;
  private isOver = false;
  private done = 0;

  constructor(
    private readonly world: LoadWorld,
    private readonly share: Share,
    targets: readonly Endpoint[],
  ) {
    const { plan, worker, workers, seed, root } = share;
    this.ratePerMs = plan.ratePerS / workers / 1000;
    this.depth = plan.depth;
    const random = new FastRandom(seed + worker * 7919);
    let shared: RequestSource | undefined;
    this.seats = Array.from({ length: shareOf(plan.sessions, worker, workers) }, (_, at) => {
      const source = new RequestSource(root, plan, random, `${worker}-${at}`, shared);
      shared ??= source;
      const target = targets[(at + worker) % targets.length] as Endpoint;
      return { connection: null, source, target };
    });
  }

  /** Answers since the beginning. */
  get answers(): number {
    return this.done;
  }

  async run(): Promise<Outcome> {
    const { plan } = this.share;
    await this.openAll();
    const { clock } = this.world;
    this.startMs = clock.monotonicMs();
    this.measureMs = this.startMs + plan.warmUpMs;
    this.endMs = Math.min(this.endMs, this.measureMs + plan.measuredMs);
    if (this.ratePerMs === 0)
      for (const { connection } of this.seats) if (connection !== null) this.onBatch(connection);
    await this.untilEnd();
    await this.drain();
    this.isOver = true;
    await this.closeAll();
    this.outcome.measuredMs = plan.measuredMs;
    return this.outcome;
  }

  stop(): void {
    this.endMs = this.world.clock.monotonicMs();
  }

  /** Rejects when not one can be had. Those that cannot count as errors, and are tried again as lost ones are. */
  private async openAll(): Promise<void> {
    const opened = await Promise.allSettled(this.seats.map((seat) => this.open(seat)));
    const failed = this.seats.filter((_seat, at) => opened[at]?.status === 'rejected');
    const [reason] = opened.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failed.length === this.seats.length && failed.length > 0) throw reason;
    this.outcome.errors += failed.length;
    this.outcome.lostConnections += failed.length;
    for (const seat of failed) this.reopen(seat);
  }

  private async closeAll(): Promise<void> {
    await Promise.all(this.seats.map(({ connection }) => connection?.close(DRAIN_MS) ?? Promise.resolve()));
  }

  private async open(seat: Seat): Promise<void> {
    const { sessionTimeoutMs } = this.share.plan;
    const limit = this.ratePerMs > 0 ? OPEN_LOOP_LIMIT : this.depth;
    const connection = await LoadConnection.open(this.world, seat.target, sessionTimeoutMs, limit, this);
    if (this.isOver) {
      await connection.close(DRAIN_MS);
      return;
    }
    seat.connection = connection;
    this.seatOf.set(connection, seat);
  }

  /** Resolves at the end of the measured time; issues what is due meanwhile. */
  private untilEnd(): Promise<void> {
    const { clock } = this.world;
    return new Promise((resolve) => {
      const tick = (): void => {
        const nowMs = clock.monotonicMs();
        if (nowMs >= this.endMs) {
          resolve();
          return;
        }
        if (this.ratePerMs > 0) this.issueDue(nowMs);
        this.pingIdle(nowMs);
        clock.after(this.ratePerMs > 0 ? TICK_MS : 50, tick);
      };
      tick();
    });
  }

  /**
   * The n-th request is due at n / rate, and its latency counts from there: when the server, or this program, falls behind, the
   * wait is part of what is measured (no coordinated omission).
   */
  private issueDue(nowMs: number): void {
    const due = Math.floor((Math.min(nowMs, this.endMs) - this.startMs) * this.ratePerMs);
    let idle = 0;
    while (this.issued < due && idle < this.seats.length) {
      const seat = this.seats[this.turn] as Seat;
      this.turn = (this.turn + 1) % this.seats.length;
      const { connection } = seat;
      if (connection?.canTake !== true) {
        idle++;
        continue;
      }
      idle = 0;
      const { kind, frame } = seat.source.next();
      connection.enqueue(frame, kind, this.startMs + this.issued / this.ratePerMs);
      this.issued++;
    }
    for (const { connection } of this.seats) connection?.flush();
  }

  private pingIdle(nowMs: number): void {
    if (nowMs - this.pingMs < this.share.plan.sessionTimeoutMs / 3) return;
    this.pingMs = nowMs;
    for (const { connection } of this.seats) if (connection?.inFlight === 0) connection.ping();
  }

  /** What was due within the measured time gets a while to be answered; then its latency is at least what it waited. */
  private async drain(): Promise<void> {
    const { clock } = this.world;
    if (this.ratePerMs === 0) return;
    const limitMs = this.endMs + DRAIN_MS;
    while (clock.monotonicMs() < limitMs) {
      const nowMs = clock.monotonicMs();
      this.issueDue(nowMs);
      const due = Math.floor((this.endMs - this.startMs) * this.ratePerMs);
      if (this.issued >= due && this.seats.every(({ connection }) => (connection?.inFlight ?? 0) === 0)) return;
      await new Promise<void>((resolve) => {
        clock.after(TICK_MS, resolve);
      });
    }
    this.countUnanswered(clock.monotonicMs());
  }

  private countUnanswered(nowMs: number): void {
    const count = (kind: number, startMs: number): void => {
      if (startMs < this.measureMs) return;
      this.outcome.unanswered++;
      this.outcome.of(KINDS[kind] as Kind).record((nowMs - startMs) * 1000);
    };
    for (const { connection } of this.seats) connection?.eachInFlight(count);
    const due = Math.floor((this.endMs - this.startMs) * this.ratePerMs);
    // What could not even be sent is of a kind that was not chosen yet: it counts with the first of the mix.
    const kind = KINDS.findIndex((name) => (this.share.plan.mix[name] ?? 0) > 0);
    for (let index = this.issued; index < due; index++) count(kind, this.startMs + index / this.ratePerMs);
  }

  // ----- LoadOwner

  onReply(kind: number, startMs: number, nowMs: number, err: number): void {
    this.done++;
    const isMeasured = this.ratePerMs > 0 ? startMs >= this.measureMs : nowMs >= this.measureMs && nowMs < this.endMs;
    if (!isMeasured) return;
    if (err !== 0) this.outcome.errors++;
    this.outcome.of(KINDS[kind] as Kind).record((nowMs - startMs) * 1000);
  }

  onBatch(connection: LoadConnection): void {
    if (this.ratePerMs > 0 || this.isOver) return;
    const nowMs = this.world.clock.monotonicMs();
    if (nowMs >= this.endMs) return;
    const source = this.seatOf.get(connection)?.source;
    if (source === undefined) return;
    while (connection.inFlight < this.depth) {
      const { kind, frame } = source.next();
      connection.enqueue(frame, kind, nowMs);
    }
    connection.flush();
  }

  onLost(connection: LoadConnection, inFlight: number): void {
    const seat = this.seatOf.get(connection);
    this.seatOf.delete(connection);
    if (seat === undefined || this.isOver) return;
    seat.connection = null;
    const nowMs = this.world.clock.monotonicMs();
    if (nowMs >= this.measureMs && nowMs < this.endMs) {
      this.outcome.errors += inFlight;
      this.outcome.lostConnections++;
    }
    this.reopen(seat);
  }

  private reopen(seat: Seat): void {
    this.world.clock.after(REOPEN_MS, () => {
      if (this.isOver || this.world.clock.monotonicMs() >= this.endMs) return;
      this.open(seat).then(
        () => {
          if (seat.connection !== null) this.onBatch(seat.connection);
        },
        () => this.reopen(seat),
      );
    });
  }
}
