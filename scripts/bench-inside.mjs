// What a request costs the event loop: the built server in this process, without sockets, and with a log that is durable at
// once. Prints CPU microseconds per request, the least and the median of several windows: figures that other programs on
// the machine disturb far less than they do throughput. And how many collections of young objects 100,000 requests cost, which
// nothing disturbs; what one collects is about --max-semi-space-size (4 in bin/zk-server, in MB).
//
//   node scripts/bench-inside.mjs ROW [DEPTH [SESSIONS [WINDOWS]]]
//                                ROW: get set create churn mix session (opened and closed); 32 16 9 when absent
//   DIST=../other/dist node scripts/bench-inside.mjs set               another build, to compare with
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { chunkOf, OpCode, request } from './inside.mjs';
import { startWithKeys, windowOf } from './inside-rows.mjs';

const WARM_WINDOWS = 3;
const REQUESTS = { get: 400_000, session: 20_000 };
const [row = 'set', depth = 32, sessions = 16, windows = 9] = process.argv
  .slice(2)
  .map((word, i) => (i ? +word : word));

/** Begin and end of what is measured, and when young objects were collected. */
const timed = [];
const collected = [];
new PerformanceObserver((list) => {
  for (const { detail, startTime } of list.getEntries()) {
    if (detail.kind === constants.NODE_PERFORMANCE_GC_MINOR) collected.push(startTime);
  }
}).observe({ entryTypes: ['gc'] });

/** CPU microseconds that `act` takes. */
async function cpuOf(act) {
  const startMs = performance.now();
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  timed.push([startMs, performance.now()]);
  return user + system;
}

/** CPU microseconds a request; requests are made before the clock starts. */
async function requestsOf(links, rounds) {
  const us = await cpuOf(windowOf(row, links, rounds, depth));
  return us / (rounds * depth * links.length);
}

/** The same for sessions that are opened and closed, `depth` times `sessions` at a time. */
async function sessionsOf(connect, rounds) {
  const goodbye = chunkOf(1, () => request(OpCode.closeSession, () => undefined));
  const once = async () => {
    const link = await connect();
    await link.ask(goodbye, 1);
  };
  const us = await cpuOf(async () => {
    for (let i = 0; i < rounds; i++) await Promise.all(Array.from({ length: depth * sessions }, once));
  });
  return us / (rounds * depth * sessions);
}

const { connect, links } = await startWithKeys(sessions);
const rounds = Math.max(1, Math.floor((REQUESTS[row] ?? 60_000) / (depth * sessions)));
const costs = [];
for (let window = 0; window < WARM_WINDOWS + windows; window++) {
  costs.push(await (row === 'session' ? sessionsOf(connect, rounds) : requestsOf(links, rounds)));
}
const sorted = costs.slice(WARM_WINDOWS).sort((a, b) => a - b);
const [least, median] = [sorted[0], sorted[sorted.length >> 1]].map((us) => us.toFixed(2));
await new Promise((resolve) => setTimeout(resolve, 20));
const late = timed.slice(WARM_WINDOWS);
const scavenges = collected.filter((ms) => late.some(([from, to]) => ms >= from && ms < to)).length;
const each = (scavenges * 100_000) / (rounds * depth * sessions * windows);
console.log(
  `${row}, ${sessions} sessions, ${depth} in flight: ${least} us a request (median of windows ${median}); ` +
    `${each.toFixed(1)} collections of young objects in 100,000`,
);
process.exit();
