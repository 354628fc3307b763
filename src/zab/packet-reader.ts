import { JuteReader } from '../jute/index.js';
import type { QuorumPacket } from '../protocol/index.js';
import { hintOnBytes, PacketType, readQuorumPacket } from '../protocol/index.js';

const EMPTY = Buffer.alloc(0);
/** `int type; long zxid; int dataLength` stand before the data. */
const HEAD_BYTES = 16;
const MAX_AUTH_IDS = 1024;
const MAX_AUTH_BYTES = 64 * 1024;
/** So much of a stream that starts wrong tells what it is. */
const SHOWN_BYTES = 16;
/** So many chunks may wait to be joined: a byte a chunk would take many times the memory of what came. */
const MAX_CHUNKS = 1024;

/** Bytes that are no quorum packet; nothing behind them can be understood. */
export class GarbageError extends Error {
  override readonly name = 'GarbageError';
  constructor(
    /** Of the packet, counted from the beginning of the connection. */
    readonly offset: number,
    readonly reason: string,
  ) {
    super(`no quorum packet at offset ${offset}: ${reason}`);
  }
}

/**
 * Cuts the byte stream of a leader's port into packets. They stand one behind the other without frames:
 * `int type; long zxid; buffer data; vector<Id> authinfo`.
 *
 * Takes ownership of the chunks pushed: packets and raw bytes are views of them and may be kept.
 */
export class PacketReader {
  private current: Buffer = EMPTY;
  private at = 0;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  /** The packet at `at` is complete when so many bytes are there. */
  private needed = HEAD_BYTES;
  private consumed = 0;
  private readonly jute = new JuteReader(EMPTY);

  constructor(private readonly maxDataBytes: number) {}

  /** Bytes pushed but not taken. */
  get bufferedBytes(): number {
    return this.current.length - this.at + this.waitingBytes;
  }

  /** Bytes that must be there before the next packet can be taken, as far as that is known. */
  get neededBytes(): number {
    return this.needed;
  }

  /** How many bytes of the stream were taken. */
  get offset(): number {
    return this.consumed;
  }

  push(chunk: Buffer): void {
    if (this.at === this.current.length) {
      this.current = chunk;
      this.at = 0;
    } else {
      this.waiting.push(chunk);
      this.waitingBytes += chunk.length;
      if (this.waiting.length > MAX_CHUNKS) this.gather(this.bufferedBytes);
    }
  }

  /** The next packet, null while it is incomplete. Throws `GarbageError`. */
  take(): QuorumPacket | null {
    for (;;) {
      if (this.bufferedBytes < this.needed) {
        this.refuseUnknownType();
        return null;
      }
      if (this.current.length - this.at < this.needed) this.gather(this.needed);
      const size = this.measure();
      if (size > this.current.length - this.at) {
        this.needed = size;
        continue;
      }
      return this.cut(size);
    }
  }

  /** What has come, regardless of packets; null when there is nothing. */
  takeRaw(): Buffer | null {
    if (this.bufferedBytes === 0) return null;
    const bytes = this.current.subarray(this.at);
    this.advance(bytes.length);
    return bytes;
  }

  /** Gives back the end of what `takeRaw` returned. */
  unread(rest: Buffer): void {
    if (rest.length === 0) return;
    if (this.at < this.current.length) {
      this.waiting.unshift(this.current.subarray(this.at));
      this.waitingBytes += this.current.length - this.at;
    }
    this.current = rest;
    this.at = 0;
    this.consumed -= rest.length;
  }

  private cut(size: number): QuorumPacket {
    this.jute.reset(this.current, this.at, this.at + size);
    try {
      return readQuorumPacket(this.jute);
    } catch (error) {
      throw this.garbage(error instanceof Error ? error.message : String(error));
    } finally {
      this.advance(size);
    }
  }

  private advance(size: number): void {
    this.at += size;
    this.consumed += size;
    this.needed = HEAD_BYTES;
    const next = this.at === this.current.length ? this.waiting.shift() : undefined;
    if (next !== undefined) {
      this.current = next;
      this.at = 0;
      this.waitingBytes -= next.length;
    }
  }

  /** Joins chunks until `size` bytes stand together. */
  private gather(size: number): void {
    const parts = [this.current.subarray(this.at)];
    let length = this.current.length - this.at;
    while (length < size) {
      const part = this.waiting.shift();
      if (part === undefined) break;
      parts.push(part);
      length += part.length;
      this.waitingBytes -= part.length;
    }
    this.current = Buffer.concat(parts, length);
    this.at = 0;
  }

  /** A stream that starts wrong is told so even when it never gets as long as a packet. */
  private refuseUnknownType(): void {
    if (this.current.length - this.at >= 4) this.checkType();
  }

  private checkType(): void {
    const type = this.current.readInt32BE(this.at);
    if (type < PacketType.request || type > PacketType.informAndActivate) {
      throw this.garbage(`there is no packet type ${type}`);
    }
  }

  /** Size of the packet at `at`, or a lower bound that is more than what is there. */
  private measure(): number {
    const { current } = this;
    this.checkType();
    const dataBytes = current.readInt32BE(this.at + 12);
    if (dataBytes < -1 || dataBytes > this.maxDataBytes) {
      throw this.garbage(`data of ${dataBytes} bytes, the limit (jute.maxbuffer) is ${this.maxDataBytes}`);
    }
    let end = this.at + HEAD_BYTES + Math.max(0, dataBytes);
    if (end + 4 > current.length) return end + 4 - this.at;
    const ids = current.readInt32BE(end);
    if (ids < -1 || ids > MAX_AUTH_IDS) throw this.garbage(`${ids} authentication ids`);
    end += 4;
    for (let string = 0; string < ids * 2; string++) {
      if (end + 4 > current.length) return end + 4 - this.at;
      const length = current.readInt32BE(end);
      if (length < -1 || length > MAX_AUTH_BYTES) throw this.garbage(`an authentication id of ${length} bytes`);
      end += 4 + Math.max(0, length);
    }
    return end - this.at;
  }

  private garbage(reason: string): GarbageError {
    const head = this.current.subarray(this.at, this.at + SHOWN_BYTES);
    return new GarbageError(this.consumed, this.consumed === 0 ? reason + hintOnBytes(head, 'quorum') : reason);
  }
}
