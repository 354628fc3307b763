import type { Clock } from '../../src/host/index.js';
import { JuteReader } from '../../src/jute/index.js';
import type { ClientPort, PipelineMode, RequestPipeline, WriteRequest, WriteResult } from '../../src/pipeline/index.js';
import {
  type Acl,
  createModeOf,
  ErrorCode,
  KeeperError,
  OpCode,
  readAclListOrNull,
  sessionPassword,
  type Txn,
} from '../../src/protocol/index.js';
import { DataTree, NO_NODE, type TxnResult } from '../../src/tree/index.js';

interface Session {
  readonly timeoutMs: number;
  port: ClientPort | null;
}

/**
 * A pipeline without log and peers over a real tree, for tests of the client side: it knows just enough of ZooKeeper's
 * rules to make nodes, and decides requests at the end of the turn, or when the test says so.
 */
export class MemoryPipeline implements RequestPipeline {
  mode: PipelineMode = 'standalone';
  readonly tree = new DataTree({ digestEnabled: true, extendedTypes: true });
  readonly sessions = new Map<bigint, Session>();
  /** Submitted and not decided, oldest first. */
  readonly waiting: WriteRequest[] = [];
  /** What happened, for tests of order. */
  readonly calls: string[] = [];
  /** Decide nothing, and make no session, until the test says so. */
  isHolding = false;
  touchAnswer = true;
  nextSessionId = 0x1000_0000_0000_0001n;
  /** Time of each transaction; the clock's when absent. */
  timeOf: ((zxid: number) => number) | null = null;
  /** Versions of nodes that earlier parts of a multi make (-1: deleted). */
  private readonly pending = new Map<string, number>();
  private readonly pendingCversions = new Map<number, number>();
  private readonly opening: (() => void)[] = [];
  private isScheduled = false;
  private zxid = 0;

  constructor(private readonly clock: Clock) {}

  get lastAppliedZxid(): number {
    return this.tree.lastProcessedZxid;
  }

  get stats() {
    return { outstandingRequests: this.waiting.length, globalSessions: this.sessions.size, localSessions: 0 };
  }

  openSession(port: ClientPort, timeoutMs: number): void {
    this.later(() => {
      const sessionId = this.nextSessionId++;
      const session = { timeoutMs: Math.min(Math.max(timeoutMs, 4000), 40_000), port };
      this.sessions.set(sessionId, session);
      this.apply(sessionId, 0, { type: OpCode.createSession, timeoutMs: session.timeoutMs });
      port.sessionOpened(sessionId, session.timeoutMs, sessionPassword(sessionId));
    });
  }

  resumeSession(port: ClientPort, sessionId: bigint, password: Buffer, timeoutMs: number): void {
    this.later(() => {
      const session = this.sessions.get(sessionId);
      if (session === undefined || !password.equals(sessionPassword(sessionId))) {
        port.sessionRefused();
        return;
      }
      session.port?.closeFromServer('sessionReopened');
      session.port = port;
      port.sessionOpened(sessionId, timeoutMs, password);
    });
  }

  submit(request: WriteRequest): void {
    this.calls.push(`submit ${request.cxid}`);
    this.waiting.push(request);
    this.schedule();
  }

  endBatch(): void {
    this.calls.push('endBatch');
  }

  touch(): boolean {
    return this.touchAnswer;
  }

  detach(port: ClientPort, sessionId: bigint): void {
    this.calls.push('detach');
    const session = this.sessions.get(sessionId);
    if (session?.port === port) session.port = null;
  }

  stop(): void {
    for (const session of this.sessions.values()) session.port?.closeFromServer('roleOver');
  }

  /** Decides the oldest `count` requests now. */
  release(count = this.waiting.length): void {
    for (const request of this.waiting.splice(0, count)) {
      const { port, sessionId } = request;
      const result = this.decide(request);
      const hasGone = this.sessions.get(sessionId)?.port === null;
      if (hasGone) port?.writeMissed(request, result);
      else port?.writeDone(result);
    }
  }

  /** Opens and resumes the sessions that were asked for. */
  openSessions(): void {
    for (const open of this.opening.splice(0)) open();
  }

  /** A transaction of nobody's, such as another server's client would bring about. */
  commit(txn: Txn, sessionId = 1n): TxnResult {
    return this.apply(sessionId, 0, txn);
  }

  private later(fn: () => void): void {
    this.opening.push(fn);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.clock.defer(() => {
      this.isScheduled = false;
      if (this.isHolding) return;
      this.openSessions();
      this.release();
    });
  }

  private decide(request: WriteRequest): WriteResult {
    const { type, sessionId, cxid } = request;
    if (type === OpCode.sync) return { zxid: 0, type, err: 0, result: null };
    let txn: Txn;
    try {
      txn = this.transaction(request);
    } catch (error) {
      const err = error instanceof KeeperError ? error.code : ErrorCode.marshallingError;
      this.apply(sessionId, cxid, { type: OpCode.error, err });
      return { zxid: this.zxid, type, err, result: null };
    }
    const result = this.apply(sessionId, cxid, txn);
    if (type === OpCode.closeSession) this.sessions.delete(sessionId);
    return { zxid: this.zxid, type, err: type === OpCode.multi ? 0 : result.err, result };
  }

  private apply(sessionId: bigint, cxid: number, txn: Txn): TxnResult {
    this.zxid++;
    const header = {
      clientId: sessionId,
      cxid,
      zxid: this.zxid,
      time: this.timeOf?.(this.zxid) ?? this.clock.wallMs(),
      type: txn.type,
    };
    return this.tree.apply(header, txn, null);
  }

  private transaction(request: WriteRequest): Txn {
    const r = new JuteReader(request.body);
    if (request.type === OpCode.closeSession) {
      return { type: OpCode.closeSession, paths: [...this.tree.ephemeralsOf(request.sessionId)] };
    }
    if (request.type !== OpCode.multi) {
      this.forgetPending();
      return this.part(request.type, r, request);
    }
    const txns: Txn[] = [];
    let hasFailed = false;
    this.forgetPending();
    for (;;) {
      const type = r.int();
      const isEnd = r.bool();
      r.int();
      if (isEnd) break;
      try {
        const txn = this.part(type, r, request);
        txns.push(hasFailed ? { type: OpCode.error, err: ErrorCode.runtimeInconsistency } : txn);
      } catch (error) {
        if (!(error instanceof KeeperError)) throw error;
        // What came before is undone, and told as "ok".
        if (!hasFailed) txns.fill({ type: OpCode.error, err: ErrorCode.ok });
        txns.push({ type: OpCode.error, err: hasFailed ? ErrorCode.runtimeInconsistency : error.code });
        hasFailed = true;
      }
    }
    return { type: OpCode.multi, txns };
  }

  private forgetPending(): void {
    this.pending.clear();
    this.pendingCversions.clear();
  }

  /** Reads one request's body; throws KeeperError where a rule is broken. */
  private part(type: number, r: JuteReader, request: WriteRequest): Txn {
    const path = r.string();
    switch (type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        return this.create(type, path, r, request);
      case OpCode.delete: {
        this.versionOf(path, r.int());
        const ref = this.tree.find(path);
        if (ref !== NO_NODE && this.tree.childCount(ref) > 0) throw new KeeperError(ErrorCode.notEmpty, path);
        this.pending.set(path, -1);
        return { type, path };
      }
      case OpCode.setData: {
        const data = r.bufferOrNull();
        const version = this.versionOf(path, r.int()) + 1;
        this.pending.set(path, version);
        return { type, path, data, version };
      }
      case OpCode.setACL: {
        const acl = readAclListOrNull(r);
        this.versionOf(path, -1);
        return { type, path, acl, version: this.tree.aversion(this.tree.find(path)) + 1 };
      }
      case OpCode.check: {
        const version = r.int();
        this.versionOf(path, version);
        return { type, path, version };
      }
      default:
        throw new KeeperError(ErrorCode.unimplemented, path);
    }
  }

  private create(
    type: typeof OpCode.create | typeof OpCode.create2 | typeof OpCode.createContainer | typeof OpCode.createTTL,
    path: string,
    r: JuteReader,
    request: WriteRequest,
  ): Txn {
    const data = r.bufferOrNull();
    const acl: Acl[] | null = readAclListOrNull(r);
    const mode = createModeOf(r.int());
    const parent = this.tree.find(path.slice(0, path.lastIndexOf('/')));
    if (parent === NO_NODE) throw new KeeperError(ErrorCode.noNode, path);
    const parentCVersion = (this.pendingCversions.get(parent) ?? this.tree.cversion(parent)) + 1;
    const suffix = mode?.sequential === true ? String(parentCVersion - 1).padStart(10, '0') : '';
    if (this.pending.has(path + suffix) || this.tree.find(path + suffix) !== NO_NODE)
      throw new KeeperError(ErrorCode.nodeExists, path);
    // As the real validator does: `auth` entries become the creator's identities.
    const fixed = acl?.flatMap((one) =>
      one.id.scheme === 'auth'
        ? request.auth.filter(({ scheme }) => scheme === 'digest').map((id) => ({ perms: one.perms, id }))
        : [one],
    );
    this.pending.set(path + suffix, 0);
    this.pendingCversions.set(parent, parentCVersion);
    const node = { path: path + suffix, data, acl: fixed ?? null, parentCVersion };
    if (type === OpCode.createContainer) return { type, ...node };
    if (type === OpCode.createTTL) return { type, ...node, ttlMs: r.long() };
    return { type, ...node, ephemeral: mode?.ephemeral === true };
  }

  private versionOf(path: string, expected: number): number {
    const ref = this.tree.find(path);
    const version = this.pending.get(path) ?? (ref === NO_NODE ? -1 : this.tree.version(ref));
    if (version === -1) throw new KeeperError(ErrorCode.noNode, path);
    if (expected !== -1 && expected !== version) throw new KeeperError(ErrorCode.badVersion, path);
    return version;
  }
}
