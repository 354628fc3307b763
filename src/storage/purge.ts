import type { Disk, Host } from '../host/index.js';
import { formatZxid } from '../protocol/index.js';
import type { DataFolders } from './data-folders.js';
import type { SnapshotFile, StoredFile } from './names.js';
import { listDamaged, listLogs, listSnapshots } from './names.js';
import { looksWhole } from './snapshot-source.js';

/** ZooKeeper keeps no fewer (`autopurge.snapRetainCount`). */
export const MIN_RETAINED_SNAPSHOTS = 3;

/**
 * Removes what the newest `retainCount` whole snapshots do not need, by `PurgeTxnLog`'s rule: older snapshots, and the logs
 * that end before the oldest one kept. A log whose name is older may still hold transactions after that snapshot, so the
 * newest such log stays (ZOOKEEPER-2574). Answers the paths that are gone.
 */
export async function purgeFiles(host: Host, folders: DataFolders, retainCount: number): Promise<string[]> {
  const { disk } = host;
  const snapshots = await listSnapshots(disk, folders.snapDir);
  const kept: SnapshotFile[] = [];
  for (const snapshot of snapshots) {
    if (kept.length >= Math.max(MIN_RETAINED_SNAPSHOTS, retainCount)) break;
    if (await looksWhole(disk, snapshot)) kept.push(snapshot);
  }
  const oldest = kept.at(-1);
  if (oldest === undefined) return [];
  const logs = await listLogs(disk, folders.logDir);
  const firstNeeded = logs.findLast((log) => log.zxid <= oldest.zxid)?.zxid ?? 0;
  const isOld = (file: StoredFile) => file.zxid < oldest.zxid;
  const oldSnapshots = [
    ...snapshots.filter(isOld).reverse(),
    ...(await listDamaged(disk, folders.snapDir)).filter(isOld),
  ];
  const oldLogs = logs.filter((log) => log.zxid < firstNeeded);
  // Snapshots first: one without its logs is worth nothing, a log without a snapshot harms nobody.
  await removeAll(disk, folders.snapDir, oldSnapshots);
  await removeAll(disk, folders.logDir, oldLogs);
  const removed = [...oldSnapshots, ...oldLogs].map((file) => file.path);
  if (removed.length > 0) {
    host.log.info(`${removed.length} files older than the snapshot of ${formatZxid(oldest.zxid)} were removed.`, {
      code: 'PURGED',
      files: removed,
    });
  }
  return removed;
}

async function removeAll(disk: Disk, dir: string, files: readonly StoredFile[]): Promise<void> {
  for (const file of files) await disk.remove(file.path);
  if (files.length > 0) await disk.syncDir(dir);
}
