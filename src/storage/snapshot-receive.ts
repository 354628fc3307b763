import type { Host } from '../host/index.js';
import { JuteError, JuteWriter } from '../jute/index.js';
import type { TxnDigest } from '../protocol/index.js';
import type { DataTree } from '../tree/index.js';
import { DIGEST_VERSION, DataTree as Tree, TreeError } from '../tree/index.js';
import { asStorageError, StorageError } from './errors.js';
import type { ImageRefusals } from './image-refusals.js';
import type { DatabaseOptions } from './options.js';
import { SnapshotDecoder } from './snapshot-decoder.js';
import { type SnapshotDigest, SnapshotFileWriter } from './snapshot-file.js';

/** The file gets the bytes in pieces of about this size. */
const PIECE_BYTES = 256 * 1024;

/** A whole state that came over the wire and is durable, still under a staged name. */
export interface ReceivedSnapshot {
  readonly tree: DataTree;
  readonly sessions: Map<bigint, number>;
  /** What the file is sealed with; null when digests are off. */
  readonly digest: SnapshotDigest | null;
  readonly file: SnapshotFileWriter;
}

/**
 * Takes sessions and tree as a leader sends them (no header, no seal) and stages them as a snapshot file at the same time.
 * Until `finish` the database is untouched (ZOOKEEPER-2872, 3642, 5094).
 */
export class SnapshotReceive {
  private readonly decoder: SnapshotDecoder;
  private pending: Buffer = Buffer.alloc(0);
  private piece = new JuteWriter(PIECE_BYTES);
  private queuedBytes = 0;
  /** Creates the file, then writes piece after piece; rejects at the first error. */
  private writing: Promise<SnapshotFileWriter>;
  private isComplete = false;
  private isOver = false;

  constructor(
    host: Host,
    snapDir: string,
    private readonly options: DatabaseOptions,
    readonly zxid: number,
    private readonly said: TxnDigest | null,
    private readonly refusals: ImageRefusals,
    private readonly adopt: (received: ReceivedSnapshot) => Promise<void>,
    private readonly release: () => void,
  ) {
    this.decoder = new SnapshotDecoder(Tree.loader(options));
    this.writing = SnapshotFileWriter.create(host.disk, snapDir, zxid, 'received', options.snapshotCompression);
    // Reported by `finish`, `drained` and `abort`.
    this.writing.catch(() => undefined);
  }

  /** Bytes taken but not written yet: wait for `drained` before reading much more from the leader. */
  get backlogBytes(): number {
    return this.queuedBytes;
  }

  /**
   * Takes the next bytes (copied). Null: more are needed. Otherwise the tree is complete, and the bytes behind it, which
   * belong to the caller, are answered. Throws SNAPSHOT_CORRUPT for bytes that are no tree.
   */
  push(chunk: Buffer): Buffer | null {
    if (this.isOver || this.isComplete) throw new StorageError('CLOSED', 'the snapshot is complete or given up');
    const bytes = Buffer.concat([this.pending, chunk]);
    const taken = this.decode(bytes);
    this.pending = bytes.subarray(taken);
    this.piece.raw(bytes.subarray(0, taken));
    if (this.piece.length >= PIECE_BYTES) this.writePiece();
    this.isComplete = this.decoder.complete;
    return this.isComplete ? this.pending : null;
  }

  /** Resolves when all that was taken is written (not yet durable). */
  async drained(): Promise<void> {
    try {
      await this.writing;
    } catch (error) {
      throw asStorageError(error, 'writing a received snapshot');
    }
  }

  /** Makes the snapshot durable and the database's state; rejects when it is incomplete or the disk fails. */
  async finish(): Promise<void> {
    if (this.isOver || !this.isComplete) throw new StorageError('CLOSED', 'the snapshot is incomplete or given up');
    this.writePiece();
    try {
      const file = await this.writing;
      const tree = this.finishTree();
      tree.lastProcessedZxid = this.zxid;
      const digest = this.options.digestEnabled ? this.sealedDigest(tree) : null;
      if (digest === null || digest.zxid === 0) tree.distrustDigest();
      await file.seal(digest, this.options.serializeLastProcessedZxid);
      await this.adopt({ tree, sessions: this.decoder.sessions, digest, file });
    } catch (error) {
      await this.removeFile();
      throw asStorageError(error, 'storing a received snapshot');
    } finally {
      this.end();
    }
  }

  /** When the leader says nothing, the tree's digest belongs to no transaction: a Java leader's changes while it sends. */
  private sealedDigest(tree: DataTree): SnapshotDigest {
    const { refusals, said, zxid } = this;
    const isKnown = said?.version === DIGEST_VERSION && refusals.isRight(zxid, tree.digest, said.treeDigest);
    return { zxid: isKnown ? zxid : 0, version: DIGEST_VERSION, digest: isKnown ? tree.digest : 0n };
  }

  /** Gives it up; the database stays as it is. */
  async abort(): Promise<void> {
    if (this.isOver) return;
    await this.removeFile();
    this.end();
  }

  private decode(bytes: Buffer): number {
    try {
      return this.decoder.decode(bytes);
    } catch (error) {
      throw asCorrupt(error);
    }
  }

  private finishTree() {
    try {
      return this.decoder.finish();
    } catch (error) {
      throw asCorrupt(error);
    }
  }

  private writePiece(): void {
    const bytes = this.piece.take(PIECE_BYTES);
    this.queuedBytes += bytes.length;
    this.writing = this.writing.then(async (file) => {
      await file.write(bytes);
      this.queuedBytes -= bytes.length;
      return file;
    });
    this.writing.catch(() => undefined);
  }

  /** Best effort: opening the database removes what is left. */
  private async removeFile(): Promise<void> {
    try {
      await (await this.writing).abort();
    } catch {
      return;
    }
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.release();
  }
}

function asCorrupt(error: unknown): unknown {
  if (!(error instanceof JuteError) && !(error instanceof TreeError)) return error;
  const message = `The leader's snapshot cannot be read: ${error.message}`;
  return new StorageError('SNAPSHOT_CORRUPT', message, null, null, { cause: error });
}
