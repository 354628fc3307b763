import type { Disk } from '../../../src/host/index.js';
import { NodeRules } from '../../../src/pipeline/node-rules.js';
import { Validator } from '../../../src/pipeline/validator.js';
import { ErrorCode, makeZxid, OpCode, PacketType, type TxnEntry } from '../../../src/protocol/index.js';
import { EpochFiles } from '../../../src/storage/epoch-files.js';
import { Database } from '../../../src/storage/index.js';
import { LogFile } from '../../../src/storage/log-file.js';
import { listLogs, listSnapshots } from '../../../src/storage/names.js';
import { SnapshotFileWriter } from '../../../src/storage/snapshot-file.js';
import { Continuity } from '../../../src/storage/zxid-order.js';
import { AclCache } from '../../../src/tree/acl-cache.js';
import { StatAt } from '../../../src/tree/node-table.js';
import { TreeSnapshot } from '../../../src/tree/tree-snapshot.js';
import { TreeState } from '../../../src/tree/tree-state.js';
import { TxnApplier } from '../../../src/tree/txn-applier.js';
import type { History } from '../../../src/zab/needs.js';
import { LearnerHandler } from '../../../src/zab/learner-handler.js';
import { LearnerLog } from '../../../src/zab/learner-log.js';
import { Leader } from '../../../src/zab/leader.js';
import { Learner } from '../../../src/zab/learner.js';
import { type Forwarding, Proposals } from '../../../src/zab/proposals.js';
import { Synchronizer } from '../../../src/zab/synchronizer.js';
import { field, type Method, type Mutant, mutant, overlay, withField } from './mutant.js';

/*
 * Faults that ZooKeeper had, brought into our classes: each makes them do what its servers did. The histories of
 * test/known-bugs show what comes of it; chance alone would take long to find most of them.
 */

/** Calls a method of an object that the language hides. */
function call(self: object, method: string, ...args: unknown[]): unknown {
  return Reflect.apply(field(self, method) as Method, self, args);
}

function together(name: string, switchesOff: string, ...parts: readonly Mutant[]): Mutant {
  return {
    name,
    switchesOff,
    install: () => {
      const undo = parts.map((part) => part.install());
      return () => {
        for (const one of undo.reverse()) one();
      };
    },
  };
}

// --- epochs and the acknowledgement of NEWLEADER

type Step = 'flush' | 'epoch' | 'ack';

/** What a learner does at NEWLEADER, in another order than: flush, epoch, ack. */
function atNewLeader(name: string, switchesOff: string, ...steps: readonly Step[]): Mutant {
  return mutant(name, switchesOff, Learner.prototype, 'acceptNewLeader', () => {
    return async function (this: object, ...args: unknown[]) {
      const [, stream, epoch, log] = args as [
        unknown,
        { send(...a: unknown[]): void; flush(): void },
        number,
        LearnerLog,
      ];
      const { history } = field(this, 'deps') as { history: History };
      history.trustDigestAfter(log.committedZxid);
      const doing: Readonly<Record<Step, () => unknown>> = {
        flush: () => call(this, 'flush', log),
        epoch: () => history.epochs.setCurrent(epoch),
        ack: () => {
          stream.send(PacketType.ack, makeZxid(epoch, 0));
          stream.flush();
        },
      };
      for (const step of steps) await doing[step]();
      log.openAcks();
    };
  });
}

export const EPOCH_BEFORE_HISTORY = atNewLeader(
  'epoch before transactions',
  'transactions of a DIFF are durable before currentEpoch (ZOOKEEPER-4643)',
  'epoch',
  'flush',
  'ack',
);

export const ACK_BEFORE_HISTORY = atNewLeader(
  'NEWLEADER acked before transactions',
  'transactions of a DIFF are durable before NEWLEADER is acknowledged (ZOOKEEPER-4646)',
  'epoch',
  'ack',
  'flush',
);

export const HISTORY_NOT_AWAITED = atNewLeader(
  'the log of a DIFF is not awaited',
  'what a DIFF brings is logged durably before it is acknowledged and served (ZOOKEEPER-3911)',
  'epoch',
  'ack',
);

export const ACK_IN_A_RACE = atNewLeader(
  'NEWLEADER acked while the log is written',
  'the log is durable before the epoch and the acknowledgement (ZOOKEEPER-4785)',
  'ack',
  'epoch',
  'flush',
);

export const ACK_BEFORE_EPOCH = atNewLeader(
  'NEWLEADER acked before the epoch',
  'currentEpoch is durable before NEWLEADER is acknowledged (ZOOKEEPER-3023)',
  'flush',
  'ack',
  'epoch',
);

export const EPOCH_FILE_REMOVED_FIRST = mutant(
  'an epoch file is removed before the new one is renamed',
  'an epoch file is replaced in one step (ZOOKEEPER-4269)',
  EpochFiles.prototype,
  'writeWhole',
  (original) => {
    return async function (this: object, ...args: unknown[]) {
      const { disk } = field(this, 'host') as { disk: { remove(path: string): Promise<void> } };
      await disk.remove(String(args[2])).catch(() => undefined);
      await Reflect.apply(original, this, args);
    };
  },
);

// --- one log, one tree

export const MEMORY_KEPT = mutant(
  'memory is kept over elections',
  'at the end of a role memory becomes what the log says (ZOOKEEPER-2845, 2355)',
  Database.prototype,
  'settle',
  () => {
    return async function (this: object) {
      await (this as Database).flush();
      (field(this, 'unapplied') as { clear(): void }).clear();
    };
  },
);

export const WRITES_OUTLIVE_ROLES = together(
  'writes outlive their role',
  'a role begins when nothing of the one before is on its way to the disk (ZOOKEEPER-4712, 4541)',
  mutant('', '', Database.prototype, 'settle', () => {
    return function (this: object) {
      (field(this, 'unapplied') as { clear(): void }).clear();
      return Promise.resolve();
    };
  }),
  mutant('', '', Database.prototype, 'lastLoggedZxid', () => {
    return function (this: object) {
      return (this as Database).durableZxid;
    };
  }),
);

export const APPLIED_WITHOUT_LOG = together(
  'a commit is applied without the own log',
  'only what is durable in the own log is applied (ZOOKEEPER-4882)',
  mutant('', '', LearnerLog.prototype, 'applyDurable', (original) => {
    return function (this: object) {
      const history = field(this, 'history') as History;
      const boastful = overlay(history, { durableZxid: () => history.lastLoggedZxid });
      return withField(this, 'history', boastful, () => Reflect.apply(original, this, []));
    };
  }),
  mutant('', '', Database.prototype, 'applyNext', (original) => {
    return function (this: object) {
      const writer = overlay(field(this, 'writer') as object, { durableZxid: () => Number.POSITIVE_INFINITY });
      return withField(this, 'writer', writer, () => Reflect.apply(original, this, []));
    };
  }),
);

export const SYNCHRONIZED_NOT_IN_MEMORY = mutant(
  'what a DIFF brings is missing in the committed log',
  'there is one way to apply, and it keeps the committed log whole (ZOOKEEPER-4925)',
  Learner.prototype,
  'apply',
  (original) => {
    return function (this: object, ...args: unknown[]) {
      if (field(this, 'isServing') === true) return Reflect.apply(original, this, args);
      const { history } = field(this, 'deps') as { history: object };
      const state = field(history, 'state') as object;
      return withField(state, 'committed', { push: () => undefined }, () => Reflect.apply(original, this, args));
    };
  },
);

// --- cutting back

type Change = (disk: object, folders: unknown) => Promise<void>;

function changingFiles(name: string, switchesOff: string, change: (run: Change, disk: object) => Change): Mutant {
  return mutant(name, switchesOff, Database.prototype, 'changeFiles', (original) => {
    return function (this: object, run: unknown) {
      const { disk } = field(this, 'host') as { disk: object };
      return Reflect.apply(original, this, [change(run as Change, disk)]);
    };
  });
}

export const TRUNC_IN_MEMORY = changingFiles(
  'TRUNC in memory only',
  'a dead tail is cut off the log, too (ZOOKEEPER-2832)',
  () => () => Promise.resolve(),
);

export const TRUNC_ERRORS_IGNORED = changingFiles(
  'a TRUNC that fails is taken for done',
  'any error of the disk while files are changed is fatal (ZOOKEEPER-3701)',
  (run) => (disk, folders) => run(disk, folders).catch(() => undefined),
);

export const DIRTY_SNAPSHOTS_STAY = changingFiles(
  'snapshots survive TRUNC',
  'snapshots beyond the cut go with it (ZOOKEEPER-1549)',
  (run, real) => (_, folders) => {
    const { remove } = real as { remove: Method };
    const kept = (path: unknown) =>
      String(path).includes('snapshot.') ? Promise.resolve() : Reflect.apply(remove, real, [path]);
    return run(overlay(real, { remove: () => kept }), folders);
  },
);

// --- gaps

export const GAPS_BRIDGED = mutant(
  'the log is read over gaps',
  'a received image leaves a gap in the log that nothing bridges (ZOOKEEPER-2099)',
  Continuity.prototype,
  'take',
  () => {
    return function (this: object, zxid: unknown) {
      if (Number(zxid) <= Number(field(this, 'last'))) return false;
      return Reflect.set(this, 'last', zxid);
    };
  },
);

export const COMMITTED_LOG_KEPT = mutant(
  'the committed log survives an image',
  'the committed log begins anew behind a received image (ZOOKEEPER-2846)',
  Database.prototype,
  'replaceState',
  (original) => {
    return function (this: object, state: unknown) {
      const { committed } = field(this, 'state') as { committed: unknown };
      return Reflect.apply(original, this, [{ ...(state as object), committed }]);
    };
  },
);

// --- images

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

// --- learners that join

export const FORWARDED_FROM_ACK_ON = together(
  'proposals only for who acknowledged NEWLEADER',
  'a learner is registered in the turn that plans its history (first gap of the Zab paper)',
  mutant('', '', Proposals.prototype, 'startForwarding', () => () => undefined),
  mutant('', '', Leader.prototype, 'newLeaderAcked', (original) => {
    return function (this: object, handler: unknown) {
      const proposals = field(this, 'proposals') as { lastProposed: number };
      (field(proposals, 'learners') as Map<Forwarding, number>).set(handler as Forwarding, proposals.lastProposed);
      return Reflect.apply(original, this, [handler]);
    };
  }),
);

export const TWICE_IS_LOGGED_TWICE = mutant(
  'what is there already is logged again',
  'a proposal that is in the log is only acknowledged again (second gap of the Zab paper)',
  LearnerLog.prototype,
  'append',
  (original) => {
    return function (this: object, entry: unknown) {
      const { zxid } = (entry as TxnEntry).header;
      const history = overlay(field(this, 'history') as object, { lastLoggedZxid: () => zxid - 1 });
      return withField(this, 'history', history, () => Reflect.apply(original, this, [entry]));
    };
  },
);

export const OLD_COMMITS_NOT_TOLD = mutant(
  'commits during synchronization are not passed on',
  'who joins is told of commits up to the newest one (third gap of the Zab paper)',
  LearnerHandler.prototype,
  'committed',
  (original) => {
    return function (this: object, entry: unknown) {
      if (field(this, 'isLive') === true) Reflect.apply(original, this, [entry]);
    };
  },
);

export const COMMIT_AFTER_NEWLEADER_FAILS = mutant(
  'a COMMIT behind NEWLEADER is a surprise',
  'a COMMIT is one whatever phase it comes in (ZOOKEEPER-4394)',
  Learner.prototype,
  'handleHistory',
  (original) => {
    return function (this: object, ...args: unknown[]) {
      const [packet, log] = args as [{ type: number }, object];
      if (packet.type === PacketType.commit && field(log, 'acksOpen') === true) {
        throw new Error('there is no packet that was not committed');
      }
      return Reflect.apply(original, this, args);
    };
  },
);

export const ACKS_BEFORE_NEWLEADER = mutant(
  'proposals are acknowledged before NEWLEADER',
  'acknowledgements of proposals come behind the one of NEWLEADER (ZOOKEEPER-4685)',
  LearnerLog.prototype,
  'durable',
  (original) => {
    return function (this: object) {
      call(this, 'acknowledge');
      return Reflect.apply(original, this, []);
    };
  },
);

export const EARLY_ACKS_END_THE_LEADER = mutant(
  'an early acknowledgement ends the connection',
  'acknowledgements before the one of NEWLEADER count with it (ZOOKEEPER-4685)',
  LearnerHandler.prototype,
  'newLeaderAck',
  (original) => {
    return function (this: object) {
      return Reflect.apply(original, this, [Number.NEGATIVE_INFINITY]);
    };
  },
);

export const BOUNDS_OF_READ_ONLY = mutant(
  'the committed log is taken for the whole history',
  'TRUNC goes by what is applied, not by the bounds of the committed log (ZOOKEEPER-3526)',
  Synchronizer.prototype,
  'start',
  (original) => {
    return function (this: object, ...args: unknown[]) {
      const context = field(this, 'context') as { history: History };
      const { committedLog } = context.history;
      const entries = committedLog.entries.slice(0, -2);
      const changed = overlay(context.history, {
        committedLog: () => ({ ...committedLog, entries }),
        lastAppliedZxid: () => entries.at(-1)?.header.zxid ?? 0,
      });
      return withField(this, 'context', { ...context, history: changed }, () => Reflect.apply(original, this, args));
    };
  },
);

// --- leaders

export const DISLOYAL_VOTERS_AWAITED = mutant(
  'a leader waits for voters that look for another one',
  'a leader gives up when the voters turn away (ZOOKEEPER-3109)',
  Leader.prototype,
  'voterLooks',
  () => () => undefined,
);

export const COUNTER_ROLLS_OVER = mutant(
  'the counter rolls over',
  'an epoch ends before its counter does (ZOOKEEPER-1277)',
  Proposals.prototype,
  'propose',
  (original) => {
    return function (this: object, entry: unknown) {
      return withField(this, 'counterEnd', Number.POSITIVE_INFINITY, () => Reflect.apply(original, this, [entry]));
    };
  },
);

// --- files

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

// --- fuzzy snapshots

export const FUZZY_SNAPSHOTS = together(
  'snapshots are fuzzy',
  'a snapshot is of one moment: what is about to change is preserved first (ZOOKEEPER-3104, 3125 and its family)',
  mutant('', '', TreeSnapshot.prototype, 'beforeChange', () => () => undefined),
  mutant('', '', TreeSnapshot.prototype, 'created', () => () => undefined),
);

export const PZXID_OF_THE_MISSING = mutant(
  'a repeated delete leaves the pzxid alone',
  'the replay of a delete sets the pzxid of the parent, also when the node is gone (ZOOKEEPER-3125)',
  TreeState.prototype,
  'delete',
  (original) => {
    return function (this: object, ...args: unknown[]) {
      const nodes = field(this, 'nodes') as { find(path: unknown): number };
      return nodes.find(args[0]) < 0 ? ErrorCode.noNode : Reflect.apply(original, this, args);
    };
  },
);

export const CVERSION_REVERTED = mutant(
  'a repeated create turns the parent back',
  'the replay of a create never lowers cversion and pzxid (ZOOKEEPER-3249)',
  TreeState.prototype,
  'raiseCversion',
  () => {
    return function (this: object, row: unknown, wanted: unknown, zxid: unknown) {
      const nodes = field(this, 'nodes') as { setCversion(...a: unknown[]): void; putLong(...a: unknown[]): void };
      nodes.setCversion(row, wanted);
      nodes.putLong(row, StatAt.pzxid, zxid);
    };
  },
);

export const UNLISTED_PATHS_ONLY = mutant(
  'closeSession goes by owners alone',
  'closeSession deletes what it lists, also what is gone or another’s over a fuzzy snapshot (ZOOKEEPER-3145, 5010)',
  TxnApplier.prototype,
  'closeSession',
  (original) => {
    return function (this: object, header: unknown, txn: unknown) {
      return Reflect.apply(original, this, [header, { ...(txn as object), paths: [] }]);
    };
  },
);

export const UNKNOWN_ACL_REFUSED = mutant(
  'an ACL id that nobody explains ends the loading',
  'an ACL that was made while a snapshot was written comes from the log (ZOOKEEPER-4846)',
  AclCache.prototype,
  'useId',
  (original) => {
    return function (this: object, id: unknown) {
      const known = field(this, 'slotOfId') as ReadonlyMap<unknown, number>;
      if (id !== -1 && !known.has(id)) throw new Error(`no ACL list has the number ${String(id)}`);
      return Reflect.apply(original, this, [id]);
    };
  },
);

// --- requests

export const CHECK_ALONE_TAKEN = mutant(
  'check stands alone',
  'check outside of a multi is refused (ZOOKEEPER-2623)',
  Validator.prototype,
  'judge',
  (original) => {
    return function (this: object, op: unknown, petition: unknown) {
      if ((op as { type: number }).type !== OpCode.check) return Reflect.apply(original, this, [op, petition]);
      return call(field(this, 'rules') as object, 'judge', op, petition);
    };
  },
);

export const VERSION_MINUS_ONE = mutant(
  'versions wrap through -1',
  'a version is never -1, which would fit every node (ZOOKEEPER-4743)',
  NodeRules.prototype,
  'judge',
  (original) => {
    return function (this: object, ...args: unknown[]) {
      const verdict = Reflect.apply(original, this, args) as number | { type: number; version?: number };
      if (typeof verdict === 'number' || verdict.type !== OpCode.setData || verdict.version !== 0) return verdict;
      return { ...verdict, version: -1 };
    };
  },
);

export const DISK_ERRORS_SURVIVED = mutant(
  'a leader lives on without its log',
  'a server whose log fails ends (ZOOKEEPER-2247)',
  Database.prototype,
  'fail',
  () => () => undefined,
);
