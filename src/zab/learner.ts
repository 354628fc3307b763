import { type Clock, Complaints, type Endpoint, type Logger } from '../host/index.js';
import { JuteError, JuteReader, JuteWriter } from '../jute/index.js';
import { MembershipError } from '../membership/index.js';
import type { ForwardedRequest, QuorumPacket, TxnEntry } from '../protocol/index.js';
import {
  formatZxid,
  makeZxid,
  OpCode,
  packetName,
  PacketType,
  QUORUM_PROTOCOL_VERSION,
  readTxnEntry,
  UnknownTxnError,
  writeLearnerInfo,
  zxidEpoch,
} from '../protocol/index.js';
import { FAR_EPOCH_MEND, LAST_EPOCH, NO_EPOCH_ACK } from './discovery.js';
import { dialLeader } from './leader-dial.js';
import { LearnerLog } from './learner-log.js';
import { LeaderQuestions } from './leader-questions.js';
import { type EndCode, Life, Milestone, type RoleEnd, ZabError } from './life.js';
import type { LeaderLink } from './needs.js';
import { initLimitMs, syncLimitMs } from './options.js';
import { PacketStream } from './packet-stream.js';
import type { PhaseRecord } from './phase-trace.js';
import type { LearnerDeps } from './role.js';
import { receiveSnapshot } from './snapshot-intake.js';
import { ZabMetrics } from './zab-metrics.js';

/** A leader that gives up waits for a quorum before; a relay whose far end is gone hangs up at once. */
const LEFT_AT_ONCE_MS = 1000;
/** So much of a DIFF may wait for the disk before more is read. */
const UNSYNCED_BYTES = 16 * 1024 * 1024;
const SESSION_ID_BYTES = 8;
/** A session takes 12 bytes of the answer to a ping; with so many for each the answer stays well below the largest packet. */
const PING_SHARE_BYTES = 16;
/** What no leader says a second time: it would be another one, or another epoch. */
const BEGINNINGS: ReadonlySet<number> = new Set([
  PacketType.leaderInfo,
  PacketType.diff,
  PacketType.trunc,
  PacketType.snap,
  PacketType.newLeader,
]);

/** Ends that the leader has brought about by what it sent. */
const VIOLATIONS: ReadonlySet<EndCode> = new Set(['PROTOCOL', 'EPOCH_FAR']);

/**
 * What followers and observers have in common: they find the leader, take over its history, and then serve.
 *
 * The order on disk: acceptedEpoch before ACKEPOCH; transactions (or image, or truncation), then currentEpoch, then the
 * acknowledgement of NEWLEADER, then those of proposals (ZOOKEEPER-3023, 3911, 4643, 4646, 4685, 4785).
 */
export abstract class Learner implements LeaderLink {
  readonly leaderSid: number;
  protected readonly life: Life;
  protected readonly log: Logger;
  private readonly complaints: Complaints;
  protected readonly metrics: ZabMetrics;
  protected readonly clock: Clock;
  protected abstract readonly role: PhaseRecord['role'];
  protected abstract readonly infoType: number;
  /** What waits for the leader's answer. */
  protected readonly questions = new LeaderQuestions();
  private stream: PacketStream | null = null;
  private isServing = false;
  /** Of the newest proposal that this leader sent. */
  private lastProposal = -1;
  private newLeaderConfig: string | null = null;
  /** Sessions that were heard from and that no answer to a ping has told yet. */
  private readonly touched = new Map<bigint, number>();
  /** Texts of reconfigurations that were proposed and are not committed, by zxid. */
  private readonly proposedConfigs = new Map<number, string>();
  private running: Promise<RoleEnd> | null = null;

  constructor(protected readonly deps: LearnerDeps) {
    this.leaderSid = deps.leaderSid;
    this.clock = deps.host.clock;
    this.log = deps.host.log;
    this.complaints = new Complaints(deps.host.clock, deps.host.log);
    this.life = new Life(deps.host.clock);
    this.metrics = new ZabMetrics(deps.metrics);
  }

  /**
   * Learns until the role is over; then nothing of it is left, not even a disk operation: it waits for a disk that hangs.
   * Never rejects.
   */
  run(): Promise<RoleEnd> {
    this.running ??= this.live();
    return this.running;
  }

  /** Ends the role; resolves when nothing of it is left. */
  async shutdown(reason: string): Promise<void> {
    this.life.finish('SHUTDOWN', reason);
    await this.running;
  }

  /** A packet of the broadcast phase that only one kind of learner understands; false: this one does not. */
  protected abstract handleBroadcast(packet: QuorumPacket, log: LearnerLog): boolean;

  /** How long synchronization took. */
  protected abstract noteSyncTime(durationMs: number): void;

  /** Whom it is connected to: the leader, or a follower that serves observers. */
  get masterSid(): number {
    return this.deps.master?.sid ?? this.leaderSid;
  }

  // --- LeaderLink

  forward(request: ForwardedRequest): void {
    if (this.life.isOver) return;
    if (request.type === OpCode.sync) this.questions.askSync(null);
    this.send(request);
  }

  revalidate(sessionId: bigint, timeoutMs: number): void {
    this.askWhetherLives(sessionId, timeoutMs, null);
  }

  protected send(request: ForwardedRequest): void {
    this.stream?.sendRequest(request);
  }

  /** `long sessionId; int timeout`; `answer` is null when a client of this server asks. */
  protected askWhetherLives(sessionId: bigint, timeoutMs: number, answer: ((isValid: boolean) => void) | null): void {
    if (this.life.isOver) return;
    this.questions.askRevalidation(sessionId, answer);
    const w = new JuteWriter(12);
    w.long64(sessionId);
    w.int(timeoutMs);
    this.stream?.send(PacketType.revalidate, -1, w.take(0));
  }

  // --- for what one kind of learner does more

  /** Clients are served from now on. */
  protected servingBegan(): void {
    // Nothing more.
  }

  /** The role is over; resolves when nothing is left of what `servingBegan` began. */
  protected servingEnded(): Promise<void> {
    return Promise.resolve();
  }

  // --- life

  private async live(): Promise<RoleEnd> {
    try {
      await this.learn();
    } catch (error) {
      const isBadInput =
        error instanceof JuteError || error instanceof UnknownTxnError || error instanceof MembershipError;
      this.life.finishWith(error, isBadInput ? 'PROTOCOL' : 'INTERNAL');
    }
    this.deps.history.onDurable = null;
    this.stream?.close();
    await this.servingEnded();
    await this.life.drained();
    const end = this.life.end ?? { code: 'INTERNAL', reason: 'ended without a reason' };
    this.deps.trace.end(end.reason);
    this.tellEnd(end);
    return end;
  }

  /** What the leader should never have sent is worth a warning, with all that is known of it. */
  private tellEnd({ code, reason }: RoleEnd): void {
    const { log, stream } = this;
    const fields = { code: 'ZAB_LEARNING_ENDED', end: code };
    const what = `No longer ${this.role} server ${this.masterSid}`;
    if (stream === null || !VIOLATIONS.has(code)) {
      log.info(`${what}: ${reason}`, fields);
      return;
    }
    const { type, zxid } = stream.lastTaken;
    const last = type < 0 ? 'no packet came' : `its last packet is ${packetName(type)} ${formatZxid(zxid)}`;
    log.warn(`${what} at ${stream.peer}: ${reason} (${last})`, fields);
  }

  private async learn(): Promise<void> {
    const { deps, life } = this;
    life.check();
    await life.during(deps.history.settle());
    deps.trace.begin(this.role, 'discovery', null);
    const stream = await this.connect();
    const epoch = await this.register(stream);
    deps.trace.begin(this.role, 'synchronization', epoch);
    const log = await this.synchronize(stream, epoch);
    this.noteSyncTime(deps.trace.begin(this.role, 'broadcast', epoch));
    await this.broadcast(stream, log);
  }

  private async connect(): Promise<PacketStream> {
    const { connectDelayMs = 0, host, options, turns } = this.deps;
    const { clock, life, log } = this;
    if (connectDelayMs > 0) await life.within(new Milestone(), connectDelayMs);
    const context = { clock, life, log, network: host.network, options, who: this.whoIsDialled() };
    const socket = await dialLeader(this.masterSid, this.leaderAddresses(), turns, context);
    this.judgeAddressAtEnd(clock.monotonicMs());
    socket.setNoDelay(options.noDelay);
    const stream = new PacketStream(socket, clock, {
      maxPacketBytes: options.maxPacketBytes,
      silenceLimitMs: initLimitMs(options),
    });
    this.stream = stream;
    stream.onFailure = (failure) => {
      life.finishWith(failure, 'CONNECTION_LOST');
    };
    life.atEnd(() => {
      stream.close();
    });
    return stream;
  }

  /** No LEADERINFO: did the connection lead to another program, or did the leader, or this server, only give up? */
  private judgeAddressAtEnd(connectedMs: number): void {
    const { clock, life } = this;
    life.atEnd(() => {
      const isQuick = clock.monotonicMs() - connectedMs < LEFT_AT_ONCE_MS;
      const code = life.end?.code;
      const isWrong = code === 'SILENT' || code === 'PROTOCOL' || (code === 'CONNECTION_LOST' && isQuick);
      if (isWrong) this.deps.turns.doubt(this.masterSid);
      else this.deps.turns.forgive(this.masterSid);
    });
  }

  private whoIsDialled(): string {
    const { master } = this.deps;
    return master === undefined || master === null ? 'the leader' : `server ${master.sid} (observerMasterPort)`;
  }

  private leaderAddresses(): readonly Endpoint[] {
    const { config, leaderSid, master } = this.deps;
    if (master !== undefined && master !== null) return master.addresses;
    // While a configuration is on its way, a server of the new one may have been elected.
    const leader = config.verifier().members.get(leaderSid) ?? config.lastSeenVerifier()?.members.get(leaderSid);
    if (leader === undefined) throw new ZabError('CONNECT_FAILED', `server ${leaderSid} is not in the configuration`);
    return leader.addresses.map(({ host, quorumPort }) => ({ host, port: quorumPort }));
  }

  /** FOLLOWERINFO → LEADERINFO → ACKEPOCH; returns the leader's epoch. */
  private async register(stream: PacketStream): Promise<number> {
    const { config, history, myId } = this.deps;
    const { epochs } = history;
    const info = new JuteWriter(20);
    writeLearnerInfo(info, {
      serverId: myId,
      protocolVersion: QUORUM_PROTOCOL_VERSION,
      configVersion: config.verifier().version,
    });
    stream.send(this.infoType, makeZxid(epochs.accepted, 0), info.take(0));
    const answer = await stream.next();
    if (answer.type !== PacketType.leaderInfo) {
      const hint =
        answer.type === PacketType.newLeader ? ', as ZooKeeper 3.3 or older does, which is not supported' : '';
      throw new ZabError('PROTOCOL', `the leader answered ${packetName(answer.type)} instead of LEADERINFO${hint}`);
    }
    this.deps.turns.heard(this.masterSid);
    const epoch = zxidEpoch(answer.zxid);
    if (epoch < epochs.accepted) {
      const what = `the epoch ${epoch} of the leader, server ${this.leaderSid}, is older than the accepted ${epochs.accepted}`;
      throw new ZabError('EPOCH_TOO_OLD', `${what}: only an election in which this server takes part can mend that`);
    }
    if (epoch > LAST_EPOCH) {
      const what = `the leader's epoch ${epoch} is one behind which no epoch is possible`;
      throw new ZabError('EPOCH_FAR', `${what}. ${FAR_EPOCH_MEND}`);
    }
    // An epoch that was accepted before is not promised a second time: this word may have been given to another leader.
    const promise = epoch > epochs.accepted ? epochs.current : NO_EPOCH_ACK;
    if (epoch > epochs.accepted) await this.life.during(epochs.setAccepted(epoch));
    const currentEpoch = new JuteWriter(4);
    currentEpoch.int(promise);
    stream.send(PacketType.ackEpoch, history.lastLoggedZxid, currentEpoch.take(0));
    return epoch;
  }

  // --- synchronization

  /** Until UPTODATE. */
  private async synchronize(stream: PacketStream, epoch: number): Promise<LearnerLog> {
    await this.takeOver(stream);
    const log = new LearnerLog(this.deps.history, epoch, {
      ack: (zxid) => {
        stream.send(PacketType.ack, zxid);
      },
      acked: () => {
        stream.flush();
      },
      apply: (zxid) => {
        this.apply(zxid);
      },
      failed: (error) => {
        this.life.finishWith(error, 'INTERNAL');
      },
    });
    let isNewLeaderAcked = false;
    for (;;) {
      this.life.check();
      const packet = stream.take();
      if (packet === null) {
        if (log.pendingBytes > UNSYNCED_BYTES) await this.flush(log);
        await stream.more();
      } else if (packet.type === PacketType.newLeader) {
        await this.acceptNewLeader(packet, stream, epoch, log);
        isNewLeaderAcked = true;
      } else if (packet.type === PacketType.upToDate) {
        if (!isNewLeaderAcked) throw new ZabError('PROTOCOL', 'UPTODATE came before NEWLEADER');
        this.startServing(stream, epoch);
        return log;
      } else {
        this.handleHistory(packet, log);
      }
    }
  }

  /** DIFF, TRUNC or SNAP. */
  private async takeOver(stream: PacketStream): Promise<void> {
    const { history, trace } = this.deps;
    const packet = await stream.next();
    this.life.check();
    const how = packetName(packet.type);
    this.log.info(`The leader synchronizes by ${how} ${formatZxid(packet.zxid)}.`, { code: 'ZAB_SYNC', how });
    trace.note(`${how} ${formatZxid(packet.zxid)} at ${formatZxid(history.lastLoggedZxid)}`);
    switch (packet.type) {
      case PacketType.diff:
        return;
      case PacketType.trunc:
        await this.truncate(packet.zxid);
        return;
      case PacketType.snap:
        await receiveSnapshot(packet, stream, history, this.life);
        return;
      default:
        throw new ZabError('PROTOCOL', `the leader sent ${how} where DIFF, TRUNC or SNAP was expected`);
    }
  }

  private async truncate(zxid: number): Promise<void> {
    const { history } = this.deps;
    try {
      await this.life.during(history.truncate(zxid));
    } catch (error) {
      this.life.check();
      const why = error instanceof Error ? error.message : String(error);
      throw new ZabError('TRUNCATE_FAILED', `cannot truncate to ${formatZxid(zxid)}: ${why}`, { cause: error });
    }
  }

  /** The transactions between the first packet and UPTODATE. */
  private handleHistory(packet: QuorumPacket, log: LearnerLog): void {
    switch (packet.type) {
      case PacketType.proposal:
        this.proposal(packet, log);
        return;
      case PacketType.commit:
        log.commit(packet.zxid);
        return;
      case PacketType.inform:
        this.inform(packet, log);
        return;
      case PacketType.commitAndActivate:
      case PacketType.informAndActivate:
        this.activate(packet, log);
        return;
      case PacketType.ping:
        // Java leaders ping before UPTODATE; their own learners do not answer then.
        return;
      default:
        throw new ZabError('PROTOCOL', `the leader sent ${packetName(packet.type)} during synchronization`);
    }
  }

  private async acceptNewLeader(
    packet: QuorumPacket,
    stream: PacketStream,
    epoch: number,
    log: LearnerLog,
  ): Promise<void> {
    const { history, reconfigHook } = this.deps;
    const newLeaderZxid = makeZxid(epoch, 0);
    if (packet.zxid !== newLeaderZxid) {
      throw new ZabError('PROTOCOL', `NEWLEADER ${formatZxid(packet.zxid)} is not of the agreed epoch ${epoch}`);
    }
    if (packet.data !== null && packet.data.length > 1) {
      this.newLeaderConfig = packet.data.toString('utf8');
      if (reconfigHook !== null) await this.life.during(reconfigHook.proposed(this.newLeaderConfig));
    }
    // A Java leader's tree changes while it sends its image, but no more when it queues NEWLEADER behind the commits.
    history.trustDigestAfter(log.committedZxid);
    await this.flush(log);
    if (history.epochs.current !== epoch) await this.life.during(history.epochs.setCurrent(epoch));
    stream.send(PacketType.ack, newLeaderZxid);
    stream.flush();
    log.openAcks();
  }

  private async flush(log: LearnerLog): Promise<void> {
    await this.life.during(this.deps.history.flush());
    log.durable();
  }

  private startServing(stream: PacketStream, epoch: number): void {
    const { options, reconfigHook, server } = this.deps;
    if (this.newLeaderConfig !== null && reconfigHook?.established(this.newLeaderConfig) === false) {
      throw new ZabError('RECONFIGURED', "the leader's configuration gives this server or the leader another part");
    }
    stream.limitSilence(syncLimitMs(options));
    stream.send(PacketType.ack, makeZxid(epoch, 0));
    this.isServing = true;
    server.startServing(this);
    this.servingBegan();
  }

  // --- broadcast

  private async broadcast(stream: PacketStream, log: LearnerLog): Promise<void> {
    for (;;) {
      this.life.check();
      const packet = stream.take();
      if (packet === null) await stream.more();
      else this.handle(packet, stream, log);
    }
  }

  private handle(packet: QuorumPacket, stream: PacketStream, log: LearnerLog): void {
    if (this.handleBroadcast(packet, log)) return;
    switch (packet.type) {
      case PacketType.ping:
        if (packet.data !== null) this.letGo(new JuteReader(packet.data));
        this.answerPing(packet, stream);
        return;
      case PacketType.sync:
        this.syncAnswered(log);
        return;
      case PacketType.revalidate:
        this.revalidationAnswered(new JuteReader(packet.data ?? Buffer.alloc(0)));
        return;
      default:
        this.unexpected(packet);
    }
  }

  private syncAnswered(log: LearnerLog): void {
    const done = this.questions.syncAnswered();
    log.whenApplied(() => {
      if (done === null) this.deps.server.syncDone();
      else done();
    });
  }

  /** `long sessionId; boolean isValid` */
  private revalidationAnswered(r: JuteReader): void {
    const sessionId = r.long64();
    const isValid = r.bool();
    const answer = this.questions.revalidationAnswered(sessionId);
    if (answer === null) this.deps.server.revalidated(sessionId, isValid);
    else answer(isValid);
  }

  /**
   * Sessions that clients have taken up elsewhere behind the same follower: `long sessionId` each. Not those that are just
   * coming back; only a server of ours has anything in its pings.
   */
  private letGo(r: JuteReader): void {
    while (r.remaining >= SESSION_ID_BYTES) {
      const sessionId = r.long64();
      if (!this.questions.isAskedFor(sessionId)) this.deps.server.sessionMoved(sessionId);
    }
  }

  private unexpected({ type, zxid }: QuorumPacket): void {
    const what = `${packetName(type)} ${formatZxid(zxid)}`;
    if (BEGINNINGS.has(type)) throw new ZabError('PROTOCOL', `the leader sent ${what} after synchronization had ended`);
    const message = `The leader, server ${this.masterSid}, sent an unexpected ${what}; it is ignored.`;
    this.complaints.warn(`unexpected ${type}`, message, { code: 'ZAB_UNEXPECTED_PACKET', sid: this.masterSid });
  }

  /**
   * The answer carries the sessions heard from: `long sessionId; int timeout` each. A ping has one answer, so that those which
   * do not fit wait for the next ping.
   */
  private answerPing(packet: QuorumPacket, stream: PacketStream): void {
    const { touched } = this;
    for (const heard of [this.deps.server.drainTouched(), this.questions.drainTouched()]) {
      for (const [sessionId, timeoutMs] of heard) touched.set(sessionId, timeoutMs);
    }
    const w = new JuteWriter();
    let room = Math.floor(this.deps.options.maxSentBytes / PING_SHARE_BYTES);
    for (const [sessionId, timeoutMs] of touched) {
      if (room-- <= 0) break;
      w.long64(sessionId);
      w.int(timeoutMs);
      touched.delete(sessionId);
    }
    stream.send(PacketType.ping, packet.zxid, w.take(0), packet.authinfo);
  }

  // --- transactions

  protected proposal(packet: QuorumPacket, log: LearnerLog): TxnEntry {
    const entry = decodeEntry(packet.data, packet.zxid);
    if (packet.zxid < this.lastProposal) {
      const back = `${formatZxid(packet.zxid)} after ${formatZxid(this.lastProposal)}`;
      throw new ZabError('PROTOCOL', `the leader went back in its proposals: ${back}`);
    }
    this.lastProposal = packet.zxid;
    this.tellOfReconfig(entry, log);
    log.propose(entry);
    return entry;
  }

  protected inform(packet: QuorumPacket, log: LearnerLog): TxnEntry {
    const entry = decodeEntry(packet.data, packet.zxid);
    log.inform(entry);
    return entry;
  }

  /** COMMITANDACTIVATE: `long suggestedLeader`; INFORMANDACTIVATE: the same and the transaction behind it. */
  protected activate(packet: QuorumPacket, log: LearnerLog): void {
    const r = new JuteReader(packet.data ?? Buffer.alloc(0));
    const suggestedLeader = r.longLossy();
    if (packet.type === PacketType.informAndActivate) {
      const entry = decodeEntry(r.raw(r.remaining), packet.zxid);
      this.tellOfReconfig(entry, log);
      log.inform(entry);
    } else {
      log.commit(packet.zxid);
    }
    const text = this.proposedConfigs.get(packet.zxid) ?? null;
    this.proposedConfigs.delete(packet.zxid);
    log.whenApplied(() => {
      const goesOn = this.deps.reconfigHook?.activated(text, suggestedLeader, packet.zxid) ?? true;
      if (goesOn) return;
      const what = `configuration ${packet.zxid.toString(16)} is in force, its leader is server ${suggestedLeader}`;
      this.life.finish('RECONFIGURED', what);
    });
  }

  /** A configuration is acknowledged when it is on disk, and not only the transaction that has it. */
  private tellOfReconfig({ header, txn }: TxnEntry, log: LearnerLog): void {
    const { reconfigHook } = this.deps;
    if (txn.type !== OpCode.reconfig || txn.data === null || reconfigHook === null) return;
    const text = txn.data.toString('utf8');
    this.proposedConfigs.set(header.zxid, text);
    log.holdAcks(header.zxid);
    this.life.during(reconfigHook.proposed(text)).then(
      () => {
        log.releaseAcks(header.zxid);
      },
      () => undefined,
    );
  }

  protected apply(zxid: number): void {
    if (this.isServing) this.deps.server.committed(zxid);
    else this.deps.history.applyNext();
  }
}

function decodeEntry(data: Buffer | null, zxid: number): TxnEntry {
  const entry = readTxnEntry(data ?? Buffer.alloc(0));
  if (entry.header.zxid !== zxid) {
    throw new ZabError('PROTOCOL', `packet ${formatZxid(zxid)} carries transaction ${formatZxid(entry.header.zxid)}`);
  }
  return entry;
}
