// The longest time for which the event loop hears nothing: a built server in this process, its log on the disk, and what is
// said to make servers pause. Beside each row stand the garbage collector's pauses: how many, the longest, their share of the time.
//
//   node --max-semi-space-size=4 scripts/pauses.mjs [NODES [SESSIONS [WATCHES]]]       1000000 10000 100000 when absent
//   ... scripts/pauses.mjs --rounds 5 [...]                                            medians of so many processes
//   DIST=../other/dist node scripts/pauses.mjs                                         another build, to compare with
//
// Other programs on the machine make pauses longer: of several runs the least counts. The CPU time of a pause, that of all threads
// of the process, is what it would last if nobody else were there, or less. A real follower that joins, and what clients wait:
// `pauses-outside.mjs`.
import { execFileSync } from 'node:child_process';
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from './bench-servers.mjs';
import { change, chunkOf, create, get, OPEN_ACL_UNSAFE, OpCode, part, request, startInside } from './inside.mjs';

const DATA = Buffer.alloc(100, 'x');
const A_CHUNK = 500;
const WATCHERS = 100;
const BEAT_MS = 1;
/** The least time-out that a tick of 2000 ms allows. */
const SESSION_MS = 4000;
const SNAP_SLICE_BYTES = 256 * 1024;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const [nodes = 1_000_000, sessions = 10_000, watches = 100_000] = positionals.map(Number);

/** Each round in a process of its own, and the median of every figure. */
function measureRounds(rounds) {
  const words = [...process.execArgv, fileURLToPath(import.meta.url), '--json', ...positionals];
  const all = Array.from({ length: rounds }, () =>
    execFileSync(process.execPath, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  const table = {};
  for (const [i, { name, ...figures }] of all[0].entries()) {
    const middle = (figure) => +median(all.map((rows) => rows[i][figure])).toFixed(1);
    table[name] = Object.fromEntries(Object.keys(figures).map((figure) => [figure, middle(figure)]));
  }
  console.log(`Medians of ${rounds} rounds`);
  console.table(table);
}

if (values.rounds !== undefined) {
  measureRounds(Number(values.rounds));
  process.exit();
}
const { JuteWriter } = await part('jute');

const gc = { count: 0, longestMs: 0, totalMs: 0 };
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    gc.count++;
    gc.longestMs = Math.max(gc.longestMs, duration);
    gc.totalMs += duration;
  }
}).observe({ entryTypes: ['gc'] });

/** Looks each millisecond how long ago it looked last, and how much processor time went by meanwhile. */
function watchTheLoop() {
  const gapsMs = [];
  let cpuMs = 0;
  let last = performance.now();
  let lastCpu = process.cpuUsage();
  const timer = setInterval(() => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(lastCpu);
    lastCpu = process.cpuUsage();
    gapsMs.push(now - last - BEAT_MS);
    cpuMs = Math.max(cpuMs, (user + system) / 1000);
    last = now;
  }, BEAT_MS);
  return () => {
    clearInterval(timer);
    gapsMs.sort((x, y) => x - y);
    return { longest: gapsMs.at(-1), p99: gapsMs[Math.floor(gapsMs.length * 0.99)], cpuMs };
  };
}

async function row(name, act) {
  await sleep(200);
  Object.assign(gc, { count: 0, longestMs: 0, totalMs: 0 });
  const startMs = performance.now();
  const stop = watchTheLoop();
  await act();
  await sleep(2 * BEAT_MS);
  const { longest, p99, cpuMs } = stop();
  await sleep(10);
  const tookMs = performance.now() - startMs;
  show({
    name,
    'longest ms': Math.max(0, longest),
    'its CPU ms': cpuMs,
    'p99 ms': Math.max(0, p99),
    seconds: tookMs / 1000,
    collections: gc.count,
    'longest collection ms': gc.longestMs,
    'collections %': (100 * gc.totalMs) / tookMs,
  });
}

function show(figures) {
  if (values.json) {
    console.log(JSON.stringify(figures));
    return;
  }
  const { name, collections } = figures;
  const of = (figure) => figures[figure].toFixed(1);
  console.log(
    `${name}: longest ${of('longest ms')} ms (${of('its CPU ms')} ms of CPU), p99 ${of('p99 ms')} ms, in ${of('seconds')} s; ` +
      `${collections} collections, ${of('longest collection ms')} ms at most, ${figures['collections %'].toFixed(0)}%`,
  );
}

const { server, connect } = await startInside({ isLogReal: true });
const database = server.adminTarget('').database();
const main = await connect();
const ask = (count, write) => main.ask(chunkOf(count, write), count);

await ask(1, () => create('/many', null));
await row(`${nodes} creates, ${A_CHUNK} in flight`, async () => {
  let made = 0;
  while (made < nodes) {
    if (made % 1000 === 0) await ask(1, () => create(`/many/${made / 1000}`, null));
    await ask(A_CHUNK, () => create(`/many/${Math.floor(made / 1000)}/${made++}`, DATA));
  }
});

/** Sets go on while something else does. */
async function during(act) {
  let isOver = false;
  const work = act().finally(() => (isOver = true));
  for (let at = 0; !isOver; at++) {
    await ask(32, (i) => {
      const n = (at * 7919 + i * 104_729) % nodes;
      change({ type: OpCode.setData, path: `/many/${Math.floor(n / 1000)}/${n}`, data: DATA, version: -1 });
    });
  }
  await work;
}

await row('sets alone, 5 s', () => during(() => sleep(5000)));
await row('a snapshot is written', () => during(() => database.takeSnapshot()));
await row('a learner is sent the tree', () =>
  during(async () => {
    const snapshot = database.beginSnapshotSend();
    const w = new JuteWriter(SNAP_SLICE_BYTES);
    for (let isMore = true; isMore;) {
      isMore = snapshot.write(w, SNAP_SLICE_BYTES);
      w.take(SNAP_SLICE_BYTES);
      await new Promise(setImmediate);
    }
    snapshot.close();
  }),
);

const watchers = [];
while (watchers.length < WATCHERS) watchers.push(await connect());
const each = Math.floor(watches / WATCHERS);
await ask(1, () => create('/watched', null));
await ask(each, (i) => create(`/watched/${i}`, null));
const told = () => watchers.reduce((sum, { frames }) => sum + frames, 0);
for (const [how, fire] of [
  [
    'one by one',
    () => ask(each, (i) => change({ type: OpCode.setData, path: `/watched/${i}`, data: DATA, version: -1 })),
  ],
  [
    'at once, by one multi',
    () =>
      ask(1, () => {
        const ops = Array.from({ length: each }, (_, i) => ({
          type: OpCode.setData,
          path: `/watched/${i}`,
          data: DATA,
          version: -1,
        }));
        change({ type: OpCode.multi, ops });
      }),
  ],
]) {
  for (const watcher of watchers) {
    await watcher.ask(
      chunkOf(each, (i) => get(`/watched/${i}`, true)),
      each,
    );
  }
  const before = told();
  await row(`${each * WATCHERS} watches fire ${how}`, async () => {
    await fire();
    while (told() - before < each * WATCHERS) await sleep(1);
  });
}

const EPHEMERAL = 1;
const CHILDREN = 100_000;
const leaver = await connect();
await ask(1, () => create('/wide', null));
for (let made = 0; made < CHILDREN; made += A_CHUNK) await ask(A_CHUNK, (i) => create(`/wide/${made + i}`, null));
await row(`${CHILDREN} names of children are asked for, ten times`, async () => {
  for (let i = 0; i < 10; i++) {
    await ask(1, () => {
      request(OpCode.getChildren, (w) => {
        w.string('/wide');
        w.bool(false);
      });
    });
    await new Promise(setImmediate);
  }
});
for (let set = 0; set < nodes; set += A_CHUNK) {
  const watched = (i) => get(`/many/${Math.floor((set + i) / 1000)}/${set + i}`, true);
  await leaver.ask(chunkOf(A_CHUNK, watched), A_CHUNK);
}
await row(`a connection with ${nodes} watches closes`, async () => {
  leaver.destroy();
  while (server.adminTarget('').database().tree.watchCount > 0) await sleep(1);
  await sleep(1000);
});
for (const count of [1000, 10_000]) {
  const owner = await connect();
  const owned = (made) => (i) =>
    change({
      type: OpCode.create,
      path: `/wide/e${made + i}`,
      data: DATA,
      acl: OPEN_ACL_UNSAFE,
      flags: EPHEMERAL,
      ttlMs: -1,
    });
  for (let made = 0; made < count; made += A_CHUNK) await owner.ask(chunkOf(A_CHUNK, owned(made)), A_CHUNK);
  const goodbye = chunkOf(1, () => request(OpCode.closeSession, () => undefined));
  await row(`a session with ${count} ephemerals closes`, () => owner.ask(goodbye, 1));
}

const silent = [];
while (silent.length < sessions) {
  silent.push(...(await Promise.all(Array.from({ length: A_CHUNK }, () => connect(SESSION_MS)))));
}
await row(`${sessions} sessions expire`, async () => {
  while (silent.some(({ closed }) => !closed)) await sleep(20);
});
process.exit();
