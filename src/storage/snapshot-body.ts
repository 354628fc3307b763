import type { JuteWriter } from '../jute/index.js';
import type { TxnDigest } from '../protocol/index.js';
import type { TreeSnapshot } from '../tree/index.js';
import { DIGEST_VERSION } from '../tree/index.js';
import type { SnapshotDigest } from './snapshot-file.js';

const SESSION_BYTES = 12;

/**
 * The state of one moment as ZooKeeper serializes it, in a file and to a learner alike: `int count`, then
 * `long sessionId; int timeout` for each session, then the tree. While it lives the tree preserves what changes.
 */
export class SnapshotBody {
  readonly zxid: number;
  private readonly ids: readonly bigint[];
  private readonly timeoutsMs: readonly number[];
  /** -1 before the count. */
  private nextSession = -1;
  private isClosed = false;

  constructor(
    sessions: ReadonlyMap<bigint, number>,
    private readonly tree: TreeSnapshot,
    /** Is the tree's digest what its last transaction says? */
    private readonly isProven = false,
  ) {
    this.zxid = tree.zxid;
    this.ids = [...sessions.keys()];
    this.timeoutsMs = [...sessions.values()];
  }

  /** What a file's digest section says: of zxid 0 and value 0 when the tree's digest belongs to no transaction yet. */
  get sealedDigest(): SnapshotDigest {
    const { digestZxid, digest } = this.tree;
    return { zxid: digestZxid, version: DIGEST_VERSION, digest: digestZxid === 0 ? 0n : digest };
  }

  /** ZooKeeper's digest of the whole; null when nothing says that it is right. */
  get digest(): TxnDigest | null {
    const { digest, digestZxid, zxid } = this.tree;
    if (!this.isProven || zxid === 0 || digestZxid !== zxid) return null;
    return { version: DIGEST_VERSION, treeDigest: digest };
  }

  /** Appends about `maxBytes`. True: there is more to come. */
  write(w: JuteWriter, maxBytes: number): boolean {
    const end = w.length + maxBytes;
    if (this.nextSession < 0) {
      w.int(this.ids.length);
      this.nextSession = 0;
    }
    while (this.nextSession < this.ids.length) {
      if (w.length + SESSION_BYTES > end) return true;
      w.long64(this.ids[this.nextSession] as bigint);
      w.int(this.timeoutsMs[this.nextSession] as number);
      this.nextSession++;
    }
    return w.length >= end || this.tree.write(w, end - w.length);
  }

  /** Ends the preserving; also for one that is given up. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.tree.close();
  }
}
