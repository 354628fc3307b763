import { encodeToBuffer, JuteReader, type JuteWriter } from '../../src/jute/index.js';
import {
  type Acl,
  type ClientInfo,
  errorName,
  OpCode,
  OPEN_ACL_UNSAFE,
  type OpResult,
  opName,
  readClientInfos,
  readConnectResponse,
  readGetAclReply,
  readGetDataReply,
  readMultiReply,
  type ReadPart,
  type ReplyHeader,
  readReplyHeader,
  readStat,
  readStringList,
  readWatcherEvent,
  type SetWatchesRequest,
  type Stat,
  type WatcherEvent,
  writeAclList,
  writeAuthPacket,
  writeConnectRequest,
  writeMultiEnd,
  writeMultiHeader,
  writeMultiRead,
  writePathNumberRequest,
  writePathRequest,
  writePathWatchRequest,
  writeRequestHeader,
  writeSetWatches,
  Xid,
} from '../../src/protocol/index.js';
import { netTransport, type WireTransport } from './wire-transport.js';

/** The server answered with an error code. */
export class WireError extends Error {
  constructor(
    readonly code: number,
    readonly header: ReplyHeader,
    what: string,
  ) {
    super(`${what}: ${errorName(code)}`);
  }
}

/** The connection ended before the answer came. */
export class WireClosed extends Error {}

export interface WireReply {
  readonly header: ReplyHeader;
  /** What follows the header. */
  readonly body: Buffer;
}

/** A watch event with the zxid of its header. */
export interface WireEvent extends WatcherEvent {
  readonly zxid: number;
}

export interface SessionOptions {
  /** Default: loopback. */
  readonly host?: string;
  readonly timeoutMs?: number;
  readonly sessionId?: bigint;
  readonly password?: Buffer;
  readonly lastZxidSeen?: number;
  readonly readOnly?: boolean;
  /** False: a connect request as 3.4 and older send it. */
  readonly hasReadOnly?: boolean;
}

interface Waiting {
  readonly what: string;
  readonly xid: number;
  resolve(reply: WireReply): void;
  reject(error: Error): void;
}

/** One part of a multi. */
export type MultiPart =
  | {
      readonly op: 'create' | 'create2' | 'createContainer';
      readonly path: string;
      readonly data?: Buffer;
      readonly flags?: number;
    }
  | { readonly op: 'delete'; readonly path: string; readonly version?: number }
  | { readonly op: 'set'; readonly path: string; readonly data: Buffer; readonly version?: number }
  | { readonly op: 'check'; readonly path: string; readonly version: number };

/** A small client of the wire protocol. Requests may be pipelined: every call sends at once and resolves with its reply. */
export class WireClient {
  sessionId = 0n;
  password: Buffer = Buffer.alloc(16);
  timeoutMs = 0;
  readOnly = false;
  /** Highest zxid seen in a reply header. */
  lastZxid = 0;
  /** Every frame's payload as it came, newest last (the connect response included). */
  readonly frames: Buffer[] = [];
  readonly events: WireEvent[] = [];
  /** Resolves when the connection is over, with its error. */
  readonly closed: Promise<Error | undefined>;
  isClosed = false;
  private waiting: Waiting[] = [];
  private readonly eventWaiters: ((event: WireEvent) => void)[] = [];
  private eventsTaken = 0;
  private rest: Buffer = Buffer.alloc(0);
  private connecting: { resolve: () => void; reject: (error: Error) => void } | null = null;
  private nextXid = 1;
  private isQuiet = false;

  private constructor(readonly transport: WireTransport) {
    this.closed = new Promise((resolve) => {
      transport.start(
        (chunk) => {
          this.onData(chunk);
        },
        (error) => {
          this.onClose(error);
          resolve(error);
        },
      );
    });
  }

  /** Connects and opens (or resumes) a session. */
  static async connect(port: number, options: SessionOptions = {}): Promise<WireClient> {
    const client = WireClient.over(await netTransport(port, options.host));
    await client.open(options);
    return client;
  }

  /** A client over a connection on which nothing was said. */
  static over(transport: WireTransport): WireClient {
    return new WireClient(transport);
  }

  /** The handshake. Fails with `WireError(sessionExpired)` when the server knows no such session. */
  async open(options: SessionOptions = {}): Promise<void> {
    const request = {
      protocolVersion: 0,
      lastZxidSeen: options.lastZxidSeen ?? 0,
      timeoutMs: options.timeoutMs ?? 10_000,
      sessionId: options.sessionId ?? 0n,
      password: options.password ?? Buffer.alloc(16),
      readOnly: options.readOnly ?? false,
      hasReadOnly: options.hasReadOnly ?? true,
    };
    const answered = new Promise<void>((resolve, reject) => {
      this.connecting = { resolve, reject };
    });
    this.sendFrame(encodeToBuffer((w) => writeConnectRequest(w, request)));
    await answered;
  }

  // ----- reading

  async exists(path: string | null, watch = false): Promise<Stat> {
    return readStat(await this.ask(OpCode.exists, (w) => writePathWatchRequest(w, path, watch)));
  }

  async getData(path: string | null, watch = false): Promise<{ data: Buffer | null; stat: Stat }> {
    return readGetDataReply(await this.ask(OpCode.getData, (w) => writePathWatchRequest(w, path, watch)));
  }

  async getChildren(path: string | null, watch = false): Promise<string[]> {
    return readStringList(await this.ask(OpCode.getChildren, (w) => writePathWatchRequest(w, path, watch)));
  }

  async getChildren2(path: string | null, watch = false): Promise<{ children: string[]; stat: Stat }> {
    const r = await this.ask(OpCode.getChildren2, (w) => writePathWatchRequest(w, path, watch));
    return { children: readStringList(r), stat: readStat(r) };
  }

  async getAcl(path: string | null): Promise<{ acl: Acl[]; stat: Stat }> {
    return readGetAclReply(await this.ask(OpCode.getACL, (w) => writePathRequest(w, path)));
  }

  async sync(path: string | null): Promise<string | null> {
    return (await this.ask(OpCode.sync, (w) => writePathRequest(w, path))).stringOrNull();
  }

  async multiRead(parts: readonly ReadPart[]): Promise<OpResult[]> {
    return readMultiReply(await this.ask(OpCode.multiRead, (w) => writeMultiRead(w, parts)));
  }

  async getEphemerals(prefix: string | null): Promise<string[]> {
    return readStringList(await this.ask(OpCode.getEphemerals, (w) => writePathRequest(w, prefix)));
  }

  async getAllChildrenNumber(path: string | null): Promise<number> {
    return (await this.ask(OpCode.getAllChildrenNumber, (w) => writePathRequest(w, path))).int();
  }

  async whoAmI(): Promise<ClientInfo[]> {
    return readClientInfos(await this.ask(OpCode.whoAmI, () => undefined));
  }

  // ----- watches

  async addWatch(path: string | null, mode: number): Promise<void> {
    await this.ask(OpCode.addWatch, (w) => writePathNumberRequest(w, path, mode));
  }

  async checkWatches(path: string | null, type: number): Promise<void> {
    await this.ask(OpCode.checkWatches, (w) => writePathNumberRequest(w, path, type));
  }

  async removeWatches(path: string | null, type: number): Promise<void> {
    await this.ask(OpCode.removeWatches, (w) => writePathNumberRequest(w, path, type));
  }

  /** setWatches, or setWatches2 when there are persistent ones. */
  async setWatches(watches: Partial<SetWatchesRequest>): Promise<void> {
    const all = {
      relativeZxid: watches.relativeZxid ?? this.lastZxid,
      data: watches.data ?? [],
      exist: watches.exist ?? [],
      child: watches.child ?? [],
      persistent: watches.persistent ?? [],
      persistentRecursive: watches.persistentRecursive ?? [],
    };
    const isPlain = all.persistent.length + all.persistentRecursive.length === 0;
    const type = isPlain ? OpCode.setWatches : OpCode.setWatches2;
    await this.request(type, (w) => writeSetWatches(w, all, type), Xid.setWatches);
  }

  /** The next event in order of arrival that was not taken yet. */
  nextEvent(): Promise<WireEvent> {
    const ready = this.events[this.eventsTaken];
    if (ready !== undefined) {
      this.eventsTaken++;
      return Promise.resolve(ready);
    }
    return new Promise((resolve) => {
      this.eventWaiters.push((event) => {
        this.eventsTaken++;
        resolve(event);
      });
    });
  }

  // ----- writing

  async create(
    path: string | null,
    data: Buffer | null = null,
    flags = 0,
    acl: readonly Acl[] | null = OPEN_ACL_UNSAFE,
  ) {
    return (await this.ask(OpCode.create, (w) => writeCreate(w, path, data, acl, flags))).string();
  }

  /** create2, createContainer (flags 4) or createTTL (with `ttlMs`). */
  async create2(path: string, data: Buffer | null = null, flags = 0, acl = OPEN_ACL_UNSAFE, ttlMs?: number) {
    const type = ttlMs !== undefined ? OpCode.createTTL : flags === 4 ? OpCode.createContainer : OpCode.create2;
    const r = await this.ask(type, (w) => {
      writeCreate(w, path, data, acl, flags);
      if (ttlMs !== undefined) w.long(ttlMs);
    });
    return { path: r.string(), stat: readStat(r) };
  }

  async delete(path: string, version = -1): Promise<void> {
    await this.ask(OpCode.delete, (w) => writePathNumberRequest(w, path, version));
  }

  async setData(path: string, data: Buffer | null, version = -1): Promise<Stat> {
    return readStat(await this.ask(OpCode.setData, (w) => writeSetData(w, path, data, version)));
  }

  async setAcl(path: string, acl: readonly Acl[], version = -1): Promise<Stat> {
    const r = await this.ask(OpCode.setACL, (w) => {
      w.string(path);
      writeAclList(w, acl);
      w.int(version);
    });
    return readStat(r);
  }

  async multi(parts: readonly MultiPart[]): Promise<OpResult[]> {
    return readMultiReply(await this.ask(OpCode.multi, (w) => writeMulti(w, parts)));
  }

  // ----- the connection

  async ping(): Promise<ReplyHeader> {
    return (await this.request(OpCode.ping, () => undefined, Xid.ping)).header;
  }

  async addAuth(scheme: string, auth: string | Buffer): Promise<ReplyHeader> {
    const packet = { scheme, auth: Buffer.from(auth) };
    return (await this.request(OpCode.auth, (w) => writeAuthPacket(w, packet), Xid.auth)).header;
  }

  /** Closes the session and waits for the end of the connection. */
  async close(): Promise<void> {
    await this.request(OpCode.closeSession, () => undefined);
    await this.closed;
  }

  /** Breaks the connection; the session lives on. */
  destroy(): void {
    this.transport.destroy();
  }

  /** Sends a request and gives the reply's body; an error code is thrown. */
  async ask(type: number, encode: (w: JuteWriter) => void): Promise<JuteReader> {
    return new JuteReader((await this.request(type, encode)).body);
  }

  async request(type: number, encode: (w: JuteWriter) => void, xid = this.nextXid++): Promise<WireReply> {
    const reply = await this.requestAny(type, encode, xid);
    if (reply.header.err !== 0) throw new WireError(reply.header.err, reply.header, opName(type));
    return reply;
  }

  /** As `request`, but an error code is not thrown. */
  requestAny(type: number, encode: (w: JuteWriter) => void, xid = this.nextXid++): Promise<WireReply> {
    const answered = new Promise<WireReply>((resolve, reject) => {
      if (this.isClosed) reject(new WireClosed(`closed before ${opName(type)}`));
      else this.waiting.push({ what: opName(type), xid, resolve, reject });
    });
    this.sendFrame(requestBytes(xid, type, encode));
    return answered;
  }

  /** Sends frames whose replies nobody waits for: they are only kept in `frames`. */
  quietly(send: () => void): void {
    this.isQuiet = true;
    send();
  }

  /** Sends `int length` and the payload. */
  sendFrame(payload: Buffer): void {
    this.transport.write(frameOf(payload));
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Buffer): void {
    this.transport.write(bytes);
  }

  private onData(chunk: Buffer): void {
    let bytes = Buffer.concat([this.rest, chunk]);
    while (bytes.length >= 4) {
      const length = bytes.readInt32BE(0);
      if (bytes.length < 4 + length) break;
      this.onFrame(Buffer.from(bytes.subarray(4, 4 + length)));
      bytes = bytes.subarray(4 + length);
    }
    this.rest = Buffer.from(bytes);
  }

  private onFrame(frame: Buffer): void {
    this.frames.push(frame);
    const r = new JuteReader(frame);
    if (this.connecting !== null) {
      this.onConnected(r);
      return;
    }
    const header = readReplyHeader(r);
    if (header.xid === Xid.notification) {
      const event = { ...readWatcherEvent(r), zxid: header.zxid };
      this.events.push(event);
      this.eventWaiters.shift()?.(event);
      return;
    }
    this.lastZxid = Math.max(this.lastZxid, header.zxid);
    const at = this.waiting.findIndex((one) => one.xid === header.xid);
    const waiting = this.waiting[at];
    if (waiting === undefined && this.isQuiet) return;
    if (waiting === undefined) throw new Error(`a reply with xid ${header.xid} that nobody waits for`);
    if (header.xid > 0 && this.waiting.slice(0, at).some((one) => one.xid > 0)) {
      throw new Error(`the reply to ${waiting.what} (xid ${header.xid}) came out of order`);
    }
    this.waiting.splice(at, 1);
    waiting.resolve({ header, body: r.raw(r.remaining) });
  }

  private onConnected(r: JuteReader): void {
    const { connecting } = this;
    this.connecting = null;
    const response = readConnectResponse(r);
    this.sessionId = response.sessionId;
    this.password = response.password;
    this.timeoutMs = response.timeoutMs;
    this.readOnly = response.readOnly;
    if (response.timeoutMs > 0) connecting?.resolve();
    else connecting?.reject(new WireError(-112, { xid: 0, zxid: 0, err: -112 }, 'connect'));
  }

  private onClose(error: Error | undefined): void {
    this.isClosed = true;
    const why = new WireClosed(error === undefined ? 'the server closed the connection' : error.message);
    this.connecting?.reject(why);
    this.connecting = null;
    const waiting = this.waiting;
    this.waiting = [];
    for (const one of waiting) one.reject(why);
  }
}

/** `int length; payload` */
export function frameOf(payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeInt32BE(payload.length);
  return Buffer.concat([head, payload]);
}

/** A request without its length: header and body. */
export function requestBytes(xid: number, type: number, encode: (w: JuteWriter) => void): Buffer {
  return encodeToBuffer((w) => {
    writeRequestHeader(w, xid, type);
    encode(w);
  });
}

function writeCreate(
  w: JuteWriter,
  path: string | null,
  data: Buffer | null,
  acl: readonly Acl[] | null,
  flags: number,
) {
  w.string(path);
  w.buffer(data);
  writeAclList(w, acl);
  w.int(flags);
}

function writeSetData(w: JuteWriter, path: string, data: Buffer | null, version: number): void {
  w.string(path);
  w.buffer(data);
  w.int(version);
}

function writeMulti(w: JuteWriter, parts: readonly MultiPart[]): void {
  for (const part of parts) {
    switch (part.op) {
      case 'create':
      case 'create2':
      case 'createContainer':
        writeMultiHeader(w, OpCode[part.op], false, -1);
        writeCreate(w, part.path, part.data ?? null, OPEN_ACL_UNSAFE, part.flags ?? 0);
        break;
      case 'delete':
        writeMultiHeader(w, OpCode.delete, false, -1);
        writePathNumberRequest(w, part.path, part.version ?? -1);
        break;
      case 'set':
        writeMultiHeader(w, OpCode.setData, false, -1);
        writeSetData(w, part.path, part.data, part.version ?? -1);
        break;
      case 'check':
        writeMultiHeader(w, OpCode.check, false, -1);
        writePathNumberRequest(w, part.path, part.version);
        break;
    }
  }
  writeMultiEnd(w);
}
