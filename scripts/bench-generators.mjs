// See scripts/bench-generators.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const program = (name) => new URL(`../bin/${name}`, import.meta.url).pathname;
const bench = process.env.BENCH_DIR ?? '../shared/bench';
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const ROWS = {
  'read 16 x 32': { mix: 'get=100', sessions: 16, depth: 32 },
  'read 16 x 1': { mix: 'get=100', sessions: 16, depth: 1 },
  'write 16 x 32': { mix: 'set=100', sessions: 16, depth: 32 },
};

if (!existsSync(join(bench, 'zkload.c'))) {
  console.error(`bench-generators: there is no ${bench}/zkload.c; BENCH_DIR names where it is.`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'zk-bench-'));
const zkload = join(folder, 'zkload');
execFileSync('cc', ['-O2', '-w', '-o', zkload, join(bench, 'zkload.c')]);

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen({ host: '127.0.0.1', port: 0 }, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const port = await freePort();
const address = `127.0.0.1:${port}`;
mkdirSync(join(folder, 'data'));
writeFileSync(
  join(folder, 'zoo.cfg'),
  `dataDir=${join(folder, 'data')}\nclientPort=${port}\nmaxClientCnxns=0\nadmin.enableServer=false\n`,
);
const server = spawn(program('zk-server'), ['start', join(folder, 'zoo.cfg')], { stdio: 'ignore' });
const ended = new Promise((resolve) => server.once('exit', resolve));

/** CPU seconds of the server so far. */
function serverCpuS() {
  const stat = readFileSync(`/proc/${server.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Runs a generator: what it prints, and the CPU seconds that it took itself. */
function timed(words) {
  const script = 'TIMEFORMAT="%U %S"; time "$@"';
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script, '-', ...words.map(String)], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
  const [user, system] = stderr.trim().split('\n').at(-1).split(' ').map(Number);
  return { result: JSON.parse(stdout), cpuS: user + system };
}

const WARM_UP_S = 1;
/** Requests a second of each generator, and CPU microseconds a request of the generator and of the server. */
const generators = {
  zkload({ mix, sessions, depth }) {
    const words = [
      'load',
      '-H',
      address,
      '-c',
      sessions,
      '-d',
      depth,
      '-m',
      mix,
      '-t',
      values.seconds,
      '-w',
      WARM_UP_S,
    ];
    const { result, cpuS } = timed([zkload, ...words]);
    return { rate: result.ops_per_s, ops: result.ops, cpuS };
  },
  'zk-bench'({ mix, sessions, depth }) {
    const load = ['--server', address, '--mix', mix, '--sessions', sessions, '--depth', depth];
    const time = ['--seconds', values.seconds, '--warm-up', WARM_UP_S, '--json'];
    const { result, cpuS } = timed([program('zk-bench'), ...load, ...time]);
    return { rate: result.targets[0].opsPerSecond, ops: result.targets[0].ops, cpuS: Math.max(0, cpuS - startCpuS) };
  },
};
/** What zk-bench costs before and after the load: node itself, its nodes made and removed. */
let startCpuS = 0;
function measureStart() {
  const words = [
    '--server',
    address,
    '--sessions',
    16,
    '--depth',
    1,
    '--seconds',
    0.1,
    '--warm-up',
    0,
    '--rate',
    10,
    '--json',
  ];
  startCpuS = timed([program('zk-bench'), ...words]).cpuS;
}

/** One run, with costs a request: the CPU time of the warm-up is taken to be as dense as that of the rest. */
function runOf(generator, row) {
  const beforeS = serverCpuS();
  const { rate, ops, cpuS } = generators[generator](row);
  const measured = Number(values.seconds) / (Number(values.seconds) + WARM_UP_S);
  const us = (seconds) => (seconds * measured * 1e6) / ops;
  return { rate, generatorUs: us(cpuS), serverUs: us(serverCpuS() - beforeS) };
}

async function serving() {
  for (let left = 100; left > 0; left--) {
    try {
      execFileSync(program('zk-cli'), ['-server', address, '--quiet', 'ls', '/'], { stdio: 'ignore' });
      return;
    } catch {
      await delay(100);
    }
  }
  throw new Error('the server does not serve');
}

function median(all) {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

try {
  await serving();
  measureStart();
  const result = {};
  for (const [name, row] of Object.entries(ROWS)) {
    const runs = { zkload: [], 'zk-bench': [] };
    for (let round = 0; round < Number(values.rounds); round++) {
      // Each goes first in turn.
      const order = round % 2 === 0 ? ['zkload', 'zk-bench'] : ['zk-bench', 'zkload'];
      for (const generator of order) runs[generator].push(runOf(generator, row));
    }
    const middle = (generator, figure) => Number(median(runs[generator].map((run) => run[figure])).toPrecision(3));
    const ratios = runs.zkload.map(({ rate }, round) => runs['zk-bench'][round].rate / rate);
    result[name] = {
      zkload: middle('zkload', 'rate'),
      'zk-bench': middle('zk-bench', 'rate'),
      ratio: Number(median(ratios).toFixed(3)),
      'zkload cpu us': middle('zkload', 'generatorUs'),
      'zk-bench cpu us': middle('zk-bench', 'generatorUs'),
      'server cpu us': middle('zk-bench', 'serverUs'),
    };
  }
  if (values.json) console.log(JSON.stringify(result));
  else console.table(result);
} finally {
  server.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
