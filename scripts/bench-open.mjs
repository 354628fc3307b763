// Latency under open load: at half of what Apache ZooKeeper takes at most (a closed loop, 16 sessions with 32 requests under way
// each, in the same round), requests are due at fixed times at both servers, and latency counts from there.
//
//   node scripts/bench-open.mjs [--rounds 3] [--seconds 3] [--json FILE]
//
// zkload.c makes the load; it is not part of this repository: it lies in ../shared/bench (BENCH_DIR names another place).
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { JAVA, median, OURS, Servers } from './bench-servers.mjs';

const MIXES = { reads: 'get=100', writes: 'set=100', mix: 'get=70,set=20,create=5,delete=5' };
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'bench-open-'));
const zkload = join(folder, 'zkload');
execFileSync('cc', ['-O2', '-w', '-o', zkload, join(process.env.BENCH_DIR ?? '../shared/bench', 'zkload.c')]);

async function load(servers, mix, ...more) {
  const words = ['load', '-H', servers.hosts, '-c', 16, '-d', 32, '-m', mix, '-t', values.seconds, '-w', 2, ...more];
  const { stdout } = await promisify(execFile)(zkload, words.map(String));
  return JSON.parse(stdout);
}

async function withServer(command, act) {
  const servers = await Servers.create(command);
  try {
    await servers.start();
    return await act(servers);
  } finally {
    await servers.remove();
  }
}

const measured = Object.fromEntries(Object.keys(MIXES).map((name) => [name, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  const java = await withServer(JAVA, async (servers) => {
    const out = {};
    for (const [name, mix] of Object.entries(MIXES)) {
      const rate = Math.round((await load(servers, mix)).ops_per_s / 2);
      out[name] = { rate, ...(await load(servers, mix, '-r', rate)) };
    }
    return out;
  });
  await withServer(OURS, async (servers) => {
    for (const [name, mix] of Object.entries(MIXES)) {
      const ours = await load(servers, mix, '-r', java[name].rate);
      measured[name].push({ ours, java: java[name] });
    }
  });
}
rmSync(folder, { recursive: true, force: true });

const table = {};
for (const [name, all] of Object.entries(measured)) {
  const of = (figure) => +median(all.map(figure)).toPrecision(3);
  table[name] = {
    rate: of(({ java }) => java.rate),
    'answered, ours': of(({ ours }) => ours.ops_per_s),
    'answered, java': of(({ java }) => java.ops_per_s),
    'p99 ours us': of(({ ours }) => ours.p99_us),
    'p99 java us': of(({ java }) => java.p99_us),
    'p99 ratio': of(({ ours, java }) => ours.p99_us / java.p99_us),
    'p99.9 ours us': of(({ ours }) => ours.p999_us),
    'p99.9 java us': of(({ java }) => java.p999_us),
    'p99.9 ratio': of(({ ours, java }) => ours.p999_us / java.p999_us),
  };
}
console.log(`Medians of ${values.rounds} rounds`);
console.table(table);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(table, null, 1));
