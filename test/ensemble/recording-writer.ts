import { setTimeout as delay } from 'node:timers/promises';
import type { Member } from '../support/ensemble.js';
import { WireClient } from '../support/wire-client.js';

export interface WriterPace {
  /** How many requests it keeps in flight. */
  readonly depth: number;
  /** How long each of them waits after its answer. */
  readonly pauseMs: number;
}

/**
 * Creates numbered nodes below its own folder as fast as answers come, from whichever server takes it, and remembers which
 * creates were acknowledged. A number whose answer never came is not used again.
 */
export class RecordingWriter {
  readonly acknowledged: number[] = [];
  private next = 0;
  private stopped = false;
  private readonly done: Promise<void>;

  constructor(
    readonly folder: string,
    private readonly members: readonly Member[],
    private home: number,
    private readonly pace: WriterPace = { depth: 8, pauseMs: 0 },
  ) {
    this.done = this.run();
  }

  nodeOf(number: number): string {
    return `n${String(number).padStart(8, '0')}`;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const member = this.members[this.home++ % this.members.length];
      if (member === undefined) throw new Error('no servers');
      let client: WireClient;
      try {
        client = await WireClient.connect(member.clientPort);
      } catch {
        await delay(20);
        continue;
      }
      await Promise.all(Array.from({ length: this.pace.depth }, () => this.write(client)));
      client.destroy();
    }
  }

  /** One of the requests in flight: creates until the connection breaks. */
  private async write(client: WireClient): Promise<void> {
    while (!this.stopped) {
      const number = this.next++;
      try {
        await client.create(`${this.folder}/${this.nodeOf(number)}`, Buffer.from(String(number)));
      } catch {
        return;
      }
      this.acknowledged.push(number);
      if (this.pace.pauseMs > 0) await delay(this.pace.pauseMs);
    }
  }
}
