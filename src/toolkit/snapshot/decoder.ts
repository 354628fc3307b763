import { JuteError, JuteReader } from '../../jute/index.js';
import { type Acl, readAclListOrNull } from '../../protocol/index.js';
import { ADLER_EMPTY, adler32, FILE_HEADER_BYTES, readHeader, SNAPSHOT_HEADER } from '../../storage/index.js';
import type { FileFaultCode } from '../file-fault.js';
import type { SnapshotTrailer, SnapshotVisitor } from './node.js';

const SESSION_BYTES = 12;
/** `long acl` and the persisted stat. */
const NODE_TAIL_BYTES = 68;
/** `long adler32; ustring "/"` */
const SEAL_BYTES = 13;
const LAST_ZXID_BYTES = 8;
/** Digests of this version are longs; older ones hex text. */
const LONG_DIGEST_VERSION = 2;
/** No node, with its data and path, is larger: a length beyond it is damage, and would cost memory. */
const LARGEST_FIELD_BYTES = 256 * 1024 * 1024;
/** No count of sessions or ACL lists is larger. */
const LARGEST_COUNT = 100_000_000;
/** All that may stand behind the tree. */
const LARGEST_TRAILER_BYTES = 4096;

/** Bytes that are no snapshot. */
export class SnapshotDamage extends Error {
  override readonly name = 'SnapshotDamage';
  constructor(
    readonly code: FileFaultCode,
    /** Of the content. */
    readonly offset: number,
    message: string,
  ) {
    super(message);
  }
}

type Stage = 'header' | 'session count' | 'sessions' | 'ACL count' | 'ACLs' | 'nodes' | 'trailer';

/** Decodes a snapshot from bytes that come in pieces, and tells a visitor what is in it. It keeps one item at most. */
export class SnapshotDecoder {
  private pending: Buffer = Buffer.alloc(0);
  /** Bytes before `pending`. */
  private position = 0;
  private checksum = ADLER_EMPTY;
  private stage: Stage = 'header';
  private left = 0;
  private nodes = 0;
  /** Bytes that wait until enough have come. */
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private neededBytes = FILE_HEADER_BYTES;
  private readonly reader = new JuteReader(Buffer.alloc(0));

  constructor(private readonly visitor: SnapshotVisitor) {}

  get nodeCount(): number {
    return this.nodes;
  }

  /** Throws `SnapshotDamage`. */
  push(chunk: Buffer): void {
    this.waiting.push(chunk);
    this.waitingBytes += chunk.length;
    if (this.pending.length + this.waitingBytes < this.neededBytes) return;
    this.pending = Buffer.concat([this.pending, ...this.waiting]);
    this.waiting = [];
    this.waitingBytes = 0;
    this.decode();
    if (this.stage === 'trailer' && this.pending.length > LARGEST_TRAILER_BYTES) {
      throw this.damage('BEHIND_END', 0, `${this.pending.length} bytes or more lie behind the tree`);
    }
  }

  /** At the end of the bytes. Throws `SnapshotDamage`. */
  finish(): SnapshotTrailer {
    if (this.waiting.length > 0) this.pending = Buffer.concat([this.pending, ...this.waiting]);
    if (this.stage === 'header' || this.waiting.length > 0) this.decode();
    if (this.stage !== 'trailer') throw this.damage('CUT', this.pending.length, `it ends in the ${this.stage}`);
    this.takeSeal('the tree');
    const digest = this.takeDigest();
    const lastZxid = this.takeLastZxid();
    if (this.pending.length > 0) throw this.damage('BEHIND_END', 0, `${this.pending.length} bytes lie behind its end`);
    return { digest, lastZxid };
  }

  private decode(): void {
    if (this.stage === 'header') this.takeHeader();
    const { reader } = this;
    reader.reset(this.pending);
    let taken = 0;
    try {
      while (this.stage !== 'trailer') {
        this.step(reader);
        taken = reader.offset;
      }
      this.neededBytes = 0;
    } catch (error) {
      if (!(error instanceof JuteError)) throw error;
      if (error.code !== 'TRUNCATED') throw this.damage('CONTENT', taken, `in the ${this.stage}: ${error.message}`);
      // More than one item needs, so that the item is decoded a few times only.
      this.neededBytes = Math.max(this.neededBytes, 2 * (this.pending.length - taken));
    }
    if (taken > 0) this.neededBytes = 0;
    this.consume(taken);
  }

  private takeHeader(): void {
    if (readHeader(this.pending, SNAPSHOT_HEADER) === 'whole') {
      this.consume(FILE_HEADER_BYTES);
      this.stage = 'session count';
      return;
    }
    const what =
      this.pending.length < FILE_HEADER_BYTES
        ? `it has ${this.pending.length} bytes, a snapshot begins with a header of ${FILE_HEADER_BYTES}`
        : `it does not begin as a snapshot does (ZKSN), but with 0x${this.pending.toString('hex', 0, 4)}`;
    throw this.damage('HEADER', 0, what);
  }

  private step(r: JuteReader): void {
    switch (this.stage) {
      case 'session count':
        this.left = this.count(r, 'sessions');
        this.stage = 'sessions';
        break;
      case 'sessions':
        if (this.left === 0) this.stage = 'ACL count';
        else {
          if (r.remaining < SESSION_BYTES) throw truncated(r);
          const id = r.long64();
          const timeoutMs = r.int();
          this.left--;
          this.visitor.session?.(id, timeoutMs);
        }
        break;
      case 'ACL count':
        this.left = this.count(r, 'ACL lists');
        this.stage = 'ACLs';
        break;
      case 'ACLs':
        if (this.left === 0) this.stage = 'nodes';
        else {
          const number = r.longLossy();
          const list = this.aclList(r);
          this.left--;
          this.visitor.acl?.(number, list);
        }
        break;
      case 'nodes':
        this.node(r);
        break;
      case 'header':
      case 'trailer':
        break;
    }
  }

  private count(r: JuteReader, what: string): number {
    const at = r.offset;
    const count = r.int();
    if (count < 0 || count > LARGEST_COUNT) throw this.damage('LENGTH', at, `it claims ${count} ${what}`);
    return count;
  }

  private aclList(r: JuteReader): readonly Acl[] {
    const at = r.offset;
    const count = r.peekInt();
    if (count < -1 || count > LARGEST_COUNT) throw this.damage('LENGTH', at, `an ACL list claims ${count} entries`);
    try {
      return readAclListOrNull(r) ?? [];
    } catch (error) {
      // A length beyond what is there: more may come, unless it can never be enough.
      if (!(error instanceof JuteError) || error.code !== 'LENGTH') throw error;
      if (this.pending.length - at > LARGEST_TRAILER_BYTES * 1024) throw this.damage('LENGTH', at, error.message);
      throw truncated(r);
    }
  }

  private node(r: JuteReader): void {
    const at = r.offset;
    const path = this.bytes(r, 'path');
    if (path?.length === 1 && path[0] === 0x2f) {
      if (this.nodes === 0) throw this.damage('CONTENT', at, 'the tree has no root');
      this.stage = 'trailer';
      return;
    }
    const text = path?.toString('utf8') ?? '';
    if (text !== '' && !text.startsWith('/')) throw this.damage('CONTENT', at, `${shortened(text)} is no path`);
    if (text === '' && this.nodes > 0) throw this.damage('CONTENT', at, 'a second root follows');
    if (text !== '' && this.nodes === 0) throw this.damage('CONTENT', at, `${shortened(text)} stands before the root`);
    const data = this.bytes(r, 'data');
    if (r.remaining < NODE_TAIL_BYTES) throw truncated(r);
    const acl = r.longLossy();
    const czxid = r.long();
    const mzxid = r.long();
    const ctime = r.long();
    const mtime = r.long();
    const version = r.int();
    const cversion = r.int();
    const aversion = r.int();
    const ephemeralOwner = r.long64();
    const pzxid = r.long();
    this.nodes++;
    const stat = { acl, czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, pzxid };
    this.visitor.node?.({ path: text === '' ? '/' : text, data, ...stat });
  }

  private bytes(r: JuteReader, what: string): Buffer | null {
    const at = r.offset;
    const length = r.int();
    if (length < -1 || length > LARGEST_FIELD_BYTES) {
      throw this.damage('LENGTH', at, `the ${what} of a node claims a length of ${length} bytes`);
    }
    if (length > r.remaining) {
      this.neededBytes = Math.max(this.neededBytes, length);
      throw truncated(r);
    }
    return length === -1 ? null : r.raw(length);
  }

  private takeSeal(of: string): void {
    if (this.pending.length < SEAL_BYTES)
      throw this.damage('CUT', this.pending.length, `it ends before the seal of ${of}`);
    const stored = this.pending.readBigUInt64BE(0);
    if (stored !== BigInt(this.checksum)) {
      const words = `the checksum behind ${of} is 0x${stored.toString(16)}, but the bytes before it have 0x${this.checksum.toString(16)}`;
      throw this.damage('CHECKSUM', 0, words);
    }
    if (this.pending.readInt32BE(8) !== 1 || this.pending[12] !== 0x2f) {
      throw this.damage('CONTENT', 8, `the seal of ${of} does not end in "/"`);
    }
    this.consume(SEAL_BYTES);
  }

  /** The digest section, when there is one: alone, or with the last zxid behind it. */
  private takeDigest(): SnapshotTrailer['digest'] {
    if (this.pending.length <= LAST_ZXID_BYTES + SEAL_BYTES) return null;
    const r = new JuteReader(this.pending);
    try {
      const zxid = r.long();
      const version = r.int();
      const value = version < LONG_DIGEST_VERSION ? BigInt(`0x${r.string() || '0'}`) : r.long64();
      this.consume(r.offset);
      this.takeSeal('the digest');
      return { zxid, version, value };
    } catch (error) {
      if (!(error instanceof JuteError) && !(error instanceof SyntaxError)) throw error;
      const why = error instanceof JuteError ? error.message : 'it is no hexadecimal number';
      throw this.damage('CONTENT', 0, `its digest cannot be read: ${why}`);
    }
  }

  private takeLastZxid(): number | null {
    if (this.pending.length !== LAST_ZXID_BYTES + SEAL_BYTES) return null;
    const lastZxid = new JuteReader(this.pending).longLossy();
    this.consume(LAST_ZXID_BYTES);
    this.takeSeal('the last zxid');
    return lastZxid;
  }

  private consume(length: number): void {
    this.checksum = adler32(this.pending, 0, length, this.checksum);
    this.pending = this.pending.subarray(length);
    this.position += length;
  }

  private damage(code: FileFaultCode, at: number, what: string): SnapshotDamage {
    return new SnapshotDamage(code, this.position + at, what);
  }
}

function truncated(r: JuteReader): JuteError {
  return new JuteError('TRUNCATED', r.offset, 'more bytes are needed');
}

/** Quoted, and on one line. */
function shortened(text: string): string {
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 60)}...`);
}
