import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/host/index.js';
import { inEnv, type MakeEnv } from './contract-env.js';

export function clockContract(name: string, make: MakeEnv): void {
  describe(`${name}: clock`, () => {
    it(
      'fires timers in order of their time, none too early',
      inEnv(make, async ({ host: { clock } }) => {
        const startMs = clock.monotonicMs();
        const fired: string[] = [];
        const early: string[] = [];
        const note = (text: string, delayMs: number) => {
          clock.after(delayMs, () => {
            fired.push(text);
            if (clock.monotonicMs() - startMs < delayMs) early.push(text);
          });
        };
        note('third', 60.7);
        note('first', 0);
        note('second', 30.3);
        await sleep(clock, 120);
        assert.deepEqual(fired, ['first', 'second', 'third']);
        assert.deepEqual(early, []);
      }),
    );

    it(
      'counts a delay from the call, also late in a long turn',
      inEnv(make, async ({ host: { clock } }) => {
        await sleep(clock, 1);
        for (let spin = 0; spin < 3e6; spin++) Math.sqrt(spin);
        const startMs = clock.monotonicMs();
        await sleep(clock, 5);
        assert.ok(clock.monotonicMs() - startMs >= 5);
      }),
    );

    it(
      'does not call what was cancelled, before or after it fired',
      inEnv(make, async ({ host: { clock } }) => {
        let calls = 0;
        const fires = clock.after(1, () => calls++);
        const cancelled = clock.after(1, () => (calls += 100));
        cancelled.cancel();
        cancelled.cancel();
        await sleep(clock, 20);
        fires.cancel();
        assert.equal(calls, 1);
      }),
    );

    it(
      'defers to the end of the turn: behind the promises of this turn, in order',
      inEnv(make, async ({ host: { clock } }) => {
        const order: string[] = [];
        clock.defer(() => order.push('deferred one'));
        clock.defer(() => order.push('deferred two'));
        order.push('now');
        await Promise.resolve();
        order.push('promise');
        await sleep(clock, 5);
        assert.deepEqual(order, ['now', 'promise', 'deferred one', 'deferred two']);
      }),
    );

    it(
      'defers what others wait for to the end of the turn, too, and keeps the order of the rest',
      inEnv(make, async ({ host: { clock } }) => {
        const order: string[] = [];
        clock.defer(() => order.push('one'));
        clock.defer(() => order.push('two'));
        clock.deferFirst(() => order.push('first'));
        order.push('now');
        await Promise.resolve();
        order.push('promise');
        await sleep(clock, 5);
        assert.deepEqual(order.slice(0, 2), ['now', 'promise']);
        assert.deepEqual(order.slice(2).sort(), ['first', 'one', 'two']);
        assert.ok(order.indexOf('one') < order.indexOf('two'));
      }),
    );

    it(
      'has a monotonic time that goes on and a wall time in whole milliseconds of this era',
      inEnv(make, async ({ host: { clock } }) => {
        const before = clock.monotonicMs();
        await sleep(clock, 3);
        assert.ok(clock.monotonicMs() >= before + 3);
        const wallMs = clock.wallMs();
        assert.ok(Number.isInteger(wallMs));
        assert.ok(wallMs > Date.UTC(2001, 0, 1) && wallMs < Date.UTC(2100, 0, 1));
      }),
    );
  });

  describe(`${name}: random`, () => {
    it(
      'draws whole numbers below any bound up to 2^32 and bytes of any length',
      inEnv(make, async ({ host: { random } }) => {
        const seen = new Set<number>();
        for (let draw = 0; draw < 400; draw++) seen.add(random.below(6));
        assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5]);
        assert.equal(random.below(1), 0);
        let large = 0;
        for (let draw = 0; draw < 64; draw++) large = Math.max(large, random.below(2 ** 32));
        assert.ok(large > 2 ** 31 && large < 2 ** 32);
        assert.equal(random.bytes(33).length, 33);
        assert.notDeepEqual(random.bytes(16), random.bytes(16));
        await Promise.resolve();
      }),
    );
  });
}
