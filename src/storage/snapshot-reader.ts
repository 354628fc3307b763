import type { Disk } from '../host/index.js';
import { JuteError, JuteReader } from '../jute/index.js';
import { formatZxid } from '../protocol/index.js';
import type { DataTree, TreeOptions } from '../tree/index.js';
import { DataTree as Tree } from '../tree/index.js';
import { ADLER_EMPTY, adler32 } from './adler32.js';
import { StorageError } from './errors.js';
import { FILE_HEADER_BYTES, readHeader, SNAPSHOT_HEADER } from './file-header.js';
import type { SnapshotFile } from './names.js';
import { SnapshotDecoder } from './snapshot-decoder.js';
import type { SnapshotDigest } from './snapshot-file.js';
import { LAST_ZXID_BYTES, SEAL_BYTES } from './snapshot-file.js';
import { snapshotChunks } from './snapshot-source.js';

/** Everything behind the tree is small; a file with more there is none of ours. */
const MAX_TRAILER_BYTES = 4096;
/** Not copied: all of a snapshot that was unpacked in one go. */
const LARGE_CHUNK_BYTES = 4 * 1024 * 1024;
/** Digests of this version are longs; older ones hex text. */
const LONG_DIGEST_VERSION = 2;

export interface LoadedSnapshot {
  readonly tree: DataTree;
  readonly sessions: Map<bigint, number>;
  /** Null in snapshots of 3.5 and older, and when its writer kept no digest. */
  readonly digest: SnapshotDigest | null;
  /** The last zxid as the file itself says it; null in snapshots that do not (3.8 and older). */
  readonly sealedZxid: number | null;
}

/**
 * Reads a snapshot of ZooKeeper 3.4 to 3.9 or of ours and verifies its seals. The tree's zxid is the one in the name: a
 * fuzzy snapshot may hold later changes, which replay repeats. Throws SNAPSHOT_CORRUPT.
 */
export async function readSnapshot(disk: Disk, snapshot: SnapshotFile, options: TreeOptions): Promise<LoadedSnapshot> {
  const input = new SnapshotInput(snapshot, new SnapshotDecoder(Tree.loader(options)));
  try {
    for await (const chunk of snapshotChunks(disk, snapshot)) input.push(chunk);
    return input.finish();
  } catch (error) {
    if (error instanceof StorageError || (error instanceof Error && error.name === 'DiskError')) throw error;
    throw input.corrupt(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** One snapshot while its bytes come in. */
class SnapshotInput {
  private pending: Buffer = Buffer.alloc(0);
  /** What is pending is mostly a view of this. */
  private memory: Buffer = Buffer.alloc(0);
  /** Bytes before `pending`. */
  private position = 0;
  private checksum = ADLER_EMPTY;

  constructor(
    private readonly snapshot: SnapshotFile,
    private readonly decoder: SnapshotDecoder,
  ) {}

  push(chunk: Buffer): void {
    this.keep(chunk);
    if (this.position === 0) {
      if (this.pending.length < FILE_HEADER_BYTES) return;
      if (readHeader(this.pending, SNAPSHOT_HEADER) !== 'whole')
        throw this.corrupt('it does not begin as a snapshot does');
      this.consume(FILE_HEADER_BYTES);
    }
    if (!this.decoder.complete) this.consume(this.decoder.decode(this.pending));
    if (this.decoder.complete && this.pending.length > MAX_TRAILER_BYTES) {
      throw this.corrupt(`${this.pending.length} bytes lie behind the tree`);
    }
  }

  /** Puts what is left over and the chunk behind it into one piece of memory, always the same. */
  private keep(chunk: Buffer): void {
    const { length } = this.pending;
    if (length === 0 && chunk.length >= LARGE_CHUNK_BYTES) {
      this.pending = chunk;
      return;
    }
    const size = length + chunk.length;
    const before = this.memory;
    if (size > before.length) this.memory = Buffer.allocUnsafeSlow(Math.max(size, before.length * 2));
    this.pending.copy(this.memory);
    chunk.copy(this.memory, length);
    this.pending = this.memory.subarray(0, size);
  }

  finish(): LoadedSnapshot {
    if (!this.decoder.complete) throw this.corrupt('it ends inside the tree');
    this.checkSeal();
    const digest = this.takeDigest();
    const hasZxid = this.pending.length === LAST_ZXID_BYTES + SEAL_BYTES;
    const sealedZxid = hasZxid ? this.takeLastZxid() : null;
    if (this.pending.length > 0) throw this.corrupt(`${this.pending.length} bytes lie behind its end`);
    const tree = this.decoder.finish();
    tree.lastProcessedZxid = this.snapshot.zxid;
    if (digest === null) tree.distrustDigest();
    return { tree, sessions: this.decoder.sessions, digest, sealedZxid };
  }

  corrupt(why: string, options?: ErrorOptions): StorageError {
    return new StorageError(
      'SNAPSHOT_CORRUPT',
      `${this.snapshot.path} is damaged near offset ${this.position}: ${why}.`,
      this.snapshot.path,
      this.position,
      options,
    );
  }

  private consume(length: number): void {
    this.checksum = adler32(this.pending, 0, length, this.checksum);
    this.pending = this.pending.subarray(length);
    this.position += length;
  }

  private checkSeal(): void {
    if (this.pending.length < SEAL_BYTES) throw this.corrupt('it ends before its seal');
    const high = this.pending.readInt32BE(0);
    if (high !== 0 || this.pending.readUInt32BE(4) !== this.checksum) throw this.corrupt('its checksum does not fit');
    this.consume(SEAL_BYTES);
  }

  /** A fuzzy snapshot ends later than its name says, none ends earlier: that is an older one under a newer name. */
  private takeLastZxid(): number {
    const lastZxid = new JuteReader(this.pending).long();
    this.consume(LAST_ZXID_BYTES);
    this.checkSeal();
    if (lastZxid < this.snapshot.zxid) {
      throw this.corrupt(`it is of ${formatZxid(lastZxid)}, which is before the zxid in its name`);
    }
    return lastZxid;
  }

  /** The digest section, when there is one: alone, or with the last zxid behind it. */
  private takeDigest(): SnapshotDigest | null {
    if (this.pending.length <= LAST_ZXID_BYTES + SEAL_BYTES) return null;
    const r = new JuteReader(this.pending);
    try {
      const zxid = r.long();
      const version = r.int();
      const digest = version < LONG_DIGEST_VERSION ? BigInt(`0x${r.string() || '0'}`) : r.long64();
      this.consume(r.offset);
      this.checkSeal();
      return zxid > 0 ? { zxid, version, digest } : null;
    } catch (error) {
      if (!(error instanceof JuteError) && !(error instanceof SyntaxError)) throw error;
      throw this.corrupt('its digest cannot be read', { cause: error });
    }
  }
}
