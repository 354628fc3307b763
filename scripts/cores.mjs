// Which thread of the server a request costs how much, and how fast the event loop is when it has a core for itself: that is the
// rate that more cores lead to, for one thread does all that decides. Needs taskset (util-linux) and two cores.
//
//   node scripts/cores.mjs [--rounds 3] [--seconds 3] [--rows read-1,read-32,write-1,write-32,mix] [--java]
//
// zkload.c makes the load; it is not part of this repository: it lies in ../shared/bench (BENCH_DIR names another place).
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { JAVA, median, OURS, Servers } from './bench-servers.mjs';

const ROWS = {
  'read-1': ['-d', '1', '-m', 'get=100'],
  'read-32': ['-d', '32', '-m', 'get=100'],
  'write-1': ['-d', '1', '-m', 'set=100'],
  'write-32': ['-d', '32', '-m', 'set=100'],
  mix: ['-d', '32', '-m', 'get=70,set=20,create=5,delete=5'],
};
const US_A_TICK = 10_000;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    rows: { type: 'string', default: Object.keys(ROWS).join() },
    java: { type: 'boolean', default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'cores-'));
const zkload = join(folder, 'zkload');
execFileSync('cc', ['-O2', '-w', '-o', zkload, join(process.env.BENCH_DIR ?? '../shared/bench', 'zkload.c')]);

const threadsOf = (pid) => readdirSync(`/proc/${pid}/task`).map(Number);

/** Processor microseconds of each thread since it began. */
function cpuOf(pid) {
  return new Map(
    threadsOf(pid).map((thread) => {
      const line = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
      return [thread, (Number(fields[11]) + Number(fields[12])) * US_A_TICK];
    }),
  );
}

function pin(thread, cores) {
  execFileSync('taskset', ['-p', '-c', cores, String(thread)], { stdio: 'ignore' });
}

/** Where threads may run: on either core; the event loop alone on the first; all of the server on the first. */
const PLACES = {
  free: { loop: '0,1', others: '0,1', client: '0,1' },
  'loop alone': { loop: '0', others: '1', client: '1' },
  'server on one': { loop: '0', others: '0', client: '1' },
};

async function measure(pid, hosts, row, { loop, others, client }) {
  for (const thread of threadsOf(pid)) pin(thread, thread === pid ? loop : others);
  const words = ['-c', client, zkload, 'load', '-H', hosts, '-c', '16', ...ROWS[row], '-t', values.seconds, '-w', '0'];
  const before = cpuOf(pid);
  const { stdout } = await promisify(execFile)('taskset', words);
  const after = cpuOf(pid);
  const load = JSON.parse(stdout);
  let [ofLoop, ofOthers] = [0, 0];
  for (const [thread, us] of after) {
    const took = us - (before.get(thread) ?? 0);
    if (thread === pid) ofLoop += took;
    else ofOthers += took;
  }
  return { rate: load.ops_per_s, loopUs: ofLoop / load.ops, othersUs: ofOthers / load.ops };
}

/** The server's process: what the launcher became. */
async function run(command, found) {
  const servers = await Servers.create(command);
  try {
    await servers.start();
    const { pid } = servers.processes[0];
    for (const row of values.rows.split(',')) {
      // Warm, and with all threads there.
      await measure(pid, servers.hosts, row, PLACES.free);
      for (const [name, place] of Object.entries(PLACES)) {
        const key = `${row}|${name}`;
        found.set(key, [...(found.get(key) ?? []), await measure(pid, servers.hosts, row, place)]);
      }
    }
  } finally {
    await servers.remove();
  }
}

const found = new Map();
for (let round = 0; round < Number(values.rounds); round++) await run(values.java ? JAVA : OURS, found);
rmSync(folder, { recursive: true, force: true });
console.log('row        threads         requests/s   event loop us/request   other threads us/request   loop busy');
for (const [key, all] of found) {
  const [row, place] = key.split('|');
  const [rate, loopUs, othersUs] = ['rate', 'loopUs', 'othersUs'].map((name) => median(all.map((one) => one[name])));
  const figures = [rate.toFixed(0).padStart(10), loopUs.toFixed(2).padStart(20), othersUs.toFixed(2).padStart(24)];
  console.log(
    `${row.padEnd(10)} ${place.padEnd(14)}${figures.join('  ')}${((rate * loopUs) / 1e4).toFixed(0).padStart(11)}%`,
  );
}
