import {
  joinPath,
  listLogs,
  listSnapshots,
  looksWhole,
  readLogPlace,
  type SnapshotFile,
  type StoredFile,
} from '../../storage/index.js';
import { readSnapshotFile } from '../snapshot/read.js';
import type { Acl } from '../../protocol/index.js';
import type { DoctorWorld, Space } from './world.js';

/** Where a server has its data. */
export interface DataTarget {
  readonly dataDir: string;
  readonly dataLogDir: string;
  /** Bytes that a server preallocates for its log. */
  readonly preAllocBytes: number;
  /** `jute.maxbuffer`: clients and servers refuse larger packets. */
  readonly maxPacketBytes: number;
}

/** A node whose children's names make a large packet. */
export interface CrowdedNode {
  readonly path: string;
  readonly children: number;
  /** Of an answer to getChildren. */
  readonly listBytes: number;
}

export interface LargeNode {
  readonly path: string;
  readonly bytes: number;
}

/** What the newest snapshot tells about the tree. */
export interface TreeFacts {
  readonly rootAcl: readonly Acl[];
  readonly largest: readonly LargeNode[];
  readonly crowded: readonly CrowdedNode[];
}

/** What lies in the folders of a server. */
export interface DataFacts {
  readonly target: DataTarget;
  /** Why a folder cannot be read; null: both can. */
  readonly unreadable: string | null;
  /** Oldest first. */
  readonly logs: readonly StoredFile[];
  /** Newest first. */
  readonly snapshots: readonly SnapshotFile[];
  /** Names of files that are in the wrong one of two folders. */
  readonly misplaced: readonly string[];
  /** Snapshots that a server set aside. */
  readonly damaged: readonly string[];
  /** What is wrong with the newest snapshot; null: nothing. */
  readonly snapshotFault: string | null;
  /** The folder of which the snapshot folder says that a log is there; null: none. */
  readonly logPlace: string | null;
  readonly currentEpoch: number | null;
  readonly acceptedEpoch: number | null;
  readonly dataSpace: Space | null;
  readonly logSpace: Space | null;
  /** Of the file system of `/`. */
  readonly rootSpace: Space | null;
  readonly tree: TreeFacts | null;
}

const KEPT = 5;

export async function examineData(world: DoctorWorld, target: DataTarget): Promise<DataFacts> {
  const { disk } = world;
  const snapDir = joinPath(target.dataDir, 'version-2');
  const logDir = joinPath(target.dataLogDir, 'version-2');
  const spaces = {
    dataSpace: await world.space(target.dataDir),
    logSpace: await world.space(target.dataLogDir),
    rootSpace: await world.space('/'),
  };
  try {
    const snapshots = await listSnapshots(disk, snapDir);
    const logs = await listLogs(disk, logDir);
    const names = (await disk.list(snapDir)).map(({ name }) => name);
    const misplaced =
      snapDir === logDir
        ? []
        : [
            ...names.filter((name) => name.startsWith('log.')).map((name) => joinPath(snapDir, name)),
            ...(await listSnapshots(disk, logDir)).map(({ path }) => path),
          ];
    const [newest] = snapshots;
    return {
      target,
      unreadable: null,
      logs,
      snapshots,
      misplaced,
      damaged: names.filter((name) => name.startsWith('damaged-')),
      ...(newest === undefined ? { snapshotFault: null, tree: null } : await examineSnapshot(world, newest, target)),
      logPlace: (await readLogPlace(disk, snapDir)) || null,
      currentEpoch: await epochIn(world, joinPath(snapDir, 'currentEpoch')),
      acceptedEpoch: await epochIn(world, joinPath(snapDir, 'acceptedEpoch')),
      ...spaces,
    };
  } catch (error) {
    const unreadable = error instanceof Error ? error.message : String(error);
    const nothing = {
      logs: [],
      snapshots: [],
      misplaced: [],
      damaged: [],
      snapshotFault: null,
      tree: null,
      logPlace: null,
    };
    return { target, unreadable, ...nothing, currentEpoch: null, acceptedEpoch: null, ...spaces };
  }
}

async function epochIn(world: DoctorWorld, path: string): Promise<number | null> {
  const text = await world.disk.readFile(path).then(
    (bytes) => bytes.toString('latin1').trim(),
    () => '',
  );
  return /^\d+$/.test(text) ? Number(text) : null;
}

async function examineSnapshot(
  world: DoctorWorld,
  snapshot: SnapshotFile,
  { maxPacketBytes }: DataTarget,
): Promise<Pick<DataFacts, 'snapshotFault' | 'tree'>> {
  if (!(await looksWhole(world.disk, snapshot))) {
    return { snapshotFault: 'it does not end as a snapshot does', tree: null };
  }
  const acls = new Map<number, readonly Acl[]>();
  const root = { acl: -1 };
  const largest: LargeNode[] = [];
  const families = new Map<string, { children: number; listBytes: number }>();
  const { fault } = await readSnapshotFile(
    world.disk,
    snapshot.path,
    {
      acl: (number, list) => acls.set(number, list),
      node: ({ path, data, acl }) => {
        if (path === '/') {
          root.acl = acl;
          return;
        }
        if (data !== null && data.length > maxPacketBytes / 2) largest.push({ path, bytes: data.length });
        const slash = path.lastIndexOf('/');
        const parent = slash === 0 ? '/' : path.slice(0, slash);
        const family = families.get(parent) ?? { children: 0, listBytes: 4 };
        family.children++;
        family.listBytes += 4 + Buffer.byteLength(path.slice(slash + 1));
        families.set(parent, family);
      },
    },
    { progress: () => ({ at: () => undefined, end: () => undefined }) },
  );
  if (fault !== null) return { snapshotFault: fault.what, tree: null };
  const crowded = [...families]
    .map(([path, family]) => ({ path, ...family }))
    .filter(({ listBytes }) => listBytes > maxPacketBytes / 2)
    .sort((a, b) => b.listBytes - a.listBytes);
  const tree = {
    rootAcl: acls.get(root.acl) ?? [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }],
    largest: largest.sort((a, b) => b.bytes - a.bytes).slice(0, KEPT),
    crowded: crowded.slice(0, KEPT),
  };
  return { snapshotFault: null, tree };
}
