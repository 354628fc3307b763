// The longest time that a client waits for a read while a server does what is said to make servers pause: ours and Apache
// ZooKeeper, each with fresh data, one after the other. `pauses.mjs` measures the event loop of ours itself.
//
//   node scripts/pauses-outside.mjs [NODES [SESSIONS [WATCHES]]]       1000000 10000 100000 when absent
//
// One client in a thread of its own reads a node, and again when it has the answer. It shares the processors with the server
// and with what loads it, so of the waits a part is not the server's; the same part for both.
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createRequest, fill, fillPath, getRequest, multiSet, pour, RawSession, setRequest } from './bench-client.mjs';
import { JAVA, OURS, Servers } from './bench-servers.mjs';

const WATCHERS = 100;
const SETS_MS = 5000;
/** The least time-out that a tick of 2000 ms allows. */
const SESSION_MS = 4000;
const OPENED_AT_ONCE = 200;

/** In the thread: reads until it is told to say how long the reads took. */
async function probe(port) {
  const session = await RawSession.open(port);
  let waitsMs = [];
  parentPort.on('message', () => {
    const sorted = waitsMs.sort((x, y) => x - y);
    waitsMs = [];
    parentPort.postMessage({ longest: sorted.at(-1) ?? 0, p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0 });
  });
  for (;;) {
    const startMs = performance.now();
    await session.ask(getRequest('/probe', false));
    waitsMs.push(performance.now() - startMs);
    await sleep(1);
  }
}

async function measure(name, port, [nodes, sessions, watches], say) {
  const main = await RawSession.open(port);
  const data = Buffer.alloc(100, 'x');
  await main.ask(createRequest('/probe', data));
  const prober = new Worker(new URL(import.meta.url), { workerData: port });
  const waits = () =>
    new Promise((done) => {
      prober.once('message', done);
      prober.postMessage(null);
    });
  const row = async (what, act) => {
    await sleep(500);
    await waits();
    const startMs = performance.now();
    await act();
    await sleep(50);
    const { longest, p99 } = await waits();
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    say(`${name}: ${what}: longest ${longest.toFixed(1)} ms, p99 ${p99.toFixed(2)} ms, in ${seconds} s`);
  };

  await row(`${nodes} creates, 1024 in flight, with snapshots`, () => fill(port, nodes));
  await row('sets of those, 1024 in flight', async () => {
    const untilMs = performance.now() + SETS_MS;
    let n = 0;
    await pour(main, () => (performance.now() < untilMs ? setRequest(fillPath((n += 104_729) % nodes), data) : null));
  });

  const each = Math.floor(watches / WATCHERS);
  const paths = Array.from({ length: each }, (_, i) => fillPath(i));
  const watchers = await Promise.all(Array.from({ length: WATCHERS }, () => RawSession.open(port)));
  const events = () => watchers.reduce((sum, session) => sum + session.events, 0);
  const all = Buffer.concat(paths.map((path) => getRequest(path, true)));
  for (const [how, fire] of [
    ['one by one', () => main.ask(Buffer.concat(paths.map((path) => setRequest(path, data))), each)],
    ['at once, by one multi', () => main.ask(multiSet(paths, data))],
  ]) {
    for (const watcher of watchers) await watcher.ask(all, each);
    const before = events();
    await row(`${each * WATCHERS} watches fire ${how}`, async () => {
      await fire();
      while (events() - before < each * WATCHERS) await sleep(5);
    });
  }

  const silent = [];
  while (silent.length < sessions) {
    silent.push(
      ...(await Promise.all(Array.from({ length: OPENED_AT_ONCE }, () => RawSession.open(port, SESSION_MS)))),
    );
  }
  await row(`${sessions} sessions expire`, async () => {
    while (silent.some(({ isClosed }) => !isClosed)) await sleep(20);
  });
  await prober.terminate();
}

async function main() {
  const given = process.argv.slice(2).map(Number);
  const sizes = [1_000_000, 10_000, 100_000].map((size, i) => given[i] ?? size);
  for (const [name, command] of [
    ['ours', OURS],
    ['Apache ZooKeeper', JAVA],
  ]) {
    const servers = await Servers.create(command);
    try {
      await servers.start();
      await measure(name, servers.ports[0], sizes, (line) => console.log(line));
    } finally {
      await servers.remove();
    }
  }
  process.exit();
}

if (isMainThread) await main();
else await probe(workerData);
