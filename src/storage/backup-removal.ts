import { type Disk, DiskError, type Host } from '../host/index.js';
import { incompletePath, isIncompleteOf, type StoredBackup } from './backup-manifest.js';
import { joinPath, parentPath } from './names.js';

/** The oldest first; each loses its name before its files, so that half of one never looks like a whole one. */
export async function dropOld(disk: Disk, backups: readonly StoredBackup[], retainCount: number): Promise<void> {
  const surplus = Math.max(0, backups.length - retainCount);
  for (const { path } of backups.slice(0, surplus)) {
    const doomed = incompletePath(path);
    await disk.rename(path, doomed);
    await disk.syncDir(parentPath(path));
    await removeFolder(disk, doomed);
  }
}

/** What cannot be removed stays: nobody takes it for a backup, and the next run tries again. */
export async function dropIncomplete(disk: Disk, path: string): Promise<void> {
  try {
    await removeFolder(disk, path);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
  }
}

/** Removes what a process of this server that ended too early has left. What somebody is just writing is not touched. */
export async function dropRemnants({ disk, log }: Host, paths: readonly string[], serverId: number): Promise<void> {
  for (const path of paths) {
    if (!isIncompleteOf(serverId, path)) continue;
    const claim = await disk.claim(path).catch(() => null);
    if (claim === null) continue;
    try {
      await dropIncomplete(disk, path);
      log.info(`${path} was left by a backup that was interrupted, and is removed.`, { code: 'BACKUP_REMNANT', path });
    } finally {
      await claim.release();
    }
  }
}

async function removeFolder(disk: Disk, path: string): Promise<void> {
  for (const { name } of await disk.list(path)) await disk.remove(joinPath(path, name));
  await disk.remove(path);
}
