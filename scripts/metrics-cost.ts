// What counting costs: CPU time of a server for a read and for a write, and of all that is counted for one.
//
//   npm run build && node --import tsx scripts/metrics-cost.ts
import { readFileSync } from 'node:fs';
import { Metrics, NamespaceSizes } from '../src/metrics/index.js';
import { Ensemble } from '../test/support/ensemble.js';
import { WireClient } from '../test/support/wire-client.js';

const REQUESTS = 60_000;
const DEPTH = 64;
const LOOPS = 3_000_000;
/** Ticks of /proc/PID/stat a second. */
const TICKS = 100;

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function perRequestUs(pid: number, request: () => Promise<unknown>): Promise<number> {
  const some = async (count: number): Promise<void> => {
    for (let i = 0; i < count / DEPTH; i++) await request();
  };
  await Promise.all(Array.from({ length: DEPTH }, () => some(REQUESTS / 4)));
  const before = cpuSeconds(pid);
  await Promise.all(Array.from({ length: DEPTH }, () => some(REQUESTS)));
  return ((cpuSeconds(pid) - before) / REQUESTS) * 1e6;
}

/** CPU time of one round, in nanoseconds. */
function perRoundNs(round: (i: number) => void): number {
  for (let i = 0; i < LOOPS / 10; i++) round(i);
  const before = process.cpuUsage();
  for (let i = 0; i < LOOPS; i++) round(i);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / LOOPS;
}

/** All that is counted for a read: its latency (twice), its bytes, its namespace. */
function countedForRead(): (i: number) => void {
  const metrics = new Metrics();
  const latency = metrics.summary('readlatency');
  const bytes = metrics.counter('response_bytes');
  const sizes = new NamespaceSizes(metrics, 'read_per_namespace');
  const path = Buffer.from('/bench/node');
  return (i) => {
    latency.record(i & 7);
    bytes.value += 100;
    sizes.recordUtf8(path, 0, path.length, 120 + (i & 63));
  };
}

/** And for a write. What a group commit counts is shared by all of the group; here it counts whole. */
function countedForWrite(): (i: number) => void {
  const metrics = new Metrics();
  const names = ['updatelatency', 'propagation_latency', 'prep_process_time', 'fsynctime', 'sync_processor_batch_size'];
  const more = ['log_group_bytes', 'sync_processor_queue_time_ms', 'sync_processor_queue_flush_time_ms'];
  const summaries = [...names, ...more, 'sync_processor_queue_and_flush_time_ms'].map((name) => metrics.summary(name));
  const counters = ['sync_processor_request_queued', 'request_commit_queued', 'prep_processor_request_queued'].map(
    (name) => metrics.counter(name),
  );
  const sizes = new NamespaceSizes(metrics, 'write_per_namespace');
  return (i) => {
    for (const summary of summaries) summary.record(i & 7);
    for (const counter of counters) counter.add();
    sizes.record('/bench/node', 120);
  };
}

const ensemble = await Ensemble.create({ servers: 1 });
try {
  await ensemble.start();
  const member = ensemble.member(1);
  const pid = member.process?.pid ?? 0;
  const client = await WireClient.connect(member.clientPort);
  await client.create('/bench', null);
  await client.create('/bench/node', Buffer.alloc(100));
  const costs = [
    ['read', await perRequestUs(pid, () => client.getData('/bench/node')), perRoundNs(countedForRead())],
    [
      'write',
      await perRequestUs(pid, () => client.setData('/bench/node', Buffer.alloc(100))),
      perRoundNs(countedForWrite()),
    ],
  ] as const;
  await client.close();
  for (const [what, requestUs, countingNs] of costs) {
    const share = (countingNs / 10 / requestUs).toFixed(2);
    console.log(
      `${what}: ${requestUs.toFixed(1)} us of CPU a request, ${countingNs.toFixed(1)} ns of it for counting: ${share} %`,
    );
  }
} finally {
  await ensemble.remove();
}
