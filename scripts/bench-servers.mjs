// Servers that the benchmarks start: whatever a command line starts in the foreground when the path of a zoo.cfg is appended.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const CLOCK_TICKS_A_SECOND = 100;
const PAGE_BYTES = 4096;
const STOP_MS = 20_000;

/** Nothing that was started outlives this program. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

export const OURS = `${new URL('../bin/zk-server', import.meta.url).pathname} start`;
/** Debian's Apache ZooKeeper. */
export const JAVA =
  'java -Xmx1000m -Dzookeeper.admin.enableServer=false -cp /usr/share/java/zookeeper.jar org.apache.zookeeper.server.quorum.QuorumPeerMain';

export async function freePorts(count) {
  const probes = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((done) => {
          const probe = createServer().listen({ host: '127.0.0.1', port: 0 }, () => done(probe));
        }),
    ),
  );
  return Promise.all(
    probes.map((probe) => {
      const { port } = probe.address();
      return new Promise((done) => probe.close(() => done(port)));
    }),
  );
}

/** What a server answers to a four-letter word; '' when it does not. */
export function fourLetters(port, word) {
  return new Promise((done) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(word));
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('data', (chunk) => (text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => done(text));
  });
}

/** One server, or an ensemble, with fresh data in a temporary folder. */
export class Servers {
  processes = [];
  /** When each was started, by performance.now(). */
  bornMs = [];

  /** `settings`: more lines of zoo.cfg; `env`: beside this process's own. */
  static async create(command, count = 1, { settings = '', env = {} } = {}) {
    const ports = await freePorts(3 * count);
    return new Servers(command, count, ports, settings, env);
  }

  constructor(command, count, ports, settings, env) {
    this.command = command;
    this.env = env;
    this.folder = mkdtempSync(join(tmpdir(), 'zk-servers-'));
    this.ports = ports.slice(0, count);
    const peer = (i) => `server.${i + 1}=127.0.0.1:${ports[count + 2 * i]}:${ports[count + 2 * i + 1]}\n`;
    const members = count > 1 ? this.ports.map((_, i) => peer(i)).join('') : '';
    for (const [i, port] of this.ports.entries()) {
      const own = join(this.folder, String(i + 1));
      mkdirSync(join(own, 'data'), { recursive: true });
      writeFileSync(join(own, 'data', 'myid'), `${i + 1}\n`);
      const text =
        `tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir=${own}/data\nclientPort=${port}\nmaxClientCnxns=0\n` +
        `4lw.commands.whitelist=*\nadmin.enableServer=false\n${settings}${members}`;
      writeFileSync(join(own, 'zoo.cfg'), text);
    }
  }

  get hosts() {
    return this.ports.map((port) => `127.0.0.1:${port}`).join(',');
  }

  /** Milliseconds until all serve, or the `first` of them: `startOne` and `serving` are for the rest. */
  async start(waitMs = 120_000, first = this.ports.length) {
    const startMs = performance.now();
    const started = this.ports.slice(0, first);
    this.processes = started.map((_, i) => this.startOne(i));
    await Promise.all(started.map((_, i) => this.serving(i, startMs + waitMs)));
    return performance.now() - startMs;
  }

  startOne(i) {
    const own = join(this.folder, String(i + 1));
    const [program, ...words] = this.command.split(' ');
    const log = openSync(join(own, 'log'), 'a');
    this.bornMs[i] = performance.now();
    const child = spawn(program, [...words, join(own, 'zoo.cfg')], {
      stdio: ['ignore', log, log],
      detached: true,
      env: { ...process.env, ...this.env },
    });
    closeSync(log);
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  }

  /** What a server has printed. */
  logOf(i) {
    return readFileSync(join(this.folder, `${i + 1}/log`), 'utf8');
  }

  async serving(i, limitMs) {
    while (!/^Mode: /m.test(await fourLetters(this.ports[i], 'srvr'))) {
      if (this.processes[i].exitCode !== null || performance.now() > limitMs) {
        throw new Error(`${this.command} does not serve:\n${this.logOf(i)}`);
      }
      await sleep(5);
    }
  }

  async stop() {
    const alive = this.processes.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(
      alive.map(async (child) => {
        const ended = new Promise((done) => child.once('exit', done));
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
        child.kill('SIGTERM');
        await ended;
        clearTimeout(timer);
      }),
    );
  }

  async remove() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The fields of /proc/PID/stat behind the name, of every process of the servers, by its number. */
  async processStats() {
    const groups = new Set(this.processes.map(({ pid }) => pid));
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const all = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
    return new Map(
      all
        .map((line, i) => [Number(pids[i]), line.slice(line.lastIndexOf(')') + 2).split(' ')])
        .filter(([, fields]) => groups.has(Number(fields[2]))),
    );
  }

  async pids() {
    return [...(await this.processStats()).keys()];
  }

  async stats() {
    return [...(await this.processStats()).values()];
  }

  async cpuMs() {
    const ticks = (await this.stats()).reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0);
    return (ticks * 1000) / CLOCK_TICKS_A_SECOND;
  }

  async residentMb() {
    const pages = (await this.stats()).reduce((sum, fields) => sum + Number(fields[21]), 0);
    return (pages * PAGE_BYTES) / 1e6;
  }
}

export function median(all) {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
