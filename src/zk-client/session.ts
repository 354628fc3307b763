import { CLIENT_SERVICE, DigestMd5Client } from '../auth/index.js';
import { type Endpoint, formatEndpoint, type TlsContext } from '../host/index.js';
import type { JuteReader } from '../jute/index.js';
import {
  type ConnectResponse,
  ErrorCode,
  OpCode,
  PASSWORD_BYTES,
  readConnectResponse,
  readReplyHeader,
  readWatcherEvent,
  writeAuthPacket,
  writeConnectRequest,
  writeRequestHeader,
  writeSetWatches,
  Xid,
} from '../protocol/index.js';
import { Call, limitOf, type Request } from './call.js';
import { clientPath } from './chroot.js';
import { connectionLoss, serverError, ZooKeeperError } from './errors.js';
import { dialServer, findWriter } from './dial.js';
import { Fifo } from './fifo.js';
import { Link } from './link.js';
import type {
  AuthInfo,
  CallOptions,
  ClientOptions,
  ClientWorld,
  SessionCredentials,
  SessionEvent,
  SessionState,
} from './options.js';
import { pause } from './pause.js';
import { ServerList } from './server-list.js';
import { type WatchEventType, WatchRegistry } from './watch-registry.js';

const DEFAULT_SESSION_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_FRAME_BYTES = 1024 * 1024 + 64 * 1024;
const SHORTEST_DIAL_MS = 500;
const LARGEST_XID = 0x7fff_ffff;
/** A server that does not answer the end of a session ends it by its time. */
const CLOSE_MS = 5000;
const EVENT_NAMES: Readonly<Record<number, WatchEventType>> = {
  1: 'created',
  2: 'deleted',
  3: 'dataChanged',
  4: 'childrenChanged',
};

interface AuthEntry {
  readonly info: AuthInfo;
  call: Call | null;
}

/**
 * One session over as many connections as it takes. Requests leave in the order of the calls and are answered in it; those
 * that were sent when a connection is lost fail with `connectionLoss`, the others wait for the next.
 */
export class Session {
  readonly watches = new WatchRegistry();
  private current: SessionState = 'connecting';
  private final: ZooKeeperError | null = null;
  private sessionId: bigint;
  private password: Buffer;
  private negotiatedMs = 0;
  private lastZxid: number;
  private readonly servers: ServerList;
  private readonly over = new AbortController();
  private readonly listeners = new Set<(event: SessionEvent) => void>();
  private readonly waiting = new Fifo<Call>();
  private readonly sent = new Fifo<Call>();
  /** Those who wait for a connection and nothing else. */
  private readonly arrivals = new Fifo<Call>();
  private readonly auths: AuthEntry[];
  private readonly authSent = new Fifo<AuthEntry>();
  private link: Link | null = null;
  private target: Endpoint | null = null;
  private isReady = false;
  private isGreeting = false;
  private isReadOnly = false;
  /** Takes the next frame while a connection is made. */
  private single: ((r: JuteReader) => void) | null = null;
  private tls: TlsContext | null = null;
  private xid = 0;
  private closing: Promise<void> | null = null;

  constructor(
    endpoints: readonly Endpoint[],
    private readonly chroot: string,
    private readonly options: ClientOptions,
    private readonly world: ClientWorld,
  ) {
    this.servers = new ServerList(endpoints, world.random);
    this.sessionId = options.session?.sessionId ?? 0n;
    this.password = options.session?.password ?? Buffer.alloc(PASSWORD_BYTES);
    this.lastZxid = options.session?.lastZxid ?? 0;
    this.auths = (options.auth ?? []).map((info) => ({ info, call: null }));
    if (options.onSession !== undefined) this.listeners.add(options.onSession);
  }

  get state(): SessionState {
    return this.current;
  }

  get timeoutMs(): number {
    return this.negotiatedMs;
  }

  get credentials(): Required<SessionCredentials> {
    return { sessionId: this.sessionId, password: this.password, lastZxid: this.lastZxid };
  }

  /** The server of the connection; null without one. */
  get server(): Endpoint | null {
    return this.isReady ? this.target : null;
  }

  /** Connects, and connects again until the session is over. */
  start(): void {
    this.run().catch((error: unknown) =>
      this.guarded(() => {
        throw error;
      }),
    );
  }

  private async run(): Promise<void> {
    while (this.final === null) {
      const target = this.servers.next();
      let cause: unknown;
      try {
        cause = await this.live(target);
      } catch (error) {
        this.servers.failed();
        cause = error;
      }
      if (this.options.failsWhenUnreachable === true && this.servers.isRoundInVain) this.failWaiting(cause);
      await pause(this.world.clock, this.servers.delayMs(), this.over.signal);
    }
  }

  onEvent(listener: (event: SessionEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves when there is a connection. */
  connected(options: CallOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.callOf(nothingSent(OpCode.createSession), options, resolve, reject);
      if (call === null) return;
      if (this.canSend) call.succeed(undefined);
      else this.arrivals.push(call);
    });
  }

  ask<T>(request: Request<T>, options: CallOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      const call = this.callOf(request, options, resolve, reject);
      if (call === null) return;
      if (this.canSend) this.transmit(call);
      else this.waiting.push(call);
    });
  }

  /** Kept for every connection to come; resolves when a server has accepted it. */
  addAuth(info: AuthInfo, options: CallOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.callOf(nothingSent(OpCode.auth), options, resolve, reject);
      if (call === null) return;
      const entry = { info, call };
      this.auths.push(entry);
      if (this.isReady) this.sendAuth(entry);
    });
  }

  private get canSend(): boolean {
    return this.isReady && this.link?.hasEnded === false;
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private async closeOnce(): Promise<void> {
    if (this.final !== null) return;
    const { link } = this;
    if (link !== null && this.isReady) {
      this.isReady = false;
      link.send((w) => writeRequestHeader(w, this.nextXid(), OpCode.closeSession));
      const patience = new AbortController();
      await Promise.race([link.closed, pause(this.world.clock, CLOSE_MS, patience.signal)]);
      patience.abort();
    }
    this.end('closed', new ZooKeeperError('closed', 'this client was closed'));
  }

  private callOf<T>(
    request: Request<T>,
    options: CallOptions,
    resolve: (value: T) => void,
    reject: (error: Error) => void,
  ): Call | null {
    const call = new Call(request, resolve as (value: unknown) => void, reject);
    const { path } = request;
    if (this.final !== null || this.closing !== null) {
      const { code, errorCode } = this.final ?? { code: 'closed', errorCode: null };
      const details = { path, ...(errorCode === null ? {} : { errorCode }) };
      reject(new ZooKeeperError(code, `${call.name}: the session is over (${code})`, details));
      return null;
    }
    if (options.signal?.aborted === true) {
      reject(new ZooKeeperError('aborted', `${call.name}: aborted`, { path, cause: options.signal.reason }));
      return null;
    }
    call.limit(this.world.clock, limitOf(options, this.options.requestTimeoutMs), options.signal);
    return call;
  }

  // ----- one connection

  /** Resolves, with the reason, when an established connection is over; rejects when there was none. */
  private async live(target: Endpoint): Promise<Error | undefined> {
    const limitMs = Math.max(SHORTEST_DIAL_MS, this.wantedMs() / this.servers.size);
    const { tls } = this.options;
    if (tls !== undefined) this.tls ??= await this.world.network.loadTls(tls);
    const socket = await dialServer(this.world, target, this.tls, limitMs, this.over.signal);
    const maxBytes = this.options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES;
    const link = new Link(socket, this.world.clock, maxBytes, (r) => this.onFrame(r));
    this.link = link;
    this.target = target;
    if (this.over.signal.aborted) link.destroy();
    let reason: Error | undefined;
    try {
      await this.greet(link, limitMs);
      if (this.final !== null) return undefined;
      this.servers.connected();
      this.begin(link);
      reason = await link.closed;
      return reason;
    } finally {
      link.destroy();
      this.lose(reason);
    }
  }

  private async greet(link: Link, limitMs: number): Promise<void> {
    this.isGreeting = true;
    const request = {
      protocolVersion: 0,
      lastZxidSeen: this.lastZxid,
      timeoutMs: this.wantedMs(),
      sessionId: this.sessionId,
      password: this.password,
      readOnly: this.options.readOnly ?? false,
      hasReadOnly: true,
    };
    link.send((w) => writeConnectRequest(w, request));
    const response = await this.nextFrame(link, limitMs, readConnectResponse);
    this.isGreeting = false;
    if (response.timeoutMs <= 0) {
      const detail = { errorCode: ErrorCode.sessionExpired };
      this.end('expired', new ZooKeeperError('sessionExpired', 'the session has expired', detail));
      return;
    }
    this.adopt(response);
    if (this.options.sasl !== undefined) await this.authenticate(link, limitMs);
  }

  private adopt(response: ConnectResponse): void {
    this.negotiatedMs = response.timeoutMs;
    this.isReadOnly = response.readOnly;
    // A server without a quorum cannot open sessions: its id is nobody's, and the next server opens one.
    if (response.readOnly && this.sessionId === 0n) return;
    this.sessionId = response.sessionId;
    this.password = response.password;
  }

  private async authenticate(link: Link, limitMs: number): Promise<void> {
    const { sasl } = this.options;
    if (sasl === undefined) return;
    const client = new DigestMd5Client(CLIENT_SERVICE, sasl.user, sasl.password, this.world.random);
    let token = Buffer.alloc(0);
    for (;;) {
      const sending = token;
      link.send((w) => {
        writeRequestHeader(w, this.nextXid(), OpCode.sasl);
        w.buffer(sending);
      });
      const { err, challenge } = await this.nextFrame(link, limitMs, (r) => {
        const header = readReplyHeader(r);
        return { err: header.err, challenge: header.err === 0 ? Buffer.from(r.bufferOrNull() ?? '') : null };
      });
      if (challenge === null) {
        this.failAuth(`the server refused SASL user ${sasl.user}`, err);
        return;
      }
      const step = this.saslStep(client, challenge);
      if (step === null) return;
      if (step.isDone) {
        this.emit('saslAuthenticated');
        return;
      }
      token = Buffer.from(step.token ?? '');
    }
  }

  private saslStep(client: DigestMd5Client, challenge: Buffer): ReturnType<DigestMd5Client['step']> | null {
    try {
      return client.step(challenge);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.failAuth(`SASL: ${why}`, ErrorCode.authFailed);
      return null;
    }
  }

  /** The first frame from now on that is an answer. */
  private nextFrame<T>(link: Link, limitMs: number, read: (r: JuteReader) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.world.clock.after(limitMs, () =>
        link.destroy(new Error(`the server did not answer within ${Math.round(limitMs)} ms`)),
      );
      const fail = (error: unknown): void => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error('the server closed the connection'));
      };
      this.single = (r) => {
        timer.cancel();
        this.single = null;
        try {
          resolve(read(r));
        } catch (error) {
          fail(error);
        }
      };
      link.closed.then(fail, fail);
    });
  }

  private begin(link: Link): void {
    for (const entry of this.auths) this.sendAuth(entry);
    for (const watches of this.watches.setWatches(this.lastZxid)) {
      const isPlain = watches.persistent.length + watches.persistentRecursive.length === 0;
      const type = isPlain ? OpCode.setWatches : OpCode.setWatches2;
      link.send((w) => {
        writeRequestHeader(w, Xid.setWatches, type);
        writeSetWatches(w, watches, type);
      });
    }
    this.isReady = true;
    const event = this.isReadOnly ? 'connectedReadOnly' : 'connected';
    this.current = event;
    link.beat(this.negotiatedMs, () => link.send((w) => writeRequestHeader(w, Xid.ping, OpCode.ping)));
    for (const call of this.waiting.takeAll()) this.transmit(call);
    for (const call of this.arrivals.takeAll()) call.succeed(undefined);
    this.emit(event);
    if (this.isReadOnly) this.searchWriter(link);
  }

  private searchWriter(link: Link): void {
    const cancel = new AbortController();
    const stop = (): void => cancel.abort();
    link.closed.then(stop, stop);
    findWriter(this.world, () => this.servers.next(), this.tls, cancel.signal).then((server) => {
      if (server === null) return;
      this.servers.prefer(server);
      link.destroy(new Error(`${formatEndpoint(server)} writes, while this server only reads`));
    }, stop);
  }

  private lose(reason: Error | undefined): void {
    const wasReady = this.isReady;
    this.link = null;
    this.isReady = false;
    this.isGreeting = false;
    this.single = null;
    this.authSent.takeAll();
    for (const call of this.sent.takeAll()) call.fail(connectionLoss(call.name, call.request.path, reason));
    if (this.final !== null) return;
    this.current = 'connecting';
    if (wasReady && this.closing === null) this.emit('disconnected');
  }

  // ----- frames

  private transmit(call: Call): void {
    const { link } = this;
    if (call.isOver || link === null) return;
    call.xid = this.nextXid();
    try {
      link.send((w) => {
        writeRequestHeader(w, call.xid, call.request.type);
        call.request.encode(w);
      });
      this.sent.push(call);
    } catch (error) {
      call.fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private sendAuth(entry: AuthEntry): void {
    this.link?.send((w) => {
      writeRequestHeader(w, Xid.auth, OpCode.auth);
      writeAuthPacket(w, entry.info);
    });
    this.authSent.push(entry);
  }

  private onFrame(r: JuteReader): void {
    if (this.single !== null && (this.isGreeting || r.peekInt() >= 0)) {
      this.single(r);
      return;
    }
    const { xid, zxid, err } = readReplyHeader(r);
    if (xid === Xid.notification) this.onNotification(r, zxid);
    else if (xid === Xid.auth) this.onAuthReply(err);
    else if (xid >= 0) this.onReply(r, xid, zxid, err);
  }

  private onNotification(r: JuteReader, zxid: number): void {
    const event = readWatcherEvent(r);
    const type = EVENT_NAMES[event.type];
    if (type === undefined) throw new Error(`the server sent an event of the unknown type ${event.type}`);
    const told = { type, path: clientPath(this.chroot, event.path), zxid };
    for (const watcher of this.watches.fire(event)) this.guarded(() => watcher(told));
  }

  private onAuthReply(err: number): void {
    const entry = this.authSent.shift();
    if (err !== 0) {
      this.failAuth(`the server refused the ${entry?.info.scheme ?? ''} authentication`, err);
      return;
    }
    entry?.call?.succeed(undefined);
    if (entry !== undefined) entry.call = null;
  }

  private onReply(r: JuteReader, xid: number, zxid: number, err: number): void {
    // The end of a session is answered to nobody.
    if (this.closing !== null && this.sent.size === 0) return;
    const call = this.sent.shift();
    if (call?.xid !== xid) {
      const error = new Error(`the server answered request ${xid} out of its turn`);
      call?.fail(connectionLoss(call.name, call.request.path, error));
      throw error;
    }
    if (zxid > 0) this.lastZxid = zxid;
    const { request } = call;
    request.onReply?.(err);
    if (call.isOver) return;
    const answer = err === 0 ? undefined : request.answerFor?.(err);
    if (answer !== undefined) call.succeed(answer);
    else if (err !== 0) call.fail(serverError(call.name, err, request.path));
    else {
      try {
        call.succeed(request.decode(r));
      } catch (error) {
        call.fail(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  // ----- the end

  private failAuth(message: string, err: number): void {
    this.end('authFailed', new ZooKeeperError('authFailed', message, { errorCode: err }));
  }

  private end(event: 'authFailed' | 'expired' | 'closed', error: ZooKeeperError): void {
    if (this.final !== null) return;
    this.final = error;
    this.current = event;
    this.isReady = false;
    this.over.abort();
    this.link?.destroy(error);
    for (const queue of [this.sent, this.waiting, this.arrivals]) for (const call of queue.takeAll()) call.fail(error);
    for (const { call } of this.auths) call?.fail(error);
    this.emit(event);
    for (const watcher of this.watches.clear()) {
      this.guarded(() => watcher({ type: 'sessionEnded', path: '', zxid: -1 }));
    }
  }

  private failWaiting(cause: unknown): void {
    for (const queue of [this.waiting, this.arrivals]) {
      for (const call of queue.takeAll()) call.fail(connectionLoss(call.name, call.request.path, cause));
    }
  }

  private emit(event: SessionEvent): void {
    for (const listener of [...this.listeners]) this.guarded(() => listener(event));
  }

  /** What a caller's function throws is the program's fault: it must not break the connection, and must not be hidden. */
  private guarded(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.world.clock.defer(() => {
        throw error;
      });
    }
  }

  private wantedMs(): number {
    return this.options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
  }

  private nextXid(): number {
    this.xid = this.xid >= LARGEST_XID ? 1 : this.xid + 1;
    return this.xid;
  }
}

function nothingSent(type: number): Request<void> {
  return { type, path: null, encode: () => undefined, decode: () => undefined };
}
