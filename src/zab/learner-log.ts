import type { TxnEntry } from '../protocol/index.js';
import { formatZxid, zxidEpoch } from '../protocol/index.js';
import { ZabError } from './life.js';
import type { History } from './needs.js';
import { follows } from './sync-plan.js';

export interface LearnerLogHooks {
  /** This proposal is durable, in zxid order. */
  ack(zxid: number): void;
  /** All acknowledgements of a batch were made. */
  acked(): void;
  /** The next transaction is committed and durable. */
  apply(zxid: number): void;
  /** Something threw where nobody else can see it. */
  failed(error: unknown): void;
}

/**
 * The one way from a leader's packets to a learner's log and tree: append, and once durable acknowledge; apply when durable
 * and committed (ZOOKEEPER-4882), whatever phase the packets come in (ZOOKEEPER-4394).
 */
export class LearnerLog {
  /** Everything up to here is committed. */
  private committed: number;
  /** Appended, not acknowledged; ascending. */
  private unacked: number[] = [];
  private acksOpen = false;
  /** Proposals that are durable, but not to be acknowledged yet, and neither is what comes behind them. */
  private readonly held = new Set<number>();
  private waiting: { readonly zxid: number; readonly done: () => void }[] = [];
  private unsyncedBytes = 0;

  /** The history stands where DIFF, TRUNC or SNAP put it, with everything applied. */
  constructor(
    private readonly history: History,
    private readonly epoch: number,
    private readonly hooks: LearnerLogHooks,
  ) {
    this.committed = history.lastAppliedZxid;
    history.onDurable = () => {
      try {
        this.durable();
      } catch (error) {
        hooks.failed(error);
      }
    };
  }

  /** The newest transaction that is known to be committed. */
  get committedZxid(): number {
    return this.committed;
  }

  /** Appended bytes since everything was durable last. */
  get pendingBytes(): number {
    return this.unsyncedBytes;
  }

  /** Appends a proposal. One that is in the log already is only acknowledged again. Throws like `append`. */
  propose(entry: TxnEntry): void {
    const { zxid } = entry.header;
    if (this.append(entry)) {
      this.unacked.push(zxid);
    } else if (this.acksOpen && zxid <= this.history.durableZxid) {
      this.hooks.ack(zxid);
      this.hooks.acked();
    }
  }

  /** Appends what is committed already and needs no acknowledgement. Throws like `append`. */
  inform(entry: TxnEntry): void {
    this.append(entry);
    this.commit(entry.header.zxid);
  }

  /** Everything up to this proposal is committed. Throws when it is not in the log. */
  commit(zxid: number): void {
    if (zxid <= this.committed) return;
    if (zxid > this.history.lastLoggedZxid) {
      throw new ZabError('PROTOCOL', `commit of ${formatZxid(zxid)}, which was never proposed here`);
    }
    this.committed = zxid;
    this.applyDurable();
  }

  /** Calls `done` when everything committed so far is applied: the own disk may be behind the leader's word. */
  whenApplied(done: () => void): void {
    this.waiting.push({ zxid: this.committed, done });
    this.releaseWaiting();
  }

  /** What was committed before NEWLEADER needs no acknowledgement; the rest is acknowledged from now on, in order. */
  openAcks(): void {
    this.acksOpen = true;
    this.unacked = this.unacked.filter((zxid) => zxid > this.committed);
    this.acknowledge();
  }

  /** This proposal (the next one) is not acknowledged before `releaseAcks`: something else of it must be durable, too. */
  holdAcks(zxid: number): void {
    this.held.add(zxid);
  }

  releaseAcks(zxid: number): void {
    this.held.delete(zxid);
    if (this.acksOpen) this.acknowledge();
  }

  /** Something became durable: first the leader's waiting quorum, then the own tree. */
  durable(): void {
    if (this.history.durableZxid >= this.history.lastLoggedZxid) this.unsyncedBytes = 0;
    if (this.acksOpen) this.acknowledge();
    this.applyDurable();
  }

  /**
   * False: it is in the log already. Throws on a hole within one epoch, or a newer epoch that does not begin at 1
   * (ZOOKEEPER-4925): something was lost, and only a new synchronization can tell what.
   */
  private append(entry: TxnEntry): boolean {
    const { history } = this;
    const { zxid } = entry.header;
    const last = history.lastLoggedZxid;
    if (zxid <= last) return false;
    if (zxidEpoch(zxid) > this.epoch) {
      throw new ZabError('PROTOCOL', `proposal ${formatZxid(zxid)} is of an epoch beyond the leader's ${this.epoch}`);
    }
    if (!follows(last, zxid)) {
      throw new ZabError('PROTOCOL', `proposal ${formatZxid(zxid)} came, but ${formatZxid(last + 1)} is next`);
    }
    try {
      history.append(entry);
    } catch (error) {
      throw new ZabError('STORAGE', error instanceof Error ? error.message : String(error), { cause: error });
    }
    this.unsyncedBytes += entry.bytes.length;
    return true;
  }

  private acknowledge(): void {
    const { durableZxid } = this.history;
    let ready = 0;
    for (const zxid of this.unacked) {
      if (zxid > durableZxid || this.held.has(zxid)) break;
      this.hooks.ack(zxid);
      ready++;
    }
    if (ready === 0) return;
    this.unacked = this.unacked.slice(ready);
    this.hooks.acked();
  }

  private applyDurable(): void {
    const { history } = this;
    const limit = Math.min(this.committed, history.durableZxid);
    for (let zxid = history.nextUnappliedZxid; zxid !== -1 && zxid <= limit; zxid = history.nextUnappliedZxid) {
      // A sync's answer shows the last transaction before it, not the one behind it.
      this.releaseWaiting();
      this.hooks.apply(zxid);
      if (history.nextUnappliedZxid === zxid) {
        throw new ZabError('INTERNAL', `${formatZxid(zxid)} is committed, but was not applied`);
      }
    }
    this.releaseWaiting();
  }

  private releaseWaiting(): void {
    if (this.waiting.length === 0) return;
    const { lastAppliedZxid } = this.history;
    const ready = this.waiting.findIndex(({ zxid }) => zxid > lastAppliedZxid);
    for (const { done } of this.waiting.splice(0, ready < 0 ? this.waiting.length : ready)) done();
  }
}
