import { createHash } from 'node:crypto';
import type { Disk } from '../host/index.js';
import { formatZxid } from '../protocol/index.js';
import { isNotFound, StorageError } from './errors.js';
import { joinPath, STAGED_PREFIX } from './names.js';
import { StagedFile } from './staged-file.js';

/** Written last: a folder without it is no backup. */
export const MANIFEST_NAME = 'manifest.json';
const FORMAT = 1;

/** A file of a backup, in the format that the server itself keeps. */
export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** What a backup holds: one snapshot and the log behind it. Zxids are as `0x100000002`, times milliseconds since 1970. */
export interface BackupManifest {
  readonly format: number;
  /** 0: a server alone. */
  readonly serverId: number;
  readonly createdMs: number;
  /** The snapshot's: nothing earlier can be restored from here. */
  readonly snapshotZxid: string;
  readonly lastZxid: string;
  /** Of the first transaction behind the snapshot and of the last one; null when there is none. */
  readonly firstTimeMs: number | null;
  readonly lastTimeMs: number | null;
  readonly files: readonly BackupFile[];
}

/** A folder with a backup. */
export interface StoredBackup {
  readonly path: string;
  readonly manifest: BackupManifest;
}

export function zxidOfText(text: string): number {
  return Number.parseInt(text.replace(/^0x/, ''), 16);
}

export function textOfZxid(zxid: number): string {
  return formatZxid(zxid);
}

function checksumOf(manifest: BackupManifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}

export async function writeManifest(disk: Disk, dir: string, manifest: BackupManifest): Promise<void> {
  const text = `${JSON.stringify({ ...manifest, checksum: checksumOf(manifest) }, null, 2)}\n`;
  const file = await StagedFile.create(disk, joinPath(dir, STAGED_PREFIX + MANIFEST_NAME));
  await file.write(Buffer.from(text, 'utf8'));
  await file.seal();
  await file.publish(joinPath(dir, MANIFEST_NAME));
}

/** Null when there is none. Throws BACKUP_CORRUPT. */
export async function readManifest(disk: Disk, dir: string): Promise<BackupManifest | null> {
  const path = joinPath(dir, MANIFEST_NAME);
  let text: string;
  try {
    text = (await disk.readFile(path)).toString('utf8');
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
  let parsed: Partial<BackupManifest & { checksum: string }>;
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch {
    throw corrupt(path, 'it is no JSON');
  }
  const { checksum, ...rest } = parsed;
  const manifest = rest as BackupManifest;
  if (manifest.format !== FORMAT) throw corrupt(path, `its format is ${String(manifest.format)}, and not ${FORMAT}`);
  if (checksum !== checksumOf(manifest)) throw corrupt(path, 'its own checksum does not fit');
  return manifest;
}

/** The backups in `dir`, or the one that it is itself; oldest first. Folders without a manifest are left out. */
export async function listBackups(disk: Disk, dir: string): Promise<StoredBackup[]> {
  const own = await readManifest(disk, dir);
  if (own !== null) return [{ path: dir, manifest: own }];
  const found: StoredBackup[] = [];
  for (const { name, kind } of await disk.list(dir)) {
    if (kind !== 'dir' || !name.startsWith(BACKUP_PREFIX)) continue;
    const path = joinPath(dir, name);
    const manifest = await readManifest(disk, path);
    if (manifest !== null) found.push({ path, manifest });
  }
  return found.sort((a, b) => a.manifest.createdMs - b.manifest.createdMs);
}

export const BACKUP_PREFIX = 'backup-';

/** `backup-20261127T002000Z-1-100000002`: when, of which server, up to where. */
export function backupName(createdMs: number, serverId: number, lastZxid: number): string {
  const stamp = new Date(createdMs).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${BACKUP_PREFIX}${stamp}-${serverId}-${lastZxid.toString(16)}`;
}

export function newManifest(fields: Omit<BackupManifest, 'format'>): BackupManifest {
  return { format: FORMAT, ...fields };
}

function corrupt(path: string, why: string): StorageError {
  return new StorageError('BACKUP_CORRUPT', `${path} cannot be used: ${why}. Take another backup.`, path);
}
