import type { DirEntry, Disk } from '../host/index.js';
import { MAX_EPOCH, zxidHex } from '../protocol/index.js';
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

/** Apache ZooKeeper takes what is beyond for no zxid. */
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * The zxid in the name of the file at `path`; null: there is none. Throws ZXID_RANGE for one of an epoch that no ensemble
 * comes to, and that no server here counts to: to pass the file over could be to pass over what was acknowledged.
 */
function parseZxid(hex: string | undefined, path: string): number | null {
  if (hex === undefined) return null;
  const zxid = BigInt(`0x${hex}`);
  if (zxid > MAX_INT64) return null;
  if (zxid <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(zxid);
  throw new StorageError(
    'ZXID_RANGE',
    `The name of ${path} has epoch ${zxid >> 32n}; this server knows epochs up to ${MAX_EPOCH} only. Give the file another name, or ` +
      `move it away, if it is none of this ensemble's; otherwise take its data into a new ensemble, whose epochs begin with 1.`,
    path,
  );
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

/** The log files of a folder, oldest first. Throws NOT_A_FILE, ZXID_RANGE. */
export async function listLogs(disk: Disk, dir: string): Promise<StoredFile[]> {
  const found: StoredFile[] = [];
  for (const { name, kind, sizeBytes } of await disk.list(dir)) {
    const path = joinPath(dir, name);
    const zxid = parseZxid(LOG_NAME.exec(name)?.[1], path);
    if (zxid === null) continue;
    requireFile(path, kind, 'transaction log');
    found.push({ name, path, zxid, sizeBytes });
  }
  return found.sort((a, b) => a.zxid - b.zxid);
}

/** The snapshots of a folder, newest first. Throws NOT_A_FILE, ZXID_RANGE. */
export async function listSnapshots(disk: Disk, dir: string): Promise<SnapshotFile[]> {
  const found: SnapshotFile[] = [];
  for (const { name, kind, sizeBytes } of await disk.list(dir)) {
    const match = SNAPSHOT_NAME.exec(name);
    const path = joinPath(dir, name);
    const zxid = parseZxid(match?.[1], path);
    if (zxid === null) continue;
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
    const path = joinPath(dir, name);
    const zxid = parseZxid(SNAPSHOT_NAME.exec(name.slice(DAMAGED_PREFIX.length))?.[1], path);
    if (zxid !== null) found.push({ name, path, zxid, sizeBytes });
  }
  return found;
}

/** The oldest log that can hold a transaction after `zxid`, and all later ones (`FileTxnLog.getLogFiles`). */
export function logsAfter(logs: readonly StoredFile[], zxid: number): StoredFile[] {
  const first = logs.findLastIndex((log) => log.zxid <= zxid + 1);
  return logs.slice(Math.max(0, first));
}
