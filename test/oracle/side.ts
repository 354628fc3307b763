import { setTimeout as delay } from 'node:timers/promises';
import { encodeToBuffer, JuteReader } from '../../src/jute/index.js';
import {
  type ConnectRequest,
  ErrorCode,
  OpCode,
  readConnectResponse,
  readReplyHeader,
  writeAuthPacket,
  writeConnectRequest,
  writeRequestHeader,
  Xid,
} from '../../src/protocol/index.js';
import { CONFIG_PATH } from '../../src/tree/index.js';
import { frameOf } from '../support/wire-client.js';
import { netTransport, type WireTransport } from '../support/wire-transport.js';
import { type Names, readEvent, readReply, Seen } from './lines.js';
import { MORTAL_MS } from './stage.js';
import { type Claim, encodeFields, inPlace, type Request, type Step } from './steps.js';

/** After so long a reply does not come any more. */
const PATIENCE_MS = 15_000;
/** Behind these errors the connection ends; so long that is waited for. */
const ENDING: ReadonlySet<number> = new Set([ErrorCode.unimplemented, ErrorCode.authFailed]);
const PATIENCE_OF_END_MS = 3000;
const PATIENCE_OF_EXPIRY_MS = 30_000;
const NOTHING = Buffer.alloc(0);
/** Of a reply header: xid, zxid, error. */
const HEADER_BYTES = 16;

interface Expected {
  readonly request: Request | null;
}

/** One connection of a slot and everything that came on it. */
export class Connection {
  readonly lines: Seen[] = [];
  isOver = false;
  isLeft = false;
  /** A reply did not come. */
  isUnanswered = false;
  sessionId = 0n;
  lastErr = 0;
  lastZxid = 0;
  private nextXid = 1;
  private rest: Buffer = NOTHING;
  private lastEvent: Buffer = NOTHING;
  private isConnecting = true;
  private readonly expected: Expected[] = [];
  private waiting: { count: number; done: () => void } | null = null;
  private answered = 0;

  constructor(
    readonly name: string,
    readonly port: number,
    private readonly transport: WireTransport,
    private readonly names: Names,
    private readonly onSession: (id: bigint, password: Buffer, timeoutMs: number) => void,
  ) {
    transport.start(
      (chunk) => this.onData(chunk),
      () => this.onClose(),
    );
  }

  /** Sends the connect request and waits for the answer, or for the end. */
  open(request: ConnectRequest): Promise<void> {
    return this.exchange(1, () => {
      this.transport.write(frameOf(encodeToBuffer((w) => writeConnectRequest(w, request))));
    });
  }

  /** Sends all at once and waits for as many replies, or for the end. */
  send(requests: readonly Request[]): Promise<void> {
    return this.exchange(requests.length, () => {
      const frames = requests.map((request) => {
        this.expected.push({ request });
        const body = encodeFields(request.fields, this.names);
        const head = encodeToBuffer((w) => writeRequestHeader(w, request.xid ?? this.nextXid++, request.op));
        return frameOf(Buffer.concat([head, body.subarray(0, request.cut ?? body.length)]));
      });
      this.transport.write(Buffer.concat(frames));
    });
  }

  /** Whatever the server had to say by now has come when this returns. */
  fence(): Promise<void> {
    return this.isOver ? Promise.resolve() : this.send([{ op: OpCode.ping, fields: [], xid: Xid.ping }]);
  }

  /**
   * Is it over, after a request behind which it may be? The end may come a little behind the answer; until then ZooKeeper
   * answers pings of a session that is closed.
   */
  async settle(isClosed: boolean): Promise<void> {
    if (isClosed || ENDING.has(this.lastErr)) await this.ended();
    await this.fence();
  }

  /** Waits for the server to close it, not for ever. */
  ended(patienceMs = PATIENCE_OF_END_MS): Promise<void> {
    return this.exchange(1, () => undefined, patienceMs);
  }

  /** The servers go different ways from here on, as intended: nothing of this connection is compared any more. */
  leave(): void {
    this.isLeft = true;
    this.destroy();
  }

  destroy(): void {
    this.isOver = true;
    this.transport.destroy();
  }

  private exchange(count: number, send: () => void, patienceMs = PATIENCE_MS): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        if (patienceMs === PATIENCE_MS) {
          this.isUnanswered = true;
          this.say('end', `no reply within ${PATIENCE_MS} ms`);
          this.destroy();
        }
        done();
      }, patienceMs);
      const done = (): void => {
        clearTimeout(timer);
        this.waiting = null;
        resolve();
      };
      this.waiting = { count: this.answered + count, done };
      if (this.isOver) done();
      else send();
    });
  }

  private onData(chunk: Buffer): void {
    let bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    while (bytes.length >= 4) {
      const length = bytes.readInt32BE(0);
      if (bytes.length < 4 + length) break;
      this.onFrame(Buffer.from(bytes.subarray(4, 4 + length)));
      bytes = bytes.subarray(4 + length);
    }
    this.rest = Buffer.from(bytes);
  }

  private onFrame(frame: Buffer): void {
    if (this.isConnecting) {
      this.isConnecting = false;
      this.onConnected(frame);
    } else if (readReplyHeader(new JuteReader(frame)).xid === Xid.notification) {
      // ZooKeeper tells a new configuration twice.
      const isRepeated = this.lastEvent.equals(frame) && frame.includes(CONFIG_PATH);
      this.lastEvent = isRepeated ? NOTHING : frame;
      if (!isRepeated) this.lines.push(new Seen(true, () => readEvent(frame, this.names)));
      return;
    } else {
      const request = this.expected.shift()?.request ?? null;
      // ZooKeeper's answer to a createSession has no header.
      const isHeaded = request?.op !== OpCode.createSession || frame.length === HEADER_BYTES;
      const { err, zxid } = isHeaded ? readReplyHeader(new JuteReader(frame)) : { err: 0, zxid: this.lastZxid };
      this.lastErr = err;
      this.lastZxid = zxid;
      this.lines.push(new Seen(false, () => readReply(frame, request, this.names)));
    }
    // Who is refused waits for the end.
    if (this.sessionId === 0n) return;
    this.answered++;
    if (this.waiting !== null && this.answered >= this.waiting.count) this.waiting.done();
  }

  private onConnected(frame: Buffer): void {
    const r = new JuteReader(frame);
    const { sessionId, password, timeoutMs, protocolVersion } = readConnectResponse(r);
    this.sessionId = sessionId;
    if (sessionId !== 0n) this.onSession(sessionId, password, timeoutMs);
    const session = sessionId === 0n ? 'no session' : this.names.sessionName(sessionId);
    const text = `connected version=${protocolVersion} ${session} time-out=${timeoutMs} password=${password.length} bytes=${frame.length} left=${r.remaining}`;
    this.say('connect', text);
  }

  private say(kind: 'connect' | 'end', text: string): void {
    this.lines.push(new Seen(false, () => ({ kind, text })));
  }

  private onClose(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.say('end', 'the server closed the connection');
    this.waiting?.done();
  }
}

interface Session {
  readonly id: bigint;
  readonly password: Buffer;
  readonly timeoutMs: number;
  /** Of the server that knows it, the only one where it is a local session. */
  readonly port: number;
}

/**
 * One of the two servers (or ensembles) under comparison: the slots of the current run, and what came on their connections.
 * In an ensemble each slot keeps to one server, and after each step every server has what any of them has.
 */
export class Side implements Names {
  readonly connections: Connection[] = [];
  root = '';
  baseZxid = 0;
  startedMs = 0;
  /** Zxids (behind the run's first) that this server has and the other has not, as intended; in order. */
  private extraZxids: number[] = [];
  private readonly current = new Map<number, Connection>();
  private readonly sessions = new Map<number, Session>();
  private readonly sessionNames = new Map<bigint, string>();
  /** One at each server. */
  private controls: Connection[] = [];
  private readonly opened = new Map<bigint, Session>();
  private hasNewControl = false;

  constructor(
    readonly name: string,
    private readonly ports: readonly number[],
  ) {}

  // A run

  /** Makes the run's folder and forgets the run before. */
  async begin(root: string): Promise<void> {
    this.root = root;
    this.baseZxid = 0;
    this.connections.length = 0;
    this.extraZxids = [];
    this.hasNewControl = false;
    for (const map of [this.current, this.sessions, this.sessionNames, this.opened]) map.clear();
    this.startedMs = Date.now();
    await this.catchUp();
    for (const control of this.controls) control.lines.length = 0;
    this.baseZxid = await this.makeFolder(this.controls[0] as Connection, root);
    await this.catchUp();
  }

  /** Did a reply not come in this run, to a client or to what looks after the run? */
  get isUnanswered(): boolean {
    return this.hasNewControl || [...this.controls, ...this.connections].some(({ isUnanswered }) => isUnanswered);
  }

  /** Closes every session of the run, so that nothing of it happens later. */
  async finish(): Promise<void> {
    for (const connection of this.current.values()) connection.destroy();
    await Promise.all([...this.opened.values()].map((session) => this.closeSession(session)));
  }

  close(): void {
    for (const connection of this.current.values()) connection.destroy();
    for (const control of this.controls) control.destroy();
    this.controls = [];
  }

  private async closeSession({ id, password, port }: Session): Promise<void> {
    const connection = await this.connect('end', port);
    await connection.open(connectRequest({ sessionId: id, password }));
    await connection.send([{ op: OpCode.closeSession, fields: [] }]);
    connection.destroy();
  }

  // Steps

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'send': {
        const connection = this.current.get(step.slot);
        if (connection === undefined || connection.isOver) await this.open(step.slot, { who: 'new' }, {});
        await this.current.get(step.slot)?.send(step.requests);
        if (step.requests.some(mayEndConnection)) {
          const isClosed = step.requests.some(({ op }) => op === OpCode.closeSession);
          await this.current.get(step.slot)?.settle(isClosed);
        }
        await this.catchUp();
        return;
      }
      case 'drop':
        this.current.get(step.slot)?.destroy();
        return;
      case 'open':
        await this.open(step.slot, step.claim, {
          timeoutMs: step.timeoutMs,
          lastZxidSeen: this.seen(step.seen),
          readOnly: step.readOnly,
          hasReadOnly: step.hasReadOnly,
        });
        // Whoever had the session is sent away.
        await this.fence();
        return;
      case 'expire':
        await this.expire(step.slot, inPlace(step.mark, this), step.isSilent);
    }
  }

  /** Whatever was to come because of the steps so far has come. */
  async fence(): Promise<void> {
    await this.catchUp();
    await Promise.all([...this.current.values()].map((connection) => connection.fence()));
  }

  /** Each server has applied what any of them has answered. */
  private async catchUp(): Promise<void> {
    if (this.ports.length === 1 && this.controls[0]?.isOver === false) return;
    const sync: Request = { op: OpCode.sync, fields: [{ s: this.root }] };
    await Promise.all(
      this.ports.map(async (port, at) => {
        // A busy machine may have cost one its session.
        const known = this.controls[at];
        const control = known?.isOver === false ? known : await this.makeControl(port);
        this.hasNewControl ||= known !== control && this.baseZxid > 0;
        this.controls[at] = control;
        await control.send([sync]);
      }),
    );
  }

  private async expire(slot: number, mark: string, isSilent: boolean): Promise<void> {
    const connection = this.current.get(slot);
    const isMortal = (this.sessions.get(slot)?.timeoutMs ?? Number.POSITIVE_INFINITY) <= MORTAL_MS;
    if (!isSilent || !isMortal) connection?.destroy();
    const exists: Request = { op: OpCode.exists, fields: [{ s: mark }, { z: false }] };
    const endMs = Date.now() + PATIENCE_OF_EXPIRY_MS;
    for (const control of this.controls) {
      for (;;) {
        await control.send([exists]);
        if (control.lastErr === ErrorCode.noNode || Date.now() > endMs) break;
        await delay(20);
      }
    }
    if (connection !== undefined && !connection.isOver) await connection.ended(PATIENCE_OF_EXPIRY_MS);
  }

  private async open(slot: number, claim: Claim, more: Partial<ConnectRequest>): Promise<void> {
    this.current.get(slot)?.destroy();
    if (claim.who === 'slot' && claim.password !== 'right') this.leaveSession(claim.slot);
    const holder = claim.who === 'slot' ? this.holderElsewhere(claim.slot, slot) : undefined;
    const name = `${slot}#${this.connections.length}`;
    const port = this.portOf(slot);
    const connection = await this.connect(name, port, (id, password, timeoutMs) => {
      const session = { id, password, timeoutMs, port };
      this.sessions.set(slot, session);
      this.opened.set(id, session);
      if (!this.sessionNames.has(id)) this.sessionNames.set(id, `S${this.sessionNames.size}`);
    });
    this.connections.push(connection);
    this.current.set(slot, connection);
    await connection.open(connectRequest({ ...more, ...this.claimed(claim) }));
    if (holder !== undefined) await this.seeMoved(holder);
  }

  /** The connection at another server that has the session of `from`, which `slot` is about to ask for. */
  private holderElsewhere(from: number, slot: number): Connection | undefined {
    const id = this.sessions.get(from)?.id;
    for (const [at, connection] of this.current) {
      if (connection.sessionId === id && !connection.isOver && this.portOf(at) !== this.portOf(slot)) return connection;
    }
    return undefined;
  }

  /**
   * Who writes on the connection that a session moved away from is cut off. At the leader, which is the last server, this
   * one ends that connection at once, and ZooKeeper with the write, for which it spends a zxid.
   */
  private async seeMoved(holder: Connection): Promise<void> {
    if (holder.port === this.ports.at(-1)) {
      holder.leave();
      return;
    }
    await holder.send([createRequest(`${this.root}/moved`)]);
    if (!holder.isOver && holder.lastErr !== 0) await holder.ended();
    holder.destroy();
  }

  private portOf(slot: number): number {
    return this.ports[slot % this.ports.length] as number;
  }

  /** Apache ZooKeeper sends away who has a session when somebody comes for it with a wrong password: so nobody has it. */
  private leaveSession(slot: number): void {
    const session = this.sessions.get(slot);
    for (const connection of this.current.values()) if (connection.sessionId === session?.id) connection.destroy();
  }

  private claimed(claim: Claim): Partial<ConnectRequest> {
    if (claim.who === 'new') return {};
    if (claim.who === 'nobody') return { sessionId: 0x1234_5678_9abcn, password: Buffer.alloc(16, 7) };
    const session = this.sessions.get(claim.slot);
    if (session === undefined) return {};
    switch (claim.password) {
      case 'right':
        return { sessionId: session.id, password: session.password };
      case 'wrong':
        return { sessionId: session.id, password: Buffer.alloc(16, 1) };
      case 'short':
        return { sessionId: session.id, password: session.password.subarray(0, 9) };
      case 'null':
        return { sessionId: session.id, password: NOTHING };
    }
  }

  private seen(what: 'none' | 'some' | 'future'): number {
    if (what === 'none') return 0;
    return what === 'some' ? this.baseZxid : this.baseZxid + 1_000_000;
  }

  private async connect(
    name: string,
    port: number,
    onSession: Connection['onSession'] = () => undefined,
  ): Promise<Connection> {
    return new Connection(name, port, await netTransport(port), this, onSession);
  }

  // The run's own needs

  /** A connection that may do everything. */
  private async makeControl(port: number): Promise<Connection> {
    const connection = await this.connect('control', port);
    await connection.open(connectRequest({ timeoutMs: 600_000 }));
    const auth = encodeToBuffer((w) => writeAuthPacket(w, { scheme: 'digest', auth: Buffer.from(SUPER_PASSWORD) }));
    await connection.send([{ op: OpCode.auth, fields: [{ x: auth.toString('hex') }], xid: Xid.auth }]);
    return connection;
  }

  /** Answers the zxid of the folder's making. */
  private async makeFolder(control: Connection, root: string): Promise<number> {
    control.lines.length = 0;
    const paths = root.split('/').flatMap((_, at, all) => (at === 0 ? [] : [all.slice(0, at + 1).join('/')]));
    const quotaPaths = paths.map((path) => `/zookeeper/quota${path}`);
    await control.send([...quotaPaths, ...paths].map((path) => createRequest(path)));
    const last = control.lines.at(-1)?.line;
    if (last?.kind !== 'reply' || last.err !== 0) {
      const said = control.lines.map(({ text }) => text).join('\n');
      throw new Error(`${this.name} cannot make ${root}:\n${said}`);
    }
    return last.zxid;
  }

  // Names

  sessionName(id: bigint): string {
    return this.sessionNames.get(id) ?? `session 0x${BigInt.asUintN(64, id).toString(16)}`;
  }

  /** Ports are another ensemble's, and the version of a configuration is a zxid. */
  dataText(text: string): string {
    if (!/^version=[0-9a-f]+$/m.test(text)) return text;
    return text.replaceAll(/([:;])\d{5}\b/g, '$1PORT').replace(/^version=([0-9a-f]+)$/m, (_, hex: string) => {
      const zxid = Number.parseInt(hex, 16);
      return `version=${zxid <= this.baseZxid ? 'before' : this.relativeZxid(zxid)}`;
    });
  }

  relativeZxid(zxid: number): number {
    const own = zxid - this.baseZxid;
    return own - this.extraZxids.filter((at) => at <= own).length;
  }

  actualZxid(relativeZxid: number): number {
    let own = relativeZxid;
    for (const at of this.extraZxids) if (own >= at) own++;
    return this.baseZxid + own;
  }

  get skipCount(): number {
    return this.extraZxids.length;
  }

  /** Only this server has the transaction that it made last; one of its connections has asked something behind it. */
  skipLast(): void {
    const zxid = Math.max(...this.connections.map(({ lastZxid }) => lastZxid));
    this.skipZxid(this.relativeZxid(zxid));
  }

  /** Only this server has this transaction. */
  skipZxid(relativeZxid: number): void {
    // What is told here counts without the extra ones before it.
    this.extraZxids.push(this.actualZxid(relativeZxid) - this.baseZxid);
    this.extraZxids.sort((a, b) => a - b);
  }
}

/** Requests behind which (in some cases) the server closes the connection. */
function mayEndConnection({ op, fields, cut }: Request): boolean {
  const isPlain = op > 0 && op < OpCode.auth && op !== OpCode.check && !ODD_OPS.has(op);
  return !isPlain || cut !== undefined || fields.some((field) => 'x' in field);
}

const ODD_OPS: ReadonlySet<number> = new Set([10, 23, 99]);

/** `super:oracle`; the servers are started with its digest. */
export const SUPER_PASSWORD = 'super:oracle';

function createRequest(path: string): Request {
  const acl = [[{ i: 31 }, { s: 'world' }, { s: 'anyone' }]];
  return { op: OpCode.create, fields: [{ s: path }, { b: null }, { v: acl }, { i: 0 }] };
}

function connectRequest(more: Partial<ConnectRequest>): ConnectRequest {
  return {
    protocolVersion: 0,
    lastZxidSeen: 0,
    timeoutMs: 300_000,
    sessionId: 0n,
    password: Buffer.alloc(16),
    readOnly: false,
    hasReadOnly: true,
    ...more,
  };
}
