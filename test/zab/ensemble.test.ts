import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ChaosOptions } from './chaos.js';
import { Chaos } from './chaos.js';

const SEEDS = Number(process.env['ZAB_SEEDS'] ?? 8);
const FIRST_SEED = Number(process.env['ZAB_FIRST_SEED'] ?? 1);

/** Plays the seeds; the sums show that something happened in them. */
async function campaign(options: ChaosOptions): Promise<void> {
  const sums = { acked: 0, synced: 0, epochs: 0, DIFF: 0, TRUNC: 0, SNAP: 0 };
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const chaos = new Chaos(seed, options);
    try {
      await chaos.run();
    } catch (error) {
      throw new Error(`seed ${seed} (ZAB_FIRST_SEED=${seed} ZAB_SEEDS=1): ${String(error)}`, { cause: error });
    }
    sums.acked += chaos.acked.size;
    sums.synced += chaos.syncsAnswered;
    sums.epochs += chaos.epochs;
    for (const mode of ['DIFF', 'TRUNC', 'SNAP'] as const) sums[mode] += chaos.modes.get(mode) ?? 0;
  }
  const least = { acked: 30, synced: 5, epochs: 2, DIFF: 3, TRUNC: 0.2, SNAP: 0.5 };
  for (const [what, number] of Object.entries(least)) {
    const sum = sums[what as keyof typeof sums];
    assert.ok(SEEDS === 1 || sum >= number * SEEDS, `${what}: only ${sum} in ${SEEDS} seeds (${JSON.stringify(sums)})`);
  }
}

describe('ensembles under faults', () => {
  it('three voters and an observer', async () => {
    await campaign({ voters: [1, 2, 3], observers: [4], rounds: 40 });
  });

  it('five voters', async () => {
    await campaign({ voters: [1, 2, 3, 4, 5], rounds: 40 });
  });
});
