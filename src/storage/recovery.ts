import type { Disk, Host } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { formatZxid } from '../protocol/index.js';
import { DataTree } from '../tree/index.js';
import { CommittedLog } from './committed-log.js';
import type { DataFolders } from './data-folders.js';
import { isDiskError, isNotFound, StorageError } from './errors.js';
import { LogReader } from './log-reader.js';
import { repairLogs } from './log-repair.js';
import type { SnapshotFile } from './names.js';
import { DAMAGED_PREFIX, INITIALIZE_FILE, joinPath, listLogs, listSnapshots } from './names.js';
import type { DatabaseOptions } from './options.js';
import type { ReplayResult, State } from './replay.js';
import { replay } from './replay.js';
import { countFired, watchDigests } from './digest-alarm.js';
import { SnapshotBody } from './snapshot-body.js';
import type { LoadedSnapshot } from './snapshot-reader.js';
import { readSnapshot } from './snapshot-reader.js';
import { SnapshotWriting } from './snapshot-writing.js';

export interface Recovered extends State {
  /** Transactions replayed over the snapshot. */
  readonly replayed: number;
  /** There were logs but no snapshot: take one before anything else. */
  readonly needsSnapshot: boolean;
}

interface Base {
  readonly loaded: LoadedSnapshot;
  /** Newer ones that cannot be read. */
  readonly damaged: readonly SnapshotFile[];
  /** An empty tree that stands for a snapshot nobody took: any transaction may come first. */
  readonly isUnknownStart: boolean;
}

/**
 * Rebuilds tree and sessions: the newest readable snapshot, then every later transaction of the logs. Afterwards the end of
 * the log is a clean one, and all that was read is durable.
 */
export async function recover(
  host: Host,
  metrics: Metrics,
  folders: DataFolders,
  options: DatabaseOptions,
): Promise<Recovered> {
  const { disk } = host;
  const startMs = host.clock.monotonicMs();
  const base = (await findBase(host, folders, options)) ?? (await startWithoutSnapshot(host, folders, options));
  await disk.remove(joinPath(options.dataLogDir, INITIALIZE_FILE)).catch(unlessMissing);
  const snapshotMs = host.clock.monotonicMs();
  metrics.summary('startup_snap_load_time').record(snapshotMs - startMs);

  const state = stateOf(host, metrics, base.loaded, options);
  const result = await replay(disk, state, {
    logDir: folders.logDir,
    logs: await listLogs(disk, folders.logDir),
    snapshotZxids: base.damaged.map((snapshot) => snapshot.zxid),
    upTo: Number.POSITIVE_INFINITY,
    fromAnywhere: base.isUnknownStart,
  });
  await settleDisk(host, folders, result, base.damaged);
  warnOfFuzziness(host, state, result);
  report(host, metrics, startMs, snapshotMs, result);
  return { ...state, replayed: result.count, needsSnapshot: base.isUnknownStart };
}

/** The newest readable snapshot. Null when there is none at all; throws SNAPSHOT_CORRUPT when none can be read. */
async function findBase(host: Host, folders: DataFolders, options: DatabaseOptions): Promise<Base | null> {
  const snapshots = await listSnapshots(host.disk, folders.snapDir);
  const found = await newestReadable(host, snapshots, options);
  if (found !== null || snapshots.length === 0) return found;
  if (snapshots.every((snapshot) => snapshot.zxid !== 0)) throw noneReadable(snapshots, folders);
  // What snapshot.0 holds is known: nothing. Java writes it without fsync.
  host.log.warn(
    'No snapshot can be read, but snapshot.0 is that of an empty database, whatever is in the file: it is written anew, and ' +
      'the log holds all that came after it.',
    { code: 'SNAPSHOT_ZERO' },
  );
  const loaded = await writeEmptySnapshot(host, folders, options);
  return { loaded, damaged: snapshots.filter((snapshot) => snapshot.zxid !== 0), isUnknownStart: false };
}

/** A loaded snapshot as the state to go on from. */
export function stateOf(
  host: Host,
  metrics: Metrics,
  loaded: Pick<LoadedSnapshot, 'tree' | 'sessions' | 'digest'>,
  options: DatabaseOptions,
): State {
  const { tree, sessions, digest } = loaded;
  watchDigests(host, metrics, tree);
  countFired(metrics, tree);
  if (digest !== null && digest.zxid > 0) tree.expectDigest(digest);
  else if (tree.lastProcessedZxid > 0) tree.distrustDigest();
  return { tree, sessions, committed: new CommittedLog(options.commitLogCount) };
}

/** The newest snapshot that can be read; null when none can. */
export async function newestReadable(
  host: Host,
  snapshots: readonly SnapshotFile[],
  options: DatabaseOptions,
): Promise<Base | null> {
  const damaged: SnapshotFile[] = [];
  for (const snapshot of snapshots) {
    try {
      return { loaded: await readSnapshot(host.disk, snapshot, options), damaged, isUnknownStart: false };
    } catch (error) {
      if (!isUnusable(error)) throw error;
      damaged.push(snapshot);
      const next = damaged.length < snapshots.length ? ' An older snapshot is tried.' : '';
      host.log.warn(`${error.message}${next}`, { code: 'SNAPSHOT_UNUSABLE', file: snapshot.path });
    }
  }
  return null;
}

/** A file that is the fault, not the disk or its permissions. */
function isUnusable(error: unknown): error is Error {
  if (error instanceof StorageError) return error.code === 'SNAPSHOT_CORRUPT';
  return isDiskError(error) && error.code === 'IO';
}

/** No snapshot at all: an empty database, unless there are transactions. */
async function startWithoutSnapshot(host: Host, folders: DataFolders, options: DatabaseOptions): Promise<Base> {
  const empty = { tree: new DataTree(options), sessions: new Map<bigint, number>(), digest: null, sealedZxid: null };
  const firstLog = await firstLogWithTransactions(host.disk, folders.logDir);
  if (firstLog !== null) {
    if (!options.trustEmptySnapshot) throw noSnapshot(firstLog, folders);
    host.log.warn('There is no snapshot; the logs alone are trusted, as snapshot.trust.empty says.', {
      code: 'NO_SNAPSHOT',
    });
    return { loaded: empty, damaged: [], isUnknownStart: true };
  }
  if (options.dbAutoCreate || (await exists(host.disk, joinPath(options.dataLogDir, INITIALIZE_FILE)))) {
    return { loaded: await writeEmptySnapshot(host, folders, options), damaged: [], isUnknownStart: false };
  }
  host.log.warn(
    `${folders.snapDir} is empty and db.autocreate is false: this server has no vote until it has copied a leader's data.`,
    { code: 'EMPTY_DATABASE' },
  );
  empty.tree.lastProcessedZxid = -1;
  return { loaded: empty, damaged: [], isUnknownStart: false };
}

async function firstLogWithTransactions(disk: Disk, logDir: string): Promise<string | null> {
  const reader = new LogReader(disk, await listLogs(disk, logDir));
  try {
    return (await reader.nextBatch())?.file.path ?? null;
  } finally {
    await reader.close();
  }
}

/** The state that snapshot.0 always holds, written before anything is logged (ZOOKEEPER-2325). */
async function writeEmptySnapshot(host: Host, folders: DataFolders, options: DatabaseOptions): Promise<LoadedSnapshot> {
  const tree = new DataTree(options);
  const sessions = new Map<bigint, number>();
  const body = new SnapshotBody(sessions, tree.beginSnapshot());
  await new SnapshotWriting(host, folders.snapDir, options, body).run();
  return { tree, sessions, digest: null, sealedZxid: null };
}

/** Makes what was recovered the durable truth, so that nothing that is promised from now on can vanish again. */
async function settleDisk(
  host: Host,
  folders: DataFolders,
  result: ReplayResult,
  damaged: readonly SnapshotFile[],
): Promise<void> {
  const { disk, log } = host;
  await repairLogs(host, folders, result.ends);
  for (const snapshot of damaged) {
    const path = joinPath(folders.snapDir, DAMAGED_PREFIX + snapshot.name);
    log.warn(`${snapshot.path} is not needed; it is now ${path}.`, { code: 'SNAPSHOT_SET_ASIDE' });
    await disk.rename(snapshot.path, path);
  }
  await disk.syncDir(folders.logDir);
  await disk.syncDir(folders.snapDir);
}

/** A fuzzy snapshot is whole only after the transactions that ran into it (ZOOKEEPER-3114). */
function warnOfFuzziness(host: Host, state: State, result: ReplayResult): void {
  const missing = state.tree.expectedDigest;
  if (missing === null) return;
  host.log.warn(
    `The snapshot was taken while changes up to ${formatZxid(missing.zxid)} went on, but the log ends at ` +
      `${formatZxid(result.lastZxid)}: parts of the later ones may be in the tree.`,
    { code: 'SNAPSHOT_AHEAD_OF_LOG' },
  );
}

function report(host: Host, metrics: Metrics, startMs: number, snapshotMs: number, result: ReplayResult): void {
  const nowMs = host.clock.monotonicMs();
  metrics.summary('startup_txns_loaded').record(result.count);
  metrics.summary('startup_txns_load_time').record(nowMs - snapshotMs);
  metrics.summary('dbinittime').record(nowMs - startMs);
  host.log.info(
    `The database is at ${formatZxid(result.lastZxid)}: snapshot read in ${Math.round(snapshotMs - startMs)} ms, then ` +
      `${result.count} transactions in ${Math.round(nowMs - snapshotMs)} ms.`,
    { code: 'DATABASE_LOADED' },
  );
}

function noneReadable(snapshots: readonly SnapshotFile[], folders: DataFolders): StorageError {
  const names = snapshots.map((snapshot) => snapshot.name).join(', ');
  return new StorageError(
    'SNAPSHOT_CORRUPT',
    `No snapshot in ${folders.snapDir} can be read (${names}). Bring back an intact copy of one of them; a member of an ` +
      `ensemble can also start with an empty data directory and copy everything from the leader.`,
    snapshots[0]?.path ?? folders.snapDir,
  );
}

function noSnapshot(log: string, folders: DataFolders): StorageError {
  return new StorageError(
    'NO_SNAPSHOT',
    `There are transactions (${log}) but no snapshot in ${folders.snapDir}. Bring back the snapshots; a member of an ` +
      `ensemble can also start with an empty data directory. Only for an upgrade from ZooKeeper 3.4 or early 3.5, which ` +
      `left no snapshot, set snapshot.trust.empty=true once.`,
    folders.snapDir,
  );
}

async function exists(disk: Disk, path: string): Promise<boolean> {
  try {
    await disk.stat(path);
    return true;
  } catch (error) {
    unlessMissing(error);
    return false;
  }
}

function unlessMissing(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
