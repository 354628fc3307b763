// An event loop that stands still is noticed by a timer that comes late.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Metrics } from '../../src/metrics/index.js';
import { PauseMonitor } from '../../src/peer/pause-monitor.js';
import { fakeHost } from '../fakes/index.js';

const SETTINGS = { isOn: true, sleepMs: 500, infoThresholdMs: 1000, warnThresholdMs: 10_000 };

function monitored(settings = SETTINGS) {
  const { world, host } = fakeHost();
  const metrics = new Metrics();
  const monitor = new PauseMonitor(host.clock, host.log, metrics, settings);
  monitor.start();
  const standStill = async (ms: number): Promise<void> => {
    world.pause('local');
    await world.run(ms);
    world.resume('local');
    await world.run(SETTINGS.sleepMs * 2);
  };
  return { world, metrics, monitor, standStill, log: host.log };
}

describe('the pause monitor', () => {
  it('measures pauses and tells of long ones', async () => {
    const { metrics, standStill, log } = monitored();
    await standStill(900);
    assert.deepEqual(log.entries, []);
    await standStill(3000);
    await standStill(20_000);
    assert.deepEqual(
      log.entries.map(({ level, fields }) => [level, fields['code']]),
      [
        ['info', 'PAUSED'],
        ['warn', 'PAUSED'],
      ],
    );
    const pauses = metrics.summary('jvm_pause_time_ms');
    assert.ok(pauses.max >= 19_000 && pauses.max <= 20_500, String(pauses.max));
    assert.ok(pauses.count > 3);
  });

  it('does nothing unless jvm.pause.monitor is set', async () => {
    const { metrics, standStill } = monitored({ ...SETTINGS, isOn: false });
    await standStill(20_000);
    assert.equal(metrics.summary('jvm_pause_time_ms').count, 0);
  });
});
