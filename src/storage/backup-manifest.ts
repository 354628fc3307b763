import { createHash } from 'node:crypto';
import type { Disk } from '../host/index.js';
import { formatZxid } from '../protocol/index.js';
import { isNotFound, StorageError } from './errors.js';
import { joinPath, parentPath, STAGED_PREFIX } from './names.js';
import { StagedFile } from './staged-file.js';

/** Written last, before the folder gets its name: a folder without it is no backup. */
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

/** What a folder of backups holds. */
export interface BackupFolder {
  /** Oldest first. */
  readonly backups: readonly StoredBackup[];
  /** Folders that look like backups and are none: what an interrupted one has left, or one without its manifest. */
  readonly incomplete: readonly string[];
}

/** The backups in `dir`, or the one that it is itself. */
export async function listBackups(disk: Disk, dir: string): Promise<BackupFolder> {
  const own = await readManifest(disk, dir);
  if (own !== null) return { backups: [{ path: dir, manifest: own }], incomplete: [] };
  const backups: StoredBackup[] = [];
  const incomplete: string[] = [];
  for (const { name, kind } of await disk.list(dir)) {
    if (kind !== 'dir') continue;
    const path = joinPath(dir, name);
    if (name.startsWith(INCOMPLETE_PREFIX)) incomplete.push(path);
    if (!name.startsWith(BACKUP_PREFIX)) continue;
    const manifest = await readManifest(disk, path);
    if (manifest === null) incomplete.push(path);
    else backups.push({ path, manifest });
  }
  return {
    backups: backups.sort((a, b) => compareBackups(a.manifest, b.manifest)),
    incomplete: incomplete.sort(),
  };
}

/** Which is the newer one tells how far it leads: the clocks of servers go wrong, and differ. */
function compareBackups(a: BackupManifest, b: BackupManifest): number {
  return zxidOfText(a.lastZxid) - zxidOfText(b.lastZxid) || a.createdMs - b.createdMs;
}

const BACKUP_PREFIX = 'backup-';
/** In front of the name of a backup that is being written or removed. */
const INCOMPLETE_PREFIX = 'incomplete-';

/** `backup-20261127T002000Z-1-100000002`: when, of which server, up to where; `taken` gets a number behind it. */
export function backupName(
  createdMs: number,
  serverId: number,
  lastZxid: number,
  taken: (name: string) => boolean,
): string {
  const stamp = new Date(createdMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const name = `${BACKUP_PREFIX}${stamp}-${serverId}-${lastZxid.toString(16)}`;
  let unique = name;
  for (let i = 2; taken(unique); i++) unique = `${name}-${i}`;
  return unique;
}

/** Where a backup stands as long as it is not whole. */
export function incompletePath(path: string): string {
  const name = path.slice(parentPath(path).length).replace(/^\//, '');
  return joinPath(parentPath(path), INCOMPLETE_PREFIX + name);
}

/** Did a backup of this server stand at that path while it was not whole? */
export function isIncompleteOf(serverId: number, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const id = /^incomplete-backup-\d{8}T\d{6}Z-(\d+)-/.exec(name)?.[1];
  return id !== undefined && Number(id) === serverId;
}

export function newManifest(fields: Omit<BackupManifest, 'format'>): BackupManifest {
  return { format: FORMAT, ...fields };
}

function corrupt(path: string, why: string): StorageError {
  return new StorageError('BACKUP_CORRUPT', `${path} cannot be used: ${why}. Take another backup.`, path);
}
