import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { javaCommand, javaServer } from '../support/java.js';
import { LineProcess } from '../support/line-process.js';
import { freePorts } from '../support/ports.js';

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
const PROGRAM = new URL('reconfig.py', import.meta.url).pathname;
const SUPER = `super:${createHash('sha1').update('super:admin').digest('base64')}`;
const START_MS = 60_000;

export interface Answer {
  readonly config?: string;
  readonly error?: string;
  readonly version?: number;
  readonly ok?: string;
}

export interface Order {
  readonly joining?: string;
  readonly leaving?: string;
  readonly members?: string;
  readonly from?: number;
  readonly user?: string;
}

export type Role = 'participant' | 'observer';

/** Real servers, ours or Java's, of which some are started as an ensemble and others may join. */
export class GrowingEnsemble {
  private readonly python = new LineProcess('/usr/bin/python3', [PROGRAM]);
  private asked = 0;

  private constructor(
    readonly folder: string,
    readonly members: readonly Member[],
    /** Where a server is for other servers, and its client port behind `;`. */
    private readonly places: readonly string[],
    private readonly clientPorts: readonly number[],
    private readonly settings: Readonly<Record<string, string | number>>,
  ) {}

  /** Folders for `count` servers; `java`: which of them are Apache ZooKeeper's. */
  static async create(
    count: number,
    config: Readonly<Record<string, string | number>> = {},
    java: readonly number[] = [],
  ): Promise<GrowingEnsemble> {
    const ports = await freePorts(count * 3);
    const folder = await mkdtemp(join(tmpdir(), 'zk-server-reconfig-'));
    const places = Array.from(
      { length: count },
      (_, i) => `127.0.0.1:${ports[3 * i + 1] ?? 0}:${ports[3 * i + 2] ?? 0}`,
    );
    const clientPorts = Array.from({ length: count }, (_, i) => ports[3 * i] ?? 0);
    const members = clientPorts.map((port, i) => {
      const command = (file: string): readonly string[] =>
        java.includes(i + 1) ? javaServer(file) : [LAUNCHER, 'start', file];
      return new Member(i + 1, join(folder, String(i + 1)), port, command, {});
    });
    return new GrowingEnsemble(folder, members, places, clientPorts, config);
  }

  member(sid: number): Member {
    const member = this.members[sid - 1];
    if (member === undefined) throw new Error(`no server ${sid}`);
    return member;
  }

  /** `server.N=...` */
  line(sid: number, role: Role = 'participant', clientPort = this.clientPorts[sid - 1] ?? 0): string {
    return `server.${sid}=${this.places[sid - 1] ?? ''}:${role};127.0.0.1:${clientPort}`;
  }

  hosts(...sids: readonly number[]): string {
    return sids.map((sid) => `127.0.0.1:${this.clientPorts[sid - 1] ?? 0}`).join(',');
  }

  /** Starts a server whose list has these members; `roles` where it is not participant. */
  async start(sid: number, list: readonly number[], roles: Readonly<Record<number, Role>> = {}): Promise<void> {
    const member = this.member(sid);
    await mkdir(member.dataDir, { recursive: true });
    await writeFile(join(member.dataDir, 'myid'), `${sid}\n`);
    const settings = {
      tickTime: 500,
      initLimit: 20,
      // A server that stands still for a while is no reason to end an epoch.
      syncLimit: 60,
      dataDir: member.dataDir,
      reconfigEnabled: 'true',
      standaloneEnabled: 'false',
      'DigestAuthenticationProvider.superDigest': SUPER,
      '4lw.commands.whitelist': '*',
      'admin.enableServer': 'false',
      ...(roles[sid] === 'observer' ? { peerType: 'observer' } : {}),
      ...this.settings,
    };
    const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
    for (const other of list) lines.push(this.line(other, roles[other]));
    await writeFile(member.configFile, `# made by a test\n${lines.join('\n')}\n`);
    await member.start();
  }

  /** The members of the beginning; all serve when this resolves. */
  async found(sids: readonly number[], roles: Readonly<Record<number, Role>> = {}): Promise<void> {
    for (const sid of sids) await this.start(sid, sids, roles);
    for (const sid of sids) await this.member(sid).serving(START_MS);
  }

  /** Starts a server that lists itself with the present members, and waits until it follows. */
  async join(sid: number, present: readonly number[], role: Role = 'participant'): Promise<void> {
    await this.start(sid, [...present, sid], { [sid]: role });
    await this.member(sid).serving(START_MS);
  }

  /** Reconfigures through server `via`. */
  reconfig(via: number, order: Order): Promise<Answer> {
    return this.ask({ hosts: this.hosts(via), ...order });
  }

  /** What `/zookeeper/config` is at a server. */
  config(sid: number): Promise<Answer> {
    return this.ask({ hosts: this.hosts(sid), get: true });
  }

  /** Runs commands of Apache ZooKeeper's zkCli.sh as super user; what it says on both outputs. */
  async zkCli(via: number, commands: readonly string[]): Promise<string> {
    const [command = '', ...rest] = javaCommand('org.apache.zookeeper.ZooKeeperMain', [
      'org.slf4j.simpleLogger.defaultLogLevel=off',
    ]);
    const program = spawn(command, [...rest, '-server', this.hosts(via), '-waitforconnection'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const said: Buffer[] = [];
    for (const stream of [program.stdout, program.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    program.stdin.end(['addauth digest super:admin', ...commands, 'quit', ''].join('\n'));
    await once(program, 'close');
    return Buffer.concat(said).toString('utf8');
  }

  write(path: string, ...sids: readonly number[]): Promise<Answer> {
    return this.ask({ hosts: this.hosts(...sids), write: path });
  }

  private async ask(order: object): Promise<Answer> {
    this.python.send(JSON.stringify(order));
    await this.python.expect(/./, 90_000, this.asked);
    return JSON.parse(this.python.lines[this.asked++] ?? '{}') as Answer;
  }

  /** What `srvr` answers at a client port. */
  probe(port: number): Promise<string> {
    return eventually(`a server at ${port}`, START_MS, async () => {
      const text = await fourLetter(port, 'srvr').catch(() => '');
      return text === '' ? undefined : text;
    });
  }

  leader(sids: readonly number[]): Promise<number> {
    return eventually(`a leader of ${sids.join()}`, START_MS, async () => {
      for (const sid of sids) if ((await this.member(sid).mode()) === 'leader') return sid;
      return undefined;
    });
  }

  /** Waits until the server says it has this mode. */
  async becomes(sid: number, ...modes: readonly string[]): Promise<string> {
    try {
      return await eventually(`server ${sid} is ${modes.join(' or ')}`, START_MS, async () => {
        const mode = await this.member(sid).mode();
        return modes.includes(mode) ? mode : undefined;
      });
    } catch (error) {
      throw new Error(`${String(error)}\n${(await this.member(sid).log()).slice(-4000)}`, { cause: error });
    }
  }

  async remove(): Promise<void> {
    for (const member of this.members) await member.kill();
    await this.python.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
