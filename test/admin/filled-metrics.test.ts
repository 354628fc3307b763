// Metrics that mean something here move when that happens.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { WireClient } from '../support/wire-client.js';
import { ask } from './http.js';
import { parseScrape, type Scrape, valueOf } from './scrape.js';

const LIMIT_MS = 60_000;

describe('metrics', { timeout: LIMIT_MS }, () => {
  let ensemble: Ensemble;
  let member: Member;
  let client: WireClient;

  before(async () => {
    ensemble = await Ensemble.create({ servers: 1, http: true, config: { enforceQuota: 'true' } });
    await ensemble.start();
    member = ensemble.member(1);
    client = await WireClient.connect(member.clientPort);
  });
  after(async () => {
    client.destroy();
    await ensemble.remove();
  });

  async function scrape(): Promise<Scrape> {
    return parseScrape((await ask(member.metricsPort, '/metrics')).text);
  }

  it('of watches that fire tell the kind of change', async () => {
    await client.exists('/w', true).catch(() => undefined);
    await client.create('/w', Buffer.from('1'));
    await client.getData('/w', true);
    await client.setData('/w', Buffer.from('2'));
    await client.getChildren('/w', true);
    await client.create('/w/c', null);
    await client.delete('/w/c');
    await client.getData('/w', true);
    await client.delete('/w');
    const now = await scrape();
    for (const [kind, count] of Object.entries({ created: 1, changed: 1, children: 1, deleted: 1 })) {
      assert.equal(valueOf(now, `node_${kind}_watch_count_count`), count, kind);
      assert.equal(valueOf(now, `node_${kind}_watch_count_sum`), count, kind);
    }
  });

  it('of what is read and written are told by the first part of the path', async () => {
    await client.create('/apps', Buffer.alloc(100));
    await client.create('/apps/one', Buffer.alloc(50));
    await client.getData('/apps/one');
    await client.getData('/apps');
    await client.exists('/apps/one');
    await client.getChildren('/apps');
    await client.getData('/zookeeper/quota');
    const now = await scrape();
    const key = { key: 'apps' };
    assert.equal(valueOf(now, 'write_per_namespace_count', key), 2);
    assert.equal(valueOf(now, 'write_per_namespace_sum', key), 100 + 5 + 50 + 9);
    assert.equal(valueOf(now, 'read_per_namespace_count', key), 4);
    assert.equal(valueOf(now, 'read_per_namespace_count', { key: 'zookeeper' }), 1);
    const mntr = await fourLetter(member.clientPort, 'mntr');
    assert.match(mntr, /^zk_cnt_apps_read_per_namespace\t4$/m);
    assert.match(mntr, /^zk_sum_apps_write_per_namespace\t164$/m);
  });

  it('of quotas tell limits, use and refusals', async () => {
    await client.create('/limited', null);
    for (const path of ['/zookeeper/quota/limited', '/zookeeper/quota/limited/zookeeper_limits']) {
      await client.create(path, Buffer.from('count=-1,bytes=-1=;byteHardLimit=1000;countHardLimit=2'));
    }
    await client.create('/zookeeper/quota/limited/zookeeper_stats', Buffer.from('count=1,bytes=0'));
    await client.create('/limited/a', Buffer.alloc(10));
    await assert.rejects(client.create('/limited/b', null));
    const now = await scrape();
    const key = { key: 'limited' };
    assert.equal(valueOf(now, 'quota_count_limit_per_namespace', key), 2);
    assert.equal(valueOf(now, 'quota_bytes_limit_per_namespace', key), 1000);
    assert.equal(valueOf(now, 'quota_count_usage_per_namespace', key), 2);
    assert.equal(valueOf(now, 'quota_bytes_usage_per_namespace', key), 10);
    assert.equal(valueOf(now, 'quota_exceeded_error_per_namespace', key), 1);
  });

  it('of the log tell what waited and for how long', async () => {
    const before = valueOf(await scrape(), 'sync_processor_request_queued');
    await client.create('/logged', null);
    const now = await scrape();
    assert.equal(valueOf(now, 'sync_processor_request_queued'), before + 1);
    for (const name of ['sync_processor_queue_time_ms', 'sync_processor_queue_and_flush_time_ms']) {
      assert.ok(valueOf(now, `${name}_count`) > 0, name);
    }
    assert.ok(valueOf(now, 'sync_processor_queue_flush_time_ms_sum') > 0);
  });

  it('of reads behind writes of their session tell how many waited', async () => {
    const waited = async (): Promise<number> => valueOf(await scrape(), 'reads_after_write_in_session_queue_sum');
    const before = await waited();
    const round = (): Promise<unknown> =>
      Promise.all([client.setData('/logged', null), client.getData('/'), client.getData('/'), client.getChildren('/')]);
    // Whether a read comes before its write is durable is the disk's affair.
    await eventually('reads waited', LIMIT_MS, async () => {
      await round();
      return (await waited()) > before;
    });
    assert.ok(valueOf(await scrape(), 'requests_in_session_queue_count') > 0);
  });
});

describe('metrics of an ensemble', { timeout: LIMIT_MS }, () => {
  it('tell how long nobody was served', async () => {
    const ensemble = await Ensemble.create({ http: true });
    try {
      await ensemble.start();
      const leader = await ensemble.leader();
      for (const member of ensemble.members) {
        const now = parseScrape((await ask(member.metricsPort, '/metrics')).text);
        assert.equal(valueOf(now, 'unavailable_time_count'), 1);
        assert.ok(valueOf(now, 'unavailable_time_sum') > 0);
        assert.equal(valueOf(now, 'leader_unavailable_time_count'), member === leader ? 1 : 0);
      }
    } finally {
      await ensemble.remove();
    }
  });
});
