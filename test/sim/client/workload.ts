import type { FakeHost } from '../../fakes/index.js';
import type { CreateOp, HistoryOp } from '../history.js';
import type { TreeHistory } from '../model/tree-history.js';
import { OddRequests } from './odd-requests.js';
import type { SimClient } from './sim-client.js';

const KEYS = 10;
const LASTING_WATCHES = 3;
/** In front of one step in so many. */
const ODD_ONE_IN = 25;
/** Requests that a client has under way when it leaves its server. */
const MOST_LEFT_BEHIND = 3;
const ROOTS = ['/k', '/q', '/e', '/c'];

interface Step {
  readonly weight: number;
  /** Clients that only read do it, too. */
  readonly isReading?: boolean;
  readonly run: (load: Workload) => void;
}

const STEPS: readonly Step[] = [
  { weight: 24, run: (load) => load.set() },
  { weight: 12, run: (load) => load.create() },
  { weight: 8, run: (load) => load.remove() },
  { weight: 8, run: (load) => load.enqueue() },
  { weight: 7, run: (load) => load.dequeue() },
  { weight: 8, run: (load) => load.multi() },
  { weight: 6, run: (load) => load.ephemeral() },
  { weight: 3, run: (load) => load.selfRemoving() },
  { weight: 8, isReading: true, run: (load) => load.read('get') },
  { weight: 5, isReading: true, run: (load) => load.read('exists') },
  { weight: 5, isReading: true, run: (load) => load.read('children') },
  { weight: 7, isReading: true, run: (load) => load.fresh() },
  { weight: 2, isReading: true, run: (load) => load.lastingWatch() },
  { weight: 1.5, isReading: true, run: (load) => load.client.hop() },
  { weight: 0.5, run: (load) => load.closeSession() },
];

export interface WorkloadOptions {
  /** Average pause between two bursts of a client. */
  readonly thinkMs: number;
  /** Most requests of a burst, and most under way. */
  readonly burst: number;
  readonly pipelined: number;
  readonly onlyReads: boolean;
  /** Null: it asks for nothing odd. */
  readonly odd: { readonly mayReconfigure: boolean } | null;
}

/** What one client does all day: every kind of request, over few enough nodes that clients get in each other's way. */
export class Workload {
  private isRunning = true;
  private serial = 0;
  /** As soon as there is a connection again. */
  private closesNext = false;
  private writesNext = false;
  private readonly odd: OddRequests | null;
  private readonly steps: readonly Step[];
  private readonly totalWeight: number;

  constructor(
    readonly client: SimClient,
    private readonly host: FakeHost,
    private readonly tree: TreeHistory,
    private readonly options: WorkloadOptions,
  ) {
    this.steps = STEPS.filter(({ isReading }) => isReading === true || !options.onlyReads);
    const { odd, onlyReads } = options;
    // What only reads is to be answered by a leader that commits nothing, too.
    this.odd =
      odd === null || onlyReads
        ? null
        : new OddRequests(host.random.fork('odd requests'), odd.mayReconfigure, (random) => `/k/${random.below(KEYS)}`);
    this.totalWeight = this.steps.reduce((sum, { weight }) => sum + weight, 0);
  }

  start(): void {
    this.client.onReady = () => {
      if (this.closesNext) this.client.closeSession();
      this.closesNext = false;
      // Whoever comes from another server looks first, and may write while the other one still holds a write.
      this.read('get');
      if (!this.options.onlyReads && (this.host.random.oneIn(2) || this.writesNext)) this.set();
      this.writesNext = false;
      for (const path of ROOTS) if (this.tree.now(path) === null) this.client.ask(createOp(path, ''));
    };
    this.client.start();
    this.wait();
  }

  stop(): void {
    this.isRunning = false;
  }

  get isWriting(): boolean {
    return this.isRunning && !this.options.onlyReads;
  }

  /** Asks for some changes, and goes to another server at once to ask for more there. */
  leaveFor(server: string): void {
    const { random } = this.host;
    for (let left = 1 + random.below(MOST_LEFT_BEHIND); left > 0; left--) {
      if (random.oneIn(2)) this.set();
      else this.enqueue();
    }
    this.writesNext = true;
    this.client.hop(server);
  }

  private wait(): void {
    const { burst, pipelined, thinkMs } = this.options;
    const { clock, random } = this.host;
    clock.after(thinkMs * 2 * random.fraction(), () => {
      if (!this.isRunning) return;
      for (let left = 1 + random.below(burst); left > 0; left--) {
        if (this.client.isConnected && this.client.outstanding < pipelined) this.step();
      }
      this.wait();
    });
  }

  private step(): void {
    if (this.odd?.isDue(ODD_ONE_IN) === true) this.client.askOdd(this.odd.next());
    let left = this.host.random.fraction() * this.totalWeight;
    for (const step of this.steps) {
      left -= step.weight;
      if (left > 0) continue;
      step.run(this);
      return;
    }
  }

  private key(): string {
    return `/k/${this.host.random.below(KEYS)}`;
  }

  private text(): string {
    return `${this.client.name}-${this.serial++}`;
  }

  /** Any version, the right one, or one that may be outdated. */
  private version(path: string): number {
    const { random } = this.host;
    if (random.oneIn(2)) return -1;
    return Math.max(0, (this.tree.now(path)?.version ?? 0) - (random.oneIn(4) ? 1 : 0));
  }

  set(): void {
    const path = this.key();
    this.client.ask({ kind: 'set', path, data: this.text(), version: this.version(path) });
  }

  create(): void {
    this.client.ask(createOp(this.key(), this.text()));
  }

  remove(): void {
    const path = this.key();
    this.client.ask({ kind: 'delete', path, version: this.version(path) });
  }

  enqueue(): void {
    this.client.ask({ ...createOp('/q/n-', this.text()), sequential: true, ephemeral: this.host.random.oneIn(4) });
  }

  dequeue(): void {
    const first = this.tree.now('/q')?.children[0];
    if (first !== undefined) this.client.ask({ kind: 'delete', path: `/q/${first}`, version: -1 });
  }

  multi(): void {
    const { random } = this.host;
    const parts: HistoryOp[] = [];
    for (let n = 1 + random.below(3); n >= 0; n--) {
      const path = this.key();
      const kind = random.below(4);
      if (kind === 0) parts.push({ kind: 'check', path, version: this.version(path) });
      else if (kind === 1) parts.push({ kind: 'delete', path, version: -1 });
      else if (kind === 2 && this.tree.now(path) === null) parts.push(createOp(path, this.text()));
      else parts.push({ kind: 'set', path, data: this.text(), version: this.version(path) });
    }
    this.client.ask({ kind: 'multi', parts });
  }

  ephemeral(): void {
    const path = `/e/${this.host.random.below(KEYS)}`;
    if (this.tree.now(path) === null) this.client.ask({ ...createOp(path, this.text()), ephemeral: true });
    else this.client.ask({ kind: 'delete', path, version: -1 });
  }

  selfRemoving(): void {
    const path = `/c/${this.host.random.below(4)}`;
    const { random } = this.host;
    if (this.tree.now(path) === null) {
      this.client.ask({ ...createOp(path, this.text()), lasts: random.oneIn(2) ? 'container' : 'ttl' });
    } else {
      const child = this.tree.now(path)?.children[0];
      if (child === undefined) this.client.ask(createOp(`${path}/child`, this.text()));
      else this.client.ask({ kind: 'delete', path: `${path}/${child}`, version: -1 });
    }
  }

  read(kind: 'get' | 'exists' | 'children'): void {
    const path = kind === 'children' ? this.parent() : this.anyPath();
    this.client.ask({ kind, path, isSynced: false }, { watch: this.host.random.oneIn(2) });
  }

  fresh(): void {
    if (this.host.random.oneIn(4)) this.client.askFresh({ kind: 'children', path: this.parent(), isSynced: true });
    else this.client.askFresh({ kind: 'get', path: this.anyPath(), isSynced: true });
  }

  lastingWatch(): void {
    const { watches } = this.client;
    const isRecursive = this.host.random.oneIn(2);
    const path = isRecursive ? this.parent() : this.key();
    if (watches.lastingCount < LASTING_WATCHES && !watches.hasLasting(path)) this.client.addWatch(path, isRecursive);
  }

  /**
   * Sometimes with requests right behind, and sometimes from another server than the one that may still hold requests:
   * those must not count any more.
   */
  closeSession(): void {
    const kind = this.host.random.below(4);
    if (kind === 0) {
      this.set();
      this.ephemeral();
      this.client.hop();
      this.closesNext = true;
      return;
    }
    this.client.closeSession();
    if (kind > 1) return;
    this.set();
    this.ephemeral();
  }

  private parent(): string {
    return ROOTS[this.host.random.below(ROOTS.length)] ?? '/k';
  }

  private anyPath(): string {
    return this.host.random.oneIn(4) ? `/e/${this.host.random.below(KEYS)}` : this.key();
  }
}

function createOp(path: string, data: string): CreateOp {
  return { kind: 'create', path, data, sequential: false, ephemeral: false };
}
