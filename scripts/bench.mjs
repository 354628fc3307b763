// npm run bench: the rows of docs/benchmarks.md under the load generator of this project, beside the floor that is measured in
// the same rounds (scripts/bench-floor.mjs), beside what is stored (scripts/bench-baseline.json), and beside another server.
//
//   npm run bench                                       one server: five rounds, every row
//   npm run bench -- --rounds 1 --seconds 1 --warm-up 1 --rows read-32,write-32 --nodes 1000000
//   npm run bench -- --other java                       ratios to Debian's Apache ZooKeeper, too; or any command line that starts
//                                                       a server in the foreground when the path of a zoo.cfg is appended
//   npm run bench -- --generator zkload                 the load generator in C (BENCH_DIR names where zkload.c is), whole seconds only
//   npm run bench -- --servers 3                        an ensemble (the floor stays that of one server)
//   npm run bench -- --store                            writes the stored figures anew
//   npm run bench -- --check                            fails when a row is much farther from its floor than what is stored
//
// `of floor`: throughput by the floor's; for memory, how many times the raw bytes of the nodes. `of fsync`: changes a second by
// those of a loop of nothing but group commits, as many in a group as are under way. The second table tells who was busy, and
// how many requests a second the generator could make with a core of its own, to see whether it can saturate the server.
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fill, fillPath, RawSession, createRequest, tellWatchers } from './bench-client.mjs';
import { fsyncFloor, rawNodeBytes } from './bench-floor.mjs';
import { loader } from './bench-load.mjs';
import { fourLetters, freePorts, JAVA, median, OURS, Servers } from './bench-servers.mjs';

const BASELINE = new URL('bench-baseline.json', import.meta.url);
const GOALS = new URL('bench-goals.json', import.meta.url);
const FLOOR = new URL('bench-floor.mjs', import.meta.url).pathname;
const WATCHERS = 500;
const WATCH_ROUNDS = 20;
/** A row fails when its distance from the floor is less than so much of the stored one. */
const LEAST_OF_STORED = 0.6;
const MIX = 'get=70,set=20,create=5,delete=5';
/** `changes`: which part of the requests is written to the log. */
const LOADS = {
  'read-1': { mix: 'get=100', sessions: 16, depth: 1 },
  'read-32': { mix: 'get=100', sessions: 16, depth: 32 },
  'read-200x4': { mix: 'get=100', sessions: 200, depth: 4 },
  'write-1': { mix: 'set=100', sessions: 16, depth: 1, changes: 1 },
  'write-32': { mix: 'set=100', sessions: 16, depth: 32, changes: 1 },
  mix: { mix: MIX, sessions: 16, depth: 32, changes: 0.3 },
  'mix-1': { mix: 'get=90,set=10', sessions: 64, depth: 1, changes: 0.1 },
  connect: { profile: 'sessions', sessions: 32 },
};
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    'warm-up': { type: 'string', default: '2' },
    servers: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '200000' },
    rows: { type: 'string', default: [...Object.keys(LOADS), 'watch', 'failover', 'fill'].join() },
    other: { type: 'string' },
    generator: { type: 'string', default: 'zk-bench' },
    json: { type: 'string' },
    store: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const rows = values.rows.split(',');
const [rounds, seconds, warmUp, count, nodes] = ['rounds', 'seconds', 'warm-up', 'servers', 'nodes'].map((name) =>
  Number(values[name]),
);
const folder = mkdtempSync(join(tmpdir(), 'bench-'));

const load = loader(values.generator, folder, { seconds, warmUp });

/** Changes of a row that can be in one group, and the name of the row of a loop of such groups. */
const groupOf = ({ changes, sessions, depth }) => Math.round(changes * sessions * depth);
const fsyncRow = (name) => `fsync of ${groupOf(LOADS[name])} /s`;
const isLoad = (name) => name in LOADS;
const writeRows = rows.filter((name) => LOADS[name]?.changes !== undefined);

/** Loads the servers at `hosts` with a row, and notes what is measured. */
async function measureRow(out, row, hosts, pids) {
  const { generatorBusy, ops, opsPerSecond, p99Us, serverBusy } = await load(LOADS[row], hosts, pids);
  out[`${row} /s`] = opsPerSecond;
  out[`${row} p99 us`] = p99Us;
  out[`${row} server busy`] = serverBusy;
  out[`${row} generator busy`] = generatorBusy;
  return ops;
}

/** Milliseconds from the death of the leader to a write of a new session on one of the others. */
async function failoverMs(servers) {
  const modes = await Promise.all(servers.ports.map((port) => modeOf(port)));
  const leader = modes.indexOf('leader');
  const rest = servers.ports.filter((_, i) => i !== leader);
  const ended = new Promise((done) => servers.processes[leader].once('exit', done));
  servers.processes[leader].kill('SIGKILL');
  await ended;
  const startMs = performance.now();
  for (let at = 0; ; at++) {
    if (await writes(rest[at % rest.length], `/failover-${at}`)) return performance.now() - startMs;
    await sleep(5);
  }
}

async function modeOf(port) {
  return /^Mode: (\w+)/m.exec(await fourLetters(port, 'srvr'))?.[1] ?? '';
}

async function writes(port, path) {
  const attempt = async () => {
    const session = await RawSession.open(port);
    await session.ask(createRequest(path, Buffer.from('x')));
    session.socket.destroy();
    return session.errors === 0;
  };
  return Promise.race([attempt().catch(() => false), sleep(1000, false)]);
}

/** Every figure of one round of a server. */
async function measure(command) {
  const out = {};
  const servers = await Servers.create(command, count);
  try {
    out['start ms'] = await servers.start();
    await sleep(500);
    out['idle MB'] = await servers.residentMb();
    const pids = await servers.pids();
    for (const row of rows.filter(isLoad)) {
      const beforeMs = await servers.cpuMs();
      const ops = await measureRow(out, row, servers.hosts, pids);
      const cpuMs = (await servers.cpuMs()) - beforeMs;
      out[`${row} cpu us/op`] = (cpuMs * 1000 * seconds) / (seconds + warmUp) / Math.max(1, ops);
    }
    if (rows.includes('watch')) out['watch events/s'] = await tellWatchers(servers.ports[0], WATCHERS, WATCH_ROUNDS);
    if (rows.includes('failover') && count > 1) {
      out['failover ms'] = await failoverMs(servers);
      await servers.stop();
      await servers.start();
    }
    if (rows.includes('fill')) {
      out['fill /s'] = await fill(servers.ports[0], nodes);
      out['filled MB'] = await servers.residentMb();
      await servers.stop();
      out['restart ms'] = await servers.start();
      out['restarted MB'] = await servers.residentMb();
    }
  } finally {
    await servers.remove();
  }
  return out;
}

async function withFloor(log, act) {
  const [port] = await freePorts(1);
  const startMs = performance.now();
  const child = fork(FLOOR, [String(port), ...(log === undefined ? [] : [log])]);
  await new Promise((done) => child.once('message', done));
  try {
    return await act({ port, child, startMs: performance.now() - startMs });
  } finally {
    const ended = new Promise((done) => child.once('exit', done));
    child.kill();
    await ended;
  }
}

/** The floor of each row, in the same round. */
async function measureFloor() {
  const out = {};
  for (const isWrite of [false, true]) {
    await withFloor(isWrite ? join(folder, 'log') : undefined, async ({ port, child, startMs }) => {
      if (!isWrite) {
        out['start ms'] = startMs;
        out['idle MB'] = (4096 * Number(readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[1])) / 1e6;
      }
      for (const row of rows.filter((name) => isLoad(name) && writeRows.includes(name) === isWrite)) {
        await measureRow(out, row, `127.0.0.1:${port}`, [child.pid]);
      }
      if (rows.includes('watch') && !isWrite) out['watch events/s'] = await tellWatchers(port, WATCHERS, WATCH_ROUNDS);
      if (rows.includes('fill') && isWrite) out['fill /s'] = await fill(port, nodes);
    });
  }
  for (const row of writeRows) out[fsyncRow(row)] = fsyncFloor(join(folder, 'sync'), groupOf(LOADS[row]));
  if (rows.includes('fill')) {
    let bytes = 0;
    for (let n = 0; n < nodes; n++) bytes += rawNodeBytes(fillPath(n), 100);
    out['filled MB'] = out['restarted MB'] = (bytes * count) / 1e6;
  }
  return out;
}

const other = values.other === 'java' ? JAVA : values.other;
const measured = { ours: [], floor: [], other: [] };
try {
  for (let round = 1; round <= rounds; round++) {
    console.error(`round ${round} of ${rounds}`);
    measured.ours.push(await measure(OURS));
    measured.floor.push(await measureFloor());
    if (other !== undefined) measured.other.push(await measure(other));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const stored = JSON.parse(readFileSync(BASELINE, 'utf8'));
const kind = `${count} server(s)${values.generator === 'zk-bench' ? '' : `, ${values.generator}`}`;
const storedRows = stored.rows[kind] ?? {};
const over = (side, row) => median(measured[side].map((round) => round[row]));
const ratio = (side, row) => median(measured.ours.map((round, i) => round[row] / measured[side][i][row]));
/** The part of the changes that a loop of nothing but group commits does. */
const ofFsync = (name) => {
  const rate = (round) => round[`${name} /s`] * LOADS[name].changes;
  return median(measured.ours.map((round, i) => rate(round) / measured.floor[i][fsyncRow(name)]));
};
const show = (value) => (value === undefined || Number.isNaN(value) ? '' : +value.toPrecision(4));
const table = {};
const figures = {};
for (const row of Object.keys({ ...measured.ours[0], ...measured.floor[0] }).filter((name) => !name.endsWith('busy'))) {
  const ofFloor = measured.floor[0][row] === undefined ? undefined : ratio('floor', row);
  const written = writeRows.find((name) => row === `${name} /s`);
  const fsync = written === undefined ? {} : { ofFsync: show(ofFsync(written)) };
  figures[row] = { ours: show(over('ours', row)), ofFloor: show(ofFloor), ...fsync };
  table[row] = {
    ours: show(over('ours', row)),
    floor: show(over('floor', row)),
    'of floor': show(ofFloor),
    'of fsync': fsync.ofFsync ?? '',
    stored: storedRows[row]?.ofFloor ?? '',
    ...(other === undefined ? {} : { other: show(over('other', row)), 'ours/other': show(ratio('other', row)) }),
  };
}
/** Cores, 1 for a full one; with what the generator did at the floor, the cheapest server that there is, for each of its cores. */
const busy = {};
for (const row of rows.filter(isLoad)) {
  const couldBe = ({ [`${row} /s`]: rate, [`${row} generator busy`]: cores }) => rate / Math.min(1, cores);
  const could = median(measured.floor.map(couldBe));
  busy[row] = {
    server: show(over('ours', `${row} server busy`)),
    generator: show(over('ours', `${row} generator busy`)),
    'floor server': show(over('floor', `${row} server busy`)),
    'its generator': show(over('floor', `${row} generator busy`)),
    'generator could /s': show(could),
    'by ours': show(could / over('ours', `${row} /s`)),
  };
}
console.log(
  `Medians of ${rounds} rounds of ${seconds} s, ${count} server(s), ${cpus().length} processors, ${values.generator}; ` +
    'a table from scripts/bench.mjs',
);
console.table(table);
if (rows.some(isLoad)) console.table(busy);
const goals = JSON.parse(readFileSync(GOALS, 'utf8'))['of the floor'];
for (const [row, wanted] of Object.entries(goals).filter(([name]) => table[name] !== undefined)) {
  for (const [column, goal] of Object.entries(wanted)) {
    const value = table[row][column];
    const isMet = row.endsWith('MB') ? value <= goal : value >= goal;
    if (value !== '') console.log(`goal ${isMet ? 'met' : 'missed'}: ${row} ${column} ${value}, goal ${goal}`);
  }
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ ...table, busy }, null, 1));
if (values.store) {
  stored.rows[kind] = figures;
  writeFileSync(BASELINE, `${JSON.stringify(stored, null, 2)}\n`);
}
if (values.check) {
  const isWorse = ([row, { ofFloor }]) =>
    row.endsWith('/s') && ofFloor < LEAST_OF_STORED * (storedRows[row]?.ofFloor ?? 0);
  const worse = Object.entries(figures).filter(isWorse);
  for (const [row] of worse) console.error(`FAILED: ${row} is much farther from its floor than what is stored`);
  process.exitCode = worse.length > 0 ? 1 : 0;
}
