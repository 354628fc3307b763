import { AsyncQueue } from '../host/index.js';
import { encodeNotification, NOTIFICATION_VERSION } from '../protocol/index.js';
import type { ServerState } from '../protocol/index.js';
import type { ElectionContext } from './context.js';
import type { Proposal } from './vote.js';

/** A notification on its way to one server. */
interface ToSend {
  readonly to: number;
  readonly state: ServerState;
  readonly proposal: Proposal;
  readonly round: bigint;
  readonly config: string;
}

/** Turns notifications into bytes and hands them to the transport, one after the other. */
export class WorkerSender {
  private readonly queue: AsyncQueue<ToSend>;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly context: ElectionContext) {
    this.queue = new AsyncQueue(context.clock);
  }

  start(): void {
    this.running = this.run();
  }

  /** Each carries this server's configuration as it is now. */
  notify(to: number, state: ServerState, proposal: Proposal, round: bigint): void {
    this.queue.push({ to, state, proposal, round, config: this.context.self.verifier().toText() });
  }

  /** Drops what waits. */
  async shutdown(): Promise<void> {
    this.queue.close();
    await this.running;
  }

  private async run(): Promise<void> {
    for (;;) {
      const next = await this.queue.poll();
      if (next === undefined) return;
      const { state, proposal, round, config } = next;
      this.context.transport.send(
        next.to,
        encodeNotification({
          state,
          leader: proposal.leader,
          zxid: proposal.zxid,
          peerEpoch: proposal.peerEpoch,
          electionEpoch: round,
          version: NOTIFICATION_VERSION,
          config,
        }),
      );
    }
  }
}
