import {
  bool,
  int,
  oneOf,
  optional,
  path,
  propertyBool,
  propertyInt,
  propertyLong,
  real,
  yesNo,
} from '../value-types.js';
import { fileKey, ownKey, propertyKey } from './definition.js';

/** Transaction log, snapshots, recovery and purge. */
export const storage = {
  snapCount: propertyKey(propertyInt({ raiseTo: 2 }), 100_000, {
    unit: 'transactions',
    effect:
      'Transactions after which a snapshot is taken and the log rolls; each server picks a half to the whole of it.',
  }),
  snapSizeLimitInKb: propertyKey(propertyLong({ raiseTo: 0 }), 4_194_304, {
    unit: 'KiB',
    effect: 'Size of the log after which a snapshot is taken; 0: only snapCount decides.',
  }),
  txnLogSizeLimitInKb: propertyKey(propertyLong(), -1, {
    unit: 'KiB',
    effect: 'Size of a log file beyond which the next one is begun; 0 or less: no limit.',
  }),
  preAllocSize: propertyKey(propertyLong({ raiseTo: 0 }), 65_536, {
    unit: 'KiB',
    effect: 'How far ahead a log file is filled with zeros, so that appends do not grow it; 0: not at all.',
  }),
  forceSync: propertyKey(yesNo('yes'), true, {
    effect:
      'Makes every transaction durable before it is acknowledged; without it a power cut loses acknowledged writes.',
  }),
  'fsync.warningthresholdms': propertyKey(propertyLong({ min: 0 }), 1000, {
    since: '3.3.4',
    unit: 'ms',
    otherProperties: ['fsync.warningthresholdms'],
    effect: 'Duration of an fsync from which a warning is logged.',
  }),
  commitLogCount: propertyKey(propertyInt({ raiseTo: 500 }), 500, {
    since: '3.6.0',
    unit: 'transactions',
    effect: 'Newest transactions that are kept in memory for learners that lag a little.',
  }),
  snapshotSizeFactor: propertyKey(real({ max: 1 }), 0.33, {
    since: '3.5.0',
    effect:
      'Share of the snapshot up to which the log on disk is sent to a learner instead of a snapshot; below 0: never.',
  }),
  'snapshot.trust.empty': propertyKey(propertyBool(), false, {
    since: '3.5.6',
    effect: 'Starts with a log but without any snapshot, as data of 3.4 may be.',
  }),
  'snapshot.compression.method': propertyKey(oneOf(['', 'gz', 'snappy']), '', {
    since: '3.6.0',
    effect: 'Compression of the snapshots that are written; every kind is read.',
    defaultText: 'none',
  }),
  'serializeLastProcessedZxid.enabled': propertyKey(propertyBool(), true, {
    since: '3.9.0',
    effect: 'Writes the last zxid into snapshots.',
  }),
  'digest.enabled': propertyKey(propertyBool(), true, {
    since: '3.6.0',
    effect: 'Keeps a digest of the tree, sends it with every transaction and compares it.',
  }),
  'db.autocreate': propertyKey(propertyBool(), true, {
    since: '3.6.0',
    effect:
      'Lets a server without data vote at once; false: only after it was synchronized, or with a file "initialize".',
  }),
  'autopurge.snapRetainCount': fileKey(int({ raiseTo: 3 }), 3, {
    since: '3.4.0',
    effect: 'Newest snapshots that the purge keeps, with the logs they need.',
  }),
  'autopurge.purgeInterval': fileKey(int({ raiseTo: 0 }), 24, {
    since: '3.4.0',
    unit: 'h',
    effect: 'Time between two purges of old snapshots and logs; 0: never, which is the default of Apache ZooKeeper.',
  }),
  diskSpaceWarnInMb: ownKey(int({ min: 0 }), 1024, {
    unit: 'MiB',
    effect: 'With less than this free where the data are, a warning says that the disk fills; 0: never.',
  }),
  diskSpaceStopInMb: ownKey(optional(int({ min: 0 })), null, {
    unit: 'MiB',
    effect:
      'With less than this free, the server gives up its role, votes no more and serves nobody until there is room again; 0: never.',
    defaultText: 'preAllocSize and 16 MiB',
  }),
  snapshotOnStopInMs: ownKey(int({ min: 0, max: 5000 }), 3000, {
    unit: 'ms',
    effect:
      'How long a stop in good order may take for a snapshot that saves the next start much replaying; 0: none is taken.',
  }),
  'backup.dir': ownKey(path(), null, {
    effect: 'Folder that backups are written into; none: no backups are made by themselves.',
  }),
  'backup.intervalInMinutes': ownKey(int({ min: 1 }), 60, {
    unit: 'min',
    effect: 'Time between two backups.',
  }),
  'backup.retainCount': ownKey(int({ min: 1 }), 24, {
    effect: 'Newest backups of this server that are kept.',
  }),
  syncEnabled: fileKey(bool(), true, {
    since: '3.4.6, 3.5.0',
    effect: 'An observer logs transactions and takes snapshots, too; false: it keeps what is new in memory only.',
    names: [
      { kind: 'file', name: 'observer.syncEnabled' },
      { kind: 'property', name: 'zookeeper.observer.syncEnabled' },
      { kind: 'file', name: 'syncEnabled' },
    ],
  }),
  flushDelay: propertyKey(propertyLong(), 0, {
    unit: 'ms',
    support: 'moot',
    effect: 'Time for which a flush of the log waits for more transactions.',
  }),
  maxWriteQueuePollTime: propertyKey(propertyLong(), 0, {
    unit: 'ms',
    support: 'moot',
    effect: 'Time without requests after which a delayed flush is done.',
    defaultText: 'flushDelay / 3',
  }),
  maxBatchSize: propertyKey(propertyInt(), 1000, {
    unit: 'transactions',
    support: 'moot',
    effect: 'Transactions after which the log is flushed.',
  }),
};
