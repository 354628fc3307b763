import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { serverMode } from '../support/four-letter.js';
import { HTTP_OFF_LINES } from '../support/http-off.js';
import { freePorts } from '../support/ports.js';
import { WireClient } from '../support/wire-client.js';

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
const LIMIT_MS = 60_000;

/** Number of nodes below /n that the template has. */
export const NODES = 40;

/** What a server has written: snapshots and logs, and `NODES` nodes below /n. */
export class Template {
  private constructor(
    private readonly folder: string,
    readonly versionDir: string,
  ) {}

  static async make(): Promise<Template> {
    const ensemble = await Ensemble.create({ servers: 1, config: { snapCount: 20, preAllocSize: 64 } });
    try {
      await ensemble.start();
      const client = await WireClient.connect(ensemble.member(1).clientPort);
      await client.create('/n', Buffer.alloc(0));
      // One by one, so that the log has a record, and a group, for each.
      for (let i = 0; i < NODES; i++) await client.create(`/n/${i}`, Buffer.alloc(200, i));
      // Logs roll after 10 to 20 records, so that in the middle of its first ten the newest one is not about to.
      const at = join(ensemble.member(1).dataDir, 'version-2');
      while (!isWithin(client.lastZxid - zxidOf((await namesIn(at, 'log')).at(-1) ?? ''), 4, 7)) {
        await client.setData('/n', Buffer.alloc(200));
      }
      await client.close();
      await ensemble.member(1).stop();
      const folder = await mkdtemp(join(tmpdir(), 'zk-server-files-'));
      const versionDir = join(folder, 'version-2');
      await cp(at, versionDir, { recursive: true });
      return new Template(folder, versionDir);
    } finally {
      await ensemble.remove();
    }
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }
}

async function namesIn(versionDir: string, kind: 'log' | 'snapshot'): Promise<string[]> {
  const names = (await readdir(versionDir)).filter((name) => name.startsWith(`${kind}.`));
  return names.sort((a, b) => zxidOf(a) - zxidOf(b));
}

/** Of a file's name. */
function zxidOf(name: string): number {
  return Number.parseInt(name.slice(name.indexOf('.') + 1), 16);
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

export interface Outcome {
  /** Null: it serves. */
  readonly exitCode: number | null;
  readonly output: string;
  /** Nodes below /n when it serves. */
  readonly nodes: number;
}

/** A data folder of its own with a copy of the template, and a configuration for it. */
export class Installation {
  private constructor(
    readonly folder: string,
    readonly port: number,
  ) {}

  static async make(template: Template | null, kind: 'standalone' | 'ensemble'): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), 'zk-server-bad-files-'));
    const [port = 0, ...others] = await freePorts(7);
    const made = new Installation(folder, port);
    await mkdir(made.dataDir);
    if (template !== null) await cp(template.versionDir, made.versionDir, { recursive: true });
    await writeFile(join(made.dataDir, 'myid'), '1\n');
    const servers = [1, 2, 3].map((sid) => `server.${sid}=127.0.0.1:${others[2 * sid - 2]}:${others[2 * sid - 1]}`);
    const lines = ['tickTime=500', 'initLimit=10', 'syncLimit=5', `dataDir=${made.dataDir}`, `clientPort=${port}`];
    // What a disk says that takes nothing is the matter here, not the pause that comes before.
    lines.push(HTTP_OFF_LINES, 'preAllocSize=64', 'diskSpaceStopInMb=0', ...(kind === 'ensemble' ? servers : []), '');
    await writeFile(made.configFile, lines.join('\n'));
    return made;
  }

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  get versionDir(): string {
    return join(this.dataDir, 'version-2');
  }

  get configFile(): string {
    return join(this.folder, 'zoo.cfg');
  }

  path(name: string): string {
    return join(this.versionDir, name);
  }

  /** Names of the snapshots or logs, oldest first. */
  names(kind: 'log' | 'snapshot'): Promise<string[]> {
    return namesIn(this.versionDir, kind);
  }

  async newest(kind: 'log' | 'snapshot'): Promise<string> {
    return this.path((await this.names(kind)).at(-1) ?? '');
  }

  async change(path: string, change: (bytes: Buffer) => Buffer): Promise<void> {
    await writeFile(path, change(await readFile(path)));
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  /** Starts the server (behind the words of `prefix`), and ends it when it serves. */
  async start(prefix: readonly string[] = [], whileServing?: () => Promise<void>): Promise<Outcome> {
    const words = [...prefix, LAUNCHER, 'start', this.configFile];
    const [file = '', ...args] = words;
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    const served = this.serving(() => child.exitCode !== null || child.signalCode !== null);
    let exitCode = await Promise.race([ended, served.then((serves) => (serves ? null : ended))]);
    let nodes = 0;
    if (exitCode === null) {
      nodes = await this.countNodes();
      if (whileServing !== undefined) {
        await whileServing();
        exitCode = child.exitCode;
      }
      child.kill('SIGTERM');
      await ended;
    }
    return { exitCode, output, nodes };
  }

  /** Runs a command that ends by itself. */
  async run(command: string, prefix: readonly string[]): Promise<Outcome> {
    const words = [...prefix, LAUNCHER, command, this.configFile];
    const child = spawn(words[0] ?? '', words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    return { exitCode: code, output, nodes: 0 };
  }

  /** False: it has ended instead. */
  private async serving(isOver: () => boolean): Promise<boolean> {
    await eventually('it serves or ends', LIMIT_MS, async () => isOver() || (await serverMode(this.port)) !== '');
    return !isOver();
  }

  /** Of a server that serves. */
  async countNodes(): Promise<number> {
    const client = await WireClient.connect(this.port);
    try {
      return (await client.getChildren('/n')).length;
    } catch {
      return 0;
    } finally {
      client.destroy();
    }
  }
}
