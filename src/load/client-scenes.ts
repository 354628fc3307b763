/** Scenes that are more than requests; their sessions are those of the ordinary client. */
import { type ClientWorld, type WatchEvent, ZooKeeperClient, ZooKeeperError } from '../zk-client/index.js';
import { Outcome } from './outcome.js';
import { type Share, shareOf } from './plan.js';
import type { SceneRun } from './scene.js';
import { keyPath } from './templates.js';

/** What both have: sessions, the measured time, and the count. */
abstract class ClientScene implements SceneRun {
  protected readonly outcome = new Outcome();
  protected readonly clients: ZooKeeperClient[];
  protected measureMs = Infinity;
  protected endMs = Infinity;
  protected done = 0;

  constructor(
    protected readonly world: ClientWorld,
    protected readonly share: Share,
  ) {
    const { plan, servers, worker, workers } = share;
    const options = { world, sessionTimeoutMs: plan.sessionTimeoutMs };
    const count = shareOf(plan.sessions, worker, workers);
    this.clients = Array.from({ length: count }, () => new ZooKeeperClient(servers, options));
  }

  get answers(): number {
    return this.done;
  }

  async run(): Promise<Outcome> {
    const { plan } = this.share;
    try {
      await Promise.all(this.clients.map((client) => client.connected({ timeoutMs: plan.sessionTimeoutMs })));
      this.measureMs = this.world.clock.monotonicMs() + plan.warmUpMs;
      this.endMs = Math.min(this.endMs, this.measureMs + plan.measuredMs);
      await this.play();
    } finally {
      await Promise.all(this.clients.map((client) => client.close()));
    }
    this.outcome.measuredMs = plan.measuredMs;
    return this.outcome;
  }

  stop(): void {
    this.endMs = this.world.clock.monotonicMs();
  }

  protected get isOver(): boolean {
    return this.world.clock.monotonicMs() >= this.endMs;
  }

  protected record(row: 'lock' | 'event', startMs: number): void {
    const nowMs = this.world.clock.monotonicMs();
    this.done++;
    if (nowMs >= this.measureMs && nowMs < this.endMs) this.outcome.of(row).record((nowMs - startMs) * 1000);
  }

  /** Until the end of the measured time. */
  protected abstract play(): Promise<void>;
}

/** Each session takes a lock (the lowest sequential node holds it), gives it back, and asks again. */
export class LockScene extends ClientScene {
  protected override async play(): Promise<void> {
    await Promise.all(this.clients.map((client, at) => this.takeTurns(client, at)));
  }

  private async takeTurns(client: ZooKeeperClient, at: number): Promise<void> {
    const lock = keyPath(this.share.root, at % this.share.plan.keys);
    while (!this.isOver) {
      const startMs = this.world.clock.monotonicMs();
      try {
        const mine = await client.create(`${lock}/lock-`, null, { mode: 'ephemeralSequential' });
        await this.held(client, lock, mine);
        this.record('lock', startMs);
        await client.delete(mine);
      } catch (error) {
        if (!(error instanceof ZooKeeperError)) throw error;
        this.outcome.errors++;
        if (client.state === 'expired') return;
      }
    }
  }

  private async held(client: ZooKeeperClient, lock: string, mine: string): Promise<void> {
    const name = mine.slice(lock.length + 1);
    for (;;) {
      const { children } = await client.getChildren(lock);
      const before = children.filter((child) => child < name).sort();
      const previous = before.at(-1);
      if (previous === undefined) return;
      let told: (event: WatchEvent) => void = () => undefined;
      const gone = new Promise<WatchEvent>((resolve) => {
        told = resolve;
      });
      if ((await client.exists(`${lock}/${previous}`, { watch: told })) !== null) await gone;
    }
  }
}

/** All sessions watch one node; when all of a round are told, the node changes again. */
export class WatchScene extends ClientScene {
  protected override async play(): Promise<void> {
    const node = keyPath(this.share.root, this.share.worker % this.share.plan.keys);
    const [writer] = this.clients;
    while (!this.isOver && writer !== undefined) {
      let changedMs = 0;
      const told = await Promise.all(
        this.clients.map(async (client) => {
          let tell: () => void = () => undefined;
          const event = new Promise<void>((resolve) => {
            tell = resolve;
          });
          const watch = (): void => {
            this.record('event', changedMs);
            tell();
          };
          await client.getData(node, { watch });
          return { event };
        }),
      );
      changedMs = this.world.clock.monotonicMs();
      await writer.setData(node, Buffer.alloc(this.share.plan.payloadBytes, 'x'));
      await Promise.all(told.map(({ event }) => event));
    }
  }
}
