// See scripts/bench-generators.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

/** Requests a second of each generator. */
const generators = {
  zkload({ mix, sessions, depth }) {
    const words = ['load', '-H', address, '-c', sessions, '-d', depth, '-m', mix, '-t', values.seconds, '-w', 1];
    return JSON.parse(execFileSync(zkload, words.map(String), { encoding: 'utf8' })).ops_per_s;
  },
  'zk-bench'({ mix, sessions, depth }) {
    const load = ['--server', address, '--mix', mix, '--sessions', sessions, '--depth', depth];
    const time = ['--seconds', values.seconds, '--warm-up', 1, '--json'];
    const out = execFileSync(program('zk-bench'), [...load, ...time].map(String), { encoding: 'utf8' });
    return JSON.parse(out).targets[0].opsPerSecond;
  },
};

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
  const result = {};
  for (const [name, row] of Object.entries(ROWS)) {
    const rates = { zkload: [], 'zk-bench': [] };
    for (let round = 0; round < Number(values.rounds); round++) {
      // Each goes first in turn.
      const order = round % 2 === 0 ? ['zkload', 'zk-bench'] : ['zk-bench', 'zkload'];
      for (const generator of order) rates[generator].push(generators[generator](row));
    }
    const ratios = rates.zkload.map((rate, round) => rates['zk-bench'][round] / rate);
    result[name] = { zkload: median(rates.zkload), 'zk-bench': median(rates['zk-bench']), ratio: median(ratios) };
  }
  if (values.json) console.log(JSON.stringify(result));
  else console.table(result);
} finally {
  server.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}
