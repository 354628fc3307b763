import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expectedKinds } from './plan.js';
import { describeReport, medianOf, mergeReports, type Report, shortfalls, tableOf } from './statistics.js';

function report(seeds: number, writes: number, changes: Partial<Report> = {}): Report {
  const same = (value: number) => ({ [value]: seeds });
  return {
    ...{ profile: 'default', label: 'abc', ranges: [[1, seeds]], seeds, failedSeeds: [], cpuSeconds: 1, totals: {} },
    ...{ virtualMs: seeds * 60_000, seedsWith: { 'fault kill': seeds } },
    spreads: { leaderChanges: same(4), faults: same(9), ackedWrites: same(writes) },
    ...changes,
  };
}

describe('reports of campaigns', () => {
  it('add up', () => {
    const merged = mergeReports([report(10, 900), report(30, 1100, { ranges: [[11, 40]], failedSeeds: [12] })]);
    assert.equal(merged.seeds, 40);
    assert.deepEqual(merged.ranges, [
      [1, 10],
      [11, 40],
    ]);
    assert.deepEqual(merged.failedSeeds, [12]);
    assert.equal(merged.seedsWith['fault kill'], 40);
    assert.equal(medianOf(merged.spreads.ackedWrites), 1100);
    assert.match(describeReport(merged), /^40 seeds, 1 failed \(12\); 0\.67 virtual hours, 1200 virtual seconds/);
    assert.match(tableOf(merged), /\| fault kill \| 100\.0 % \|/);
  });

  it('say what is below the goals', () => {
    assert.deepEqual(shortfalls(report(20, 1000)), []);
    const poor = report(100, 999, { seedsWith: { 'fault kill': 100, 'sync TRUNC': 4 } });
    assert.deepEqual(shortfalls(poor, ['sync SNAP']), [
      'the median of acknowledged writes is 999, below 1000',
      'sync SNAP in 0.0 % of the seeds only',
      'sync TRUNC in 4.0 % of the seeds only',
    ]);
  });

  it('have no middle but one of the values', () => {
    assert.equal(medianOf({ 5: 1, 7: 1, 100: 1 }), 7);
    assert.equal(medianOf({ 10: 2, 9: 3 }), 9);
  });

  it('expect every kind of fault and synchronization of their profile', () => {
    const kinds = expectedKinds('default');
    for (const name of ['fault bit rot', 'fault a server joins', 'sync TRUNC', 'sync SNAP'])
      assert.ok(kinds.includes(name));
    assert.ok(!expectedKinds('crash').includes('fault bit rot'));
  });
});
