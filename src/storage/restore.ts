import type { Disk, Host } from '../host/index.js';
import { zxidHex } from '../protocol/index.js';
import type { DataFolders } from './data-folders.js';
import { asStorageError } from './errors.js';
import { forgetLogPlace } from './log-place.js';
import { joinPath, listLogs, listSnapshots, snapshotName, STAGED_PREFIX } from './names.js';
import type { DatabaseOptions } from './options.js';
import { SnapshotBody } from './snapshot-body.js';
import { type LoadedSnapshot, readSnapshot } from './snapshot-reader.js';
import { SnapshotWriting } from './snapshot-writing.js';

const RESTORE_NAME = `${STAGED_PREFIX}restore`;

/** A snapshot from elsewhere that was read whole and found good. Nothing of the database has changed yet. */
export interface StagedRestore extends LoadedSnapshot {
  /** The last transaction that it says it holds; 0 when it does not say (3.8 and older). */
  readonly lastZxid: number;
}

/**
 * Takes the bytes of a snapshot file to the disk, which has room for more than memory, and reads it there with all its
 * checksums. Throws SNAPSHOT_CORRUPT, or IO; nothing is left of it then.
 */
export async function stageRestore(
  host: Host,
  snapDir: string,
  bytes: AsyncIterable<Buffer>,
  options: DatabaseOptions,
): Promise<StagedRestore> {
  const { disk } = host;
  const path = joinPath(snapDir, RESTORE_NAME);
  try {
    const sizeBytes = await writeAll(disk, path, bytes);
    const file = { name: 'the snapshot that was sent', path, zxid: 0, sizeBytes, compression: 'none' } as const;
    const loaded = await readSnapshot(disk, file, options);
    return { ...loaded, lastZxid: loaded.sealedZxid ?? 0 };
  } catch (error) {
    throw asStorageError(error, 'taking a snapshot from outside', path);
  } finally {
    // Opening the database removes what is left.
    await disk.remove(path).catch(() => undefined);
  }
}

async function writeAll(disk: Disk, path: string, bytes: AsyncIterable<Buffer>): Promise<number> {
  const file = await disk.create(path);
  let length = 0;
  try {
    for await (const chunk of bytes) {
      await file.write(chunk, length);
      length += chunk.length;
    }
    return length;
  } finally {
    await file.close();
  }
}

/**
 * Makes a restored tree the newest state on disk, as of `zxid`, which is not before anything that is logged. When it is
 * durable under its name, what was there before is set aside in a folder beside it: recovery must not fall back to it, and no
 * learner may be brought up to date from it. Answers that folder's name. After a crash at any step the old state or the new
 * one is found.
 */
export async function publishRestore(
  host: Host,
  folders: DataFolders,
  options: DatabaseOptions,
  { tree, sessions }: StagedRestore,
  zxid: number,
): Promise<string> {
  tree.lastProcessedZxid = zxid;
  await writeState(host, folders.snapDir, options, { tree, sessions });
  const name = asideName(host, zxid);
  const { disk } = host;
  // Not by its zxid: one of the same that is compressed otherwise has another name, and might be preferred.
  const own = snapshotName(zxid, options.snapshotCompression);
  const snapshots = (await listSnapshots(disk, folders.snapDir)).filter((snapshot) => snapshot.name !== own);
  await setAside(disk, folders.snapDir, name, snapshots);
  await forgetLogPlace(disk, folders.snapDir);
  await setAside(disk, folders.logDir, name, await listLogs(disk, folders.logDir));
  return name;
}

/** Writes a state as a snapshot, durable under its name. */
export async function writeState(
  host: Host,
  snapDir: string,
  options: DatabaseOptions,
  { tree, sessions }: Pick<LoadedSnapshot, 'tree' | 'sessions'>,
): Promise<void> {
  await new SnapshotWriting(host, snapDir, options, new SnapshotBody(sessions, tree.beginSnapshot())).run();
}

/**
 * Moves everything that a server would start with into a folder beside it, epochs too: those of another history mean nothing
 * in the one that is restored. Answers the folder's name.
 */
export async function setAsideAll(host: Host, folders: DataFolders): Promise<string> {
  const { disk } = host;
  const snapshots = await listSnapshots(disk, folders.snapDir);
  const name = asideName(host, snapshots[0]?.zxid ?? 0);
  const epochs = (await disk.list(folders.snapDir)).filter((entry) => /^(current|accepted)Epoch/.test(entry.name));
  // Snapshots first: logs without them keep a server from starting, while snapshots without logs would let it forget, and both
  // without epochs would let it break what it has promised.
  await setAside(disk, folders.snapDir, name, snapshots);
  await setAside(disk, folders.snapDir, name, epochs);
  await forgetLogPlace(disk, folders.snapDir);
  await setAside(disk, folders.logDir, name, await listLogs(disk, folders.logDir));
  return name;
}

function asideName(host: Host, zxid: number): string {
  return `before-restore-${zxidHex(zxid)}-${Math.floor(host.clock.wallMs())}`;
}

async function setAside(
  disk: Disk,
  dir: string,
  name: string,
  files: readonly { readonly name: string }[],
): Promise<void> {
  if (files.length === 0) return;
  const aside = joinPath(dir, name);
  await disk.makeDir(aside);
  for (const file of files) await disk.rename(joinPath(dir, file.name), joinPath(aside, file.name));
  await disk.syncDir(aside);
  await disk.syncDir(dir);
}
