import type { Disk } from '../host/index.js';
import { StorageError } from './errors.js';
import { joinPath, STAGED_PREFIX } from './names.js';
import { StagedFile } from './staged-file.js';

/**
 * An empty file that stands in the snapshot folder while a backup takes the place of older data. Between the two there is a
 * moment without any, and a server that began there would have forgotten everything. Apache ZooKeeper takes no notice of it.
 */
const MARK = 'restore.unfinished';

/** Durable when it resolves; nothing may be moved before. */
export async function markRestore(disk: Disk, snapDir: string): Promise<void> {
  const file = await StagedFile.create(disk, joinPath(snapDir, `${STAGED_PREFIX}${MARK}`));
  await file.seal();
  await file.publish(joinPath(snapDir, MARK));
}

/** The restored data is durable; also clears what an earlier restore has left. */
export async function clearRestoreMark(disk: Disk, snapDir: string): Promise<void> {
  if (!(await isMarked(disk, snapDir))) return;
  await disk.remove(joinPath(snapDir, MARK));
  await disk.syncDir(snapDir);
}

/** Throws RESTORE_UNFINISHED where a restore has not come to its end. */
export async function refuseUnfinishedRestore(disk: Disk, snapDir: string): Promise<void> {
  if (!(await isMarked(disk, snapDir))) return;
  const mark = joinPath(snapDir, MARK);
  throw new StorageError(
    'RESTORE_UNFINISHED',
    `A restore into ${snapDir} did not come to its end, so that part of the data may be missing. Run zk-server restore again ` +
      `(with --force). Or move what lies in its before-restore-* folders back, and remove ${mark}.`,
    mark,
  );
}

async function isMarked(disk: Disk, snapDir: string): Promise<boolean> {
  return (await disk.list(snapDir)).some(({ name }) => name === MARK);
}
