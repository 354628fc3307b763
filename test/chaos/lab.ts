import { execFile, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Set in the process that runs inside its own name spaces. */
const INSIDE = 'ZK_CHAOS_INSIDE';
const UNSHARE = ['--pid', '--fork', '--kill-child', '--mount-proc', '--net', '--mount', '--propagation', 'private'];

export function isInside(): boolean {
  return process.env[INSIDE] === '1';
}

/** May this user make name spaces here? */
export function canIsolate(): boolean {
  const { status } = spawnSync('unshare', [...UNSHARE, 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' });
  return status === 0;
}

/**
 * Runs this program again in process, network and mount name spaces of its own, and answers its exit code. However it ends,
 * the kernel ends every process in them and takes networks and mounts away.
 */
export async function runInside(): Promise<number> {
  const args = [...UNSHARE, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', args, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  // A terminal sends its signals to both; this one waits for the other's end.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

async function ip(...args: readonly string[]): Promise<void> {
  await run('ip', args);
}

/**
 * Three network name spaces: each server's link to the clients, and a link of its own between every two servers. Links are
 * cut by sending to a hardware address that nobody has, so that packets vanish silently, one way if need be.
 */
export class Network {
  private readonly cuts = new Set<string>();
  private isLossy = false;
  private isSlow = false;

  private constructor(private readonly sids: readonly number[]) {}

  static async build(sids: readonly number[]): Promise<Network> {
    await run('mkdir', ['-p', '/run/netns']);
    await run('mount', ['-t', 'tmpfs', 'tmpfs', '/run/netns']);
    await ip('link', 'set', 'lo', 'up');
    for (const sid of sids) {
      await ip('netns', 'add', spaceOf(sid));
      await ip('-n', spaceOf(sid), 'link', 'set', 'lo', 'up');
      await ip('-n', spaceOf(sid), 'addr', 'add', `${Network.peerAddress(sid)}/32`, 'dev', 'lo');
      await ip('link', 'add', `client${sid}`, 'type', 'veth', 'peer', 'name', 'clients', 'netns', spaceOf(sid));
      await ip('addr', 'add', `10.78.${sid}.1/30`, 'dev', `client${sid}`);
      await ip('link', 'set', `client${sid}`, 'up');
      await ip('-n', spaceOf(sid), 'addr', 'add', `${Network.clientAddress(sid)}/30`, 'dev', 'clients');
      await ip('-n', spaceOf(sid), 'link', 'set', 'clients', 'up');
    }
    const network = new Network(sids);
    for (const [from, to] of network.pairs()) if (from < to) await network.join(from, to);
    return network;
  }

  /** Where the other servers reach this one. */
  static peerAddress(sid: number): string {
    return `10.77.0.${sid}`;
  }

  /** Where clients reach it; never cut. */
  static clientAddress(sid: number): string {
    return `10.78.${sid}.2`;
  }

  /** What goes before a command that is to run on the machine of this server. */
  static prefix(sid: number): readonly string[] {
    return ['ip', 'netns', 'exec', spaceOf(sid)];
  }

  /** From now on nothing that `from` sends reaches `to`. */
  async cut(from: number, to: number): Promise<void> {
    this.cuts.add(`${from} ${to}`);
    await this.aim(from, to, '02:00:00:00:ff:ff');
  }

  /** Each packet between servers is lost with this probability. */
  async lose(probability: number): Promise<void> {
    this.isLossy = true;
    const rule = [
      '-o',
      'to+',
      '-m',
      'statistic',
      '--mode',
      'random',
      '--probability',
      String(probability),
      '-j',
      'DROP',
    ];
    for (const sid of this.sids) await inside(sid, 'iptables', '-A', 'OUTPUT', ...rule);
  }

  /** Each link between servers carries no more than this; what is more waits, up to `waitMs`, and then is lost. */
  async slow(kilobits: number, waitMs: number): Promise<void> {
    this.isSlow = true;
    const shape = ['tbf', 'rate', `${kilobits}kbit`, 'burst', '4kb', 'latency', `${waitMs}ms`];
    for (const [from, to] of this.pairs()) await inside(from, 'tc', 'qdisc', 'add', 'dev', `to${to}`, 'root', ...shape);
  }

  /** Mends every cut, and links are quick and lose nothing. */
  async mend(): Promise<void> {
    if (this.isLossy) for (const sid of this.sids) await inside(sid, 'iptables', '-F', 'OUTPUT');
    if (this.isSlow) {
      for (const [from, to] of this.pairs()) await inside(from, 'tc', 'qdisc', 'del', 'dev', `to${to}`, 'root');
    }
    this.isLossy = false;
    this.isSlow = false;
    for (const cut of this.cuts) {
      const [from = 0, to = 0] = cut.split(' ').map(Number);
      await this.aim(from, to, hardwareAddress(to, from));
    }
    this.cuts.clear();
  }

  private *pairs(): Generator<readonly [from: number, to: number]> {
    for (const from of this.sids) for (const to of this.sids) if (from !== to) yield [from, to];
  }

  private async join(a: number, b: number): Promise<void> {
    const [spaceA, spaceB] = [spaceOf(a), spaceOf(b)];
    await ip('link', 'add', `to${b}`, 'netns', spaceA, 'type', 'veth', 'peer', 'name', `to${a}`, 'netns', spaceB);
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const space = spaceOf(from);
      await ip('-n', space, 'link', 'set', `to${to}`, 'address', hardwareAddress(from, to), 'up');
      await ip(
        '-n',
        space,
        'route',
        'add',
        Network.peerAddress(to),
        'dev',
        `to${to}`,
        'src',
        Network.peerAddress(from),
      );
      await this.aim(from, to, hardwareAddress(to, from));
    }
  }

  private async aim(from: number, to: number, address: string): Promise<void> {
    const target = [Network.peerAddress(to), 'lladdr', address, 'nud', 'permanent', 'dev', `to${to}`];
    await ip('-n', spaceOf(from), 'neigh', 'replace', ...target);
  }
}

function spaceOf(sid: number): string {
  return `server${sid}`;
}

async function inside(sid: number, ...command: readonly string[]): Promise<void> {
  await ip('netns', 'exec', spaceOf(sid), ...command);
}

/** Of the end that server `of` has of its link to server `to`. */
function hardwareAddress(of: number, to: number): string {
  return `02:00:00:00:0${of}:0${to}`;
}

/** A small disk in memory, gone with the mount name space. */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<void> {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder]);
}
