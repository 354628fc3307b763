import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { EnsembleOptions, Member } from './ensemble.js';
import { Ensemble } from './ensemble.js';
import { fourLetter } from './four-letter.js';
import { javaCommand, javaServer } from './java.js';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export interface JavaOptions {
  /** 1 when absent, which is standalone; more form an ensemble. */
  readonly servers?: number;
  /** More lines of zoo.cfg. */
  readonly config?: EnsembleOptions['config'];
  /** System properties, `zookeeper.x=y`. */
  readonly properties?: readonly string[];
  /** Existing data directories, one a server; a temporary one each when absent. */
  readonly dataDirs?: readonly string[];
}

/** One Apache ZooKeeper server of Debian's, a process of its own. */
export class JavaServer {
  constructor(
    private readonly member: Member,
    readonly dataDir: string,
  ) {}

  /** Where clients connect, on loopback. */
  get port(): number {
    return this.member.clientPort;
  }

  /** (Again), without waiting until it serves. */
  start(): Promise<void> {
    return this.member.start();
  }

  /** Waits until `srvr` tells a mode, and answers it. */
  serving(timeoutMs = 60_000): Promise<string> {
    return this.member.serving(timeoutMs);
  }

  /** SIGTERM, until it is gone. */
  stop(): Promise<void> {
    return this.member.stop();
  }

  /** kill -9, until it is gone. */
  kill(): Promise<void> {
    return this.member.kill();
  }

  /** A value of `mntr`, without its `zk_`. */
  async metric(name: string): Promise<number> {
    const text = await fourLetter(this.port, 'mntr');
    return Number(new RegExp(`^zk_${name}\\t(\\S+)`, 'm').exec(text)?.[1]);
  }

  log(): Promise<string> {
    return this.member.log();
  }
}

export interface JavaServers {
  readonly servers: readonly JavaServer[];
  readonly hosts: string;
  /** The first server, for those who have one. */
  readonly only: JavaServer;
  /** Ends what runs and removes the temporary folders (not `dataDirs`). */
  remove(): Promise<void>;
}

/** Starts Apache ZooKeeper and waits until every server serves. */
export async function startJava(options: JavaOptions = {}): Promise<JavaServers> {
  const ensemble = await Ensemble.create({
    servers: options.servers ?? 1,
    config: options.config ?? {},
    command: (_index, configFile) => javaServer(configFile, options.properties),
  });
  const servers: JavaServer[] = [];
  for (const [index, member] of ensemble.members.entries()) {
    const dataDir = options.dataDirs?.[index] ?? member.dataDir;
    if (dataDir !== member.dataDir) await useDataDir(member, dataDir);
    servers.push(new JavaServer(member, dataDir));
  }
  const [only] = servers;
  if (only === undefined) throw new Error('no server');
  try {
    await ensemble.start();
  } catch (error) {
    await ensemble.remove();
    throw error;
  }
  return { servers, only, hosts: ensemble.hosts, remove: () => ensemble.remove() };
}

async function useDataDir(member: Member, dataDir: string): Promise<void> {
  const config = await readFile(member.configFile, 'utf8');
  await writeFile(member.configFile, config.replace(/^dataDir=.*$/m, `dataDir=${dataDir}`));
  await mkdir(dataDir, { recursive: true });
  await writeFile(join(dataDir, 'myid'), `${member.sid}\n`);
}

/** Runs one of its tools and answers what it printed. */
export async function runJava(mainClass: string, ...args: string[]): Promise<string> {
  const [command, ...rest] = [...javaCommand(mainClass, ['zookeeper.extendedTypesEnabled=true']), ...args];
  if (command === undefined) throw new Error('no command');
  return (await run(command, rest, { maxBuffer: MAX_OUTPUT_BYTES })).stdout;
}
