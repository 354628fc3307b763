// The longest time for which the event loop hears nothing: a built server in this process, its log on the disk, and what is
// said to make servers pause. Beside each row stand the garbage collector's pauses: how many, the longest, their share of the time.
//
//   node --max-semi-space-size=4 scripts/pauses.mjs [NODES [SESSIONS [WATCHES]]]       1000000 10000 100000 when absent
//   DIST=../other/dist node scripts/pauses.mjs                                         another build, to compare with
//
// Other programs on the machine make pauses longer: of several runs the least counts. The CPU time of a pause, that of all threads
// of the process, is what it would last if nobody else were there, or less.
import { PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { change, chunkOf, create, get, OPEN_ACL_UNSAFE, OpCode, part, request, startInside } from './inside.mjs';

const DATA = Buffer.alloc(100, 'x');
const A_CHUNK = 500;
const WATCHERS = 100;
const BEAT_MS = 1;
/** The least time-out that a tick of 2000 ms allows. */
const SESSION_MS = 4000;
const SNAP_SLICE_BYTES = 256 * 1024;
const [nodes = 1_000_000, sessions = 10_000, watches = 100_000] = process.argv.slice(2).map(Number);
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
  const share = ((100 * gc.totalMs) / tookMs).toFixed(0);
  const [a, b, c, d] = [longest, cpuMs, p99, gc.longestMs].map((ms) => Math.max(0, ms).toFixed(1));
  const took = (tookMs / 1000).toFixed(1);
  console.log(
    `${name}: longest ${a} ms (${b} ms of CPU), p99 ${c} ms, in ${took} s; ${gc.count} collections, ${d} ms at most, ${share}%`,
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
