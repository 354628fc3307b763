import { setTimeout as delay } from 'node:timers/promises';
import type { Member } from '../support/ensemble.js';
import { WireClient, WireError } from '../support/wire-client.js';

const NAMES = 20;
const PAUSE_MS = 2;
const OPEN_TO_READ = [
  { perms: 31, id: { scheme: 'world', id: 'anyone' } },
  { perms: 1, id: { scheme: 'ip', id: '127.0.0.1' } },
];
const EPHEMERAL_SEQUENTIAL = 3;
const CONTAINER = 4;
const TTL_MS = 86_400_000;

/** A client that does all kinds of changes below a folder of its own, on whichever server takes it, until it is stopped. */
export class Churn {
  private stopped = false;
  private readonly done: Promise<void>;

  constructor(
    private readonly folder: string,
    private readonly members: readonly Member[],
    private readonly choose: (bound: number) => number,
  ) {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const member = this.members[this.choose(this.members.length)];
      if (member === undefined) throw new Error('no servers');
      try {
        await this.work(await WireClient.connect(member.clientPort));
      } catch {
        await delay(PAUSE_MS);
      }
    }
  }

  /** Until it is stopped or the connection breaks. */
  private async work(client: WireClient): Promise<void> {
    while (!this.stopped) {
      await this.change(client);
      await delay(PAUSE_MS);
    }
    await client.close();
  }

  /** One change; that it is refused (the node is not there, say) is a transaction, too. */
  private async change(client: WireClient): Promise<void> {
    const path = `${this.folder}/${this.choose(NAMES)}`;
    const data = Buffer.alloc(this.choose(100), 0x61);
    const changes: readonly (() => Promise<unknown>)[] = [
      () => client.create(path, data),
      () => client.create(`${path}-`, data, EPHEMERAL_SEQUENTIAL),
      () => client.create2(path, data, CONTAINER),
      () => client.create2(path, data, 5, undefined, TTL_MS),
      () => client.setData(path, data),
      () => client.setAcl(path, OPEN_TO_READ),
      () => client.multi([{ op: 'create2', path, data }]),
      () => client.delete(path),
      () =>
        client.multi([
          { op: 'create', path: `${path}/child`, data },
          { op: 'create2', path: `${path}/child-2`, data },
          { op: 'delete', path: `${path}/child-2` },
          { op: 'set', path, data },
          { op: 'delete', path: `${path}/child` },
        ]),
    ];
    try {
      await changes[this.choose(changes.length)]?.();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }
}
