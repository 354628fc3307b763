import type { Clock, Endpoint, Network, Socket } from '../host/index.js';
import { encodeToBuffer, JuteReader, JuteWriter } from '../jute/index.js';
import {
  OpCode,
  readConnectResponse,
  REPLY_HEADER_BYTES,
  writeConnectRequest,
  writeRequestHeader,
  Xid,
} from '../protocol/index.js';
import { FrameSplitter } from '../zk-client/index.js';
import { XID_OFFSET } from './templates.js';

const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const ERR_OFFSET = 12;
const PASSWORD_BYTES = 16;
const SMALLEST_OUT_BYTES = 4096;

export interface LoadWorld {
  readonly clock: Clock;
  readonly network: Pick<Network, 'dial'>;
}

/** What a connection's owner is told. */
export interface LoadOwner {
  /** An answer, in the order of the requests. `startMs` is what was given with the request. */
  onReply(kind: number, startMs: number, nowMs: number, err: number): void;
  /** A chunk of answers is over: the time to send more. */
  onBatch(connection: LoadConnection): void;
  /** Once, last; `inFlight` requests will never be answered. */
  onLost(connection: LoadConnection, inFlight: number): void;
}

/**
 * A session for load: requests are frames that are copied into one buffer and leave together; answers are matched by their
 * order. Nothing is allocated for a request but its place in a ring.
 */
export class LoadConnection {
  private readonly splitter = new FrameSplitter(MAX_FRAME_BYTES);
  private out = new JuteWriter(SMALLEST_OUT_BYTES);
  private readonly starts: Float64Array;
  private readonly kinds: Uint8Array;
  private readonly mask: number;
  private head = 0;
  private tail = 0;
  private xid = 0;
  private isOpen = false;
  private isOver = false;
  private nowMs = 0;
  private opened: { resolve: () => void; reject: (error: Error) => void } | null = null;
  private endedBy: (() => void) | null = null;

  private constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
    private readonly owner: LoadOwner,
    limit: number,
  ) {
    const places = 2 ** Math.ceil(Math.log2(limit + 1));
    this.mask = places - 1;
    this.starts = new Float64Array(places);
    this.kinds = new Uint8Array(places);
  }

  /** Dials and opens a session; at most `limit` requests will be under way. Rejects when there is none in time. */
  static async open(
    world: LoadWorld,
    target: Endpoint,
    timeoutMs: number,
    limit: number,
    owner: LoadOwner,
  ): Promise<LoadConnection> {
    const socket = await world.network.dial(target, timeoutMs);
    socket.setNoDelay(true);
    const connection = new LoadConnection(socket, world.clock, owner, limit);
    await connection.greet(timeoutMs);
    return connection;
  }

  get inFlight(): number {
    return this.tail - this.head;
  }

  get canTake(): boolean {
    return !this.isOver && this.inFlight <= this.mask - 1;
  }

  /** Queues a request. Ask `canTake` before. */
  enqueue(frame: Buffer, kind: number, startMs: number): void {
    const { out } = this;
    const at = out.length;
    out.raw(frame);
    this.xid = (this.xid + 1) & 0x7fff_ffff;
    out.patchInt(at + XID_OFFSET, this.xid);
    const place = this.tail++ & this.mask;
    this.starts[place] = startMs;
    this.kinds[place] = kind;
  }

  /** Sends what is queued. */
  flush(): void {
    const { length } = this.out;
    if (length === 0 || this.isOver) return;
    this.socket.write(this.out.take(Math.max(SMALLEST_OUT_BYTES, length)));
  }

  ping(): void {
    const { out } = this;
    const at = out.reserveInt();
    writeRequestHeader(out, Xid.ping, OpCode.ping);
    out.patchInt(at, out.length - at - 4);
    this.flush();
  }

  /** When the oldest request under way began; undefined: none is. Calls `each` with every one. */
  eachInFlight(each: (kind: number, startMs: number) => void): void {
    for (let at = this.head; at < this.tail; at++) {
      each(this.kinds[at & this.mask] as number, this.starts[at & this.mask] as number);
    }
  }

  /** Ends the session; resolves when the server has closed the connection, or after `timeoutMs`. */
  close(timeoutMs: number): Promise<void> {
    if (this.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.clock.after(timeoutMs, () => this.socket.destroy());
      this.endedBy = () => {
        timer.cancel();
        resolve();
      };
      const { out } = this;
      const at = out.reserveInt();
      writeRequestHeader(out, (this.xid = (this.xid + 1) & 0x7fff_ffff), OpCode.closeSession);
      out.patchInt(at, out.length - at - 4);
      this.flush();
    });
  }

  private greet(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(timeoutMs, () => this.socket.destroy(new Error('the server does not answer')));
      this.opened = {
        resolve: () => {
          timer.cancel();
          resolve();
        },
        reject: (error) => {
          timer.cancel();
          reject(error);
        },
      };
      this.socket.start({
        onData: (chunk) => this.onData(chunk),
        onEnd: () => this.socket.destroy(),
        onDrain: () => undefined,
        onClose: (error) => this.onClose(error),
      });
      const request = {
        protocolVersion: 0,
        lastZxidSeen: 0,
        timeoutMs,
        sessionId: 0n,
        password: Buffer.alloc(PASSWORD_BYTES),
        readOnly: false,
        hasReadOnly: true,
      };
      const body = encodeToBuffer((w) => writeConnectRequest(w, request));
      this.out.buffer(body);
      this.flush();
    });
  }

  private onData(chunk: Buffer): void {
    this.nowMs = this.clock.monotonicMs();
    try {
      this.splitter.push(chunk, this.onFrame);
    } catch (error) {
      this.socket.destroy(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.isOpen && !this.isOver && this.endedBy === null) this.owner.onBatch(this);
  }

  private readonly onFrame = (bytes: Buffer, start: number, end: number): void => {
    if (!this.isOpen) {
      this.onGreeted(bytes, start, end);
      return;
    }
    if (end - start < REPLY_HEADER_BYTES) throw new Error('the server sent an answer without a header');
    // Once the session is to end, nobody waits for what still comes.
    if (bytes.readInt32BE(start) < 0 || this.endedBy !== null || this.head === this.tail) return;
    const place = this.head++ & this.mask;
    const kind = this.kinds[place] as number;
    this.owner.onReply(kind, this.starts[place] as number, this.nowMs, bytes.readInt32BE(start + ERR_OFFSET));
  };

  private onGreeted(bytes: Buffer, start: number, end: number): void {
    const { opened } = this;
    this.opened = null;
    const response = readConnectResponse(new JuteReader(bytes, start, end));
    if (response.timeoutMs <= 0) {
      opened?.reject(new Error('the server refused the session'));
      return;
    }
    this.isOpen = true;
    opened?.resolve();
  }

  private onClose(error: Error | undefined): void {
    this.isOver = true;
    this.opened?.reject(error ?? new Error('the server closed the connection'));
    this.opened = null;
    if (this.endedBy !== null) this.endedBy();
    else if (this.isOpen) this.owner.onLost(this, this.inFlight);
  }
}
