import type { Clock, Complaints, Socket } from '../host/index.js';
import { JuteError, JuteReader, JuteWriter } from '../jute/index.js';
import type { Summary } from '../metrics/index.js';
import type { ForwardedRequest, QuorumPacket, TxnEntry } from '../protocol/index.js';
import {
  decodeForwardedRequest,
  formatZxid,
  makeZxid,
  OpCode,
  packetName,
  PacketType,
  QUORUM_PROTOCOL_VERSION,
  readLearnerInfo,
  zxidCounter,
  zxidEpoch,
} from '../protocol/index.js';
import { type Discovery, FAR_EPOCH_MEND, LAST_EPOCH } from './discovery.js';
import type { Milestone } from './life.js';
import { Life, ZabError } from './life.js';
import type { ConfigView } from './needs.js';
import { isListed } from './quorum.js';
import type { ZabOptions } from './options.js';
import { initLimitMs, syncLimitMs } from './options.js';
import { PacketStream } from './packet-stream.js';
import type { PingedFollower } from './leadership-proof.js';
import type { SyncResult, SyncTarget } from './synchronizer.js';

/** How a learner and its master agree on an epoch. */
export type Meeting = Pick<Discovery, 'arrived' | 'epoch' | 'epochPromised' | 'promise' | 'quorumPromised'>;

/** Whom learners follow. */
export interface LearnerMaster {
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly config: ConfigView;
  readonly discovery: Meeting;
  readonly myId: number;
  readonly options: ZabOptions;
  /** A quorum acknowledged NEWLEADER and the pipeline runs. */
  readonly established: Milestone;
  /** Known once discovery chose it. */
  readonly newLeaderZxid: number;
  readonly lastProposed: number;
  /** Its id is known: an older connection of the same server makes room. Throws a `ZabError` when this one must go. */
  introduced(handler: LearnerHandler): void;
  synchronize(handler: LearnerHandler, peerZxid: number): Promise<SyncResult>;
  /** The configuration text that NEWLEADER carries. */
  newLeaderConfig(): string;
  newLeaderAcked(handler: LearnerHandler): void;
  /** Reached when this zxid is committed. */
  committed(zxid: number): Milestone;
  /** Its UPTODATE is on the way. */
  becameLive(handler: LearnerHandler): void;
  /** Some proposals were acknowledged. */
  acknowledged(handler: LearnerHandler): void;
  pingAnswered(handler: LearnerHandler): void;
  touch(sessionId: bigint, timeoutMs: number): void;
  /** Asks whether a session lives; `answer` is called in the order of the questions, perhaps at once. */
  revalidate(session: RevalidatedSession, handler: LearnerHandler, answer: (isValid: boolean) => void): void;
  forwarded(request: ForwardedRequest, handler: LearnerHandler): void;
}

export interface RevalidatedSession {
  readonly sessionId: bigint;
  readonly timeoutMs: number;
}

/** A learner as tools see it. */
export interface LearnerView {
  readonly sid: number;
  readonly address: string;
  readonly isObserver: boolean;
  readonly isLive: boolean;
  readonly ackedZxid: number;
  /** Live packets that wait for the end of its synchronization, and all bytes that wait for it. */
  readonly queuedPackets: number;
  readonly queuedBytes: number;
  readonly connectedForMs: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
  readonly requestsReceived: number;
}

type Held =
  | { readonly what: 'proposal'; readonly entry: TxnEntry }
  | { readonly what: 'commit'; readonly entry: TxnEntry; readonly nextLeader: number };

const TOUCH_BYTES = 12;
/** One queue this many times the bound is dropped without waiting. */
const HARD_QUEUE_FACTOR = 4;

/**
 * One connection of a learner, as the leader sees it, from FOLLOWERINFO to the end.
 *
 * Everything to the learner goes through one ordered stream. Live proposals that come before UPTODATE are held back behind
 * it: learners before 3.9 stumble over a COMMIT between NEWLEADER and UPTODATE (ZOOKEEPER-4394), and over an ACK of a
 * proposal before that of NEWLEADER (ZOOKEEPER-4685).
 */
export class LearnerHandler implements SyncTarget, PingedFollower {
  readonly life: Life;
  readonly stream: PacketStream;
  private readonly connectedMs: number;
  /** -1 before FOLLOWERINFO or OBSERVERINFO came. */
  sid = -1;
  /** The newest epoch that it had promised when it came. */
  acceptedEpoch = -1;
  isIntroduced = false;
  isObserver = false;
  ackedZxid = -1;
  /**
   * What it surely has on its disk: what it said when it came, and the proposals that it acknowledged one by one. Servers of
   * Apache ZooKeeper before 3.8.4 acknowledge NEWLEADER before the proposals of a DIFF are on their disk (ZOOKEEPER-4646).
   */
  provenZxid = -1;
  pingsSent = 0;
  pingsAnswered = 0;
  requestsReceived = 0;
  /** UPTODATE was sent. */
  isLive = false;
  private held: Held[] = [];
  private heldBytes = 0;
  private acksCame = false;
  private endSync: (() => void) | null = null;
  /** The proposal whose acknowledgement is being waited for, and the newest one sent. */
  private watched: { readonly zxid: number; readonly sentMs: number } | null = null;
  private lastSentZxid = 0;
  private lastSentMs = 0;
  private overfullSinceMs: number | null = null;
  private readonly initialDeadlineMs: number;

  constructor(
    socket: Socket,
    private readonly master: LearnerMaster,
  ) {
    const { clock, options } = master;
    this.life = new Life(clock);
    this.connectedMs = clock.monotonicMs();
    this.initialDeadlineMs = this.connectedMs + initLimitMs(options) + syncLimitMs(options);
    socket.setNoDelay(options.noDelay);
    this.stream = new PacketStream(socket, clock, {
      maxPacketBytes: options.maxPacketBytes,
      silenceLimitMs: initLimitMs(options),
    });
    this.stream.onFailure = (failure) => {
      this.life.finishWith(failure, 'CONNECTION_LOST');
    };
    this.life.atEnd(() => {
      this.stream.close();
    });
  }

  get queuedPackets(): number {
    return this.held.length;
  }

  get queuedBytes(): number {
    return this.heldBytes + this.stream.unsentBytes;
  }

  get isStranger(): boolean {
    return !isListed(this.master.config, this.sid);
  }

  get canComeAgain(): boolean {
    return this.isObserver || this.isStranger;
  }

  /** Does it count towards the quorum that a leader must keep? */
  isSynced(nowMs: number): boolean {
    if (this.life.isOver || !this.isIntroduced) return false;
    if (!this.isLive) return nowMs <= this.initialDeadlineMs;
    return nowMs - this.stream.lastHeardMs <= syncLimitMs(this.master.options);
  }

  /** Lives until the connection ends. Never rejects. */
  async run(): Promise<void> {
    try {
      const peerZxid = await this.meet();
      await this.synchronize(peerZxid);
      await this.serve();
    } catch (error) {
      this.life.finishWith(error, error instanceof JuteError ? 'PROTOCOL' : 'INTERNAL');
    }
    this.endSync?.();
    await this.life.drained();
  }

  resetStatistics(): void {
    this.stream.packetsReceived = 0;
    this.stream.packetsSent = 0;
    this.requestsReceived = 0;
  }

  view(nowMs: number): LearnerView {
    return {
      sid: this.sid,
      address: this.stream.peer,
      isObserver: this.isObserver,
      isLive: this.isLive,
      ackedZxid: this.ackedZxid,
      queuedPackets: this.queuedPackets,
      queuedBytes: this.queuedBytes,
      connectedForMs: nowMs - this.connectedMs,
      packetsReceived: this.stream.packetsReceived,
      packetsSent: this.stream.packetsSent,
      requestsReceived: this.requestsReceived,
    };
  }

  // --- phases

  /** FOLLOWERINFO → LEADERINFO → ACKEPOCH; returns the learner's last zxid. */
  private async meet(): Promise<number> {
    const { discovery, options } = this.master;
    const acceptedEpoch = await this.introduction();
    discovery.arrived(this.sid, acceptedEpoch);
    if (!(await this.life.within(discovery.epochPromised, initLimitMs(options)))) {
      throw new ZabError('NO_EPOCH_QUORUM', 'no quorum came to agree on an epoch');
    }
    const version = new JuteWriter(4);
    version.int(QUORUM_PROTOCOL_VERSION);
    this.stream.send(PacketType.leaderInfo, makeZxid(discovery.epoch, 0), version.take(0));
    const answer = await this.expect(PacketType.ackEpoch);
    const currentEpoch = new JuteReader(answer.data ?? Buffer.alloc(0)).int();
    discovery.promise(this.sid, { currentEpoch, lastZxid: answer.zxid });
    if (!(await this.life.within(discovery.quorumPromised, initLimitMs(options)))) {
      throw new ZabError('NO_EPOCH_ACK_QUORUM', 'no quorum promised the epoch');
    }
    return answer.zxid;
  }

  /** Reads who it is; returns the newest epoch that it has accepted. */
  private async introduction(): Promise<number> {
    const { config, myId, options } = this.master;
    // Bytes that trickle in are no silence, and no introduction either.
    const limitMs = initLimitMs(options);
    const deadline = this.life.after(limitMs, () => {
      this.life.finish('SILENT', `did not say who it is within ${limitMs} ms (initLimit)`);
    });
    const packet = await this.expect(PacketType.followerInfo, PacketType.observerInfo);
    deadline.cancel();
    const data = packet.data ?? Buffer.alloc(0);
    const info = data.length < 12 ? null : readLearnerInfo(new JuteReader(data));
    if (info === null || info.protocolVersion < QUORUM_PROTOCOL_VERSION) {
      throw new ZabError('PROTOCOL', 'speaks the protocol of ZooKeeper 3.3 or older, which is not supported');
    }
    if (!Number.isSafeInteger(info.serverId) || info.serverId < 0) {
      throw new ZabError('PROTOCOL', `says it is server ${info.serverId}, which is no server id`);
    }
    if (info.serverId === myId) throw new ZabError('PROTOCOL', `says it is server ${myId}, as this leader is`);
    const { version } = config.verifier();
    if (info.configVersion > version) {
      throw new ZabError(
        'LEARNER_AHEAD',
        `server ${info.serverId} has configuration ${info.configVersion.toString(16)}, newer than ${version.toString(16)}`,
      );
    }
    const acceptedEpoch = zxidEpoch(packet.zxid);
    // The next one would be promised, written to disk, and could never be told to anybody.
    if (acceptedEpoch >= LAST_EPOCH) {
      const what = `says it is server ${info.serverId} and has accepted epoch ${acceptedEpoch}`;
      throw new ZabError('EPOCH_FAR', `${what}, behind which no epoch is possible. ${FAR_EPOCH_MEND}`);
    }
    this.sid = info.serverId;
    this.acceptedEpoch = acceptedEpoch;
    this.isObserver = packet.type === PacketType.observerInfo;
    this.master.introduced(this);
    this.isIntroduced = true;
    return acceptedEpoch;
  }

  /** DIFF, TRUNC or SNAP, then NEWLEADER and its acknowledgement. */
  private async synchronize(peerZxid: number): Promise<void> {
    const { master, stream, life } = this;
    const result = await master.synchronize(this, peerZxid);
    this.endSync = result.ended;
    life.check();
    stream.send(PacketType.newLeader, master.newLeaderZxid, Buffer.from(master.newLeaderConfig(), 'utf8'));
    await this.newLeaderAck(result.upTo);
    result.ended();
    this.ackedZxid = result.upTo;
    this.provenZxid = Math.min(peerZxid, result.upTo);
    master.newLeaderAcked(this);
    const initMs = initLimitMs(master.options);
    if (!(await life.within(master.established, initMs))) {
      throw new ZabError('NO_NEWLEADER_QUORUM', 'no quorum acknowledged NEWLEADER');
    }
    if (result.serveAfter !== null && !(await life.within(master.committed(result.serveAfter), initMs))) {
      throw new ZabError('TOO_SLOW', `its last proposal ${formatZxid(result.serveAfter)} was not committed in time`);
    }
  }

  /**
   * A follower of ZooKeeper 3.8 logs the proposals of its DIFF at NEWLEADER, and when its disk is quick acknowledges some of
   * them first (ZOOKEEPER-4685). These count with NEWLEADER.
   */
  private async newLeaderAck(upTo: number): Promise<void> {
    const { newLeaderZxid } = this.master;
    for (;;) {
      const { zxid } = await this.expect(PacketType.ack);
      if (zxid === newLeaderZxid) return;
      if (zxidCounter(zxid) === 0 || zxid > upTo) {
        const expected = formatZxid(newLeaderZxid);
        throw new ZabError('PROTOCOL', `acknowledged ${formatZxid(zxid)} instead of NEWLEADER ${expected}`);
      }
    }
  }

  /** UPTODATE, then whatever the learner wants. */
  private async serve(): Promise<void> {
    const { stream, master } = this;
    stream.limitSilence(syncLimitMs(master.options));
    stream.send(PacketType.upToDate, -1);
    this.isLive = true;
    this.release();
    master.becameLive(this);
    for (;;) {
      this.life.check();
      const packet = stream.take();
      if (packet !== null) {
        this.handle(packet);
        continue;
      }
      if (this.acksCame) {
        this.acksCame = false;
        master.acknowledged(this);
      }
      await stream.more();
    }
  }

  private async expect(...types: readonly number[]): Promise<QuorumPacket> {
    const packet = await this.stream.next();
    this.life.check();
    if (!types.includes(packet.type)) {
      const wanted = types.map(packetName).join(' or ');
      throw new ZabError('PROTOCOL', `sent ${packetName(packet.type)} where ${wanted} was expected`);
    }
    return packet;
  }

  // --- to the learner

  proposed(entry: TxnEntry, nowMs: number): void {
    if (!this.isLive) {
      this.hold({ what: 'proposal', entry });
      return;
    }
    const { zxid } = entry.header;
    this.lastSentZxid = zxid;
    this.lastSentMs = nowMs;
    this.watched ??= { zxid, sentMs: nowMs };
    this.stream.send(PacketType.proposal, zxid, entry.bytes);
  }

  committed(entry: TxnEntry, nextLeader: number): void {
    const { zxid, type } = entry.header;
    if (!this.isLive) this.hold({ what: 'commit', entry, nextLeader });
    else if (type === OpCode.reconfig) this.sendActivation(entry, nextLeader);
    else if (this.isObserver) this.stream.send(PacketType.inform, zxid, entry.bytes);
    else this.stream.send(PacketType.commit, zxid);
  }

  /** `waited` is told how long the ping waits here. `data`: what a learner of ours finds in it; others do not look. */
  ping(waited?: Summary, data: Buffer | null = null): void {
    if (!this.isLive) return;
    this.pingsSent++;
    if (waited !== undefined) this.stream.timeNext(waited);
    this.stream.send(PacketType.ping, this.master.lastProposed, data);
  }

  /** Everything that this learner asked for before is behind it in the stream. */
  answerSync(): void {
    if (!this.life.isOver) this.stream.send(PacketType.sync, 0);
  }

  /** `long suggestedLeader`, for observers followed by the transaction. */
  private sendActivation(entry: TxnEntry, nextLeader: number): void {
    const w = new JuteWriter(8 + entry.bytes.length);
    w.long(nextLeader);
    if (this.isObserver) w.raw(entry.bytes);
    const type = this.isObserver ? PacketType.informAndActivate : PacketType.commitAndActivate;
    this.stream.send(type, entry.header.zxid, w.take(0));
  }

  private hold(held: Held): void {
    this.held.push(held);
    this.heldBytes += held.entry.bytes.length;
  }

  private release(): void {
    const { held } = this;
    this.held = [];
    this.heldBytes = 0;
    const nowMs = this.master.clock.monotonicMs();
    for (const one of held) {
      if (one.what === 'proposal') this.proposed(one.entry, nowMs);
      else this.committed(one.entry, one.nextLeader);
    }
  }

  /** Twice a tick: ends a learner that cannot keep up. */
  checkPace(nowMs: number): void {
    const { options } = this.master;
    const limitMs = syncLimitMs(options);
    if (this.watched !== null && nowMs - this.watched.sentMs > limitMs) {
      this.life.finish('TOO_SLOW', `did not acknowledge ${formatZxid(this.watched.zxid)} within ${limitMs} ms`);
    }
    const bytes = this.queuedBytes;
    this.overfullSinceMs = bytes > options.learnerQueueBytes ? (this.overfullSinceMs ?? nowMs) : null;
    const isHopeless = bytes > options.learnerQueueBytes * HARD_QUEUE_FACTOR;
    if (isHopeless || (this.overfullSinceMs !== null && nowMs - this.overfullSinceMs > limitMs)) {
      this.life.finish('TOO_SLOW', `${bytes} bytes wait for it`);
    }
  }

  // --- from the learner

  private handle(packet: QuorumPacket): void {
    switch (packet.type) {
      case PacketType.ack:
        this.acked(packet.zxid);
        return;
      case PacketType.ping:
        this.pingAnswered(packet.data ?? Buffer.alloc(0));
        return;
      case PacketType.revalidate:
        this.revalidate(packet);
        return;
      case PacketType.request:
        this.requestsReceived++;
        this.master.forwarded(decodeForwardedRequest(packet.data ?? Buffer.alloc(0), packet.authinfo ?? []), this);
        return;
      default:
        this.master.complaints.warn(
          `unexpected ${this.sid} ${packet.type}`,
          `Server ${this.sid} at ${this.stream.peer} sent an unexpected ${packetName(packet.type)}; it is ignored.`,
          { code: 'ZAB_UNEXPECTED_PACKET', sid: this.sid },
        );
    }
  }

  private acked(zxid: number): void {
    // NEWLEADER's second acknowledgement, after UPTODATE, says nothing new; an observer's counts for nothing.
    if (zxidCounter(zxid) === 0 || this.isObserver) return;
    if (zxid > this.master.lastProposed) {
      throw new ZabError('PROTOCOL', `acknowledged ${formatZxid(zxid)}, which was never proposed`);
    }
    if (zxid > this.ackedZxid) this.ackedZxid = zxid;
    if (zxid > this.provenZxid) this.provenZxid = zxid;
    this.acksCame = true;
    if (this.watched !== null && zxid >= this.watched.zxid) {
      this.watched = zxid >= this.lastSentZxid ? null : { zxid: this.lastSentZxid, sentMs: this.lastSentMs };
    }
  }

  private pingAnswered(touched: Buffer): void {
    const r = new JuteReader(touched);
    while (r.remaining >= TOUCH_BYTES) this.master.touch(r.long64(), r.int());
    // An answer to no ping proves nothing.
    if (this.pingsAnswered < this.pingsSent) this.pingsAnswered++;
    this.master.pingAnswered(this);
  }

  private revalidate(packet: QuorumPacket): void {
    const r = new JuteReader(packet.data ?? Buffer.alloc(0));
    const session = { sessionId: r.long64(), timeoutMs: r.int() };
    this.master.revalidate(session, this, (isValid) => {
      const w = new JuteWriter(9);
      w.long64(session.sessionId);
      w.bool(isValid);
      this.stream.send(PacketType.revalidate, packet.zxid, w.take(0), packet.authinfo);
    });
  }
}
