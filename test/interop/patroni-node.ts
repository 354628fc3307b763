import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.js';

const run = promisify(execFile);

/** PostgreSQL does not run as root; then it runs as the user whom Debian's package made. */
function userOf(name: string): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

const POSTGRES = userOf('postgres');

/** The newest PostgreSQL that Debian installed. */
function binaries(): string {
  return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
}

/** Does it run? One that ended and whose parent has not asked for it has no command line any more. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length > 0;
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** What Patroni says of itself; only the fields that are asked for here. */
export interface PatroniStatus {
  readonly state: string;
  readonly role: string;
  readonly timeline?: number;
  /** When it last heard of ZooKeeper, in seconds since 1970. */
  readonly dcs_last_seen: number;
  readonly replication_state?: string;
  readonly replication?: readonly { readonly application_name: string; readonly state: string }[];
}

export interface PatroniOptions {
  readonly name: string;
  /** A folder that the user of PostgreSQL may walk through. */
  readonly parent: string;
  /** Servers of ZooKeeper's protocol, `host:port` each. */
  readonly hosts: readonly string[];
  readonly restPort: number;
  readonly sqlPort: number;
  /** How long a primary holds its lock without renewing it, in seconds; Patroni's session timeout. */
  readonly ttlSeconds: number;
}

/** A Patroni process with the PostgreSQL that it looks after, on loopback. */
export class PatroniNode {
  readonly name: string;
  private readonly folder: string;
  private readonly configFile: string;
  private process: ChildProcess | undefined;

  constructor(private readonly options: PatroniOptions) {
    this.name = options.name;
    this.folder = join(options.parent, options.name);
    this.configFile = join(this.folder, 'patroni.json');
    mkdirSync(this.folder);
    chmodSync(this.folder, 0o700);
    writeFileSync(this.configFile, JSON.stringify(this.config(), null, 2));
    if (POSTGRES !== null) {
      for (const path of [this.folder, this.configFile]) chownSync(path, POSTGRES.uid, POSTGRES.gid);
    }
  }

  /** Patroni reads YAML, of which JSON is a part. */
  private config(): unknown {
    const { hosts, restPort, sqlPort, ttlSeconds } = this.options;
    const rest = `127.0.0.1:${restPort}`;
    const sql = `127.0.0.1:${sqlPort}`;
    return {
      scope: 'pair',
      name: this.name,
      restapi: { listen: rest, connect_address: rest },
      zookeeper: { hosts },
      bootstrap: {
        dcs: {
          ttl: ttlSeconds,
          loop_wait: 1,
          retry_timeout: 5,
          postgresql: { use_pg_rewind: true, parameters: { wal_log_hints: 'on', max_connections: 20 } },
        },
        initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, { auth: 'trust' }, 'no-sync'],
      },
      postgresql: {
        listen: sql,
        connect_address: sql,
        data_dir: join(this.folder, 'data'),
        bin_dir: binaries(),
        pgpass: join(this.folder, 'pgpass'),
        authentication: {
          superuser: { username: 'postgres', password: 'secret' },
          replication: { username: 'replicator', password: 'secret' },
          rewind: { username: 'postgres', password: 'secret' },
        },
        parameters: { unix_socket_directories: this.folder, shared_buffers: '16MB' },
        pg_hba: ['host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust'],
      },
    };
  }

  start(): void {
    const log = openSync(join(this.folder, 'log'), 'a');
    this.process = spawn('/usr/bin/patroni', [this.configFile], {
      cwd: this.folder,
      stdio: ['ignore', log, log],
      ...POSTGRES,
    });
  }

  /** kill -9 of Patroni and of its PostgreSQL, as when the machine goes down. */
  async kill(): Promise<void> {
    const child = this.process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    const pidFile = join(this.folder, 'data', 'postmaster.pid');
    if (!existsSync(pidFile)) return;
    const pid = Number(readFileSync(pidFile, 'utf8').split('\n', 1)[0]);
    if (!isAlive(pid)) return;
    const family = [pid, ...childrenOf(pid)];
    process.kill(pid, 'SIGKILL');
    // Its children see that it is gone and end, too.
    await eventually(`PostgreSQL of ${this.name} is gone`, 30_000, () => Promise.resolve(!family.some(isAlive)));
  }

  /** Null while it does not answer. */
  async status(): Promise<PatroniStatus | null> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.options.restPort}/patroni`);
      return (await answer.json()) as PatroniStatus;
    } catch {
      return null;
    }
  }

  /** Waits until it says of itself what `holds` asks for. */
  async until(
    what: string,
    timeoutMs: number,
    holds: (status: PatroniStatus) => boolean | undefined,
  ): Promise<PatroniStatus> {
    try {
      return await eventually(`${this.name} ${what}`, timeoutMs, async () => {
        const status = await this.status();
        return status !== null && holds(status) === true && status;
      });
    } catch (error) {
      const log = readFileSync(join(this.folder, 'log'), 'utf8').slice(-3000);
      throw new Error(`${String(error)}\n${JSON.stringify(await this.status())}\n${log}`, { cause: error });
    }
  }

  /** Runs SQL and returns its rows, one a line. */
  async sql(text: string): Promise<string> {
    const args = ['-h', '127.0.0.1', '-p', String(this.options.sqlPort), '-U', 'postgres', '-d', 'postgres'];
    const { stdout } = await run('psql', [...args, '-XAtqc', text], { timeout: 30_000 });
    return stdout.trim();
  }
}
