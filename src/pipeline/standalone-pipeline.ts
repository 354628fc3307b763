import { Fifo, Slice } from '../host/index.js';
import { ErrorCode, type TxnEntry, zxidEpoch } from '../protocol/index.js';
import type { Broadcast, TransactionLog } from './needs.js';
import type { PipelineDeps } from './pipeline-deps.js';
import { ProposerPipeline } from './proposer-pipeline.js';

export interface StandaloneDeps extends PipelineDeps {
  readonly store: TransactionLog;
  /** Everything that became durable together is applied: answers may leave. */
  readonly onBatchApplied?: () => void;
}

/** The pipeline of a server that stands alone: what its own log has is committed. */
export class StandalonePipeline extends ProposerPipeline {
  private readonly log: OwnLog;
  private durableZxid = 0;
  /** The rest of what is durable is applied in a later turn. */
  private isWaiting = false;

  constructor(private readonly own: StandaloneDeps) {
    super(own, 'standalone', ErrorCode.unknownSession);
    this.log = new OwnLog(own);
  }

  start(): void {
    this.own.store.onDurable = (zxid) => {
      this.durableZxid = zxid;
      if (!this.isWaiting) this.applyDurable();
    };
    this.begin(this.log);
  }

  override stop(): void {
    this.own.store.onDurable = null;
    this.log.stop();
    super.stop();
  }

  private applyDurable(): void {
    const { onBatchApplied } = this.own;
    this.isWaiting = !this.applySome();
    this.log.answerSyncs();
    onBatchApplied?.();
    if (!this.isWaiting) return;
    this.own.clock.defer(() => {
      if (this.broadcast !== null) this.applyDurable();
    });
  }

  /** True: everything that is durable is applied. */
  private applySome(): boolean {
    const { clock, store } = this.own;
    const wallMs = clock.wallMs();
    const slice = new Slice(clock);
    for (let next = store.nextUnappliedZxid; next !== -1 && next <= this.durableZxid; next = store.nextUnappliedZxid) {
      if (slice.isOver()) return false;
      // A sync's answer shows the last transaction before it, not the one behind it.
      this.log.answerSyncs();
      this.committed(next, wallMs);
    }
    return true;
  }
}

/** A broadcast to nobody but the own log. */
class OwnLog implements Broadcast {
  private readonly syncs = new Fifo<{ readonly zxid: number; readonly done: () => void }>();

  constructor(private readonly deps: StandaloneDeps) {}

  get epoch(): number {
    return zxidEpoch(this.lastProposed);
  }

  get lastProposed(): number {
    return this.deps.store.lastLoggedZxid;
  }

  propose(entry: TxnEntry): void {
    try {
      this.deps.store.append(entry);
    } catch (error) {
      // The store has told its owner already, who ends the server.
      this.deps.log.error(`A transaction cannot be logged: ${String(error)}`, { code: 'APPEND_FAILED' });
    }
  }

  sync(done: () => void): void {
    const { clock, store } = this.deps;
    this.syncs.push({ zxid: this.lastProposed, done });
    if (store.nextUnappliedZxid !== -1) return;
    clock.defer(() => {
      this.answerSyncs();
    });
  }

  answerSyncs(): void {
    const { store } = this.deps;
    for (let first = this.syncs.first; first !== undefined; first = this.syncs.first) {
      if (first.zxid > store.lastAppliedZxid) return;
      this.syncs.shift();
      first.done();
    }
  }

  stop(): void {
    this.syncs.clear();
  }
}
