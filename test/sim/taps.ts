import type { Host } from '../../src/host/index.js';
import { FollowerPipeline } from '../../src/pipeline/index.js';
import type { TxnEntry } from '../../src/protocol/index.js';
import { EpochFiles } from '../../src/storage/epoch-files.js';
import { Database } from '../../src/storage/index.js';
import { Leader } from '../../src/zab/leader.js';
import { Synchronizer } from '../../src/zab/synchronizer.js';

/** How learners are brought to their leader's history; `nothing`: they have it. */
export const SYNC_MODES = ['DIFF', 'DIFF of nothing', 'TRUNC', 'TRUNC and DIFF', 'SNAP'] as const;
export type SyncMode = (typeof SYNC_MODES)[number];

/** Who is told what servers log, apply and establish. */
export interface Witness {
  appended(machine: string, previousZxid: number, entry: TxnEntry): void;
  committed(machine: string, previousZxid: number, entry: TxnEntry, database: Database): void;
  /** `configText`: the list of servers that this epoch begins with. */
  established(machine: string, epoch: number, configText: string): void;
  synchronizing(mode: SyncMode): void;
  learnerServes(machine: string): void;
  databaseOpened(machine: string, database: Database): void;
  /** It is about to say that its history is that of this epoch. */
  epochBecomesCurrent(machine: string, epoch: number): void;
}

type Method = (this: object, ...args: never[]) => unknown;

interface Plan {
  readonly kind: string;
  readonly log: unknown;
}

/** A method for as long as `restore` is not called; `make` gets the one that was there. */
export function patch(prototype: object, name: string, make: (original: Method) => Method): () => void {
  const original = Reflect.get(prototype, name) as Method;
  Reflect.set(prototype, name, make(original));
  return () => {
    Reflect.set(prototype, name, original);
  };
}

/** The machine on which an object of the production code lives. */
export function machineOf(object: object): string {
  const host = (Reflect.get(object, 'host') ?? (Reflect.get(object, 'deps') as { host?: Host }).host) as Host;
  return (host as Host & { name: string }).name;
}

/**
 * Lets `witness` see what the servers of this process do, by wrapping methods of production classes. The wrappers decide
 * nothing. Returns how to take them off.
 */
export function installTaps(witness: Witness): () => void {
  /** Databases that apply what is logged, committed or not, because a role is over or begins. */
  const settling = new Map<object, number>();
  const machines = new WeakMap<object, string>();
  const nameOf = (database: object): string => {
    let name = machines.get(database);
    if (name === undefined) machines.set(database, (name = machineOf(database)));
    return name;
  };
  const append = patch(Database.prototype, 'append', (original) => {
    return function (this: Database, entry: TxnEntry) {
      const before = this.lastLoggedZxid;
      Reflect.apply(original, this, [entry]);
      witness.appended(nameOf(this), before, entry);
    } as Method;
  });
  const applyNext = patch(Database.prototype, 'applyNext', (original) => {
    return function (this: Database) {
      const before = this.lastAppliedZxid;
      const applied = Reflect.apply(original, this, []) as ReturnType<Database['applyNext']>;
      if (!settling.has(this)) witness.committed(nameOf(this), before, applied.entry, this);
      return applied;
    } as Method;
  });
  const settle = patch(Database.prototype, 'settle', (original) => {
    return async function (this: Database) {
      settling.set(this, (settling.get(this) ?? 0) + 1);
      try {
        await (Reflect.apply(original, this, []) as Promise<void>);
      } finally {
        const left = (settling.get(this) ?? 1) - 1;
        if (left === 0) settling.delete(this);
        else settling.set(this, left);
      }
    } as Method;
  });
  const broadcast = patch(Leader.prototype, 'broadcast', (original) => {
    return function (this: Leader) {
      witness.established(machineOf(this), this.epoch, this.newLeaderConfig());
      Reflect.apply(original, this, []);
    } as Method;
  });
  const sendDiff = patch(Synchronizer.prototype, 'sendDiff', (original) => {
    return function (this: object, target: never, plan: Plan, committed: readonly unknown[]) {
      const isMore = plan.log !== null || committed.length > 0;
      if (plan.kind === 'DIFF') witness.synchronizing(isMore ? 'DIFF' : 'DIFF of nothing');
      else witness.synchronizing(isMore ? 'TRUNC and DIFF' : 'TRUNC');
      return Reflect.apply(original, this, [target, plan as never, committed as never]);
    };
  });
  const sendSnapshot = patch(Synchronizer.prototype, 'sendSnapshot', (original) => {
    return function (this: object, ...args: never[]) {
      witness.synchronizing('SNAP');
      return Reflect.apply(original, this, args);
    };
  });
  const startServing = patch(FollowerPipeline.prototype, 'startServing', (original) => {
    return function (this: FollowerPipeline, link: never) {
      const { log } = Reflect.get(this, 'deps') as { log: object };
      witness.learnerServes((Reflect.get(log, 'sink') as { name: string }).name);
      Reflect.apply(original, this, [link]);
    } as Method;
  });
  const open = patch(Database, 'open', (original) => {
    return async function (this: typeof Database, host: Host, ...rest: never[]) {
      const database = (await Reflect.apply(original, this, [host, ...rest])) as Database;
      witness.databaseOpened((host as Host & { name: string }).name, database);
      return database;
    } as Method;
  });
  const setCurrent = patch(EpochFiles.prototype, 'setCurrent', (original) => {
    return function (this: EpochFiles, epoch: number) {
      if (this.mayBeCurrent()) witness.epochBecomesCurrent(machineOf(this), epoch);
      return Reflect.apply(original, this, [epoch as never]);
    } as Method;
  });
  const all = [setCurrent, append, applyNext, settle, broadcast, sendDiff, sendSnapshot, startServing, open];
  return () => {
    for (const restore of all) restore();
  };
}
