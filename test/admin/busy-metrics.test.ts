// A busy ensemble moves every metric that this server feeds, and no other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ADVANCED_SUMMARY_NAMES, BASIC_SUMMARY_NAMES, COUNTER_NAMES } from '../../src/metrics/index.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { WireClient } from '../support/wire-client.js';
import { ask } from './http.js';
import { parseScrape } from './scrape.js';

const LIMIT_MS = 120_000;
const OBSERVER = 4;
const NAME = 'here';
const ENSEMBLE_PROVIDER = 'org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider';
const ALL = [...COUNTER_NAMES, ...BASIC_SUMMARY_NAMES, ...ADVANCED_SUMMARY_NAMES];

/** What moves when an ensemble is used. */
const MOVED = `
  bytes_received_count commit_count connection_request_count diff_count learner_commit_received_count
  learner_proposal_received_count looking_count outstanding_changes_queued outstanding_changes_removed
  prep_processor_request_queued proposal_count request_commit_queued response_bytes sync_processor_request_queued
  watch_bytes connection_token_deficit dbinittime election_time follower_sync_time fsynctime inflight_diff_count
  leader_unavailable_time node_changed_watch_count node_children_watch_count node_created_watch_count
  node_deleted_watch_count observer_sync_time prep_process_time reads_after_write_in_session_queue
  requests_in_session_queue startup_snap_load_time startup_txns_load_time startup_txns_loaded
  sync_processor_batch_size unavailable_time close_session_prep_time commit_propagation_latency propagation_latency
  proposal_latency quorum_ack_latency readlatency sync_processor_queue_and_flush_time_ms
  sync_processor_queue_flush_time_ms sync_processor_queue_time_ms updatelatency snapshottime
  connection_drop_count connection_revalidate_count revalidate_count ensemble_auth_success
`
  .trim()
  .split(/\s+/);

/** What moves only when something is switched on or goes wrong; most have a test of their own. */
const RARE = `
  cnxn_closed_without_zk_server_running connection_rejected digest_mismatches_count ensemble_auth_fail
  ensemble_auth_skip insecure_admin_count large_requests_rejected quit_leading_due_to_disloyal_voter
  request_throttle_wait_count restore_error_count restore_rate_limited_count sessionless_connections_expired
  snapshot_error_count snapshot_rate_limited_count stale_replies stale_requests stale_requests_dropped
  stale_sessions_expired throttled_ops tls_handshake_exceeded unrecoverable_error_count unsuccessful_handshake
  snap_count inflight_snap_count restore_time jvm_pause_time_ms om_commit_process_time_ms om_proposal_process_time_ms
  request_throttle_queue_time_ms
`
  .trim()
  .split(/\s+/);

/** What the page says of names that stay 0. */
function alwaysZero(): string[] {
  const page = readFileSync(new URL('../../docs/monitoring.md', import.meta.url), 'utf8');
  const [, section = ''] = /^### Always 0$(.*?)^### /ms.exec(page) ?? [];
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => Array.from((row.split('|')[1] ?? '').matchAll(/`(\w+)`/g), ([, name = '']) => name));
}

/** The sum over all servers, by name; of a summary its count. */
async function figures(members: readonly Member[]): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  for (const { metricsPort } of members) {
    const { samples } = parseScrape((await ask(metricsPort, '/metrics')).text);
    for (const { name, value } of samples) {
      if (Number.isFinite(value)) sums.set(name, (sums.get(name) ?? 0) + value);
    }
  }
  return new Map(ALL.map((name) => [name, sums.get(`${name}_count`) ?? sums.get(name) ?? Number.NaN]));
}

async function work(member: Member, other: Member, folder: string): Promise<void> {
  const client = await WireClient.connect(member.clientPort);
  await client.addAuth('ensemble', NAME);
  await client.create(folder);
  await client.getChildren(folder, true);
  const paths = Array.from({ length: 100 }, (_, i) => `${folder}/${i}`);
  await client.exists(paths[0] ?? '', true).catch(() => undefined);
  await Promise.all(
    paths.flatMap((path) => [client.create(path), client.getData(path, true), client.setData(path, null)]),
  );
  await client.create(`${folder}/mine`, null, 1);
  await Promise.all(paths.flatMap((path) => [client.getData(path, true), client.delete(path)]));
  await client.sync('/');
  client.destroy();
  const { sessionId, password } = client;
  const moved = await WireClient.connect(other.clientPort, { sessionId, password });
  await moved.close();
}

describe('the metrics of a busy ensemble', { timeout: LIMIT_MS }, () => {
  it('are each known to move, to move rarely, or to stay 0', () => {
    assert.deepEqual([...MOVED, ...RARE, ...alwaysZero()].sort(), [...ALL].sort());
  });

  it('move as far as they are said to', async (t) => {
    const ensemble = await Ensemble.create({
      servers: 4,
      observers: [OBSERVER],
      http: true,
      config: { tickTime: 2000, ensembleAuthName: NAME, 'authProvider.1': ENSEMBLE_PROVIDER },
    });
    t.after(() => ensemble.remove());
    await ensemble.start();
    const { members } = ensemble;
    for (const [i, member] of members.entries()) {
      await work(member, members[(i + 1) % members.length] ?? member, `/of-${member.sid}`);
      const headers = { authorization: 'ip' };
      assert.equal((await ask(member.adminPort, '/commands/snapshot?streaming=false', { headers })).status, 200);
    }
    // A server that has a history, and one that comes back.
    const [follower] = (await ensemble.followers()).filter(({ sid }) => sid !== OBSERVER);
    assert.ok(follower);
    await follower.stop();
    await follower.start();
    await follower.serving();
    await work(follower, await ensemble.leader(), '/again');
    const found = await figures(members);
    const still = (names: readonly string[]): string[] => names.filter((name) => !((found.get(name) ?? 0) > 0));
    assert.deepEqual(still(MOVED), []);
    const never = alwaysZero();
    assert.deepEqual(still(never), never);
  });
});
