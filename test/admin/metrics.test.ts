// Metrics as Prometheus scrapes them, from an ensemble of real servers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADVANCED_SUMMARY_NAMES, BASIC_SUMMARY_NAMES, COUNTER_NAMES } from '../../src/metrics/index.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { WireClient } from '../support/wire-client.js';
import { ask } from './http.js';
import { parseScrape, type Scrape, valueOf } from './scrape.js';
import { ALERT_RULES, DASHBOARD, jmxDocumentNames, ownAlertNames } from './watched-names.js';

const WRITES = 20;

async function scrape(member: Member): Promise<Scrape> {
  const { status, headers, text } = await ask(member.metricsPort, '/metrics');
  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  return parseScrape(text);
}

/** How many values a summary of a set has; 0 when there is none yet. */
function countOf({ samples }: Scrape, name: string, key: string): number {
  return samples.find((one) => one.name === `${name}_count` && one.labels['key'] === key)?.value ?? 0;
}

describe('metrics of an ensemble', () => {
  let ensemble: Ensemble;
  let leader: Member;
  let scrapes: ReadonlyMap<Member, Scrape>;
  let ofLeader: Scrape;

  before(async () => {
    ensemble = await Ensemble.create({ http: true, config: { snapCount: 10 } });
    await ensemble.start();
    leader = await ensemble.leader();
    // The first scrape begins to watch what the process does.
    await Promise.all(ensemble.members.map(scrape));
    const client = await WireClient.connect(leader.clientPort);
    for (let i = 0; i < WRITES; i++) await client.create(`/n${i}`, Buffer.from('x'), 1);
    await client.getData('/n0', true);
    scrapes = new Map(
      await Promise.all(ensemble.members.map(async (member) => [member, await scrape(member)] as const)),
    );
    ofLeader = scrapes.get(leader) as Scrape;
    await client.close();
  });
  after(() => ensemble.remove());

  for (const [where, names] of Object.entries({
    'alert rules': ALERT_RULES,
    'dashboard 10465': DASHBOARD,
    'alerts of conf/prometheus': ownAlertNames(),
    'readers of docs/jmx.md': jmxDocumentNames(),
  })) {
    it(`has what the ${where} ask for`, () => {
      const there = new Set([...scrapes.values()].flatMap(({ samples }) => samples.map(({ name }) => name)));
      assert.deepEqual(
        names.filter((name) => !there.has(name)),
        [],
      );
    });
  }

  it('has every name of ZooKeeper with its type and quantiles on every server', () => {
    for (const { types, samples } of scrapes.values()) {
      const quantiles = (name: string): (string | undefined)[] =>
        samples.filter((one) => one.name === name).map(({ labels }) => labels['quantile']);
      for (const name of COUNTER_NAMES) assert.equal(types.get(name), 'counter', name);
      for (const name of BASIC_SUMMARY_NAMES) {
        assert.equal(types.get(name), 'summary', name);
        assert.deepEqual(quantiles(name), ['0.5'], name);
      }
      for (const name of ADVANCED_SUMMARY_NAMES) {
        assert.equal(types.get(name), 'summary', name);
        assert.deepEqual(quantiles(name), ['0.5', '0.9', '0.99'], name);
      }
    }
  });

  it('counts what happened', async () => {
    assert.equal(valueOf(ofLeader, 'znode_count'), 5 + WRITES);
    assert.equal(valueOf(ofLeader, 'ephemerals_count'), WRITES);
    assert.equal(valueOf(ofLeader, 'watch_count'), 1);
    assert.equal(valueOf(ofLeader, 'quorum_size'), 3);
    assert.equal(valueOf(ofLeader, 'learners'), 2);
    // One more for the session.
    assert.equal(valueOf(ofLeader, 'proposal_count'), WRITES + 1);
    assert.equal(valueOf(ofLeader, 'updatelatency_count'), WRITES + 1);
    assert.ok(valueOf(ofLeader, 'fsynctime', { quantile: '0.5' }) >= 0);
    assert.ok(valueOf(ofLeader, 'fsynctime_count') >= WRITES);
    assert.ok(valueOf(ofLeader, 'log_group_bytes_sum') > 0);
    assert.ok(valueOf(ofLeader, 'election_rounds') >= 1);
    // More than one where two of them had begun before the third could be heard.
    for (const [member, each] of scrapes) {
      const elections = (await member.log()).match(/"code":"ELECTION_DECIDED"/g) ?? [];
      assert.ok(elections.length > 0);
      assert.equal(valueOf(each, 'election_time_count'), elections.length);
    }
  });

  it('tells of each follower by its key', async () => {
    const followers = ensemble.members.filter((member) => member !== leader).map(({ sid }) => String(sid));
    // A quorum does without the slower one, which comes after.
    const last = await eventually('both followers have everything', 30_000, async () => {
      const now = await scrape(leader);
      const isDone = (key: string): boolean =>
        valueOf(now, 'learner_lag_transactions', { key }) === 0 && countOf(now, 'learner_handler_qp_time_ms', key) > 0;
      return followers.every(isDone) ? now : undefined;
    });
    const quantilesOf = (name: string, key: string): (string | undefined)[] =>
      last.samples
        .filter((one) => one.name === name && one.labels['key'] === key)
        .map(({ labels }) => labels['quantile']);
    const mntr = await fourLetter(leader.clientPort, 'mntr');
    for (const key of followers) {
      assert.ok(valueOf(last, 'ack_latency_count', { key }) > 0, `acknowledgements of ${key}`);
      assert.ok(valueOf(last, 'ack_latency', { key, quantile: '0.99' }) >= 0);
      assert.equal(valueOf(last, 'learner_queued_bytes', { key }), 0);
      assert.deepEqual(quantilesOf('learner_handler_qp_time_ms', key), ['0.5', '0.9', '0.99']);
      assert.deepEqual(quantilesOf('learner_handler_qp_size', key), ['0.5']);
      assert.match(mntr, new RegExp(`^zk_cnt_${key}_learner_handler_qp_size\t`, 'm'));
      assert.doesNotMatch(mntr, new RegExp(`^zk_p\\d+_${key}_learner_handler_qp_size\t`, 'm'));
      for (const part of ['avg', 'min', 'max', 'cnt', 'sum', 'p50', 'p95', 'p99', 'p999']) {
        assert.match(mntr, new RegExp(`^zk_${part}_${key}_learner_handler_qp_time_ms\t`, 'm'));
      }
    }
  });

  it('tells of the process under the names of Java and of Node', () => {
    assert.ok(valueOf(ofLeader, 'jvm_memory_bytes_used', { area: 'heap' }) > 1e6);
    assert.ok(valueOf(ofLeader, 'nodejs_heap_size_used_bytes') > 1e6);
    assert.ok(valueOf(ofLeader, 'jvm_threads_current') > 1);
    assert.ok(valueOf(ofLeader, 'nodejs_eventloop_lag_p99_seconds') >= 0);
    assert.ok(valueOf(ofLeader, 'process_resident_memory_bytes') > 1e7);
  });

  it('has nothing at other paths and takes no other methods', async () => {
    assert.equal((await ask(leader.metricsPort, '/')).status, 404);
    const post = await ask(leader.metricsPort, '/metrics', { method: 'POST' });
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  });
});
