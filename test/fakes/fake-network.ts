import {
  type Disk,
  type Endpoint,
  formatEndpoint,
  type Listener,
  type ListenOptions,
  type Network,
  NetworkError,
  type SecureOptions,
  type Socket,
  type TlsContext,
  type TlsOptions,
} from '../../src/host/index.js';
import type { FakeClock } from './fake-clock.js';
import { connectPair, FakeSocket } from './fake-socket.js';
import { fakeHandshake, FakeTlsContext } from './fake-tls.js';
import type { Gate, Scheduler } from './scheduler.js';
import type { SeededRandom } from './seeded-random.js';

/**
 * - `silent`: bytes and dials are held back, as when packets are dropped and TCP tries again; after `heal` they arrive.
 * - `reset`: open connections break at once, new dials are UNREACHABLE.
 */
export type CutMode = 'silent' | 'reset';

/** One direction between two hosts. */
export interface Link {
  /** Least time for a packet, and how much chance adds (both milliseconds). */
  latencyMs: number;
  jitterMs: number;
  cut: CutMode | null;
}

interface LinkState extends Link {
  held: (() => void)[];
}

/** A machine on the network. */
export interface NetworkNode {
  readonly name: string;
  readonly address: string;
  power: 'on' | 'off';
  /** Grows at every crash; sockets of an earlier life are dead. */
  life: number;
  gate: Gate;
  readonly sockets: Set<FakeSocket>;
  readonly listeners: Map<string, FakeListener>;
  /** From here to there. */
  readonly links: Map<NetworkNode, LinkState>;
  nextPort: number;
}

const LOOPBACK_NAMES = new Set(['127.0.0.1', '::1', 'localhost']);
const ANY_NAMES = new Set(['', '0.0.0.0', '::']);
const LOOPBACK_ADDRESS = '127.0.0.1';
const FIRST_EPHEMERAL_PORT = 32_768;
const LOOPBACK_LATENCY_MS = 0.02;
/** How long a name look-up takes. */
const RESOLVE_MS = 0.05;

/** All machines, names and links of one simulated world. Names are the host names; every host has an address `10.0.0.n`. */
export class FakeNetwork {
  /** For links that were not set otherwise. */
  readonly defaults = { latencyMs: 0.2, jitterMs: 0.3 };
  /** One delivery in so many is cut into pieces (0: never). */
  chopOneIn = 4;
  private readonly nodes = new Map<string, NetworkNode>();
  private readonly names = new Map<string, Place>();
  private readonly unreachable = new Set<string>();

  constructor(
    readonly scheduler: Scheduler,
    private readonly random: SeededRandom,
  ) {}

  /** Adds a machine, or switches an existing one on again under a new process. */
  attach(name: string, clock: FakeClock, disk: Disk): Network {
    let node = this.nodes.get(name);
    if (node === undefined) {
      node = {
        name,
        address: `10.0.0.${this.nodes.size + 1}`,
        power: 'on',
        life: 0,
        gate: clock.gate,
        sockets: new Set(),
        listeners: new Map(),
        links: new Map(),
        nextPort: FIRST_EPHEMERAL_PORT,
      };
      this.nodes.set(name, node);
      this.setAddress(node, name, node.address);
    }
    node.power = 'on';
    node.gate = clock.gate;
    return new HostNetwork(this, node, node.life, disk);
  }

  /** What `dns` says for a name from now on; null: no such name. */
  setName(name: string, host: string | null): void {
    if (host === null) this.names.delete(name);
    else this.names.set(name, { node: this.node(host), address: this.node(host).address });
  }

  /** Gives a machine one more address, under a name of its own. */
  addAddress(host: string, name: string): void {
    const node = this.node(host);
    this.setAddress(node, name, `${node.address.replace('10.0.', '10.1.')}${this.names.size}`);
  }

  /** Dials to an address (or a name of it) go unanswered, or no longer so; open connections are left alone. */
  setReachable(name: string, reachable: boolean): void {
    const address = this.names.get(name)?.address ?? name;
    if (reachable) this.unreachable.delete(address);
    else this.unreachable.add(address);
  }

  addressOf(host: string): string {
    return this.node(host).address;
  }

  /** The settings of one direction; change them at will. */
  link(from: string, to: string): Link {
    return this.linkOf(this.node(from), this.node(to));
  }

  cut(a: string, b: string, options: { mode?: CutMode; oneWay?: boolean } = {}): void {
    const mode = options.mode ?? 'silent';
    this.linkOf(this.node(a), this.node(b)).cut = mode;
    if (options.oneWay !== true) this.linkOf(this.node(b), this.node(a)).cut = mode;
    if (mode === 'reset') this.breakConnections(a, b);
  }

  heal(a: string, b: string): void {
    this.healLink(this.linkOf(this.node(a), this.node(b)));
    this.healLink(this.linkOf(this.node(b), this.node(a)));
  }

  healAll(): void {
    for (const { links } of this.nodes.values()) for (const link of links.values()) this.healLink(link);
  }

  /** Cuts every link between hosts of different groups; hosts named nowhere form a group of their own. */
  partition(groups: readonly (readonly string[])[], mode: CutMode = 'silent'): void {
    const groupOf = (name: string) => groups.findIndex((group) => group.includes(name));
    for (const a of this.nodes.keys()) {
      for (const b of this.nodes.keys()) {
        if (a < b && groupOf(a) !== groupOf(b)) this.cut(a, b, { mode });
      }
    }
  }

  /** Resets every connection between two hosts; new ones can be made. */
  breakConnections(a: string, b: string): void {
    for (const socket of [...this.node(a).sockets]) {
      if (socket.peer.node.name !== b) continue;
      const { peer } = socket;
      socket.breakOff(`connection to ${b} broke`);
      peer.breakOff(`connection to ${a} broke`);
    }
  }

  /** The process is gone, with its ports. `silent`: the whole machine, which then answers nothing at all. */
  crash(name: string, silent: boolean): void {
    const node = this.node(name);
    node.life++;
    node.listeners.clear();
    if (silent) node.power = 'off';
    for (const socket of [...node.sockets]) socket.abandon(silent);
  }

  /** For sockets: brings something over a link in due time; returns when, unless the link holds it back. */
  carry(from: NetworkNode, to: NetworkNode, notBeforeMs: number, arrive: () => void): number {
    const link = this.linkOf(from, to);
    const latencyMs = link.latencyMs + link.jitterMs * this.random.fraction();
    const dueMs = Math.max(notBeforeMs, this.scheduler.nowMs + latencyMs);
    this.scheduler.at(dueMs, this.scheduler.always, () => {
      if (link.cut === 'silent') link.held.push(arrive);
      else arrive();
    });
    return dueMs;
  }

  /** For sockets: a copy of the first bytes of what came, or of all of it, as chance will have it. */
  chop(bytes: Buffer): Buffer {
    const isWhole = bytes.length < 2 || this.chopOneIn === 0 || !this.random.oneIn(this.chopOneIn);
    return isWhole ? bytes : Buffer.from(bytes.subarray(0, 1 + this.random.below(bytes.length - 1)));
  }

  /** For sockets: lets what travels count in the world's fingerprint. */
  traced(bytes: Buffer): Buffer {
    let sum = bytes.length;
    for (let at = 0; at < bytes.length; at += 1 + (bytes.length >> 4)) sum = (sum * 31 + (bytes[at] as number)) | 0;
    this.scheduler.mix(sum);
    return bytes;
  }

  resolve(name: string, from: NetworkNode): Place | undefined {
    return LOOPBACK_NAMES.has(name) ? { node: from, address: LOOPBACK_ADDRESS } : this.names.get(name);
  }

  isReachable(place: Place): boolean {
    return !this.unreachable.has(place.address);
  }

  linkOf(from: NetworkNode, to: NetworkNode): LinkState {
    let link = from.links.get(to);
    if (link === undefined) {
      const times = from === to ? { latencyMs: LOOPBACK_LATENCY_MS, jitterMs: LOOPBACK_LATENCY_MS } : this.defaults;
      link = { ...times, cut: null, held: [] };
      from.links.set(to, link);
    }
    return link;
  }

  private setAddress(node: NetworkNode, name: string, address: string): void {
    this.names.set(name, { node, address });
    this.names.set(address, { node, address });
  }

  private healLink(link: LinkState): void {
    link.cut = null;
    const held = link.held;
    link.held = [];
    for (const arrive of held) {
      this.scheduler.at(this.scheduler.nowMs + link.latencyMs, this.scheduler.always, () => {
        if (link.cut === 'silent') link.held.push(arrive);
        else arrive();
      });
    }
  }

  private node(name: string): NetworkNode {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no host ${name} in this world`);
    return node;
  }
}

/** What a name stands for. */
interface Place {
  readonly node: NetworkNode;
  readonly address: string;
}

interface FakeListener {
  readonly endpoint: Endpoint;
  readonly onConnection: (socket: Socket) => void;
}

/** The network as one process sees it. */
class HostNetwork implements Network {
  constructor(
    private readonly network: FakeNetwork,
    private readonly node: NetworkNode,
    private readonly life: number,
    private readonly disk: Disk,
  ) {}

  async loadTls(options: TlsOptions): Promise<TlsContext> {
    const context = new FakeTlsContext(options, this.disk);
    await context.reload();
    return context;
  }

  secure(socket: Socket, options: SecureOptions): Promise<Socket> {
    if (!(socket instanceof FakeSocket)) throw new Error('this socket is not of this network');
    return fakeHandshake(socket, options, this.network.scheduler);
  }

  async listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    const { host } = options.endpoint;
    await this.pass(RESOLVE_MS);
    const address = this.listenAddress(host);
    const port = options.endpoint.port === 0 ? this.freePort() : options.endpoint.port;
    const { listeners } = this.node;
    const key = `${address}:${port}`;
    const taken =
      address === '*'
        ? [...listeners.keys()].some((one) => one.endsWith(`:${port}`))
        : listeners.has(key) || listeners.has(`*:${port}`);
    if (taken) throw new NetworkError('ADDRESS_IN_USE', `${formatEndpoint({ host, port })} is in use`);
    const listener: FakeListener = { endpoint: { host, port }, onConnection };
    listeners.set(key, listener);
    return {
      endpoint: listener.endpoint,
      close: async () => {
        if (listeners.get(key) === listener) listeners.delete(key);
        await this.pass(0);
      },
    };
  }

  async dial(target: Endpoint, timeoutMs: number, cancel?: AbortSignal): Promise<Socket> {
    const { scheduler } = this.network;
    const startMs = scheduler.nowMs;
    const name = formatEndpoint(target);
    await this.pass(RESOLVE_MS);
    if (cancel?.aborted === true) throw new NetworkError('CLOSED', `connecting to ${name} was given up`);
    const place = this.network.resolve(target.host, this.node);
    if (place === undefined) throw new NetworkError('NAME_UNKNOWN', `no address for ${target.host}`);
    if (this.network.linkOf(this.node, place.node).cut === 'reset') {
      throw new NetworkError('UNREACHABLE', `no route to ${name}`);
    }
    return new Promise((resolve, reject) => {
      const deadline = scheduler.at(startMs + timeoutMs, this.node.gate, () => {
        attempt.settle(new NetworkError('TIMEOUT', `${name} did not answer within ${timeoutMs} ms`));
      });
      const giveUp = (): void => {
        attempt.settle(new NetworkError('CLOSED', `connecting to ${name} was given up`));
      };
      const attempt: DialAttempt = {
        over: false,
        settle: (result) => {
          attempt.over = true;
          deadline.fn = undefined;
          cancel?.removeEventListener('abort', giveUp);
          if (result instanceof NetworkError) reject(result);
          else resolve(result);
        },
      };
      cancel?.addEventListener('abort', giveUp);
      this.network.carry(this.node, place.node, 0, () => {
        this.knock(place, target, attempt);
      });
    });
  }

  /** The request to connect reached the other machine. */
  private knock(place: Place, target: Endpoint, attempt: DialAttempt): void {
    const { node, address } = place;
    if (node.power === 'off' || !this.network.isReachable(place)) return;
    const listener = node.listeners.get(`${address}:${target.port}`) ?? node.listeners.get(`*:${target.port}`);
    if (listener === undefined) {
      this.network.carry(node, this.node, 0, () => {
        if (attempt.over || this.isDead()) return;
        attempt.settle(new NetworkError('REFUSED', `${formatEndpoint(target)} refused the connection`));
      });
      return;
    }
    if (this.isDead()) return;
    const ownAddress = address === LOOPBACK_ADDRESS ? LOOPBACK_ADDRESS : this.node.address;
    const near: Endpoint = { host: ownAddress, port: this.freePort() };
    const far: Endpoint = { host: address, port: target.port };
    const client = new FakeSocket(this.network, this.node, node, near, far);
    const server = new FakeSocket(this.network, node, this.node, far, near);
    connectPair(client, server);
    client.onOpen = () => {
      this.network.scheduler.at(this.network.scheduler.nowMs, this.node.gate, () => {
        if (attempt.over) client.destroy();
        else attempt.settle(client);
      });
    };
    server.sendOpen();
    this.network.scheduler.at(this.network.scheduler.nowMs, node.gate, () => listener.onConnection(server));
  }

  /** The address to listen on, `*` for all. */
  private listenAddress(host: string): string {
    if (ANY_NAMES.has(host)) return '*';
    const place = this.network.resolve(host, this.node);
    if (place === undefined) throw new NetworkError('NAME_UNKNOWN', `no address for ${host}`);
    if (place.node !== this.node) {
      throw new NetworkError('ADDRESS_NOT_AVAILABLE', `${host} is not an address of this host`);
    }
    return place.address;
  }

  private freePort(): number {
    const port = this.node.nextPort;
    this.node.nextPort = port >= 60_999 ? FIRST_EPHEMERAL_PORT : port + 1;
    return port;
  }

  private isDead(): boolean {
    return this.life !== this.node.life;
  }

  private pass(delayMs: number): Promise<void> {
    const { scheduler } = this.network;
    // A dead process's gate lets nothing through: its calls never return.
    const gate = this.isDead() ? undefined : this.node.gate;
    return new Promise((resolve) => {
      if (gate !== undefined) scheduler.at(scheduler.nowMs + delayMs, gate, resolve);
    });
  }
}

interface DialAttempt {
  over: boolean;
  settle(result: Socket | NetworkError): void;
}
