import { NodeRules } from '../../../../src/pipeline/node-rules.js';
import { Validator } from '../../../../src/pipeline/validator.js';
import { OpCode } from '../../../../src/protocol/index.js';
import { Database } from '../../../../src/storage/index.js';
import { LogWriter } from '../../../../src/storage/log-writer.js';
import { Leader } from '../../../../src/zab/leader.js';
import { Proposals } from '../../../../src/zab/proposals.js';
import { call, field, mutant, part, together, withField } from '../mutant.js';

/*
 * Leaders that should go, and requests that should not be taken. Each makes our classes do what ZooKeeper's did; the histories
 * of test/known-bugs show what comes of it.
 */

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

export const DISK_ERRORS_SURVIVED = together(
  'a leader lives on without its log',
  'a server whose log fails ends, and a leader whose log hangs steps down (ZOOKEEPER-2247)',
  part(LogWriter.prototype, 'fail', () => () => undefined),
  part(Database.prototype, 'oldestUnsyncedMs', () => () => 0),
);
