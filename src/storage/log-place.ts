import type { Disk, Host } from '../host/index.js';
import { formatZxid, zxidCounter } from '../protocol/index.js';
import type { DataFolders } from './data-folders.js';
import { isNotFound, StorageError } from './errors.js';
import { joinPath, listLogs, listSnapshots, STAGED_PREFIX } from './names.js';
import { StagedFile } from './staged-file.js';

/**
 * A small file in the snapshot folder: the path of the folder where a log is, or nothing where none is. A snapshot alone does
 * not tell that a log belongs to it: a leader's snapshot and a restored one have none. So a server that is given another
 * dataLogDir, or whose logs are gone, would start without what it has acknowledged, and vote. An observer acknowledges
 * nothing; its logs may well lie where no reboot leaves them.
 *
 * A path stands there only while a log is on disk: it is written after the first log has its name, and is gone before the
 * last one goes. A crash between the two costs a warning, never a start. Apache ZooKeeper takes no notice of the file.
 */
const PLACE = 'place-of-logs';

/** Null: there is no such file; empty: there is no log. */
export async function readLogPlace(disk: Disk, snapDir: string): Promise<string | null> {
  try {
    return (await disk.readFile(joinPath(snapDir, PLACE))).toString('utf8').trim();
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

async function writePlace(disk: Disk, snapDir: string, place: string): Promise<void> {
  const file = await StagedFile.create(disk, joinPath(snapDir, `${STAGED_PREFIX}${PLACE}`));
  try {
    await file.write(Buffer.from(place === '' ? '' : `${place}\n`, 'utf8'));
    await file.seal();
  } catch (error) {
    await file.abort().catch(() => undefined);
    throw error;
  }
  await file.publish(joinPath(snapDir, PLACE));
}

/** Durable when it resolves; the last log may go then. */
export async function forgetLogPlace(disk: Disk, snapDir: string): Promise<void> {
  if (await readLogPlace(disk, snapDir)) await writePlace(disk, snapDir, '');
}

/** Makes the file say what is so. Durable when it resolves. Answers whether there is a log. */
export async function noteLogPlace(disk: Disk, { snapDir, logDir }: DataFolders): Promise<boolean> {
  const hasLogs = (await listLogs(disk, logDir)).length > 0;
  const place = hasLogs ? logDir : '';
  const noted = await readLogPlace(disk, snapDir);
  // Without a file nothing is known, which is as good as none until a snapshot could have had a log.
  const isKnown = noted !== null || !isInsideEpoch((await listSnapshots(disk, snapDir))[0]?.zxid);
  if ((noted ?? '') !== place || !isKnown) await writePlace(disk, snapDir, place);
  return hasLogs;
}

/** At the first number of an epoch nothing was written yet. */
function isInsideEpoch(zxid: number | undefined): boolean {
  return zxid !== undefined && zxidCounter(zxid) > 0;
}

/**
 * Throws LOGS_GONE where snapshots had logs beside them and have none; warns where nobody knows, and where nobody counts on
 * the logs (`isPromised` is false: an observer).
 */
export async function requireLogs(host: Host, folders: DataFolders, isPromised: boolean): Promise<void> {
  const { snapDir, logDir } = folders;
  const { disk, log } = host;
  if ((await listLogs(disk, logDir)).length > 0) return;
  const [newest] = await listSnapshots(disk, snapDir);
  if (newest === undefined) {
    // Somebody has emptied the folder, but for this.
    await forgetLogPlace(disk, snapDir);
    return;
  }
  const place = await readLogPlace(disk, snapDir);
  if (place && isPromised) {
    throw logsGone(newest.path, logDir, place, joinPath(snapDir, PLACE), await countLogs(disk, place));
  }
  if (place) {
    log.warn(
      `There is no transaction log in ${logDir}, though one was ${whereIn(place, logDir)}. As an observer, on whose log nobody ` +
        `counts, this server starts with the newest snapshot (${newest.path}) and gets what came after ` +
        `${formatZxid(newest.zxid)} from the leader.`,
      { code: 'LOG_ABSENT' },
    );
    await forgetLogPlace(disk, snapDir);
    return;
  }
  if (place === '' || !isInsideEpoch(newest.zxid)) return;
  log.warn(
    `There is no transaction log in ${logDir}; the newest snapshot is ${newest.path}, and whatever came after ` +
      `${formatZxid(newest.zxid)} is not here. That is well after a leader's snapshot and after a restore. If there was a ` +
      `log, stop this server now and set dataLogDir to its folder: it would vote without what it has acknowledged.`,
    { code: 'LOG_ABSENT' },
  );
}

function whereIn(place: string, logDir: string): string {
  return place === logDir ? 'there' : `in ${place}`;
}

async function countLogs(disk: Disk, dir: string): Promise<number> {
  return listLogs(disk, dir).then(
    (logs) => logs.length,
    () => 0,
  );
}

function logsGone(snapshot: string, logDir: string, place: string, mark: string, left: number): StorageError {
  const still = left > 0 ? ` (and ${left} log files are)` : '';
  const move = place === logDir ? '' : `, or move the files log.* from ${place} to ${logDir}`;
  return new StorageError(
    'LOGS_GONE',
    `There is no transaction log in ${logDir}, though one was ${whereIn(place, logDir)}${still}: everything after the newest snapshot ` +
      `(${snapshot}) would be forgotten, though it was acknowledged. Nothing was changed. Set dataLogDir to the folder with ` +
      `the logs${move}. Where they are lost, a member of an ensemble whose other members are well can start with an empty ` +
      `data directory and copy everything from the leader. To go on with the snapshot alone, remove ${mark}.`,
    logDir,
  );
}
