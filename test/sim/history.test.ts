import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '../fakes/index.js';
import { formatHistory, type HistoryLine, type HistoryOp, type HistoryResult, parseHistory } from './history.js';
import { checkLinearizable, type Operation, type SequentialModel } from './linearizability/checker.js';
import { checkSequence, type SequenceOperation } from './linearizability/sequence-check.js';
import { checkSequential } from './linearizability/sequential.js';
import { checkZooKeeperHistory, describePartition } from './linearizability/zookeeper.js';

/** A register that is written or read; null: read as never written. */
type RegisterOp = { readonly write: number } | { readonly read: number | null };

const REGISTER: SequentialModel<{ value: number | null }, RegisterOp> = {
  initial: { value: null },
  keyOf: ({ value }) => String(value),
  step: (state, op) => ('write' in op ? { value: op.write } : op.read === state.value ? state : null),
};

function at<T>(value: T, invokedMs: number, returnedMs = Number.POSITIVE_INFINITY): Operation<T> {
  return { value, invokedMs, returnedMs };
}

describe('the linearizability checker', () => {
  const cases: readonly [name: string, verdict: string, operations: readonly Operation<RegisterOp>[]][] = [
    ['an empty history', 'linearizable', []],
    ['one after the other', 'linearizable', [at({ write: 1 }, 0, 1), at({ read: 1 }, 2, 3)]],
    [
      'a read of what was replaced',
      'not linearizable',
      [at({ write: 1 }, 0, 1), at({ write: 2 }, 2, 3), at({ read: 1 }, 4, 5)],
    ],
    [
      'overlapping writes in either order',
      'linearizable',
      [at({ write: 1 }, 0, 9), at({ write: 2 }, 1, 8), at({ read: 1 }, 10, 11)],
    ],
    ['a read during the write', 'linearizable', [at({ write: 1 }, 0, 9), at({ read: 1 }, 1, 2), at({ read: 1 }, 3, 4)]],
    [
      'a read that goes back',
      'not linearizable',
      [at({ write: 1 }, 0, 9), at({ read: 1 }, 1, 2), at({ read: null }, 3, 4)],
    ],
    [
      'an unanswered write that took effect',
      'linearizable',
      [at({ write: 1 }, 0), at({ read: null }, 1, 2), at({ read: 1 }, 3, 4)],
    ],
    ['an unanswered write that did not', 'linearizable', [at({ write: 1 }, 0), at({ read: null }, 5, 6)]],
    ['an effect before its invocation', 'not linearizable', [at({ read: 1 }, 0, 1), at({ write: 1 }, 2)]],
  ];
  for (const [name, verdict, operations] of cases) {
    it(`finds ${name} ${verdict}`, () => {
      assert.equal(checkLinearizable(operations, REGISTER).kind, verdict);
    });
  }

  it('says undecided when its steps are used up', () => {
    const many = Array.from({ length: 40 }, (_, n) => at<RegisterOp>({ write: n }, 0, 100));
    assert.equal(checkLinearizable([...many, at<RegisterOp>({ read: 99 }, 0, 100)], REGISTER, 500).kind, 'undecided');
  });

  it('accepts every history that a real order made, and agrees with trying all orders on small ones', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 6 }), (seed, count) => {
        const random = new SeededRandom(seed);
        const operations = Array.from({ length: count }, (): Operation<RegisterOp> => {
          const invokedMs = random.below(10);
          const value = random.oneIn(2) ? { write: random.below(2) } : { read: [null, 0, 1][random.below(3)] ?? null };
          return at<RegisterOp>(value, invokedMs, invokedMs + random.below(6));
        });
        assert.equal(checkLinearizable(operations, REGISTER).kind === 'linearizable', byBruteForce(operations));
      }),
      { numRuns: 400 },
    );
  });
});

function byBruteForce(operations: readonly Operation<RegisterOp>[]): boolean {
  const tryFrom = (state: { value: number | null }, left: readonly Operation<RegisterOp>[]): boolean => {
    if (left.length === 0) return true;
    return left.some((one) => {
      const isFirst = left.every((other) => other === one || other.returnedMs >= one.invokedMs);
      const next = isFirst ? REGISTER.step(state, one.value) : null;
      return (
        next !== null &&
        tryFrom(
          next,
          left.filter((other) => other !== one),
        )
      );
    });
  };
  return tryFrom(REGISTER.initial, operations);
}

/** The same as a search sees it. */
const SEQUENCE: SequentialModel<number, SequenceOperation> = {
  initial: 0,
  keyOf: String,
  step: (count, { number }) => (number === null || number === count ? count + 1 : null),
};

describe('the check of sequential nodes', () => {
  const numbered = (number: number | null, invokedMs: number, returnedMs?: number): Operation<SequenceOperation> =>
    at({ text: `-> ${number}`, number }, invokedMs, returnedMs);
  const cases: readonly [name: string, verdict: string, operations: readonly Operation<SequenceOperation>[]][] = [
    ['one behind the other', 'linearizable', [numbered(0, 0, 1), numbered(1, 2, 3)]],
    ['a number that was given twice', 'not linearizable', [numbered(0, 0, 5), numbered(0, 0, 5)]],
    ['an order against time', 'not linearizable', [numbered(1, 0, 1), numbered(0, 2, 3)]],
    ['a number nobody asked for', 'not linearizable', [numbered(0, 0, 1), numbered(2, 2, 3)]],
    ['a number whose answer was lost', 'linearizable', [numbered(0, 0, 1), numbered(null, 1), numbered(2, 2, 3)]],
    ['a lost answer that came too late', 'not linearizable', [numbered(0, 0, 1), numbered(2, 2, 3), numbered(null, 4)]],
  ];
  for (const [name, verdict, operations] of cases) {
    it(`finds ${name} ${verdict}`, () => {
      assert.equal(checkSequence(operations).kind, verdict);
    });
  }

  it('says what the search says', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 7 }), (seed, count) => {
        const random = new SeededRandom(seed);
        const operations = Array.from({ length: count }, (_, n) => {
          const invokedMs = random.below(8);
          if (random.oneIn(3)) return numbered(null, invokedMs);
          return numbered(random.oneIn(4) ? random.below(count) : n, invokedMs, invokedMs + random.below(8));
        });
        assert.equal(checkSequence(operations).kind, checkLinearizable(operations, SEQUENCE).kind);
      }),
      { numRuns: 2000 },
    );
  });
});

let clockMs = 0;

/** A line that follows the last one in time. */
function line(op: HistoryOp, err = 0, result: HistoryResult = {}, times: Partial<HistoryLine> = {}): HistoryLine {
  const invokedMs = clockMs++;
  return { client: 'c', session: '0x1', op, invokedMs, returnedMs: clockMs++, zxid: clockMs, err, result, ...times };
}

const create = (path: string, data: string): HistoryOp => ({
  kind: 'create',
  path,
  data,
  sequential: false,
  ephemeral: false,
});
const set = (path: string, data: string, version = -1): HistoryOp => ({ kind: 'set', path, data, version });
const get = (path: string, isSynced = true): HistoryOp => ({ kind: 'get', path, isSynced });
const remove = (path: string, version = -1): HistoryOp => ({ kind: 'delete', path, version });
const NO_NODE = -101;
const BAD_VERSION = -103;
const NODE_EXISTS = -110;

function faults(history: readonly HistoryLine[]): string[] {
  return checkZooKeeperHistory(history).flatMap((partition) => describePartition(partition) ?? []);
}

describe('histories of ZooKeeper', () => {
  const sound = (): HistoryLine[] => [
    line(get('/a'), NO_NODE),
    line(create('/a', 'x'), 0, { path: '/a' }),
    line(create('/a', 'y'), NODE_EXISTS),
    line(set('/a', 'z', 0), 0, { version: 1 }),
    line(set('/a', 'w', 0), BAD_VERSION),
    line(get('/a'), 0, { data: 'z', version: 1 }),
    line({ kind: 'multi', parts: [set('/a', 'm'), create('/b', 'n')] }, 0, {
      parts: [{ err: 0, version: 2 }, { err: 0 }],
    }),
    line({ kind: 'multi', parts: [remove('/a'), create('/b', 'n')] }, 0, { parts: [{ err: 0 }, { err: NODE_EXISTS }] }),
    line(get('/a'), 0, { data: 'm', version: 2 }),
    line(remove('/a', 2)),
    line({ ...create('/q/n-', ''), sequential: true } as HistoryOp, 0, { path: '/q/n-0000000000' }),
    line({ ...create('/q/n-', ''), sequential: true } as HistoryOp, 0, { path: '/q/n-0000000001' }),
  ];

  it('pass when they are sound', () => {
    assert.deepEqual(faults(sound()), []);
    assert.deepEqual(checkSequential(sound()), []);
  });

  const planted: readonly [name: string, history: () => readonly HistoryLine[]][] = [
    ['a lost write', () => [...sound(), line(create('/a', 'x')), line(get('/a'), NO_NODE)]],
    ['a stale fresh read', () => [line(create('/a', 'x')), line(set('/a', 'y')), line(get('/a'), 0, { data: 'x' })]],
    ['a write applied twice', () => [line(create('/a', 'x')), line(set('/a', 'y'), 0, { version: 2 })]],
    ['two creators', () => [line(create('/a', 'x')), line(create('/a', 'y'))]],
    [
      'a version that was passed twice',
      () => [line(create('/a', '')), line(set('/a', 'y', 0)), line(set('/a', 'z', 0))],
    ],
    [
      'half a multi',
      () => [
        line(create('/a', '')),
        line({ kind: 'multi', parts: [remove('/a'), remove('/b')] }, 0, { parts: [{ err: 0 }, { err: NO_NODE }] }),
        line(get('/a'), NO_NODE),
      ],
    ],
    [
      'a failed write that took effect',
      () => [line(create('/a', 'x')), line(set('/a', 'y', 3), BAD_VERSION), line(get('/a'), 0, { data: 'y' })],
    ],
    [
      'a sequence that repeats',
      () =>
        [0, 0].map(() =>
          line({ ...create('/q/n-', ''), sequential: true } as HistoryOp, 0, { path: '/q/n-0000000000' }),
        ),
    ],
    ['an effect out of nothing', () => [line(get('/a'), 0, { data: 'x', version: 0 })]],
  ];
  for (const [name, history] of planted) {
    it(`do not pass with ${name}`, () => {
      assert.notDeepEqual(faults(history()), []);
    });
  }

  it('may have a lost answer whose write shows late', () => {
    const lost = line(set('/a', 'y'), 0, {}, { returnedMs: null });
    const before = [line(create('/a', 'x')), lost, line(get('/a'), 0, { data: 'x', version: 0 })];
    assert.deepEqual(faults([...before, line(get('/a'), 0, { data: 'y', version: 1 })]), []);
    const back = [...before, line(get('/a'), 0, { data: 'y' }), line(get('/a'), 0, { data: 'x' })];
    assert.notDeepEqual(faults(back), []);
  });

  it('say nothing of nodes that servers remove by themselves', () => {
    const ephemeral: HistoryOp = { kind: 'create', path: '/e', data: '', sequential: false, ephemeral: true };
    assert.deepEqual(faults([line(ephemeral), line(get('/e'), NO_NODE)]), []);
  });

  const shown = (zxid: number, mzxid: number, data: string, version: number): HistoryLine =>
    line(get('/a', false), 0, { data, mzxid, version }, { zxid });
  const unordered: readonly [name: string, history: () => readonly HistoryLine[]][] = [
    ['a session that goes back', () => [shown(5, 2, 'x', 0), shown(4, 2, 'x', 0)]],
    ['a node that goes back', () => [shown(5, 4, 'y', 1), shown(6, 2, 'x', 0)]],
    ['two faces of one transaction', () => [shown(5, 2, 'x', 0), shown(6, 2, 'y', 0)]],
    ['a change from the future', () => [shown(5, 6, 'x', 0)]],
  ];
  for (const [name, history] of unordered) {
    it(`are not sequentially consistent with ${name}`, () => {
      assert.notDeepEqual(checkSequential(history()), []);
    });
  }

  it('are JSON lines, read back as they were written', () => {
    const history = sound();
    assert.deepEqual(parseHistory(formatHistory(history)), history);
    assert.throws(() => parseHistory(`${formatHistory(history.slice(0, 1))}{"client":1}`), /line 2.*client/);
  });
});
