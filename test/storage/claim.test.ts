// Two processes must not work on one data folder: the second one's recovery would cut off what the first is just writing.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Metrics } from '../../src/metrics/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { Database } from '../../src/storage/index.js';
import { fails, Story, TEST_OPTIONS } from './support.js';

describe('a data folder that is in use', () => {
  it('is refused before anything in it is touched, and free again after a close', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'zk-claim-'));
    const host = createRealHost({ log: { level: 'fatal' } });
    const options = { ...TEST_OPTIONS, dataDir: dir, dataLogDir: dir };
    try {
      const first = await Database.open(host, new Metrics(), options);
      await assert.rejects(Database.open(host, new Metrics(), options), fails('IN_USE', join(dir, 'version-2')));
      for (const entry of new Story().grow(3)) first.append(entry);
      await first.flush();
      await first.close();
      const again = await Database.open(host, new Metrics(), options);
      assert.equal(again.lastLoggedZxid, 3);
      await again.close();
    } finally {
      await host.close();
      await rm(dir, { recursive: true });
    }
  });
});
