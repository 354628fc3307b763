import { JuteError, JuteReader } from '../jute/index.js';
import type { DataTree, TreeLoader } from '../tree/index.js';

const MIN_SESSION_BYTES = 12;
/** No node, with its data and path, is larger; more than this without an end is no tree. */
const MAX_ITEM_BYTES = 256 * 1024 * 1024;

/** Decodes sessions and tree (see `SnapshotBody`) from bytes that come in pieces. */
export class SnapshotDecoder {
  readonly sessions = new Map<bigint, number>();
  private sessionsLeft = -1;
  private isComplete = false;
  private readonly reader = new JuteReader(Buffer.alloc(0));

  constructor(private readonly loader: TreeLoader) {}

  /** The whole tree has been read. */
  get complete(): boolean {
    return this.isComplete;
  }

  /**
   * Takes what is whole at the start of `bytes` and answers how many bytes that was; the rest must come again with more
   * behind it, or, when `complete`, belongs to what follows. Throws JuteError for bytes that cannot become a tree.
   */
  decode(bytes: Buffer): number {
    const { reader } = this;
    reader.reset(bytes);
    let taken = 0;
    try {
      while (!this.isComplete) {
        this.step();
        taken = reader.offset;
      }
    } catch (error) {
      const waitsForMore =
        error instanceof JuteError && error.code === 'TRUNCATED' && bytes.length - taken < MAX_ITEM_BYTES;
      if (!waitsForMore) throw error;
    }
    return taken;
  }

  /** The tree, once complete. */
  finish(): DataTree {
    return this.loader.finish();
  }

  private step(): void {
    const { reader } = this;
    if (this.sessionsLeft < 0) {
      const count = reader.int();
      if (count < 0) throw new JuteError('RANGE', reader.offset, `a snapshot with ${count} sessions`);
      this.sessionsLeft = count;
    } else if (this.sessionsLeft > 0) {
      if (reader.remaining < MIN_SESSION_BYTES) throw new JuteError('TRUNCATED', reader.offset, 'a session is cut off');
      this.sessions.set(reader.long64(), reader.int());
      this.sessionsLeft--;
    } else {
      this.isComplete = this.loader.readItem(reader);
    }
  }
}
