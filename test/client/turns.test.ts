import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientHub } from '../../src/client/client-hub.js';
import type { ClientConnection } from '../../src/client/connection.js';
import { DEFAULT_CLIENT_OPTIONS } from '../../src/client/options.js';
import type { Clock } from '../../src/host/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { World } from '../fakes/index.js';
import { testAccess, testStatus } from './client-world.js';

/** A hub in whose turns each look at the clock takes `lookMs`, and what it left for later turns. */
function hubWith(lookMs: number): { hub: ClientHub; turns: (() => void)[] } {
  const host = new World(1).host('server');
  const turns: (() => void)[] = [];
  let nowMs = 0;
  const clock: Clock = {
    monotonicMs: () => (nowMs += lookMs),
    wallMs: () => nowMs,
    after: () => ({ cancel: () => undefined }),
    defer: (fn) => void turns.push(fn),
    deferFirst: (fn) => void turns.unshift(fn),
  };
  const hub = new ClientHub({ ...host, clock }, new Metrics(), testStatus(host), testAccess(), DEFAULT_CLIENT_OPTIONS);
  return { hub, turns };
}

/** Connections that only note their number when their turn ends. */
function connections(count: number, ended: number[]): ClientConnection[] {
  return Array.from(
    { length: count },
    (_, i) => ({ isDue: false, endTurn: () => void ended.push(i) }) as unknown as ClientConnection,
  );
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('the end of a turn', () => {
  it('comes in pieces when it takes long, each connection once and in order', () => {
    const { hub, turns } = hubWith(3);
    const ended: number[] = [];
    const all = connections(1000, ended);
    for (const connection of all) hub.later(connection);
    hub.flush();
    assert.ok(ended.length > 0 && ended.length < 100, `${ended.length} at once`);
    assert.deepEqual(ended, upTo(ended.length));
    // Whoever still waits is not put down twice.
    for (const connection of all.slice(500)) hub.later(connection);
    let rounds = 0;
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift(), rounds++) turn();
    assert.ok(rounds > 5);
    assert.deepEqual(ended, upTo(1000));
  });

  it('is one piece when it is short', () => {
    for (const [count, lookMs] of [
      [1000, 0],
      [31, 1000],
    ] as const) {
      const { hub } = hubWith(lookMs);
      const ended: number[] = [];
      for (const connection of connections(count, ended)) hub.later(connection);
      hub.flush();
      assert.deepEqual(ended, upTo(count));
    }
  });
});
