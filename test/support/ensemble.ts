import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { serverMode } from './four-letter.js';
import { HTTP_OFF } from './http-off.js';
import { freePorts } from './ports.js';

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;

export interface EnsembleOptions {
  readonly servers?: number;
  /** Which of them are observers, by server id. */
  readonly observers?: readonly number[];
  /** More lines of zoo.cfg for every server. */
  readonly config?: Readonly<Record<string, string | number>>;
  readonly env?: Readonly<Record<string, string>>;
  /** The host of a server's line, by server id; 127.0.0.1 where this is left out. */
  readonly hostOf?: (sid: number) => string;
  /** Gives each server an admin port and one for metrics; else both are off. */
  readonly http?: boolean;
  /** Starts server `index` in another way (a Java server in a mixed ensemble, say). */
  readonly command?: (index: number, configFile: string) => readonly string[];
}

/** One server process of an ensemble under test. */
export class Member {
  process: ChildProcess | undefined;

  constructor(
    readonly sid: number,
    readonly folder: string,
    readonly clientPort: number,
    private readonly command: (configFile: string) => readonly string[],
    private readonly env: Readonly<Record<string, string>>,
    /** Where clients reach it. */
    readonly host = '127.0.0.1',
    /** 0: there is none. */
    readonly adminPort = 0,
    readonly metricsPort = 0,
  ) {}

  get configFile(): string {
    return join(this.folder, 'zoo.cfg');
  }

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  get running(): boolean {
    return this.process !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  async start(): Promise<void> {
    const log = await open(join(this.folder, 'log'), 'a');
    const [file, ...args] = this.command(this.configFile);
    if (file === undefined) throw new Error('empty command');
    this.process = spawn(file, args, {
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...this.env },
    });
    await once(this.process, 'spawn');
    await log.close();
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (child === undefined || !this.running) return;
    const gone = once(child, 'exit');
    child.kill(name);
    await gone;
  }

  /** kill -9, and waits until the process is gone. */
  kill(): Promise<void> {
    return this.signal('SIGKILL');
  }

  stop(): Promise<void> {
    return this.signal('SIGTERM');
  }

  /** SIGSTOP or SIGCONT, which do not end it. */
  send(name: NodeJS.Signals): void {
    this.process?.kill(name);
  }

  /** SIGSTOP, and waits until it stands still: the signal is sent long before its last thread obeys on a busy machine. */
  async freeze(): Promise<void> {
    this.send('SIGSTOP');
    await eventually(`server ${this.sid} stands still`, 30_000, async () => {
      if (!this.running) throw new Error(`server ${this.sid} ended`);
      return (await threadStates(this.process?.pid ?? 0)).every((state) => state === 'T');
    });
  }

  mode(): Promise<string> {
    return serverMode(this.clientPort, this.host);
  }

  /** What the server has logged, in whole lines: the last one may still be on its way. */
  async log(): Promise<string> {
    const text = await readFile(join(this.folder, 'log'), 'utf8');
    return text.slice(0, text.lastIndexOf('\n') + 1);
  }

  config(): Promise<string> {
    return readFile(this.configFile, 'utf8');
  }

  /** From its next start on these settings hold, beside the others; null takes one out. */
  async configure(settings: Readonly<Record<string, string | number | null>>): Promise<void> {
    const lines = (await this.config())
      .split('\n')
      .filter((line) => !Object.hasOwn(settings, line.split('=')[0] ?? ''));
    const more = Object.entries(settings).flatMap(([key, value]) => (value === null ? [] : [`${key}=${value}`]));
    await writeFile(this.configFile, [...more, ...lines].join('\n'));
  }

  async serving(timeoutMs = 30_000): Promise<string> {
    try {
      return await eventually(`server ${this.sid} serves`, timeoutMs, async () => {
        if (!this.running) throw new Error(`server ${this.sid} ended`);
        return (await this.mode()) || undefined;
      });
    } catch (error) {
      throw new Error(`${String(error)}\n${(await this.log()).slice(-3000)}`, { cause: error });
    }
  }
}

/** `R` runs, `S` sleeps, `T` was stopped, ...: field 3 of /proc/PID/task/TID/stat, behind a name that may hold anything. */
async function threadStates(pid: number): Promise<(string | undefined)[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(
    threads.map((tid) => readFile(`/proc/${pid}/task/${tid}/stat`, 'latin1').catch(() => '')),
  );
  return texts.filter((text) => text !== '').map((text) => /.*\) (\w)/s.exec(text)?.[1]);
}

/** Without ports both are off. */
function httpSettings([adminPort, metricsPort]: readonly number[]): Readonly<Record<string, string | number>> {
  if (adminPort === undefined || metricsPort === undefined) return HTTP_OFF;
  return {
    'admin.serverAddress': '127.0.0.1',
    'admin.serverPort': adminPort,
    'metricsProvider.httpHost': '127.0.0.1',
    'metricsProvider.httpPort': metricsPort,
  };
}

/** Servers on one machine have admin ports of their own. */
function adminAddresses(ports: readonly number[], count: number): string {
  return Array.from({ length: count }, (_, i) => `${i + 1}=127.0.0.1:${ports[3 * count + 2 * i] ?? 0}`).join(',');
}

/** Real server processes on loopback with data in a temporary folder. */
export class Ensemble {
  private constructor(
    readonly folder: string,
    readonly members: readonly Member[],
  ) {}

  static async create(options: EnsembleOptions = {}): Promise<Ensemble> {
    const count = options.servers ?? 3;
    const ports = await freePorts(count * 5);
    const folder = await mkdtemp(join(tmpdir(), 'zk-server-test-'));
    const list =
      count === 1
        ? []
        : ports.slice(0, count).map((_, i) => {
            const role = options.observers?.includes(i + 1) === true ? ':observer' : '';
            const host = options.hostOf?.(i + 1) ?? '127.0.0.1';
            return `server.${i + 1}=${host}:${String(ports[count + 2 * i])}:${String(ports[count + 2 * i + 1])}${role}`;
          });
    const members: Member[] = [];
    for (let i = 0; i < count; i++) {
      const own = join(folder, String(i + 1));
      await mkdir(join(own, 'data'), { recursive: true });
      await writeFile(join(own, 'data', 'myid'), `${i + 1}\n`);
      const httpPorts = ports.slice(3 * count + 2 * i, 3 * count + 2 * i + 2);
      const settings = {
        tickTime: 500,
        initLimit: 10,
        syncLimit: 5,
        dataDir: join(own, 'data'),
        clientPort: ports[i] ?? 0,
        maxClientCnxns: 0,
        '4lw.commands.whitelist': '*',
        ...httpSettings(options.http === true ? httpPorts : []),
        ...(options.http === true && count > 1 ? { 'admin.peerAddresses': adminAddresses(ports, count) } : {}),
        ...(options.observers?.includes(i + 1) === true ? { peerType: 'observer' } : {}),
        ...options.config,
      };
      const text = [...Object.entries(settings).map(([key, value]) => `${key}=${value}`), ...list, ''].join('\n');
      await writeFile(join(own, 'zoo.cfg'), text);
      const command = options.command ?? ((_index, configFile) => [LAUNCHER, 'start', configFile]);
      const [adminPort, metricsPort] = options.http === true ? httpPorts : [];
      const env = options.env ?? {};
      members.push(
        new Member(i + 1, own, ports[i] ?? 0, (file) => command(i, file), env, undefined, adminPort, metricsPort),
      );
    }
    return new Ensemble(folder, members);
  }

  /** Starts every server and waits until all serve. */
  async start(): Promise<void> {
    for (const member of this.members) await member.start();
    await Promise.all(this.members.map((member) => member.serving()));
  }

  member(sid: number): Member {
    const member = this.members[sid - 1];
    if (member === undefined) throw new Error(`no server ${sid}`);
    return member;
  }

  get hosts(): string {
    return this.members.map((member) => `127.0.0.1:${member.clientPort}`).join(',');
  }

  /** The server that says it leads. */
  leader(timeoutMs = 30_000): Promise<Member> {
    return eventually('a leader', timeoutMs, async () => {
      for (const member of this.members) {
        if (member.running && ['leader', 'standalone'].includes(await member.mode())) return member;
      }
      return undefined;
    });
  }

  async followers(): Promise<Member[]> {
    const leader = await this.leader();
    return this.members.filter((member) => member !== leader && member.running);
  }

  /**
   * Starts one more server that says it is `member`, with a data folder (empty) and a client port of its own: on the same
   * machine, or as if on another, where it can have the ports that the others know nothing of.
   */
  async imitate(member: Member, ports: 'same ports' | 'own ports' = 'same ports'): Promise<Member> {
    const [port = 0, quorum = 0, election = 0] = await freePorts(3);
    const folder = join(this.folder, `double-of-${member.sid}`);
    await rm(folder, { recursive: true, force: true });
    await mkdir(join(folder, 'data'), { recursive: true });
    const ownLine = new RegExp(`^(server\\.${member.sid}=[^:]+):\\d+:\\d+`, 'm');
    await writeFile(join(folder, 'data', 'myid'), `${member.sid}\n`);
    const text = (await readFile(member.configFile, 'utf8'))
      .replace(/^dataDir=.*$/m, `dataDir=${join(folder, 'data')}`)
      .replace(/^clientPort=.*$/m, `clientPort=${port}`)
      .replace(ownLine, ports === 'same ports' ? '$&' : `$1:${quorum}:${election}`);
    await writeFile(join(folder, 'zoo.cfg'), text);
    const double = new Member(member.sid, folder, port, (file) => [LAUNCHER, 'start', file], {});
    await double.start();
    return double;
  }

  /** Ends what runs and removes the folder; keeps it when the test asks (to look at it). */
  async remove(): Promise<void> {
    for (const member of this.members) {
      member.send('SIGCONT');
      await member.kill();
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}
