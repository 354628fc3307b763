import type { ElectionResult, ElectionSelf } from '../../src/election/index.js';
import { FastLeaderElection } from '../../src/election/index.js';
import { QuorumCnxManager } from '../../src/connection/index.js';
import type { QuorumVerifier } from '../../src/membership/index.js';
import { parseMembership } from '../../src/membership/index.js';
import { Metrics } from '../../src/metrics/index.js';
import type { ServerState } from '../../src/protocol/index.js';
import { makeZxid, zxidCounter } from '../../src/protocol/index.js';
import type { FakeHost, World } from '../fakes/index.js';

/** What survives a crash. */
export interface History {
  acceptedEpoch: number;
  epoch: number;
  zxid: number;
}

const CHECK_MS = 25;
/** How long a role goes on without the others it needs. */
const PATIENCE_MS = 400;
/** How long a new leader waits for its quorum. */
const INIT_MS = 2000;

/** Is `a` behind `b`? */
function isBehind(a: Pick<History, 'epoch' | 'zxid'>, b: Pick<History, 'epoch' | 'zxid'>): boolean {
  return a.epoch !== b.epoch ? a.epoch < b.epoch : a.zxid < b.zxid;
}

/**
 * Real elections over real connection managers in a simulated world. What comes after an election is played in the simplest
 * way that is true to Zab: a leader is established when a quorum follows it and none of them is ahead of it; then it commits.
 */
export class MiniEnsemble {
  readonly peers = new Map<number, MiniPeer>();
  readonly histories = new Map<number, History>();
  readonly verifier: QuorumVerifier;
  /** The newest history that a quorum has. */
  committed: Pick<History, 'epoch' | 'zxid'> = { epoch: 0, zxid: 0 };
  readonly faults: string[] = [];
  /** Leaders that gave up because a follower was ahead of them. */
  abdications = 0;
  established = 0;
  terms = 0;
  private readonly cuts = new Set<string>();
  private readonly paused = new Set<number>();

  constructor(
    readonly world: World,
    readonly sids: readonly number[],
    observers: readonly number[] = [],
    more: Record<string, string> = {},
  ) {
    this.verifier = parseMembership([
      ...sids.map((sid) => [`server.${sid}`, `s${sid}:2888:3888`] as const),
      ...observers.map((sid) => [`server.${sid}`, `s${sid}:2888:3888:observer`] as const),
      ...Object.entries(more),
    ]);
    for (const sid of this.verifier.members.keys()) this.histories.set(sid, { acceptedEpoch: 0, epoch: 0, zxid: 0 });
  }

  async start(sid: number): Promise<MiniPeer> {
    const peer = new MiniPeer(this, sid, this.world.host(`s${sid}`));
    this.peers.set(sid, peer);
    await this.world.settle(peer.start());
    return peer;
  }

  async startAll(): Promise<void> {
    for (const sid of this.verifier.members.keys()) await this.start(sid);
  }

  kill(sid: number, silent = false): void {
    this.peers.delete(sid);
    this.paused.delete(sid);
    if (silent) this.world.powerOff(`s${sid}`);
    else this.world.kill(`s${sid}`);
  }

  pause(sid: number): void {
    this.paused.add(sid);
    this.world.pause(`s${sid}`);
  }

  resume(sid: number): void {
    this.paused.delete(sid);
    this.world.resume(`s${sid}`);
  }

  cut(a: number, b: number, mode: 'silent' | 'reset', oneWay: boolean): void {
    this.cuts.add(`${a} ${b}`).add(`${b} ${a}`);
    this.world.network.cut(`s${a}`, `s${b}`, { mode, oneWay });
  }

  heal(a: number, b: number): void {
    this.cuts.delete(`${a} ${b}`);
    this.cuts.delete(`${b} ${a}`);
    this.world.network.heal(`s${a}`, `s${b}`);
  }

  /** The link that the other protocol (port 2888) has. */
  linked(a: number, b: number): boolean {
    return (
      this.peers.has(a) &&
      this.peers.has(b) &&
      !this.cuts.has(`${a} ${b}`) &&
      !this.paused.has(a) &&
      !this.paused.has(b)
    );
  }

  history(sid: number): History {
    const history = this.histories.get(sid);
    if (history === undefined) throw new Error(`no server ${sid}`);
    return history;
  }

  /** Do all live servers agree on one established leader? */
  agreed(): boolean {
    const leaders = [...this.peers.values()].filter((peer) => peer.isEstablished);
    const leader = leaders[0];
    if (leader === undefined || leaders.length > 1) return false;
    return [...this.peers.values()].every((peer) => peer === leader || peer.follows === leader.myId);
  }

  describe(): string {
    return [...this.peers.values()]
      .map((peer) => `${peer.myId} ${peer.state()}${peer.follows === null ? '' : ` ${peer.follows}`}`)
      .join(', ');
  }
}

export class MiniPeer implements ElectionSelf {
  readonly transport: QuorumCnxManager;
  readonly election: FastLeaderElection;
  /** Of the last election. */
  lastElectionMs = 0;
  isEstablished = false;
  follows: number | null = null;
  private now: ServerState = 'LOOKING';
  /** Which time of leading, over all servers and lives. */
  private term = 0;
  /** The leader's term that this server has joined; a connection does not outlive it. */
  private joinedTerm: number | null = null;
  private aloneSinceMs = 0;

  constructor(
    private readonly ensemble: MiniEnsemble,
    readonly myId: number,
    private readonly host: FakeHost,
  ) {
    this.transport = new QuorumCnxManager(
      {
        myId,
        cnxTimeoutMs: 5000,
        greetingTimeoutMs: 5000,
        electionPortBindRetry: 0,
        listenOnAllIPs: false,
        multiAddress: false,
        tcpKeepAlive: false,
      },
      {
        clock: host.clock,
        network: host.network,
        log: host.log,
        view: this,
        onElectionPortLost: () => {
          ensemble.faults.push(`${myId} lost its election port`);
        },
      },
    );
    this.election = new FastLeaderElection({
      clock: host.clock,
      log: host.log,
      metrics: new Metrics(),
      self: this,
      transport: this.transport,
    });
  }

  async start(): Promise<void> {
    await this.transport.start();
    this.election.start();
    this.look();
  }

  async shutdown(): Promise<void> {
    await Promise.all([this.election.shutdown(), this.transport.shutdown()]);
  }

  isParticipant(): boolean {
    return this.ensemble.verifier.voters.has(this.myId);
  }

  state(): ServerState {
    return this.now;
  }

  verifier(): QuorumVerifier {
    return this.ensemble.verifier;
  }

  lastSeenVerifier(): QuorumVerifier | null {
    return null;
  }

  lastLoggedZxid(): number {
    return this.ensemble.history(this.myId).zxid;
  }

  currentEpoch(): number {
    return this.ensemble.history(this.myId).epoch;
  }

  elected(result: ElectionResult): void {
    if (result.voters?.hasAllQuorums() !== true) this.ensemble.faults.push(`${this.myId} elected without a quorum`);
    this.now = result.state;
    this.follows = result.state === 'LEADING' ? null : result.vote.leader;
    this.aloneSinceMs = this.host.clock.monotonicMs();
    this.lastElectionMs = this.election.trace.elections.at(-1)?.durationMs ?? 0;
    this.joinedTerm = null;
    if (result.state === 'LEADING') this.term = ++this.ensemble.terms;
    this.host.clock.after(CHECK_MS, () => {
      this.check();
    });
  }

  reportVoter(): void {
    // The leader finds out by itself.
  }

  newerConfig(): void {
    this.ensemble.faults.push(`${this.myId} heard of a configuration that does not exist`);
  }

  private look(): void {
    this.now = 'LOOKING';
    this.isEstablished = false;
    this.follows = null;
    this.election.lookForLeader().catch((error: unknown) => {
      this.ensemble.faults.push(`${this.myId}: ${String(error)}`);
    });
  }

  private check(): void {
    const works = this.now === 'LEADING' ? this.lead() : this.follow();
    const nowMs = this.host.clock.monotonicMs();
    if (works) this.aloneSinceMs = nowMs;
    const patienceMs = this.now === 'LEADING' && !this.isEstablished ? INIT_MS : PATIENCE_MS;
    if (nowMs - this.aloneSinceMs > patienceMs) {
      this.look();
      return;
    }
    this.host.clock.after(CHECK_MS, () => {
      this.check();
    });
  }

  /** Does it follow this leader, in this term or about to join it? */
  private isWith(leader: MiniPeer): boolean {
    if (this.now !== 'FOLLOWING' || this.follows !== leader.myId) return false;
    return this.joinedTerm === null || this.joinedTerm === leader.term;
  }

  private follow(): boolean {
    const { ensemble, myId } = this;
    const leader = this.follows === null ? undefined : ensemble.peers.get(this.follows);
    if (leader?.state() !== 'LEADING' || !ensemble.linked(myId, leader.myId)) return false;
    // A leader that is not established may take its time, as initLimit allows.
    if (!leader.isEstablished) return this.host.clock.monotonicMs() - this.aloneSinceMs < PATIENCE_MS;
    if (this.joinedTerm === null) this.sync(leader.term, ensemble.history(leader.myId));
    return this.joinedTerm === leader.term;
  }

  private sync(term: number, { epoch, zxid }: History): void {
    Object.assign(this.ensemble.history(this.myId), { acceptedEpoch: epoch, epoch, zxid });
    this.joinedTerm = term;
    this.election.updateElectionVote(epoch);
  }

  private lead(): boolean {
    const { ensemble, myId } = this;
    const followers = [...ensemble.peers.values()].filter(
      (peer) => peer.isWith(this) && ensemble.linked(myId, peer.myId),
    );
    const quorum = new Set([myId, ...followers.map((peer) => peer.myId)]);
    if (!ensemble.verifier.containsQuorum(quorum)) return false;
    if (!this.isEstablished) return this.establish(followers, quorum);
    this.commit(followers);
    return true;
  }

  private establish(followers: readonly MiniPeer[], quorum: ReadonlySet<number>): boolean {
    const { ensemble, myId } = this;
    const own = ensemble.history(myId);
    if (followers.some((peer) => isBehind(own, ensemble.history(peer.myId)))) {
      ensemble.abdications++;
      this.aloneSinceMs = Number.NEGATIVE_INFINITY;
      return false;
    }
    if (isBehind(own, ensemble.committed)) ensemble.faults.push(`${myId} leads and is behind what was committed`);
    const epoch = Math.max(...[...quorum].map((sid) => ensemble.history(sid).acceptedEpoch)) + 1;
    Object.assign(own, { acceptedEpoch: epoch, epoch });
    this.isEstablished = true;
    ensemble.established++;
    this.election.updateElectionVote(epoch);
    for (const peer of followers) peer.sync(this.term, own);
    ensemble.committed = { epoch, zxid: own.zxid };
    return true;
  }

  /** One more write, logged by the leader, committed when a quorum has it. */
  private commit(followers: readonly MiniPeer[]): void {
    const { ensemble, myId, host } = this;
    const own = ensemble.history(myId);
    own.zxid =
      own.zxid < makeZxid(own.epoch, 0) ? makeZxid(own.epoch, 1) : makeZxid(own.epoch, zxidCounter(own.zxid) + 1);
    const acked = new Set([myId]);
    for (const peer of followers) {
      if (peer.joinedTerm !== this.term || host.random.below(3) === 0) continue;
      ensemble.history(peer.myId).zxid = own.zxid;
      acked.add(peer.myId);
    }
    if (ensemble.verifier.containsQuorum(acked)) ensemble.committed = { epoch: own.epoch, zxid: own.zxid };
  }
}
