import type { Logger } from '../../src/host/index.js';
import { AsyncQueue } from '../../src/host/index.js';
import type {
  ElectionOptions,
  ElectionResult,
  ElectionSelf,
  ElectionTransport,
  VoterWord,
} from '../../src/election/index.js';
import { DEFAULT_ELECTION_OPTIONS, FastLeaderElection } from '../../src/election/index.js';
import type { QuorumVerifier } from '../../src/membership/index.js';
import { Metrics } from '../../src/metrics/index.js';
import type { ServerState } from '../../src/protocol/index.js';
import { FakeClock } from '../fakes/index.js';

interface InFlight {
  readonly from: number;
  readonly to: number;
  readonly bytes: Buffer;
}

/**
 * Elections whose messages move only when the script says so. Servers are real `FastLeaderElection`s, or ghosts that the
 * script speaks for.
 */
export class ScriptedEnsemble {
  readonly clock = new FakeClock();
  readonly servers = new Map<number, ScriptedServer>();
  readonly ghosts = new Set<number>();
  readonly printed: string[] = [];
  private flying: InFlight[] = [];
  private readonly cuts = new Set<string>();

  constructor(
    public verifier: QuorumVerifier,
    readonly options: ElectionOptions = DEFAULT_ELECTION_OPTIONS,
  ) {}

  print(line: string): void {
    this.printed.push(line);
  }

  /** What was printed since the last call. */
  takePrinted(): string[] {
    return this.printed.splice(0);
  }

  isUp(sid: number): boolean {
    return this.servers.has(sid) || this.ghosts.has(sid);
  }

  reaches(from: number, to: number): boolean {
    return this.isUp(to) && !this.cuts.has(`${from} ${to}`);
  }

  cut(a: number, b: number): void {
    this.cuts.add(`${a} ${b}`).add(`${b} ${a}`);
    this.flying = this.flying.filter(({ from, to }) => this.reaches(from, to));
  }

  heal(a: number, b: number): void {
    this.cuts.delete(`${a} ${b}`);
    this.cuts.delete(`${b} ${a}`);
  }

  fly(message: InFlight): void {
    // Only the newest message to a server waits, as in the connection manager.
    this.flying = this.flying.filter(({ from, to }) => from !== message.from || to !== message.to);
    this.flying.push(message);
  }

  isDelivered(from: number, to: number): boolean {
    return !this.flying.some((message) => message.from === from && message.to === to);
  }

  /** Lets everything happen that needs no time. */
  async quiet(): Promise<void> {
    await this.clock.advance(0);
  }

  /** Delivers what is on its way now; returns false when there was nothing. */
  async deliver(wanted: (message: InFlight) => boolean = () => true): Promise<boolean> {
    const now = this.flying.filter((message) => wanted(message) && this.reaches(message.from, message.to));
    this.flying = this.flying.filter((message) => !now.includes(message));
    for (const message of now) {
      this.servers.get(message.to)?.hear(message.from, message.bytes);
      await this.quiet();
    }
    return now.length > 0;
  }

  /** Delivers until nothing is on its way. */
  async settle(): Promise<void> {
    await this.quiet();
    while (await this.deliver());
  }

  /** Lets time pass, with everything delivered at once. */
  async run(forMs: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + forMs;
    await this.settle();
    for (;;) {
      const dueMs = this.clock.scheduler.nextDueMs();
      if (dueMs === undefined || dueMs > untilMs) break;
      const before = this.printed.length;
      await this.clock.advance(dueMs - this.clock.monotonicMs());
      await this.settle();
      if (this.printed.length > before) this.printed.splice(before, 0, `@${dueMs}`);
    }
    await this.clock.advance(untilMs - this.clock.monotonicMs());
  }

  kill(sid: number): Promise<void> {
    const server = this.servers.get(sid);
    this.servers.delete(sid);
    this.ghosts.delete(sid);
    this.flying = this.flying.filter(({ from, to }) => from !== sid && to !== sid);
    return server === undefined ? Promise.resolve() : server.election.shutdown();
  }
}

/** One server: the election under test and the least that a peer does. */
export class ScriptedServer implements ElectionSelf, ElectionTransport {
  readonly election: FastLeaderElection;
  readonly received: AsyncQueue<{ readonly sid: number; readonly bytes: Buffer }>;
  onPeerDown: ((sid: number) => void) | null = null;
  lastSeen: QuorumVerifier | null = null;
  private now: ServerState = 'LOOKING';
  private readonly refusedAtMs = new Map<number, number>();
  private readonly waiting = new Map<number, Buffer>();

  constructor(
    private readonly ensemble: ScriptedEnsemble,
    readonly myId: number,
    public zxid: number,
    public epoch: number,
  ) {
    this.received = new AsyncQueue(ensemble.clock);
    this.election = new FastLeaderElection({
      clock: ensemble.clock,
      log: new PrintingLogger((line) => {
        this.print(line);
      }),
      metrics: new Metrics(),
      self: this,
      transport: this,
      options: ensemble.options,
    });
    this.election.start();
  }

  look(): Promise<unknown> {
    this.now = 'LOOKING';
    return this.election.lookForLeader();
  }

  hear(from: number, bytes: Buffer): void {
    this.received.push({ sid: from, bytes });
  }

  // What the election asks of its server.

  isParticipant(): boolean {
    return !this.verifier().observers.has(this.myId);
  }

  state(): ServerState {
    return this.now;
  }

  verifier(): QuorumVerifier {
    return this.ensemble.verifier;
  }

  lastSeenVerifier(): QuorumVerifier | null {
    return this.lastSeen;
  }

  lastLoggedZxid(): number {
    return this.zxid;
  }

  currentEpoch(): number {
    return this.epoch;
  }

  elected(result: ElectionResult): void {
    this.now = result.state;
  }

  reportVoter({ sid, leader, isSettled, outbids }: VoterWord): void {
    const what = isSettled ? `follows ${leader}` : `is looking${outbids ? ` and prefers ${leader}` : ''}`;
    this.print(`tell the leader in this server that ${sid} ${what}`);
  }

  newerConfig(verifier: QuorumVerifier, sid: number): void {
    this.print(`${sid} knows configuration ${verifier.version.toString(16)}`);
  }

  // What the election asks of the network.

  send(to: number, bytes: Buffer): void {
    if (to === this.myId) {
      this.hear(to, bytes);
    } else if (this.ensemble.reaches(this.myId, to)) {
      this.waiting.delete(to);
      this.ensemble.fly({ from: this.myId, to, bytes });
    } else {
      this.waiting.set(to, bytes);
      this.connectOne(to);
    }
  }

  connectOne(sid: number): void {
    const { clock } = this.ensemble;
    if (this.ensemble.reaches(this.myId, sid)) {
      const bytes = this.waiting.get(sid);
      if (bytes !== undefined) this.send(sid, bytes);
    } else if (!this.ensemble.isUp(sid)) {
      clock.after(0, () => {
        this.refusedAtMs.set(sid, clock.monotonicMs());
        this.onPeerDown?.(sid);
      });
    }
  }

  connectAll(): void {
    for (const sid of [...this.waiting.keys()]) this.connectOne(sid);
  }

  allDelivered(): boolean {
    return [...this.verifier().members.keys()].some((sid) => sid !== this.myId && !this.waiting.has(sid));
  }

  refused(sid: number, sinceMs: number): boolean {
    return !this.ensemble.isUp(sid) && (this.refusedAtMs.get(sid) ?? -1) >= sinceMs;
  }

  private print(line: string): void {
    this.ensemble.print(`${this.myId}: ${line}`);
  }
}

/** Prints the steps of the election, and whatever is worth a warning. */
class PrintingLogger implements Logger {
  constructor(private readonly print: (line: string) => void) {}

  isEnabled(): boolean {
    return true;
  }

  trace(): void {
    // Not part of a scenario.
  }

  debug(message: string): void {
    this.print(message.replace(/^Election: /, ''));
  }

  info(): void {
    // The decision is among the steps already.
  }

  warn(message: string): void {
    this.print(`WARN ${message}`);
  }

  error(message: string): void {
    this.print(`ERROR ${message}`);
  }

  fatal(message: string): void {
    this.print(`FATAL ${message}`);
  }

  child(): Logger {
    return this;
  }
}
