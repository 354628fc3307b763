import type { Disk } from '../host/index.js';
import { JuteWriter } from '../jute/index.js';
import { ADLER_EMPTY, adler32 } from './adler32.js';
import { SNAPSHOT_HEADER } from './file-header.js';
import { makePacker } from './compression.js';
import type { Packer } from './compression.js';
import type { Compression } from './names.js';
import { joinPath, snapshotName, STAGED_PREFIX } from './names.js';
import { StagedFile } from './staged-file.js';

/** `long zxid; int version; long digest`: the tree's digest at the moment after `zxid`. */
export interface SnapshotDigest {
  readonly zxid: number;
  readonly version: number;
  readonly digest: bigint;
}

/** `long adler32; ustring "/"`. */
export const SEAL_BYTES = 13;
export const DIGEST_BYTES = 20;
export const LAST_ZXID_BYTES = 8;

/**
 * A snapshot file that is being written: header, body (`SnapshotBody`), seal; then the digest and its seal (3.6 and later),
 * then the last processed zxid and its seal (3.9 and later), each where it is enabled. A seal's checksum covers everything
 * before it.
 */
export class SnapshotFileWriter {
  private checksum = ADLER_EMPTY;
  private readonly pack: Packer;

  private constructor(
    private readonly dir: string,
    readonly zxid: number,
    private readonly staged: StagedFile,
    private readonly compression: Compression,
  ) {
    this.pack = makePacker(compression);
  }

  static async create(
    disk: Disk,
    dir: string,
    zxid: number,
    purpose: string,
    compression: Compression,
  ): Promise<SnapshotFileWriter> {
    const path = joinPath(dir, `${STAGED_PREFIX}${purpose}-${snapshotName(zxid, compression)}`);
    const staged = await StagedFile.create(disk, path);
    try {
      const writer = new SnapshotFileWriter(dir, zxid, staged, compression);
      await writer.write(SNAPSHOT_HEADER);
      return writer;
    } catch (error) {
      await staged.abort().catch(() => undefined);
      throw error;
    }
  }

  get path(): string {
    return joinPath(this.dir, snapshotName(this.zxid, this.compression));
  }

  get sizeBytes(): number {
    return this.staged.length;
  }

  /** The next bytes; one write at a time. */
  async write(bytes: Buffer): Promise<void> {
    this.checksum = adler32(bytes, 0, bytes.length, this.checksum);
    await this.staged.write(this.compression === 'none' ? bytes : await this.pack(bytes));
  }

  /** Writes the end and makes everything durable. */
  async seal(digest: SnapshotDigest | null, writeLastZxid: boolean): Promise<void> {
    await this.writeSeal();
    if (digest !== null) {
      const w = new JuteWriter(DIGEST_BYTES);
      w.long(digest.zxid);
      w.int(digest.version);
      w.long64(digest.digest);
      await this.write(w.take(0));
      await this.writeSeal();
    }
    if (writeLastZxid) {
      const w = new JuteWriter(LAST_ZXID_BYTES);
      w.long(this.zxid);
      await this.write(w.take(0));
      await this.writeSeal();
    }
    await this.staged.seal();
  }

  /** After `seal`: the snapshot exists. */
  publish(): Promise<void> {
    return this.staged.publish(this.path);
  }

  abort(): Promise<void> {
    return this.staged.abort();
  }

  private async writeSeal(): Promise<void> {
    const w = new JuteWriter(SEAL_BYTES);
    w.int(0);
    w.int(this.checksum);
    w.string('/');
    await this.write(w.take(0));
  }
}
