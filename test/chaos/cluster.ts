import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServer } from '../support/java.js';
import { freePorts } from '../support/ports.js';
import { mountSmallDisk, Network } from './lab.js';
import type { FaultKind } from './plan.js';

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
const SIDS = [1, 2, 3] as const;
/** Holds what ten minutes of load write: old logs and snapshots are purged once an hour at most. */
const SMALL_DISK_MB = 384;

export function faketimeLibrary(): string | undefined {
  const root = '/usr/lib';
  const inside = readdirSync(root).map((name) => join(root, name, 'faketime/libfaketime.so.1'));
  return inside.find((path) => existsSync(path));
}

/** Three real servers: each on a machine of its own as far as the network is concerned, when there are name spaces. */
export class Cluster {
  private constructor(
    readonly folder: string,
    readonly members: readonly Member[],
    /** Null: all on loopback. */
    readonly network: Network | null,
    private readonly hasSmallDisks: boolean,
    /** What each is started with, by its id. */
    private readonly envs: ReadonlyMap<number, Record<string, string>>,
  ) {}

  /** `java`: which of them are servers of Apache ZooKeeper. */
  static async create(kinds: readonly FaultKind[], isolated: boolean, java: readonly number[] = []): Promise<Cluster> {
    const folder = await mkdtemp(join(tmpdir(), 'zk-server-chaos-'));
    const network = isolated ? await Network.build(SIDS) : null;
    const hasSmallDisks = isolated && kinds.includes('disk');
    const ports = await freePorts(SIDS.length * 3);
    const portOf = (sid: number, which: 0 | 1 | 2) => ports[(sid - 1) * 3 + which] ?? 0;
    const hostOf = (sid: number) => (isolated ? Network.peerAddress(sid) : '127.0.0.1');
    const lines = SIDS.map((sid) => `server.${sid}=${hostOf(sid)}:${portOf(sid, 1)}:${portOf(sid, 2)}`);
    const members: Member[] = [];
    const envs = new Map<number, Record<string, string>>();
    for (const sid of SIDS) {
      const own = join(folder, String(sid));
      await mkdir(join(own, 'data'), { recursive: true });
      if (hasSmallDisks) await mountSmallDisk(join(own, 'data'), SMALL_DISK_MB);
      await writeFile(join(own, 'data', 'myid'), `${sid}\n`);
      await writeFile(join(own, 'zoo.cfg'), configText(join(own, 'data'), portOf(sid, 0), lines));
      const before = isolated ? Network.prefix(sid) : [];
      const program = (file: string) => (java.includes(sid) ? javaServer(file) : [LAUNCHER, 'start', file]);
      const command = (file: string) => [...before, ...program(file)];
      const env: Record<string, string> = {};
      envs.set(sid, env);
      const host = isolated ? Network.clientAddress(sid) : '127.0.0.1';
      members.push(new Member(sid, own, portOf(sid, 0), command, env, host));
    }
    const cluster = new Cluster(folder, members, network, hasSmallDisks, envs);
    if (kinds.includes('clock')) await cluster.giveClocks();
    return cluster;
  }

  /** From its next start on each server has a wall clock that can be set. */
  async giveClocks(): Promise<void> {
    for (const { folder, sid } of this.members) Object.assign(this.envs.get(sid) ?? {}, await clockEnv(folder));
  }

  async start(): Promise<void> {
    for (const member of this.members) await member.start();
    await Promise.all(this.members.map((member) => member.serving()));
  }

  /** Starts them so that the last one leads: it has the largest id, and is there from the beginning. */
  async startWithLastLeading(): Promise<void> {
    const [first, ...quorum] = this.members;
    for (const some of [quorum, first === undefined ? [] : [first]]) {
      for (const member of some) await member.start();
      await Promise.all(some.map((member) => member.serving(60_000)));
    }
  }

  leader(timeoutMs = 30_000): Promise<Member> {
    return eventually('a leader', timeoutMs, async () => {
      for (const member of this.members) {
        if (member.running && (await member.mode()) === 'leader') return member;
      }
      return undefined;
    });
  }

  others(member: Member): Member[] {
    return this.members.filter((other) => other !== member);
  }

  /** Empties the data folder but for the id: a member that gets everything from the others. */
  async empty(member: Member): Promise<void> {
    for (const name of await readdir(member.dataDir)) {
      if (name !== 'myid') await rm(join(member.dataDir, name), { recursive: true });
    }
  }

  /** Sets a server's wall clock so many seconds off the machine's. */
  static async setClock(member: Member, offsetSeconds: number): Promise<void> {
    await writeFile(join(member.folder, 'clock'), `${offsetSeconds < 0 ? '' : '+'}${offsetSeconds}\n`);
  }

  async end(): Promise<void> {
    await Promise.all(
      this.members.map((member) => {
        member.send('SIGCONT');
        return member.kill();
      }),
    );
  }

  async remove(): Promise<void> {
    if (this.hasSmallDisks) for (const member of this.members) execFileSync('umount', [member.dataDir]);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Copies what would vanish with a small disk. */
  async keep(): Promise<string> {
    if (this.hasSmallDisks) {
      for (const member of this.members) {
        await rm(join(member.dataDir, 'balloon'), { force: true });
        await cp(member.dataDir, join(member.folder, 'data-kept'), { recursive: true });
      }
    }
    return this.folder;
  }
}

function configText(dataDir: string, clientPort: number, lines: readonly string[]): string {
  const settings = {
    tickTime: 400,
    initLimit: 15,
    syncLimit: 5,
    dataDir,
    clientPort,
    maxClientCnxns: 0,
    // Small, so that logs roll over, snapshots are taken, and all three kinds of synchronization happen.
    preAllocSize: 1024,
    snapCount: 4000,
    commitLogCount: 500,
    'autopurge.snapRetainCount': 3,
    'autopurge.purgeInterval': 1,
    '4lw.commands.whitelist': '*',
    'admin.enableServer': 'false',
  };
  return [...Object.entries(settings).map(([key, value]) => `${key}=${value}`), ...lines, ''].join('\n');
}

/** The wall clock of a server is what the file `clock` beside its configuration says; the monotonic one stays true. */
async function clockEnv(folder: string): Promise<Readonly<Record<string, string>>> {
  const library = faketimeLibrary();
  if (library === undefined) throw new Error('the kind clock needs libfaketime: apt-get install faketime');
  const file = join(folder, 'clock');
  await writeFile(file, '+0\n');
  return {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // Else waits on conditions with the monotonic clock, which Java's are, end at once.
    FAKETIME_FORCE_MONOTONIC_FIX: '0',
    NO_FAKE_STAT: '1',
  };
}
