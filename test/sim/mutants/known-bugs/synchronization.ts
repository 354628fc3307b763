import { PacketType, type TxnEntry } from '../../../../src/protocol/index.js';
import { Database } from '../../../../src/storage/index.js';
import { Continuity } from '../../../../src/storage/zxid-order.js';
import { Leader } from '../../../../src/zab/leader.js';
import { LearnerHandler } from '../../../../src/zab/learner-handler.js';
import { LearnerLog } from '../../../../src/zab/learner-log.js';
import { Learner } from '../../../../src/zab/learner.js';
import type { History } from '../../../../src/zab/needs.js';
import { type Forwarding, Proposals } from '../../../../src/zab/proposals.js';
import { Synchronizer } from '../../../../src/zab/synchronizer.js';
import { type Method, type Mutant, call, field, mutant, overlay, part, together, withField } from '../mutant.js';

/*
 * How a learner comes to the history of its leader. Each makes our classes do what ZooKeeper's did; the histories
 * of test/known-bugs show what comes of it.
 */

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

export const TRUNC_ON_DISK_ONLY = mutant(
  'TRUNC on disk only',
  'behind TRUNC memory is built anew from the disk (ZOOKEEPER-5010)',
  Database.prototype,
  'replaceState',
  (original) => {
    return function (this: object, state: unknown) {
      const { tree } = state as { tree: { lastProcessedZxid: number } };
      const before = field(this, 'state') as { tree: { lastProcessedZxid: number } };
      before.tree.lastProcessedZxid = tree.lastProcessedZxid;
      return Reflect.apply(original, this, [before]);
    };
  },
);

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

export const FORWARDED_FROM_ACK_ON = together(
  'proposals only for who acknowledged NEWLEADER',
  'a learner is registered in the turn that plans its history (first gap of the Zab paper)',
  part(Proposals.prototype, 'startForwarding', () => () => undefined),
  part(Leader.prototype, 'newLeaderAcked', (original) => {
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
