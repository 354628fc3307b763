import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compare, Histogram, Outcome, parseLaunch, parseMix, reportJson, reportText } from '../../src/load/index.js';
import { shareOf } from '../../src/load/plan.js';

describe('a histogram', () => {
  const values = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 200 });

  it('tells percentiles to 0.8 %, never too low', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 100 }), (all, percent) => {
        const histogram = new Histogram();
        for (const value of all) histogram.record(value);
        const sorted = [...all].sort((a, b) => a - b);
        const exact = sorted[Math.ceil((percent / 100) * sorted.length) - 1] ?? 0;
        const told = histogram.percentile(percent);
        assert.ok(told >= exact && told <= exact * 1.008, `${told} for ${exact}`);
        assert.equal(histogram.max, sorted.at(-1));
      }),
    );
  });

  it('adds up, and goes to another thread and back', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [left, right, both] = [new Histogram(), new Histogram(), new Histogram()];
        for (const value of a) left.record(value);
        for (const value of b) right.record(value);
        for (const value of [...a, ...b]) both.record(value);
        left.add(Histogram.ofParts(structuredClone(right.toParts())));
        assert.deepEqual(left, both);
      }),
    );
  });

  it('is 0 without a value, and takes what is out of its range for the end of it', () => {
    const histogram = new Histogram();
    assert.deepEqual([histogram.mean, histogram.percentile(99), histogram.max], [0, 0, 0]);
    histogram.record(1e15);
    histogram.record(-5);
    assert.deepEqual([histogram.percentile(1), histogram.max], [0, 2 ** 31 - 1]);
  });
});

describe('the command line of zk-bench', () => {
  it('has defaults, and says what a profile does', () => {
    const { plan, servers, workers } = parseLaunch([]);
    assert.deepEqual(plan.mix, { get: 80, set: 20 });
    assert.deepEqual([plan.sessions, plan.depth, plan.payloadBytes, plan.keys], [16, 8, 100, 1000]);
    assert.deepEqual([servers, workers], [['localhost:2181'], 1]);
    assert.equal(parseLaunch(['--profile', 'locks']).plan.keys, 4);
  });

  it('compares two', () => {
    assert.deepEqual(parseLaunch(['--server', 'a', '--compare', 'b']).servers, ['a', 'b']);
  });

  const bad: readonly [words: string, message: RegExp][] = [
    ['--profile x', /--profile is one of mixed, reads, writes, locks, watches, sessions/],
    ['--mix get=x', /the weight of get/],
    ['--mix fly', /"fly" is no operation/],
    ['--mix get=0', /a weight above 0/],
    ['--profile locks --mix get', /has none/],
    ['--profile watches --rate 5', /has none/],
    ['--sessions 0', /--sessions needs a whole number from 1/],
    ['--sessions 2 --workers 3', /too few/],
    ['--seconds x', /--seconds needs a number/],
    ['--nonsense', /nonsense/],
    ['word', /word/],
  ];
  for (const [words, message] of bad) {
    it(`refuses ${words}`, () => assert.throws(() => parseLaunch(words.split(' ')), message));
  }

  it('reads mixes', () => {
    assert.deepEqual(parseMix('get=90,set=10'), { get: 90, set: 10 });
    assert.deepEqual(parseMix('create,delete'), { create: 1, delete: 1 });
  });

  it('gives every worker its part', () => {
    for (const [total, workers] of [
      [16, 3],
      [2, 2],
      [7, 1],
    ] as const) {
      const parts = Array.from({ length: workers }, (_, worker) => shareOf(total, worker, workers));
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0),
        total,
      );
      assert.ok(Math.max(...parts) - Math.min(...parts) <= 1);
    }
  });
});

describe('a report', () => {
  function outcome(ops: number, us: number): Outcome {
    const made = new Outcome();
    made.measuredMs = 1000;
    for (let i = 0; i < ops; i++) made.of(i % 2 === 0 ? 'get' : 'set').record(us);
    return made;
  }

  const measured = [
    { server: 'a', rounds: [outcome(100, 10), outcome(300, 10)] },
    { server: 'b', rounds: [outcome(50, 20), outcome(100, 20)] },
  ];

  it('compares round by round', () => {
    assert.deepEqual(compare(measured), { opsPerSecond: 2.5, p50: 0.5, p99: 0.5 });
    assert.equal(compare(measured.slice(1)), null);
  });

  it('adds rounds up', () => {
    const { plan } = parseLaunch([]);
    const json = reportJson('mixed', plan, measured);
    assert.equal(json.targets[0]?.opsPerSecond, 200);
    assert.equal(json.targets[0].rounds.length, 2);
    assert.equal(json.comparison?.opsPerSecond, 2.5);
    const text = reportText(measured);
    assert.match(text, /^a: 2 x 1\.0 s/);
    assert.match(text, /^all +200 +0\.010/m);
    assert.match(text, /^get +100 /m);
    assert.match(text, /2\.500 of its rate/);
  });
});
