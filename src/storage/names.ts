import type { DirEntry, Disk } from '../host/index.js';
import { zxidHex } from '../protocol/index.js';
import { StorageError } from './errors.js';

/** The folder inside dataDir and dataLogDir. */
export const VERSION_FOLDER = 'version-2';
/** Written by `zkServer-initialize.sh`: this server may start with an empty database. Lies in dataLogDir. */
export const INITIALIZE_FILE = 'initialize';
/** Unfinished files of ours; ZooKeeper looks only at names that begin with `log.` or `snapshot.`. */
export const STAGED_PREFIX = 'staged-';
/** In front of a snapshot that could not be read and is not needed. */
export const DAMAGED_PREFIX = 'damaged-';

export type Compression = 'none' | 'gz' | 'snappy';

/** A log or snapshot: the zxid in its name is that of the first record, or of the state it holds. */
export interface StoredFile {
  readonly name: string;
  readonly path: string;
  readonly zxid: number;
  readonly sizeBytes: number;
}

export interface SnapshotFile extends StoredFile {
  readonly compression: Compression;
}

export function logName(firstZxid: number): string {
  return `log.${zxidHex(firstZxid)}`;
}

export function snapshotName(zxid: number, compression: Compression = 'none'): string {
  return `snapshot.${zxidHex(zxid)}${compression === 'none' ? '' : `.${compression}`}`;
}

export function joinPath(dir: string, name: string): string {
  return dir.endsWith('/') ? dir + name : `${dir}/${name}`;
}

export function parentPath(path: string): string {
  const slash = path.replace(/\/+$/, '').lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

const LOG_NAME = /^log\.([0-9a-f]{1,16})$/i;
const SNAPSHOT_NAME = /^snapshot\.([0-9a-f]{1,16})(?:\.(gz|snappy))?$/i;

function parseZxid(hex: string | undefined): number | null {
  const zxid = Number.parseInt(hex ?? '', 16);
  return Number.isSafeInteger(zxid) ? zxid : null;
}

/**
 * What has the name of a log or snapshot has to be one: passing it over could pass over what was acknowledged. Throws
 * NOT_A_FILE.
 */
function requireFile(path: string, kind: DirEntry['kind'], what: string): void {
  if (kind === 'file') return;
  const found = kind === 'dir' ? 'a folder' : 'no file (perhaps a link that leads nowhere)';
  const mend = `Bring the file back if there was one, or give what is there another name.`;
  throw new StorageError('NOT_A_FILE', `${path} has the name of a ${what}, but is ${found}. ${mend}`, path);
}

/** The log files of a folder, oldest first. Throws NOT_A_FILE. */
export async function listLogs(disk: Disk, dir: string): Promise<StoredFile[]> {
  const found: StoredFile[] = [];
  for (const { name, kind, sizeBytes } of await disk.list(dir)) {
    const zxid = parseZxid(LOG_NAME.exec(name)?.[1]);
    if (zxid === null) continue;
    const path = joinPath(dir, name);
    requireFile(path, kind, 'transaction log');
    found.push({ name, path, zxid, sizeBytes });
  }
  return found.sort((a, b) => a.zxid - b.zxid);
}

/** The snapshots of a folder, newest first. Throws NOT_A_FILE. */
export async function listSnapshots(disk: Disk, dir: string): Promise<SnapshotFile[]> {
  const found: SnapshotFile[] = [];
  for (const { name, kind, sizeBytes } of await disk.list(dir)) {
    const match = SNAPSHOT_NAME.exec(name);
    const zxid = parseZxid(match?.[1]);
    if (zxid === null) continue;
    const path = joinPath(dir, name);
    requireFile(path, kind, 'snapshot');
    const compression = (match?.[2]?.toLowerCase() ?? 'none') as Compression;
    found.push({ name, path, zxid, sizeBytes, compression });
  }
  return found.sort((a, b) => b.zxid - a.zxid || (a.name < b.name ? -1 : 1));
}

/** Snapshots that recovery set aside. */
export async function listDamaged(disk: Disk, dir: string): Promise<StoredFile[]> {
  const found: StoredFile[] = [];
  for (const { name, sizeBytes } of await disk.list(dir)) {
    if (!name.startsWith(DAMAGED_PREFIX)) continue;
    const zxid = parseZxid(SNAPSHOT_NAME.exec(name.slice(DAMAGED_PREFIX.length))?.[1]);
    if (zxid !== null) found.push({ name, path: joinPath(dir, name), zxid, sizeBytes });
  }
  return found;
}

/** The oldest log that can hold a transaction after `zxid`, and all later ones (`FileTxnLog.getLogFiles`). */
export function logsAfter(logs: readonly StoredFile[], zxid: number): StoredFile[] {
  const first = logs.findLastIndex((log) => log.zxid <= zxid + 1);
  return logs.slice(Math.max(0, first));
}
