import type { TxnEntry } from '../protocol/index.js';
import { formatZxid } from '../protocol/index.js';
import type { DataTree } from '../tree/index.js';
import { DataTree as Tree, DIGEST_VERSION } from '../tree/index.js';
import { StorageError } from './errors.js';
import type { StoredFile } from './names.js';

/** Where one log ends and another goes on with a later epoch. */
interface Seam {
  /** Null: the snapshot that the replay began with. */
  readonly before: StoredFile | null;
  readonly lastZxid: number;
  readonly after: StoredFile;
  readonly nextZxid: number;
}

/**
 * Finds out during a replay that a whole log is missing between two others. Numbers do not tell: an epoch may end anywhere,
 * or have no transactions at all, and the next one begins at 1. Digests do: when the tree was right to the last node at the
 * end of one log, and is wrong after the first transaction of the next one that has a digest, what came between is not here.
 *
 * No other difference is taken for that, so that nothing ZooKeeper writes is: not inside an epoch or a file, not while a
 * fuzzy snapshot is being caught up with, not behind transactions that changed the tree and have no digest, or one of another
 * version. And if the digests agree again later, the tree is right whatever happened.
 */
export class MissingLogs {
  private lastFile: StoredFile | null = null;
  private lastZxid: number;
  /** Passed with a tree that was right; its first digest is still to come. */
  private seam: Seam | null = null;
  /** Its first digest was wrong, and none has been right since. */
  private suspect: { readonly seam: Seam; readonly zxid: number } | null = null;

  /** `isUnknownStart`: the tree is empty because nothing is known, not because it was empty. */
  constructor(
    private readonly tree: DataTree,
    isUnknownStart: boolean,
  ) {
    this.lastZxid = tree.lastProcessedZxid;
    // The first snapshot of all has no digest, but what it holds is known.
    if (this.lastZxid === 0 && !isUnknownStart && isEmpty(tree)) tree.proveDigest();
  }

  /** An older transaction, which the tree holds. */
  passed(file: StoredFile): void {
    this.lastFile = file;
  }

  before(file: StoredFile, zxid: number): void {
    if (file !== this.lastFile && zxid !== this.lastZxid + 1 && this.tree.isDigestProven) {
      this.seam = { before: this.lastFile, lastZxid: this.lastZxid, after: file, nextZxid: zxid };
    }
    this.lastFile = file;
    this.lastZxid = zxid;
  }

  after({ digest, header }: TxnEntry): void {
    if (this.seam === null && this.suspect === null) return;
    if (this.tree.isDigestProven) {
      this.suspect = null;
      if (digest?.version === DIGEST_VERSION) this.seam = null;
      return;
    }
    const { seam } = this;
    this.seam = null;
    if (seam !== null && digest?.version === DIGEST_VERSION) this.suspect ??= { seam, zxid: header.zxid };
  }

  /** At the end of the replay. Throws LOG_MISSING. */
  finish(): void {
    if (this.suspect !== null) throw logMissing(this.suspect.seam, this.suspect.zxid);
  }
}

function isEmpty(tree: DataTree): boolean {
  const empty = new Tree({ digestEnabled: true, extendedTypes: true });
  return tree.nodeCount === empty.nodeCount && tree.digest === empty.digest;
}

function logMissing({ after, before, lastZxid, nextZxid }: Seam, zxid: number): StorageError {
  return new StorageError(
    'LOG_MISSING',
    `A log is missing between ${before?.path ?? 'the snapshot'} and ${after.path}, or whoever led then had other data: up to ` +
      `${formatZxid(lastZxid)} the tree is what it should be; then ${formatZxid(nextZxid)} follows, and after ` +
      `${formatZxid(zxid)} the tree is not what the digests of that transaction and of all later ones say. Nothing was ` +
      `changed. Bring back the file that is missing, or restore a backup. A member of an ensemble whose other members are ` +
      `well can also start without all this: move the folder version-2 away, and it copies everything from the leader.`,
    after.path,
  );
}
