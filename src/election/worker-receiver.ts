import { Complaints } from '../host/index.js';
import { JuteError } from '../jute/index.js';
import { MembershipError } from '../membership/index.js';
import type { QuorumVerifier } from '../membership/index.js';
import { decodeNotification } from '../protocol/index.js';
import type { Notification, ServerState } from '../protocol/index.js';
import { ConfigReader } from './config-reader.js';
import { explain, record } from './context.js';
import type { ElectionContext } from './context.js';
import type { WorkerSender } from './worker-sender.js';
import { voteOf } from './vote.js';
import type { Vote } from './vote.js';

/** Two answers to one server that does not vote have at least so much between them, unless there is something new. */
const ECHO_MS = 100;
/** A voter that is so many rounds ahead has not counted them: at one election a millisecond they take seven weeks. */
const ROUND_LEAP = 2n ** 32n;
/** As many servers that do not vote are remembered. */
const MAX_REMEMBERED = 256;

/**
 * Reads what other servers say. Votes go to the election while this server looks; otherwise, and to servers that do not
 * vote, it answers with what it knows. Runs as long as the server does.
 */
export class WorkerReceiver {
  private readonly configs = new ConfigReader();
  private readonly complaints: Complaints;
  private running: Promise<void> = Promise.resolve();
  /** Last answers to servers that do not vote. */
  private readonly echoes = new Map<number, { about: string; atMs: number }>();
  /** Who looked while this server did, with its last vote. */
  private readonly askers = new Map<number, Vote>();

  constructor(
    private readonly context: ElectionContext,
    private readonly sender: WorkerSender,
  ) {
    this.complaints = new Complaints(context.clock, context.log);
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends the transport's queue: nobody else reads it. */
  async shutdown(): Promise<void> {
    this.context.transport.received.close();
    await this.running;
  }

  /**
   * This server has settled. Whoever looked meanwhile and wants something else (it was in another round, or does not vote)
   * gets the answer that it would get if it asked now; it may ask again only after a long time.
   */
  answerAskers(): void {
    const { currentVote, ballot, self } = this.context;
    // The word of a server that does not vote counts nowhere.
    const askers = ballot.isVoter(self.myId) ? this.askers : [];
    for (const [sid, vote] of askers) {
      const agrees = vote.leader === currentVote.leader && vote.electionEpoch === currentVote.electionEpoch;
      if (!agrees || !ballot.isVoter(sid)) this.answer(sid, currentVote);
    }
    this.askers.clear();
  }

  private async run(): Promise<void> {
    for (;;) {
      const message = await this.context.transport.received.poll();
      if (message === undefined) return;
      const notification = this.decode(message.sid, message.bytes);
      if (notification === null) continue;
      const config = this.readConfig(message.sid, notification.config);
      if (this.context.stopped) return;
      this.handle(message.sid, voteOf(notification), config);
    }
  }

  private decode(sid: number, bytes: Buffer): Notification | null {
    try {
      return decodeNotification(bytes);
    } catch (error) {
      if (!(error instanceof JuteError)) throw error;
      const message = `Skipping a notification of ${bytes.length} bytes from server ${sid}: ${error.message}`;
      // Numbers in it are the sender's, who may make up as many as it likes.
      const about = `notification ${sid} ${error.message.replace(/\d+/g, '#')}`;
      this.complaints.warn(about, message, { code: 'ELECTION_NOTIFICATION', sid });
      return null;
    }
  }

  /** Tells the peer about a newer configuration; it may end this election. */
  private readConfig(sid: number, text: string | null): QuorumVerifier | null {
    if (text === null) return null;
    const { self } = this.context;
    try {
      const own = self.verifier();
      const config = this.configs.read(text, own);
      if (config !== null && config.version > own.version) self.newerConfig(config, sid);
      return config;
    } catch (error) {
      if (!(error instanceof MembershipError)) throw error;
      const message = `Cannot read the configuration in a notification from server ${sid}: ${error.message}`;
      this.complaints.warn(`config ${sid}`, message, { code: 'ELECTION_CONFIG', sid });
      return null;
    }
  }

  private handle(from: number, vote: Vote, config: QuorumVerifier | null): void {
    const { context } = this;
    const { self, ballot } = context;
    const state = self.state();
    const note = state === 'LOOKING' ? record : explain;
    note(context, { kind: 'received', from, vote, configVersion: config?.version ?? null });
    if (state === 'LOOKING' && vote.state === 'LOOKING' && from !== self.myId) this.remember(from, vote);
    if (!ballot.isVoter(from)) {
      this.handleStranger(from, vote, state);
      return;
    }
    if (state === 'LOOKING') {
      this.noteLeap(from, vote);
      context.inbox.push({ kind: 'vote', from, vote });
      if (this.shouldHearOurs(from, vote)) this.answer(from, ballot.vote());
      return;
    }
    this.tellLeader(from, vote);
    if (vote.state === 'LOOKING') this.answer(from, context.currentVote);
  }

  /** Such a round is joined as any other, for no election would end without; but somebody made it up. */
  private noteLeap(from: number, { electionEpoch }: Vote): void {
    const { round } = this.context.ballot;
    if (electionEpoch - round <= ROUND_LEAP) return;
    const message =
      `Server ${from} says it is in election round ${electionEpoch}, and this server is in ${round}: no server counts so ` +
      `far. Elections go on in that round; find out who sends for server ${from}, and close the election port to strangers.`;
    this.complaints.warn(`leap ${from}`, message, { code: 'ELECTION_ROUND_LEAP', sid: from });
  }

  /** What a voter wants, or has, is news for a leader that waits for it. */
  private tellLeader(from: number, vote: Vote): void {
    const { ballot, currentVote, self } = this.context;
    const { leader, electionEpoch } = vote;
    const isSettled = vote.state !== 'LOOKING';
    if (from === self.myId || vote.state === 'OBSERVING' || (isSettled && leader === currentVote.leader)) return;
    const outbids = electionEpoch >= currentVote.electionEpoch && ballot.isBetter(vote, currentVote).wins;
    self.reportVoter({ sid: from, leader, isSettled, outbids });
  }

  private remember(from: number, vote: Vote): void {
    if (this.askers.size < MAX_REMEMBERED || this.askers.has(from)) this.askers.set(from, vote);
  }

  /**
   * Does a looking voter need to be told our proposal? It does when it is in an older round. It does, too, when it is in
   * ours with a worse proposal: it may have begun to look after we announced ours, and would hear of it only when one of
   * us sends again (ZooKeeper lets it wait for that, 200 ms or more, at every other failover).
   */
  private shouldHearOurs(from: number, vote: Vote): boolean {
    const { ballot, self } = this.context;
    // A voter has no use for the proposal of a server that does not vote.
    if (vote.state !== 'LOOKING' || from === self.myId || !ballot.isVoter(self.myId)) return false;
    if (vote.electionEpoch !== ballot.round) return vote.electionEpoch < ballot.round;
    return ballot.isOpen && ballot.isBetter(ballot.proposal, vote).wins;
  }

  /**
   * Observers, and servers that this one's configuration does not know (yet), learn what this one knows. Only who looks
   * needs that: two servers that disagree about who votes would answer each other for ever. For the same reason an answer
   * to an answer waits: a looking Java observer replies to each notification from an older round than its own.
   */
  private handleStranger(from: number, vote: Vote, state: ServerState): void {
    const { context, echoes } = this;
    if (vote.state !== 'LOOKING') {
      const note = state === 'LOOKING' ? record : explain;
      note(context, { kind: 'ignored', from, because: 'sender does not vote' });
      return;
    }
    const own = { ...context.currentVote, electionEpoch: context.ballot.round };
    const about = `${vote.electionEpoch} ${state} ${own.leader} ${own.electionEpoch} ${own.peerEpoch}`;
    const nowMs = context.clock.monotonicMs();
    const last = echoes.get(from);
    if (last !== undefined && last.about === about && nowMs - last.atMs < ECHO_MS) return;
    if (echoes.size >= MAX_REMEMBERED) echoes.clear();
    echoes.set(from, { about, atMs: nowMs });
    this.answer(from, own);
  }

  private answer(to: number, vote: Vote): void {
    const state = this.context.self.state();
    (state === 'LOOKING' ? record : explain)(this.context, { kind: 'answered', to, state, vote });
    this.sender.notify(to, state, vote, vote.electionEpoch);
  }
}
