import assert from 'node:assert/strict';
import type { Txn, TxnEntry, TxnHeader } from '../../src/protocol/index.js';
import { makeTxnEntry } from '../../src/protocol/index.js';
import type { DatabaseOptions } from '../../src/storage/index.js';
import type { ZabOptions } from '../../src/zab/index.js';
import type { FakeDisk } from '../fakes/index.js';
import { World } from '../fakes/index.js';
import { hostName, membership, ZabServer } from '../zab/harness.js';
import { history, showZxid } from '../zab/zxids.js';

/** What a server has before the beginning. */
export interface Past {
  /** `1:1-3`: transactions 1 to 3 of epoch 1; others with the same numbers behind `dead`. */
  readonly history?: string;
  readonly dead?: string;
  /** currentEpoch and acceptedEpoch; by default the epoch of the last zxid. */
  readonly epochs?: readonly [current: number, accepted: number];
  readonly zab?: Partial<ZabOptions>;
  readonly storage?: Partial<DatabaseOptions>;
}

/** Long enough for everything that nothing holds up. */
export const WHILE_MS = 200;

/** Three servers of which the test says who leads whom: real databases and Zab, and every fault at its moment. */
export class Ensemble {
  readonly world = new World(1);
  private readonly servers = new Map<number, ZabServer>();
  private readonly answered = new Set<string>();
  private readonly voters = [1, 2, 3];

  private constructor(private readonly pasts: Readonly<Record<number, Past>>) {}

  static async with(pasts: Readonly<Record<number, Past>>): Promise<Ensemble> {
    const ensemble = new Ensemble(pasts);
    for (const [sid, past] of Object.entries(pasts)) {
      await ensemble.boot(Number(sid));
      await ensemble.remember(Number(sid), past);
    }
    return ensemble;
  }

  private async remember(sid: number, past: Past): Promise<void> {
    const { database } = this.server(sid);
    for (const entry of history(past.history ?? '')) database.append(entry);
    for (const entry of history(past.dead ?? '', 'dead')) database.append(entry);
    await this.applyAll(sid);
    const epoch = Math.floor(database.lastLoggedZxid / 2 ** 32);
    const [current, accepted] = past.epochs ?? [epoch, epoch];
    await this.world.settle(database.epochs.setAccepted(accepted));
    await this.world.settle(database.epochs.setCurrent(current));
  }

  /** All that is logged is applied: not by `settle`, which mutants change. */
  async applyAll(sid: number): Promise<void> {
    const { database } = this.server(sid);
    await this.world.settle(database.flush());
    while (database.nextUnappliedZxid !== -1) database.applyNext();
  }

  server(sid: number): ZabServer {
    const server = this.servers.get(sid);
    assert.ok(server, `server ${sid} is up`);
    return server;
  }

  disk(sid: number): FakeDisk {
    return this.world.disk(hostName(sid));
  }

  async boot(sid: number): Promise<void> {
    const { zab = {}, storage = {} } = this.pasts[sid] ?? {};
    const server = await this.world.settle(ZabServer.boot(this.world, sid, membership(this.voters), zab, storage));
    this.servers.set(sid, server);
  }

  /** The machine loses power (`lose`: with everything unsynced), or only the process dies (`kill`). */
  crash(sid: number, how: 'lose' | 'kill' = 'lose'): void {
    if (how === 'kill') this.world.kill(hostName(sid));
    else this.world.powerOff(hostName(sid), 'lose');
    const disk = this.disk(sid);
    disk.release();
    disk.onOperation = null;
    this.servers.delete(sid);
  }

  /** Ends that server at the operation of its disk that is `point` further on; says whether it came to that. */
  crashAt(sid: number, point: number, how: 'lose' | 'kill' = 'lose'): { readonly happened: boolean } {
    const disk = this.disk(sid);
    const first = disk.operationCount;
    const crash = { happened: false };
    disk.onOperation = ({ index }) => {
      if (crash.happened || index !== first + point) return;
      crash.happened = true;
      this.crash(sid, how);
    };
    return crash;
  }

  async restart(sid: number, how: 'lose' | 'kill' = 'kill'): Promise<void> {
    this.crash(sid, how);
    await this.boot(sid);
  }

  /** Ends roles, as an election that begins anew does. */
  async look(...sids: readonly number[]): Promise<void> {
    for (const sid of sids) await this.world.settle(this.server(sid).stop('looking'));
  }

  /** Roles begin; whether they come to anything is another matter. */
  begin(leader: number, ...followers: readonly number[]): void {
    this.mind(this.server(leader).lead());
    for (const sid of followers) this.follow(sid, leader);
  }

  follow(sid: number, leader: number): void {
    this.mind(this.server(sid).follow(leader));
  }

  async lead(leader: number, ...followers: readonly number[]): Promise<void> {
    this.begin(leader, ...followers);
    await this.serving(leader, ...followers);
  }

  async join(sid: number, leader: number): Promise<void> {
    this.follow(sid, leader);
    await this.serving(sid);
  }

  serving(...sids: readonly number[]): Promise<void> {
    return this.until(`server ${sids.join(' and ')} serves`, () => sids.every((sid) => this.server(sid).isServing));
  }

  /** Whom a proper election would choose: the newest epoch, then the newest zxid, then the largest id. */
  best(...sids: readonly number[]): number {
    const rank = (sid: number) => {
      const { database } = this.server(sid);
      return [database.epochs.current, database.lastLoggedZxid, sid];
    };
    const [best] = [...sids].sort((a, b) => {
      const at = rank(a).findIndex((value, n) => value !== rank(b)[n]);
      return at < 0 ? 0 : (rank(b)[at] ?? 0) - (rank(a)[at] ?? 0);
    });
    assert.ok(best !== undefined);
    return best;
  }

  async elect(...sids: readonly number[]): Promise<number> {
    const best = this.best(...sids);
    await this.lead(best, ...sids.filter((sid) => sid !== best));
    return best;
  }

  /** A client of that server writes, and is answered: from then on it may count on it. */
  async write(sid: number, name: string): Promise<void> {
    this.ask(sid, name);
    await this.until(`${name} is answered`, () => this.answered.has(name));
  }

  ask(sid: number, name: string): void {
    this.server(sid).pipeline.write(name, () => this.answered.add(name));
  }

  isAnswered(name: string): boolean {
    return this.answered.has(name);
  }

  /** From now on all that server shows counts as told to clients. */
  toldBy(sid: number): void {
    for (const name of this.names(sid)) this.answered.add(name);
  }

  /** A leader proposes any transaction. */
  propose(leader: number, txn: Txn, clientId = 0n): TxnEntry {
    const { broadcast } = this.server(leader).pipeline;
    assert.ok(broadcast !== null, `server ${leader} leads`);
    const zxid = broadcast.lastProposed + 1;
    const entry = makeTxnEntry({ clientId, cxid: 0, zxid, time: this.world.nowMs, type: txn.type }, txn, null);
    broadcast.propose(entry);
    return entry;
  }

  /** Straight into the log of a server, as if a leader of old had sent it. */
  append(sid: number, header: TxnHeader, txn: Txn): void {
    this.server(sid).database.append(makeTxnEntry(header, txn, null));
  }

  /** Everybody else is unreachable for that server. */
  isolate(sid: number): void {
    for (const other of this.voters) {
      if (other !== sid) this.world.network.cut(hostName(sid), hostName(other), { mode: 'silent' });
    }
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    try {
      await this.world.until(condition, 5000);
    } catch (error) {
      const ends = [...this.servers].map(([sid, { lastEnd }]) => `${sid}: ${lastEnd?.code} ${lastEnd?.reason}`);
      throw new Error(`never: ${what} (${ends.join('; ')})`, { cause: error });
    }
  }

  run(virtualMs = WHILE_MS): Promise<void> {
    return this.world.run(virtualMs);
  }

  names(sid: number): string[] {
    return this.server(sid)
      .history()
      .map((line) => line.split(' ')[1] ?? '');
  }

  /** The newest logged transaction. */
  logged(sid: number): string {
    return showZxid(this.server(sid).database.lastLoggedZxid);
  }

  /** All that are up come to show the same history, in which every answered write is, and so they do from their disks. */
  async checkEnd(): Promise<void> {
    await this.checkSame('while they run');
    for (const sid of [...this.servers.keys()]) await this.restart(sid, 'lose');
    this.checkHistories('after a restart');
  }

  async checkSame(when: string): Promise<void> {
    await this.run();
    this.checkHistories(when);
  }

  private checkHistories(when: string): void {
    const [first, ...rest] = [...this.servers.keys()];
    assert.ok(first !== undefined);
    for (const sid of rest) {
      const found: readonly string[] = this.server(sid).history();
      const wanted: readonly string[] = this.server(first).history();
      assert.deepEqual(found, wanted, `servers ${first} and ${sid} differ ${when}`);
    }
    const names = this.names(first);
    const lost = [...this.answered].filter((name) => !names.includes(name));
    assert.deepEqual(lost, [], `answered writes are lost ${when}`);
  }

  private mind(end: Promise<unknown>): void {
    end.catch((error: unknown) => assert.fail(String(error)));
  }
}
