// Backups that a server makes by itself.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Metrics } from '../../src/metrics/index.js';
import { BackupSchedule } from '../../src/peer/backup-schedule.js';
import { Machine, Story } from '../storage/support.js';

const MINUTE_MS = 60_000;

async function scheduled(dir: string | null) {
  const machine = new Machine();
  const story = new Story();
  const database = await machine.open();
  const metrics = new Metrics();
  const options = { dir, intervalMs: 10 * MINUTE_MS, retainCount: 2, serverId: 3 };
  const schedule = new BackupSchedule(machine.host, metrics, database, options);
  schedule.start();
  const backups = (): string[] =>
    [...machine.disk.files().keys()].filter((path) => path.endsWith('/manifest.json')).sort();
  return { machine, story, database, metrics, schedule, backups };
}

describe('scheduled backups', () => {
  it('come one interval after the start and then again, and the newest are kept', async () => {
    const { machine, story, database, metrics, schedule, backups } = await scheduled('/backups');
    await machine.world.run(9 * MINUTE_MS);
    assert.deepEqual(backups(), []);
    for (const count of [1, 2, 2]) {
      await machine.commit(database, story.grow(3));
      await machine.world.run(10 * MINUTE_MS);
      assert.equal(backups().length, count);
    }
    assert.match(backups()[1] ?? '', /-3-9\/manifest\.json$/);
    assert.equal(metrics.summary('backup_time').count, 3);
    assert.ok((metrics.gauges.get('backup_last_time')?.() ?? 0) > 0);
    await machine.settle(schedule.stop());
    await machine.world.run(30 * MINUTE_MS);
    assert.equal(metrics.summary('backup_time').count, 3);
  });

  it('that fail are told of and tried again', async () => {
    const { machine, metrics, backups } = await scheduled('/backups');
    machine.disk.deny('/backups', 'write');
    await machine.world.run(11 * MINUTE_MS);
    assert.equal(metrics.counter('backup_error_count').value, 1);
    assert.equal(machine.host.log.withCode('BACKUP_FAILED').length, 1);
    machine.disk.repair();
    await machine.world.run(10 * MINUTE_MS);
    assert.equal(backups().length, 1);
  });

  it('are none without a folder', async () => {
    const { machine, metrics } = await scheduled(null);
    await machine.world.run(60 * MINUTE_MS);
    assert.equal(metrics.summary('backup_time').count, 0);
  });
});
