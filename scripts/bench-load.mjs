// The load generators of scripts/bench.mjs, and who was busy meanwhile: the generator or the server.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const ZK_BENCH = new URL('../bin/zk-bench', import.meta.url).pathname;
const SAMPLE_MS = 100;
const CLOCK_TICKS_A_SECOND = 100;
/** The part of a run that is looked at: behind start and warm-up, before the end. */
const [FROM, TO] = [0.5, 0.9];

/** Processor milliseconds of these processes so far, threads and all; where some are gone, at least what was `known`. */
function cpuMs(pids, known) {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended.
    }
  }
  return Math.max(known, (ticks * 1000) / CLOCK_TICKS_A_SECOND);
}

/** Processors that each of these groups of processes keeps busy, 1 for one core: `stop` answers the middle of the run. */
function watchBusy(groups) {
  const samples = [];
  const sample = () => {
    const known = samples.at(-1)?.cpu ?? groups.map(() => 0);
    samples.push({ atMs: performance.now(), cpu: groups.map((pids, i) => cpuMs(pids, known[i])) });
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    const [from, to] = [FROM, TO].map((part) => samples[Math.floor(part * (samples.length - 1))]);
    return groups.map((_, i) => (to.cpu[i] - from.cpu[i]) / Math.max(1, to.atMs - from.atMs));
  };
}

/** Compiles zkload.c, which is not part of this repository; BENCH_DIR names where it is. */
function compileZkload(folder) {
  const source = join(process.env.BENCH_DIR ?? '../shared/bench', 'zkload.c');
  if (!existsSync(source)) throw new Error(`there is no ${source}; BENCH_DIR names where zkload.c is`);
  const program = join(folder, 'zkload');
  execFileSync('cc', ['-O2', '-w', '-o', program, source]);
  return program;
}

/** Rows that zk-bench names by a profile are modes of zkload. */
const ZKLOAD_MODES = { sessions: 'connect' };
const GENERATORS = {
  'zk-bench': () => ({
    program: ZK_BENCH,
    words: ({ mix, profile, sessions, depth = 1 }, hosts, { seconds, warmUp }) => [
      ...['--server', hosts, ...(mix === undefined ? ['--profile', profile] : ['--mix', mix])],
      ...['--sessions', sessions, '--depth', depth, '--seconds', seconds, '--warm-up', warmUp, '--json'],
    ],
    read: (json) => {
      const { latencyUs, ops, opsPerSecond } = json.targets[0];
      return { opsPerSecond, ops, p99Us: latencyUs.p99 };
    },
  }),
  zkload: (folder) => ({
    program: compileZkload(folder),
    words: ({ mix, profile, sessions, depth = 1 }, hosts, { seconds, warmUp }) => [
      ...[ZKLOAD_MODES[profile] ?? 'load', '-H', hosts, ...(mix === undefined ? [] : ['-m', mix])],
      ...['-c', sessions, '-d', depth, '-t', seconds, '-w', warmUp],
    ],
    read: (json) => ({ opsPerSecond: json.ops_per_s, ops: json.ops, p99Us: json.p99_us }),
  }),
};

/**
 * `name`: zk-bench or zkload, which takes whole seconds only. What it answers loads the servers at `hosts`, which are the
 * processes `pids`, with a row: requests a second, how many, the 99th percentile, and how many cores server and generator kept busy.
 */
export function loader(name, folder, times) {
  const generator = GENERATORS[name];
  if (generator === undefined) throw new Error(`no generator ${name}: ${Object.keys(GENERATORS).join(' or ')}`);
  const { program, read, words } = generator(folder);
  return async (row, hosts, pids) => {
    const child = spawn(program, words(row, hosts, times).map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
    const stop = watchBusy([pids, [child.pid]]);
    const ended = new Promise((done) => child.once('close', done));
    const stdout = await text(child.stdout);
    const code = await ended;
    const [serverBusy, generatorBusy] = stop();
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${stdout}`);
    return { ...read(JSON.parse(stdout)), serverBusy, generatorBusy };
  };
}
