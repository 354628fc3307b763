import { Database } from '../../../../src/storage/index.js';
import { LearnerLog } from '../../../../src/zab/learner-log.js';
import type { History } from '../../../../src/zab/needs.js';
import { field, mutant, overlay, part, together, withField } from '../mutant.js';

/*
 * Memory, log and disk over the end of roles. Each makes our classes do what ZooKeeper's did; the histories
 * of test/known-bugs show what comes of it.
 */

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
  part(Database.prototype, 'settle', () => {
    return function (this: object) {
      (field(this, 'unapplied') as { clear(): void }).clear();
      return Promise.resolve();
    };
  }),
  part(Database.prototype, 'lastLoggedZxid', () => {
    return function (this: object) {
      return (this as Database).durableZxid;
    };
  }),
);

export const APPLIED_WITHOUT_LOG = together(
  'a commit is applied without the own log',
  'only what is durable in the own log is applied (ZOOKEEPER-4882)',
  part(LearnerLog.prototype, 'applyDurable', (original) => {
    return function (this: object) {
      const history = field(this, 'history') as History;
      const boastful = overlay(history, { durableZxid: () => history.lastLoggedZxid });
      return withField(this, 'history', boastful, () => Reflect.apply(original, this, []));
    };
  }),
  part(Database.prototype, 'applyNext', (original) => {
    return function (this: object) {
      const writer = overlay(field(this, 'writer') as object, { durableZxid: () => Number.POSITIVE_INFINITY });
      return withField(this, 'writer', writer, () => Reflect.apply(original, this, []));
    };
  }),
);
