import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/**
 * What operators of ZooKeeper look at. The first list is what the alert rules of ZooKeeper 3.9's monitoring guide query; the
 * second what Grafana's dashboard 10465 ("ZooKeeper by Prometheus") does.
 */
export const ALERT_RULES: readonly string[] = [
  'znode_count',
  'num_alive_connections',
  'approximate_data_size',
  'watch_count',
  'election_time_count',
  'open_file_descriptor_count',
  'fsynctime_sum',
  'snapshottime_sum',
  'avg_latency',
  'jvm_memory_bytes_used',
  'jvm_memory_bytes_max',
];

export const DASHBOARD: readonly string[] = [
  'quorum_size',
  'leader_uptime',
  'jvm_threads_current',
  'jvm_threads_deadlocked',
  'num_alive_connections',
  'open_file_descriptor_count',
  'outstanding_requests',
  'max_latency',
  'avg_latency',
  'min_latency',
  'global_sessions',
  'local_sessions',
  'znode_count',
  'ephemerals_count',
  'approximate_data_size',
  'watch_count',
  'packets_received',
  'packets_sent',
  'connection_rejected',
  'connection_drop_count',
  'unrecoverable_error_count',
  'digest_mismatches_count',
  'election_time_sum',
  'learners',
  'synced_observers',
  'commit_count',
  'snap_count',
  'proposal_count',
  'fsynctime_sum',
  'snapshottime_sum',
  'jvm_memory_pool_bytes_used',
  'jvm_gc_collection_seconds_count',
  'jvm_gc_collection_seconds_sum',
  'jvm_pause_time_ms_sum',
  'jvm_pause_time_ms_count',
  'connection_drop_probability',
  'diff_count',
  'readlatency_sum',
  'updatelatency_sum',
  'quorum_ack_latency_sum',
  'propagation_latency_sum',
  'commit_process_time_sum',
  'sync_process_time_sum',
  'prep_process_time_sum',
  'read_per_namespace_sum',
  'write_per_namespace_sum',
  'response_packet_cache_hits',
  'response_packet_cache_misses',
  'node_created_watch_count_sum',
  'node_deleted_watch_count_sum',
  'node_changed_watch_count_sum',
  'node_children_watch_count_sum',
  'stale_sessions_expired',
  'tls_handshake_exceeded',
  'ensemble_auth_fail',
  'om_commit_process_time_ms_sum',
  'startup_txns_loaded_sum',
  'looking_count',
  'bytes_received_count',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'process_start_time_seconds',
];

/** Metrics that the alerts of this project query. `up` is Prometheus' own. */
export function ownAlertNames(): readonly string[] {
  const text = readFileSync(new URL('../../conf/prometheus/alerts.yaml', import.meta.url), 'utf8');
  const { groups } = parse(text) as { groups: { rules: { expr: string }[] }[] };
  const queries = groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
  const names = queries.flatMap((query) => [...query.matchAll(/([a-z0-9_]+)\{/g)].map(([, name = '']) => name));
  return [...new Set(names)].filter((name) => name !== 'up');
}

/** Metrics that docs/jmx.md sends its readers to. */
export function jmxDocumentNames(): readonly string[] {
  const text = readFileSync(new URL('../../docs/jmx.md', import.meta.url), 'utf8');
  const lists = [...text.matchAll(/metrics? ((?:`[a-z_]+`(?:, )?)+)/g)].map(([, list = '']) => list);
  return [...new Set(lists.flatMap((list) => [...list.matchAll(/`([a-z_]+)`/g)].map(([, name = '']) => name)))];
}
