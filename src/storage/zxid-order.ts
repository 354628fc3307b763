import { formatZxid, zxidCounter, zxidEpoch } from '../protocol/index.js';
import { StorageError } from './errors.js';

/**
 * May a transaction `next` directly follow `previous`? Within an epoch every number is used (a failed request is logged as
 * an error transaction); a new epoch begins at counter 1. ZooKeeper 3.9.5 refuses the same steps when it loads and when it
 * synchronizes (ZOOKEEPER-4925).
 */
export function follows(previous: number, next: number): boolean {
  return next === previous + 1 || (zxidEpoch(next) > zxidEpoch(previous) && zxidCounter(next) === 1);
}

/**
 * Walks a history and refuses to bridge a gap (ZOOKEEPER-2099, 2846).
 *
 * A step between epochs can hide one: a learner that was sent a whole tree at zxid X logs nothing between its last
 * transaction and X. Java's formats keep no note of that except the name of the snapshot that was written then, so a
 * snapshot whose zxid is not met by a transaction marks a jump.
 */
export class Continuity {
  private readonly jumps: readonly number[];
  private nextJump = 0;

  /** `snapshotZxids`: names of snapshots after `last`, in any order. */
  constructor(
    private last: number,
    snapshotZxids: readonly number[],
  ) {
    this.jumps = snapshotZxids.filter((zxid) => zxid > last).sort((a, b) => a - b);
  }

  /** The newest transaction that was taken, or where the walk began. */
  get position(): number {
    return this.last;
  }

  /** Is this the next transaction? False: an old one that is there twice. Throws LOG_GAP. */
  take(zxid: number, file: string, offset: number): boolean {
    if (zxid <= this.last) return false;
    if (!follows(this.last, zxid)) throw gap(this.last, zxid, file, offset);
    const jump = this.jumps[this.nextJump];
    if (jump !== undefined && jump <= zxid) {
      if (jump < zxid) throw jumped(jump, this.last, file, offset);
      this.nextJump++;
    }
    this.last = zxid;
    return true;
  }

  /** At the end of the logs: throws LOG_GAP when a snapshot shows that history went further. */
  finish(dir: string): void {
    const jump = this.jumps[this.nextJump];
    if (jump !== undefined) throw jumped(jump, this.last, dir, null);
  }
}

function gap(last: number, next: number, file: string, offset: number): StorageError {
  return new StorageError(
    'LOG_GAP',
    `${file} goes on with transaction ${formatZxid(next)} at offset ${offset}, but the one before it is ` +
      `${formatZxid(last)}: transactions are missing. Bring back the snapshot or log that holds them; a member of an ` +
      `ensemble can also start with an empty data directory and copy everything from the leader.`,
    file,
    offset,
  );
}

function jumped(jump: number, last: number, file: string, offset: number | null): StorageError {
  return new StorageError(
    'LOG_GAP',
    `The snapshot of ${formatZxid(jump)} cannot be read and the log in ${file} does not lead there: it has ` +
      `${formatZxid(last)} and nothing up to the snapshot. Bring back an intact copy of that snapshot; a member of an ` +
      `ensemble can also start with an empty data directory and copy everything from the leader.`,
    file,
    offset,
  );
}
