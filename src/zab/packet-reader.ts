import { JuteReader } from '../jute/index.js';
import type { QuorumPacket } from '../protocol/index.js';
import { hintOnBytes, PacketType, readQuorumPacketHead } from '../protocol/index.js';
import { AuthIds } from './auth-ids.js';

const EMPTY = Buffer.alloc(0);
/** `int type; long zxid; int dataLength` stand before the data. */
const HEAD_BYTES = 16;
const TYPE_BYTES = 4;
/** A count of ids, or the length of a string. */
const LENGTH_BYTES = 4;
/** No server has the memory for so many ids of one client: a count above this is no count. */
const MAX_COUNTED_IDS = 2 ** 28;
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
 * The ids are taken one by one as they come: ZooKeeper's followers send all that a client has, which nothing bounds, and a
 * client must not be able to end the link of its server. `AuthIds` says how many are kept.
 *
 * Takes ownership of the chunks pushed: packets and raw bytes are views of them and may be kept.
 */
export class PacketReader {
  private current: Buffer = EMPTY;
  private at = 0;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  /** The next piece of a packet is complete when so many bytes are there. */
  private needed = HEAD_BYTES;
  private consumed = 0;
  /** The packet whose ids are being read. */
  private begun: {
    readonly head: Omit<QuorumPacket, 'authinfo'>;
    readonly ids: AuthIds;
    readonly offset: number;
  } | null = null;
  private readonly jute = new JuteReader(EMPTY);

  constructor(private readonly maxDataBytes: number) {}

  /** Bytes pushed but not taken. */
  get bufferedBytes(): number {
    return this.current.length - this.at + this.waitingBytes;
  }

  /** Bytes that must be there before the next packet, or the next id of one, can be taken, as far as that is known. */
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
        if (this.begun === null) this.refuseUnknownType();
        return null;
      }
      if (this.current.length - this.at < this.needed) this.gather(this.needed);
      const packet = this.begun === null ? this.takeHead() : this.takeString();
      if (packet !== null) return packet;
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
    if (this.bufferedBytes < TYPE_BYTES) return;
    if (this.current.length - this.at < TYPE_BYTES) this.gather(TYPE_BYTES);
    this.checkType();
  }

  private checkType(): void {
    const type = this.current.readInt32BE(this.at);
    if (type < PacketType.request || type > PacketType.informAndActivate) {
      throw this.garbage(`there is no packet type ${type}`);
    }
  }

  /** Takes all but the ids, when it is there; the packet, when it has none. */
  private takeHead(): QuorumPacket | null {
    const { at, current, jute } = this;
    this.checkType();
    const dataBytes = current.readInt32BE(at + HEAD_BYTES - LENGTH_BYTES);
    if (dataBytes < -1 || dataBytes > this.maxDataBytes) {
      throw this.garbage(`data of ${dataBytes} bytes, the limit (jute.maxbuffer) is ${this.maxDataBytes}`);
    }
    const size = HEAD_BYTES + Math.max(0, dataBytes) + LENGTH_BYTES;
    if (this.lacks(size)) return null;
    jute.reset(current, at, at + size);
    const { type, zxid, data } = this.readHead();
    const count = jute.int();
    if (count < -1 || count > MAX_COUNTED_IDS) throw this.garbage(`${count} authentication ids`);
    const offset = this.consumed;
    this.advance(size);
    if (count <= 0) return { type, zxid, data, authinfo: count < 0 ? null : [] };
    this.begun = { head: { type, zxid, data }, ids: new AuthIds(count, this.maxDataBytes), offset };
    this.needed = LENGTH_BYTES;
    return null;
  }

  private readHead(): Omit<QuorumPacket, 'authinfo'> {
    try {
      return readQuorumPacketHead(this.jute);
    } catch (error) {
      throw this.garbage(error instanceof Error ? error.message : String(error));
    }
  }

  /** Takes the next string of the ids, when it is there; the packet, when that was the last. */
  private takeString(): QuorumPacket | null {
    const { at, begun, current, jute } = this;
    if (begun === null) return null;
    const length = current.readInt32BE(at);
    // Java's reader has such a bound for each string, too.
    if (length < -1 || length > this.maxDataBytes) throw this.garbage(`an authentication id of ${length} bytes`);
    const size = LENGTH_BYTES + Math.max(0, length);
    if (this.lacks(size)) return null;
    jute.reset(current, at, at + size);
    begun.ids.take(jute, size);
    this.advance(size);
    if (begun.ids.areComplete) {
      this.begun = null;
      return { ...begun.head, authinfo: begun.ids.list };
    }
    this.needed = LENGTH_BYTES;
    return null;
  }

  /** Are fewer than `size` bytes joined? Then so many are needed. */
  private lacks(size: number): boolean {
    if (size <= this.current.length - this.at) return false;
    this.needed = size;
    return true;
  }

  private garbage(reason: string): GarbageError {
    if (this.begun !== null) return new GarbageError(this.begun.offset, reason);
    const head = this.current.subarray(this.at, this.at + SHOWN_BYTES);
    return new GarbageError(this.consumed, this.consumed === 0 ? reason + hintOnBytes(head, 'quorum') : reason);
  }
}
