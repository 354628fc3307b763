import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { OpCode } from '../../src/protocol/index.js';
import { Generator } from './generate.js';
import { Oracle } from './oracle.js';
import { RULE_NAMES } from './rules.js';
import { shrink } from './shrink.js';
import { type StageName, STAGES } from './stage.js';
import type { Step } from './steps.js';

const IS_LONG = process.env['ZK_TEST_LONG'] !== undefined;
const SEEDS = IS_LONG ? 5000 : 25;
/** Those of most stages wait for a session to expire. */
const SLOW_SEEDS: readonly (readonly [StageName, number])[] = IS_LONG
  ? [
      ['expiry', 200],
      ['ensemble', 500],
      ['local', 60],
      ['bound', 60],
    ]
  : [['ensemble', 3]];
const REQUESTS = 200;

describe('the same requests to Apache ZooKeeper and to this server', () => {
  let oracle: Oracle;
  before(async () => {
    oracle = await Oracle.start();
  });
  after(() => oracle.stop());

  it(`are answered alike, ${SEEDS} seeds`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = await oracle.seed(seed, REQUESTS);
      assert.equal(report, null, `npm run oracle -- --seed ${seed}\n${report ?? ''}`);
    }
  });

  it('reach every operation, with no fewer requests a seed than promised', () => {
    assert.deepEqual(oracle.missed, []);
    assert.ok(oracle.leastRequests >= REQUESTS, `a seed has ${oracle.leastRequests} requests`);
  });

  it('meet no intended difference that is not listed, and most of those that are', () => {
    assert.ok(oracle.rules.met.size >= 5, [...oracle.rules.met.keys()].join(', '));
  });
});

for (const [stage, seeds] of SLOW_SEEDS) {
  describe(`sessions on the stage ${stage}`, () => {
    let oracle: Oracle;
    before(async () => {
      oracle = await Oracle.start(stage);
    });
    after(() => oracle.stop());

    it(`are answered and told of alike, ${seeds} seeds`, async () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const report = await oracle.seed(seed, REQUESTS);
        assert.equal(report, null, `npm run oracle -- --stage ${stage} --seed ${seed}\n${report ?? ''}`);
      }
      assert.equal(oracle.expired, STAGES[stage].isMortal ? seeds : 0);
    });
  });
}

describe('the intended differences', () => {
  const page = readFileSync(new URL('../../docs/compatibility-client.md', import.meta.url), 'utf8');
  for (const name of RULE_NAMES) {
    it(`${name}: has its reason in docs/compatibility-client.md`, () => {
      assert.match(page, new RegExp(`^(\\| ${name} +\\||- \\*\\*${name}\\*\\*)`, 'm'));
    });
  }
});

describe('the steps of a seed', () => {
  it('are the same every time, and others for another seed', () => {
    assert.deepEqual(new Generator(7).steps(200), new Generator(7).steps(200));
    assert.notDeepEqual(new Generator(7).steps(200), new Generator(8).steps(200));
    assert.notDeepEqual(new Generator(7).steps(200), new Generator(7, 'ensemble').steps(200));
  });
});

describe('shrinking', () => {
  const steps = (count: number): Step[] =>
    Array.from({ length: count }, (_, slot) => ({
      kind: 'send',
      slot,
      requests: [slot, slot + 100].map((xid) => ({ op: OpCode.sync, fields: [], xid })),
    }));
  const xids = (some: readonly Step[]): number[] =>
    some.flatMap((step) => (step.kind === 'send' ? step.requests.map(({ xid }) => xid ?? 0) : []));
  const cases: readonly (readonly number[])[] = [[3], [3, 17], [0, 119], [5, 6, 7, 105]];
  for (const culprits of cases) {
    it(`leaves only what is needed: ${culprits.join(', ')}`, async () => {
      const least = await shrink(steps(20), (some) => {
        const left = xids(some);
        return Promise.resolve(culprits.every((xid) => left.includes(xid)));
      });
      assert.deepEqual(new Set(xids(least)), new Set(culprits));
      assert.equal(xids(least).length, culprits.length);
    });
  }
});
