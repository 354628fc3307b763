import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExpiryQueue, type Expiring } from '../../src/pipeline/expiry-queue.js';

class Item implements Expiring {
  expiresAtMs = 0;
  constructor(readonly name: string) {}
}

const TICK_MS = 1000;

describe('expiry queue', () => {
  // Rounded up to the next boundary, a whole tick when it falls on one.
  for (const [nowMs, timeoutMs, expiresAtMs] of [
    [0, 4000, 5000],
    [1, 3999, 5000],
    [999.5, 4000, 5000],
    [1000, 4000, 6000],
    [1000, 3999.9, 5000],
    [1500, 1, 2000],
  ] as const) {
    it(`${timeoutMs} ms from ${nowMs} on end at ${expiresAtMs}`, () => {
      const queue = new ExpiryQueue<Item>(TICK_MS);
      const item = new Item('a');
      queue.update(item, timeoutMs, nowMs);
      assert.equal(item.expiresAtMs, expiresAtMs);
      assert.deepEqual(queue.takeExpired(expiresAtMs - 0.1), []);
      assert.deepEqual(queue.takeExpired(expiresAtMs), [item]);
      assert.deepEqual(queue.takeExpired(expiresAtMs), []);
    });
  }

  it('moves, forgets, and gives the earliest first', () => {
    const queue = new ExpiryQueue<Item>(TICK_MS);
    const [a, b, c] = [new Item('a'), new Item('b'), new Item('c')];
    queue.update(a, 1000, 0);
    queue.update(b, 5000, 0);
    queue.update(c, 3000, 0);
    queue.update(a, 6000, 500);
    assert.deepEqual(
      queue.sets.map(([time, items]) => [time, [...items].map(({ name }) => name)]),
      [
        [4000, ['c']],
        [6000, ['b']],
        [7000, ['a']],
      ],
    );
    queue.remove(b);
    queue.remove(b);
    assert.deepEqual(queue.takeExpired(10_000), [c, a]);
    assert.deepEqual(queue.sets, []);
  });
});
