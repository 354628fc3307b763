import type { Disk } from '../../../../src/host/index.js';
import { Database } from '../../../../src/storage/index.js';
import { LogFile } from '../../../../src/storage/log-file.js';
import { listLogs, listSnapshots } from '../../../../src/storage/names.js';
import { SnapshotFileWriter } from '../../../../src/storage/snapshot-file.js';
import { call, field, mutant } from '../mutant.js';

/*
 * Logs, snapshots and received images on disk. Each makes our classes do what ZooKeeper's did; the histories
 * of test/known-bugs show what comes of it.
 */

interface Received {
  readonly tree: object;
  readonly sessions: object;
}

/** Memory takes the place of the old state, the disk does not. */
function adoptInMemory(database: object, { tree, sessions }: Received): void {
  const { committed } = field(database, 'state') as { committed: { clear(): void } };
  committed.clear();
  call(database, 'replaceState', { tree, sessions, committed });
}

export const IMAGE_IN_MEMORY = mutant(
  'a received image is in memory only',
  'a received image is durable before it is the state (ZOOKEEPER-3642, 2872)',
  Database.prototype,
  'adopt',
  () => {
    return function (this: object, received: unknown) {
      adoptInMemory(this, received as Received);
      return Promise.resolve();
    };
  },
);

export const STATE_CLEARED_FIRST = mutant(
  'the own state goes before the image is there',
  'nothing of the own state changes before all of an image is here (ZOOKEEPER-5094)',
  Database.prototype,
  'receiveSnapshot',
  (original) => {
    return function (this: object, zxid: unknown) {
      const before = field(this, 'state') as Received & { committed: { clear(): void } };
      const loader = before.tree.constructor as unknown as { new (options: object): { lastProcessedZxid: number } };
      const tree = new loader({ digestEnabled: true, extendedTypes: true });
      tree.lastProcessedZxid = Number(zxid);
      before.committed.clear();
      Reflect.set(this, 'state', { tree, sessions: new Map(), committed: before.committed });
      return Reflect.apply(original, this, [zxid]);
    };
  },
);

export const CUT_TOO_EARLY = mutant(
  'TRUNC cuts one record too many',
  'TRUNC keeps all up to its zxid (ZOOKEEPER-1156)',
  LogFile.prototype,
  'nextBatch',
  (original) => {
    return async function (this: object) {
      const records = (await Reflect.apply(original, this, [])) as readonly { offset: number }[];
      return records.map((record, at) => ({ ...record, offset: records[at - 1]?.offset ?? record.offset }));
    };
  },
);

export const EMPTY_LOGS_REFUSED = mutant(
  'an empty log ends the start',
  'an empty log at the end is what a crash leaves (ZOOKEEPER-2332)',
  LogFile,
  'open',
  (original) => {
    return function (this: object, ...args: unknown[]) {
      const [, stored] = args as [unknown, { sizeBytes: number }];
      if (stored.sizeBytes === 0) return Promise.reject(new Error('EOF where a log header should be'));
      return Reflect.apply(original, this, args);
    };
  },
);

export const LOGS_ALONE_TRUSTED = mutant(
  'logs without a snapshot are trusted',
  'a start without any snapshot is refused when there are logs (ZOOKEEPER-2325)',
  Database,
  'open',
  (original) => {
    return function (this: object, ...args: unknown[]) {
      const [host, metrics, options] = args as [unknown, unknown, object];
      return Reflect.apply(original, this, [host, metrics, { ...options, trustEmptySnapshot: true }]);
    };
  },
);

export const LOGS_PURGED_BY_NAME = mutant(
  'logs are purged by their names',
  'the log that a kept snapshot lies in stays (ZOOKEEPER-2574)',
  Database.prototype,
  'purge',
  (original) => {
    return async function (this: object, ...args: unknown[]) {
      const gone = await Reflect.apply(original, this, args);
      const { disk } = field(this, 'host') as { disk: Disk };
      const { logDir, snapDir } = field(this, 'folders') as { logDir: string; snapDir: string };
      const oldest = (await listSnapshots(disk, snapDir)).at(-1)?.zxid ?? 0;
      for (const { path, zxid } of await listLogs(disk, logDir)) if (zxid < oldest) await disk.remove(path);
      return gone;
    };
  },
);

export const IMAGE_FILE_LATER = mutant(
  'the file of a received image comes later',
  'a received image has its durable file before anything is acknowledged (ZOOKEEPER-2872)',
  SnapshotFileWriter.prototype,
  'publish',
  (original) => {
    return function (this: object) {
      // The first file of all is not received.
      return field(this, 'zxid') === 0 ? Reflect.apply(original, this, []) : Promise.resolve();
    };
  },
);
