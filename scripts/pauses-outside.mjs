// The longest time that a client waits for a read while a server does what is said to make servers pause: ours and Apache
// ZooKeeper in turns, each with fresh data. `pauses.mjs` measures the event loop of ours itself.
//
//   node scripts/pauses-outside.mjs [--rounds 5] [--rows one,joins] [--json FILE] [NODES [SESSIONS [WATCHES]]]
//                                   1 round, all rows, 1000000 10000 100000 when absent; medians of the rounds
//
// Rows `one`: one server. Rows `joins`: two of three servers, then the third, whose disk is empty, so that the leader sends it a
// SNAP, while one client sets nodes and another reads from the leader.
//
// One client in a thread of its own reads a node, and again when it has the answer. It shares the processors with the server
// and with what loads it, so of the waits a part is not the server's; the same part for both. `stall` is what both servers say
// themselves: how late a timer of 1 ms came (`jvm.pause.monitor`), for ours on the event loop, for Java in a thread that stands
// when all do. Collections are those that the collectors tell of; a safepoint is whatever stops all threads of Java.
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createRequest, fill, fillPath, getRequest, multiSet, pour, RawSession, setRequest } from './bench-client.mjs';
import { fourLetters, JAVA, median, OURS, Servers } from './bench-servers.mjs';
import { between, pausesIn, TRACE_JAVA, TRACE_OURS } from './collections.mjs';

const WATCHERS = 100;
const SETS_MS = 5000;
const JOIN_IN_FLIGHT = 32;
/** So long sets go on before the third server starts, and after it serves. */
const AROUND_JOIN_MS = 500;
const WAIT_MS = 120_000;
/** The least time-out that a tick of 2000 ms allows. */
const SESSION_MS = 4000;
const OPENED_AT_ONCE = 200;
const MONITOR =
  'jvm.pause.monitor=true\njvm.pause.sleep.time.ms=1\njvm.pause.info-threshold.ms=100000\njvm.pause.warn-threshold.ms=100000\n';
const SERVERS = {
  ours: { command: OURS, env: { ZK_SERVER_NODE_OPTIONS: TRACE_OURS } },
  'Apache ZooKeeper': { command: JAVA.replace('java ', `java ${TRACE_JAVA} `), env: {} },
};

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

async function figureOf(port, name) {
  const [, value] = new RegExp(`^${name}\\t(.*)$`, 'm').exec(await fourLetters(port, 'mntr')) ?? [];
  return Number(value ?? Number.NaN);
}

/** One server of a kind under the eyes of a prober; `rows` fills up with what each thing took. */
class Watched {
  rows = [];

  constructor(servers, at) {
    this.servers = servers;
    this.at = at;
    this.port = servers.ports[at];
    this.prober = new Worker(new URL(import.meta.url), { workerData: this.port });
  }

  waits() {
    return new Promise((done) => {
      this.prober.once('message', done);
      this.prober.postMessage(null);
    });
  }

  async row(what, act) {
    await sleep(500);
    await fourLetters(this.port, 'srst');
    await this.waits();
    const startMs = performance.now();
    await act();
    await sleep(50);
    const { longest, p99 } = await this.waits();
    const stall = await figureOf(this.port, 'zk_max_jvm_pause_time_ms');
    this.rows.push({ what, longest, p99, stall, startMs, endMs: performance.now() });
  }

  /** Ends the servers, for some of what they print is told at their end only, and answers the rows with their collections. */
  async finish() {
    await this.prober.terminate();
    await this.servers.stop();
    const pauses = pausesIn(this.servers.logOf(this.at));
    const bornMs = this.servers.bornMs[this.at];
    return this.rows.map(({ what, longest, p99, stall, startMs, endMs }) => {
      const [from, to] = [startMs - bornMs, endMs - bornMs];
      const [collections, safepoints] = ['collection', 'safepoint'].map((kind) => between(pauses, kind, from, to));
      const gc = { collections: collections.count, collection: collections.longestMs, safepoint: safepoints.longestMs };
      return { what, longest, p99, stall, ...gc, seconds: (endMs - startMs) / 1000 };
    });
  }
}

const data = Buffer.alloc(100, 'x');

/** Sets filled nodes until `isOver`. */
function setNodes(session, nodes, isOver, inFlight) {
  let n = 0;
  return pour(session, () => (isOver() ? null : setRequest(fillPath((n += 104_729) % nodes), data)), inFlight);
}

async function fireWatches(watched, main, watches) {
  const { port } = watched;
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
    await watched.row(`${each * WATCHERS} watches fire ${how}`, async () => {
      await fire();
      while (events() - before < each * WATCHERS) await sleep(5);
    });
  }
}

async function expireSessions(watched, sessions) {
  const silent = [];
  const open = () => RawSession.open(watched.port, SESSION_MS);
  while (silent.length < sessions) {
    silent.push(...(await Promise.all(Array.from({ length: Math.min(OPENED_AT_ONCE, sessions) }, open))));
  }
  await watched.row(`${sessions} sessions expire`, async () => {
    while (silent.some(({ isClosed }) => !isClosed)) await sleep(20);
  });
}

async function measureOne({ command, env }, [nodes, sessions, watches]) {
  const servers = await Servers.create(command, 1, { settings: MONITOR, env });
  try {
    await servers.start();
    const [port] = servers.ports;
    const main = await RawSession.open(port);
    await main.ask(createRequest('/probe', data));
    const watched = new Watched(servers, 0);
    await watched.row(`${nodes} creates, 1024 in flight, with snapshots`, () => fill(port, nodes));
    await watched.row('sets of those, 1024 in flight', () => {
      const untilMs = performance.now() + SETS_MS;
      return setNodes(main, nodes, () => performance.now() >= untilMs);
    });
    await fireWatches(watched, main, watches);
    await expireSessions(watched, sessions);
    return await watched.finish();
  } finally {
    await servers.remove();
  }
}

async function leaderOf(servers, count) {
  for (let i = 0; i < count; i++) {
    if (/^Mode: leader/m.test(await fourLetters(servers.ports[i], 'srvr'))) return i;
  }
  throw new Error('no server leads');
}

async function measureJoin({ command, env }, [nodes]) {
  // What is to be sent may take longer than stock limits allow where the processors are shared.
  const servers = await Servers.create(command, 3, { settings: `${MONITOR}initLimit=100\n`, env });
  try {
    await servers.start(WAIT_MS, 2);
    const at = await leaderOf(servers, 2);
    const port = servers.ports[at];
    await fill(port, nodes);
    const main = await RawSession.open(port);
    await main.ask(createRequest('/probe', data));
    const watched = new Watched(servers, at);
    const sets = (isOver) => setNodes(main, nodes, isOver, JOIN_IN_FLIGHT);
    const alone = `sets on a leader of ${nodes} nodes, ${JOIN_IN_FLIGHT} in flight`;
    await watched.row(alone, () => {
      const untilMs = performance.now() + SETS_MS;
      return sets(() => performance.now() >= untilMs);
    });
    await watched.row(`a follower joins and is sent ${nodes} nodes, beside those sets`, async () => {
      let isOver = false;
      const work = sets(() => isOver);
      await sleep(AROUND_JOIN_MS);
      servers.processes[2] = servers.startOne(2);
      await servers.serving(2, performance.now() + WAIT_MS);
      await sleep(AROUND_JOIN_MS);
      isOver = true;
      await work;
      const snaps = await figureOf(port, 'zk_snap_count');
      if (!(snaps > 0)) throw new Error(`the leader sent no SNAP: ${snaps}`);
    });
    return await watched.finish();
  } finally {
    await servers.remove();
  }
}

const MEASURES = { one: measureOne, joins: measureJoin };

/** One line for each row and server: medians of the rounds. */
function tableOf(results) {
  const table = {};
  for (const [name, rounds] of Object.entries(results)) {
    for (const [i, { what }] of rounds[0].entries()) {
      const of = (figure) => +median(rounds.map((rows) => rows[i][figure])).toFixed(2);
      table[`${what}: ${name}`] = {
        'longest wait ms': of('longest'),
        'p99 ms': of('p99'),
        'stall ms': of('stall'),
        collections: of('collections'),
        'longest collection ms': of('collection'),
        'longest safepoint ms': name === 'ours' ? '' : of('safepoint'),
        seconds: of('seconds'),
      };
    }
  }
  return table;
}

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '1' },
      rows: { type: 'string', default: Object.keys(MEASURES).join() },
      json: { type: 'string' },
    },
  });
  const sizes = [1_000_000, 10_000, 100_000].map((size, i) => Number(positionals[i] ?? size));
  const results = Object.fromEntries(Object.keys(SERVERS).map((name) => [name, []]));
  for (let round = 1; round <= Number(values.rounds); round++) {
    for (const [name, server] of Object.entries(SERVERS)) {
      console.error(`round ${round} of ${values.rounds}: ${name}`);
      const rows = [];
      for (const which of values.rows.split(',')) rows.push(...(await MEASURES[which](server, sizes)));
      results[name].push(rows);
    }
  }
  const table = tableOf(results);
  console.log(`Medians of ${values.rounds} rounds`);
  console.table(table);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ table, results }, null, 1));
  process.exit();
}

if (isMainThread) await main();
else await probe(workerData);
