import { loadConfig } from '../../src/config/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { QuorumPeer } from '../../src/peer/index.js';
import { OpCode } from '../../src/protocol/index.js';
import { World } from '../fakes/index.js';
import { WireClient } from '../support/wire-client.js';
import { hostTransport } from '../support/wire-transport.js';

export type Role = 'participant' | 'observer';

const FILE = '/etc/zoo.cfg';

/** `server.N=` as lists and requests have it. */
export function line(sid: number, role: Role = 'participant', ports = '2888:3888'): string {
  return `server.${sid}=s${sid}:${ports}:${role};0.0.0.0:2181`;
}

export interface Wish {
  readonly joining?: string;
  readonly leaving?: string;
  readonly members?: string;
  readonly from?: number;
}

/** Simulated servers that read their configuration from their own disks at each start. */
export class SimulatedServers {
  readonly world: World;
  readonly peers = new Map<number, QuorumPeer>();
  /** Why servers ended by themselves. */
  readonly ends: string[] = [];

  /** `settings`: more lines of every zoo.cfg. */
  constructor(
    seed: string,
    private readonly settings: readonly string[] = [],
  ) {
    this.world = new World(seed);
  }

  install(sid: number, list: readonly string[], role: Role = 'participant'): void {
    const disk = this.world.disk(`s${sid}`);
    const text = [
      'tickTime=200\ninitLimit=20\nsyncLimit=10\ndataDir=/data',
      'reconfigEnabled=true\nstandaloneEnabled=false\nskipACL=yes',
      ...this.settings,
      ...(role === 'observer' ? ['peerType=observer'] : []),
      ...list,
    ];
    disk.installDir('/etc');
    disk.install(FILE, Buffer.from(`${text.join('\n')}\n`));
    disk.installDir('/data');
    disk.install('/data/myid', Buffer.from(`${sid}\n`));
  }

  async boot(sid: number): Promise<void> {
    const host = this.world.host(`s${sid}`);
    const request = { disk: host.disk, configFile: FILE, workingDir: '/', env: {} };
    const { config, faults } = await this.world.settle(loadConfig(request));
    if (config === null) throw new Error(`zoo.cfg of server ${sid}: ${JSON.stringify(faults)}`);
    const peer = new QuorumPeer(host, config, new Metrics());
    this.peers.set(sid, peer);
    const ended = (reason: string): void => {
      if (this.peers.get(sid) === peer) this.ends.push(`server ${sid}: ${reason}`);
    };
    peer.start().catch((error: unknown) => {
      ended(String(error));
    });
    peer.finished.then(
      ({ reason }) => {
        ended(reason);
      },
      () => undefined,
    );
  }

  /** Servers with one list, which all serve when this resolves. */
  async found(...sids: readonly number[]): Promise<void> {
    const list = sids.map((sid) => line(sid));
    for (const sid of sids) this.install(sid, list);
    for (const sid of sids) await this.boot(sid);
    await this.serving(...sids);
  }

  /** A server that lists itself with the present members. */
  async come(sid: number, present: readonly number[], role: Role = 'participant'): Promise<void> {
    this.install(sid, [...present.map((other) => line(other)), line(sid, role)], role);
    await this.boot(sid);
    await this.serving(sid);
  }

  powerOff(sid: number, mode: 'lose' | 'tear' = 'lose'): void {
    this.peers.delete(sid);
    this.world.powerOff(`s${sid}`, mode);
  }

  kill(sid: number): void {
    this.peers.delete(sid);
    this.world.kill(`s${sid}`);
  }

  peer(sid: number): QuorumPeer {
    const peer = this.peers.get(sid);
    if (peer === undefined) throw new Error(`server ${sid} is not running`);
    return peer;
  }

  isServing(sid: number): boolean {
    return this.peers.get(sid)?.status.elections()?.serving === true;
  }

  async serving(...sids: readonly number[]): Promise<void> {
    try {
      await this.world.until(() => sids.every((sid) => this.isServing(sid)), 120_000);
    } catch (error) {
      const states = sids.map((sid) => `${sid} ${this.peers.get(sid)?.state() ?? 'off'} ${this.version(sid)}`);
      throw new Error(`${states.join(', ')}; ${this.ends.join()}; ${String(error)}`, { cause: error });
    }
  }

  get leaders(): number[] {
    return [...this.peers.keys()].filter((sid) => this.isServing(sid) && this.peers.get(sid)?.state() === 'LEADING');
  }

  leader(): number {
    const [sid] = this.leaders;
    if (sid === undefined) throw new Error('nobody leads');
    return sid;
  }

  /** The version of the configuration that a server takes for the one in force, in hexadecimal. */
  version(sid: number): string {
    return this.peers.get(sid)?.verifier().version.toString(16) ?? 'off';
  }

  /** Ids of the members that a server knows, with the first letter of their roles. */
  members(sid: number): string {
    const members = [...this.peer(sid).verifier().members.values()];
    return members.map((server) => `${server.sid}${server.role.charAt(0)}`).join(' ');
  }

  /** A client with a session at a server. */
  async client(sid: number, port = 2181): Promise<WireClient> {
    const client = await this.world.settle(this.connect(sid, port));
    await this.world.settle(client.open());
    return client;
  }

  private async connect(sid: number, port: number): Promise<WireClient> {
    const socket = await this.world.host('client').network.dial({ host: `s${sid}`, port }, 1000);
    return WireClient.over(hostTransport(socket));
  }

  /** The answer to a four-letter word. */
  async word(sid: number, word: string): Promise<string> {
    const socket = await this.world.host('client').network.dial({ host: `s${sid}`, port: 2181 }, 1000);
    const chunks: Buffer[] = [];
    return new Promise((resolve) => {
      socket.start({
        onData: (chunk) => chunks.push(Buffer.from(chunk)),
        onEnd: () => {
          socket.end();
        },
        onDrain: () => undefined,
        onClose: () => {
          resolve(Buffer.concat(chunks).toString('utf8'));
        },
      });
      socket.write(Buffer.from(word));
    });
  }

  /** Sends a request; the answer is its error code, 0 for none. */
  ask(client: WireClient, { joining, leaving, members, from }: Wish): Promise<number> {
    const answered = client.requestAny(OpCode.reconfig, (w) => {
      w.string(joining ?? null);
      w.string(leaving ?? null);
      w.string(members ?? null);
      w.long(from ?? -1);
    });
    return answered.then(({ header }) => header.err);
  }

  async reconfig(sid: number, wish: Wish): Promise<number> {
    const client = await this.client(sid);
    const err = await this.world.settle(this.ask(client, wish));
    client.destroy();
    return err;
  }

  async write(sid: number, path: string): Promise<void> {
    const client = await this.client(sid);
    await this.world.settle(client.create(path));
    client.destroy();
  }
}
