import { AsyncQueue } from '../host/index.js';
import type { Clock, Logger } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { formatZxid } from '../protocol/index.js';
import { Ballot } from './ballot.js';
import { record } from './context.js';
import type { ElectionContext } from './context.js';
import { Looking } from './looking.js';
import { DEFAULT_ELECTION_OPTIONS } from './needs.js';
import type { ElectionOptions, ElectionResult, ElectionSelf, ElectionTransport } from './needs.js';
import { ElectionTrace } from './trace.js';
import type { DecidedBy } from './trace.js';
import type { Vote } from './vote.js';
import { WorkerReceiver } from './worker-receiver.js';
import { WorkerSender } from './worker-sender.js';

export interface ElectionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly self: ElectionSelf;
  readonly transport: ElectionTransport;
  readonly options?: ElectionOptions;
  /** What an earlier instance had settled on; this server's own vote when absent. */
  readonly currentVote?: Vote;
}

/**
 * ZooKeeper's leader election (electionAlg 3), which Java servers can take part in. Lives as long as its transport, through
 * any number of elections; between them it answers servers that look.
 */
export class FastLeaderElection {
  private readonly context: ElectionContext;
  private readonly sender: WorkerSender;
  private readonly receiver: WorkerReceiver;
  private looking: Looking | null = null;
  private lastRun: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: ElectionDeps) {
    const { self, clock } = deps;
    const ownVote: Vote = {
      leader: self.myId,
      zxid: self.lastLoggedZxid(),
      peerEpoch: self.currentEpoch(),
      electionEpoch: -1n,
      state: 'LOOKING',
      version: 0,
    };
    this.context = {
      self,
      clock,
      log: deps.log,
      transport: deps.transport,
      options: deps.options ?? DEFAULT_ELECTION_OPTIONS,
      ballot: new Ballot(self),
      trace: new ElectionTrace(clock),
      inbox: new AsyncQueue(clock),
      currentVote: deps.currentVote ?? ownVote,
      stopped: false,
    };
    this.sender = new WorkerSender(this.context);
    this.receiver = new WorkerReceiver(this.context, this.sender);
  }

  /** Begins to receive and to answer. */
  start(): void {
    this.context.transport.onPeerDown = (sid) => {
      this.looking?.peerDown(sid);
    };
    this.sender.start();
    this.receiver.start();
  }

  /** What this server settled on last, as it tells servers that look. */
  get currentVote(): Vote {
    return this.context.currentVote;
  }

  /** The logical clock. */
  get round(): bigint {
    return this.context.ballot.round;
  }

  /** The last elections, step by step. */
  get trace(): ElectionTrace {
    return this.context.trace;
  }

  /**
   * Looks for a leader while `self.state()` is LOOKING. `self.elected` is called in the moment of the decision; the vote
   * follows. Null: the election was shut down, or the state changed otherwise.
   *
   * `nominee`: another voter with the same history, which this server proposes in its own place.
   */
  async lookForLeader(nominee: number | null = null): Promise<Vote | null> {
    if (this.looking !== null) throw new Error('an election is going on already');
    this.context.ballot.nominee = nominee;
    this.deps.metrics.counter('looking_count').add();
    const looking = new Looking(
      this.context,
      () => {
        this.announce();
      },
      (result, by) => {
        this.decided(result, by);
      },
    );
    this.looking = looking;
    const run = looking.run();
    this.lastRun = run;
    try {
      const result = await run;
      return result?.vote ?? null;
    } finally {
      this.looking = null;
      this.context.ballot.nominee = null;
      this.context.ballot.isOpen = false;
      this.context.trace.end(null);
    }
  }

  /**
   * The server has joined the leader of `epoch`: its vote carries that epoch from now on, so that late comers find the votes
   * of one ensemble the same (ZOOKEEPER-1732).
   */
  updateElectionVote(epoch: number): void {
    this.context.currentVote = { ...this.context.currentVote, peerEpoch: epoch };
  }

  /** Gives up the election that is going on, if there is one: who votes has changed. `lookForLeader` resolves with null. */
  abandon(): void {
    this.looking?.abandon();
  }

  /**
   * A reconfiguration named the leader, without an election. All its members remember the same: no round and, until they
   * have joined it, no epoch, as in ZooKeeper.
   */
  appoint(leader: number, zxid: number): void {
    const { context } = this;
    context.currentVote = { leader, zxid, peerEpoch: -1, electionEpoch: -1n, state: 'LOOKING', version: 0 };
    context.inbox.clear();
  }

  /**
   * Tells a server what this one has settled on, unasked, and by which configuration: one that looks may know nobody any more
   * whom it could ask.
   */
  tell(sid: number): void {
    const { currentVote, self } = this.context;
    this.sender.notify(sid, self.state(), currentVote, currentVote.electionEpoch);
  }

  /** Ends the election and closes the transport's queue; resolves when nothing of it runs any more. */
  async shutdown(): Promise<void> {
    this.context.stopped = true;
    this.context.transport.onPeerDown = null;
    this.context.inbox.close();
    await Promise.all([this.sender.shutdown(), this.receiver.shutdown(), this.lastRun]);
  }

  /** Tells all voters, itself too, what this server proposes. */
  private announce(): void {
    const { ballot } = this.context;
    const to = [...ballot.voters()];
    record(this.context, { kind: 'sent', to, round: ballot.round, proposal: ballot.proposal });
    for (const sid of to) this.sender.notify(sid, 'LOOKING', ballot.proposal, ballot.round);
  }

  private decided(result: ElectionResult, by: DecidedBy): void {
    const { context, deps } = this;
    const { state, vote } = result;
    const round = vote.electionEpoch;
    context.ballot.isOpen = false;
    context.currentVote = vote;
    context.inbox.clear();
    record(context, { kind: 'elected', state, leader: vote.leader, round, by });
    const tookMs = context.trace.end({ state, leader: vote.leader, by });
    deps.metrics.summary('election_time').record(tookMs);
    deps.log.info(
      `${state}: the leader is server ${vote.leader} (round ${round}, epoch ${vote.peerEpoch}, zxid ` +
        `${formatZxid(vote.zxid)}), elected in ${Math.round(tookMs)} ms`,
      { code: 'ELECTION_DECIDED', state, leader: vote.leader, round: Number(round), tookMs },
    );
    deps.self.elected(result);
    this.receiver.answerAskers();
  }
}
