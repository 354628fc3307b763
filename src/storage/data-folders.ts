import type { Disk, FolderClaim } from '../host/index.js';
import { asStorageError, isNotFound, StorageError } from './errors.js';
import { joinPath, parentPath, STAGED_PREFIX, VERSION_FOLDER } from './names.js';
import type { DatabaseOptions } from './options.js';

/** The two folders, which may be one: snapshots and epochs, and logs. */
export interface DataFolders {
  readonly snapDir: string;
  readonly logDir: string;
}

/** Where they are below `dataDir` and `dataLogDir`. */
export function dataFolders({ dataDir, dataLogDir }: Pick<DatabaseOptions, 'dataDir' | 'dataLogDir'>): DataFolders {
  return { snapDir: joinPath(dataDir, VERSION_FOLDER), logDir: joinPath(dataLogDir, VERSION_FOLDER) };
}

/**
 * Finds or makes both folders, and refuses swapped ones (as `FileTxnSnapLog` does). Throws DATA_DIR, LOG_DIR_HAS_SNAPSHOTS,
 * SNAP_DIR_HAS_LOGS.
 */
export async function openDataFolders(disk: Disk, options: DatabaseOptions): Promise<DataFolders> {
  const folders = dataFolders(options);
  await requireFolder(disk, folders.logDir, options.dataDirAutoCreate);
  await requireFolder(disk, folders.snapDir, options.dataDirAutoCreate);
  if (folders.snapDir !== folders.logDir) {
    await refuseFiles(disk, folders.logDir, 'snapshot.', 'LOG_DIR_HAS_SNAPSHOTS', 'transaction log', 'snapshots');
    await refuseFiles(disk, folders.snapDir, 'log.', 'SNAP_DIR_HAS_LOGS', 'snapshot', 'transaction logs');
  }
  return folders;
}

/**
 * Claims both folders before anything in them is changed: recovery mends ends of logs, which would cut off what another
 * server is just writing. Throws IN_USE.
 */
export async function claimFolders(disk: Disk, { snapDir, logDir }: DataFolders): Promise<FolderClaim[]> {
  const claims: FolderClaim[] = [];
  for (const dir of new Set([snapDir, logDir])) {
    const claim = await disk.claim(dir);
    if (claim === null) {
      await releaseFolders(claims);
      throw new StorageError(
        'IN_USE',
        `Another process has its data in ${dir}; two of them would destroy it. Stop that one (zk-server stop), or give this ` +
          `server a dataDir of its own.`,
        dir,
      );
    }
    claims.push(claim);
  }
  return claims;
}

export async function releaseFolders(claims: readonly FolderClaim[]): Promise<void> {
  for (const claim of claims) await claim.release();
}

/** Removes unfinished files of ours. */
export async function removeStaged(disk: Disk, { logDir, snapDir }: DataFolders): Promise<void> {
  for (const dir of new Set([snapDir, logDir])) {
    for (const { name, kind } of await disk.list(dir)) {
      if (kind !== 'file' || !name.startsWith(STAGED_PREFIX)) continue;
      await disk.remove(joinPath(dir, name)).catch((error: unknown) => {
        // Health makes and removes a file of its own at any time.
        if (!isNotFound(error)) throw error;
      });
    }
  }
}

async function requireFolder(disk: Disk, dir: string, mayCreate: boolean): Promise<void> {
  try {
    const missing = await missingFolders(disk, dir);
    if (missing.length === 0) {
      // What cannot be listed is told as the folder's fault, not as that of a file in it.
      await disk.list(dir);
      // Whoever made it (zk-server init, Java, a script) has hardly made its name durable.
      await disk.syncDir(parentPath(dir));
      return;
    }
    if (!mayCreate) {
      throw new StorageError(
        'DATA_DIR',
        `${dir} does not exist and zookeeper.datadir.autocreate is false. Make it (zk-server init), or allow that.`,
        dir,
      );
    }
    await makeFolders(disk, dir, missing);
  } catch (error) {
    if (error instanceof StorageError) throw error;
    const { message } = asStorageError(error, `using ${dir}`, dir);
    throw new StorageError('DATA_DIR', message, dir, null, { cause: error });
  }
}

/** Makes `dir`, and durably so: a folder whose name is lost takes everything in it with it. */
export async function makeFolders(disk: Disk, dir: string, missing: readonly string[]): Promise<void> {
  await disk.makeDir(dir);
  for (const made of missing) await disk.syncDir(parentPath(made));
}

/** The folders on the way to `dir` that do not exist, innermost first. Throws DATA_DIR where something else is in the way. */
export async function missingFolders(disk: Disk, dir: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = dir; at !== '/'; at = parentPath(at)) {
    try {
      const { kind } = await disk.stat(at);
      if (kind !== 'dir') throw new StorageError('DATA_DIR', `${at} is not a folder. Move it away.`, at);
      return missing;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      missing.push(at);
    }
  }
  return missing;
}

async function refuseFiles(
  disk: Disk,
  dir: string,
  prefix: string,
  code: 'LOG_DIR_HAS_SNAPSHOTS' | 'SNAP_DIR_HAS_LOGS',
  folderKind: string,
  found: string,
): Promise<void> {
  const wrong = (await disk.list(dir)).find(({ name }) => name.startsWith(prefix));
  if (wrong === undefined) return;
  throw new StorageError(
    code,
    `The ${folderKind} directory ${dir} has ${found} in it (${wrong.name}). Check dataDir and dataLogDir; when they were one ` +
      `folder before, move the ${found} to the other.`,
    joinPath(dir, wrong.name),
  );
}
