import assert from 'node:assert/strict';
import type { ZabOptions } from '../../src/zab/index.js';
import { World } from '../fakes/index.js';
import { hostName, membership, ZabServer } from './harness.js';
import { showZxid } from './zxids.js';

export interface ChaosOptions {
  readonly voters: readonly number[];
  readonly observers?: readonly number[];
  /** Rounds of faults and elections before everything is mended. */
  readonly rounds: number;
  readonly zab?: Partial<ZabOptions>;
}

/**
 * An ensemble under random faults, with elections that choose anybody: whoever is told to lead tries, whoever is told to
 * follow does, often several camps at a time. Zab alone has to keep it safe. Checked from outside:
 *
 * - what is applied as committed has one content and one order everywhere, without gaps;
 * - an answered write is in every history at the end, once;
 * - an epoch has one established leader;
 * - after a sync, everything answered before it was asked is there.
 */
export class Chaos {
  readonly world: World;
  readonly acked = new Set<string>();
  syncsAnswered = 0;
  /** How often learners were synchronized by DIFF, TRUNC and SNAP. */
  readonly modes = new Map<string, number>();
  private readonly servers = new Map<number, ZabServer>();
  private readonly booting = new Set<number>();
  private readonly committed = new Map<number, string>();
  private readonly leaders = new Map<number, number>();
  private readonly problems: string[] = [];
  private writes = 0;

  constructor(
    seed: number,
    private readonly options: ChaosOptions,
  ) {
    this.world = new World(seed);
  }

  async run(): Promise<void> {
    for (const sid of this.sids()) {
      // Slow enough that transactions arrive while others are on their way to the disk.
      this.world.disk(hostName(sid)).latencyMs.sync = 1 + this.world.random.below(10);
      await this.boot(sid);
    }
    for (let round = 0; round < this.options.rounds; round++) {
      this.fault();
      this.elect();
      for (let slice = 0; slice < 25; slice++) {
        this.load();
        await this.world.run(1 + this.world.random.below(20));
      }
      assert.deepEqual(this.problems, []);
    }
    await this.mend();
    this.checkEnd();
  }

  private sids(): number[] {
    return [...this.options.voters, ...(this.options.observers ?? [])];
  }

  private async boot(sid: number): Promise<void> {
    await this.world.settle(this.start(sid));
  }

  private async start(sid: number): Promise<void> {
    this.booting.add(sid);
    const { voters, observers = [] } = this.options;
    const verifier = membership(voters, observers);
    const server = await ZabServer.boot(this.world, sid, verifier, this.options.zab ?? {}, {
      commitLogCount: 20,
      snapCount: 40,
    });
    this.booting.delete(sid);
    this.servers.set(sid, server);
    let last = server.database.lastAppliedZxid;
    server.pipeline.onApplied = (entry) => {
      const { zxid } = entry.header;
      const path = 'path' in entry.txn ? entry.txn.path : '?';
      const known = this.committed.get(zxid);
      if (known !== undefined && known !== path) {
        this.problems.push(`${showZxid(zxid)} is ${known} elsewhere and ${path} on ${sid}`);
      }
      if (zxid <= last && server.role !== null && server.database.lastAppliedZxid !== zxid) {
        this.problems.push(`${sid} applied ${showZxid(zxid)} after ${showZxid(last)}`);
      }
      last = zxid;
      this.committed.set(zxid, path);
    };
  }

  // --- what happens to them

  private fault(): void {
    const { random } = this.world;
    const sid = this.pick();
    const server = this.servers.get(sid);
    switch (random.below(12)) {
      case 0:
        this.crash(sid, () => this.world.kill(hostName(sid)));
        return;
      case 1:
        this.crash(sid, () => this.world.powerOff(hostName(sid), random.oneIn(2) ? 'tear' : 'lose'));
        return;
      case 2:
        this.world.network.cut(hostName(sid), hostName(this.pick()), { mode: random.oneIn(2) ? 'silent' : 'reset' });
        return;
      case 3:
        this.isolateLeader(random.oneIn(2) ? 'silent' : 'reset');
        return;
      case 10:
        // Everybody at once: what was answered is on disks.
        for (const one of this.sids()) this.crash(one, () => this.world.powerOff(hostName(one), 'lose'));
        return;
      case 9:
        this.world.network.cut(hostName(sid), hostName(this.pick()), { mode: 'silent', oneWay: true });
        return;
      case 4:
        this.world.network.breakConnections(hostName(sid), hostName(this.pick()));
        return;
      case 5:
        this.world.disk(hostName(sid)).hang('append', 'sync');
        return;
      case 6:
        this.world.pause(hostName(sid));
        return;
      case 7:
        server?.role?.shutdown('the election began anew').catch((error: unknown) => this.problems.push(String(error)));
        return;
      default:
        this.recover();
    }
  }

  /** Its clients go on writing for a while: their transactions are on its disk alone. */
  private isolateLeader(mode: 'silent' | 'reset'): void {
    const leader = [...this.servers.values()].find((server) => server.pipeline.broadcast !== null);
    if (leader === undefined) return;
    for (const sid of this.sids()) {
      if (sid !== leader.sid) this.world.network.cut(hostName(leader.sid), hostName(sid), { mode });
    }
  }

  private recover(): void {
    this.world.network.healAll();
    for (const sid of this.sids()) {
      this.world.resume(hostName(sid));
      this.world.disk(hostName(sid)).release();
    }
  }

  private crash(sid: number, how: () => void): void {
    if (this.booting.has(sid)) return;
    this.world.disk(hostName(sid)).release();
    this.noteModes(this.servers.get(sid));
    this.servers.delete(sid);
    how();
    this.start(sid).catch((error: unknown) => this.problems.push(`${sid} does not start: ${String(error)}`));
  }

  /** Everybody without a role gets one, sensible or not. */
  private elect(): void {
    const { random } = this.world;
    const idle = [...this.servers.values()].filter((server) => server.role === null);
    const leading = [...this.servers.values()].filter((server) => server.leader !== null).map((server) => server.sid);
    const isVoter = (sid: number) => this.options.voters.includes(sid);
    // Not everybody hears of every election: who missed it may have a longer tail, which is dead then.
    const majority = Math.floor(this.options.voters.length / 2) + 1;
    const candidates = this.shuffled(idle.filter(({ sid }) => isVoter(sid))).slice(0, majority);
    const wish = random.oneIn(3) ? candidates[random.below(candidates.length)] : this.best(candidates);
    if (wish !== undefined && (leading.length === 0 || random.oneIn(3))) {
      this.mind(wish.lead());
      leading.push(wish.sid);
    }
    for (const server of idle) {
      if (server.role !== null) continue;
      const leader = leading[leading.length - 1 - (random.oneIn(4) ? random.below(leading.length) : 0)];
      if (leader === undefined) continue;
      this.mind(isVoter(server.sid) ? server.follow(leader) : server.observe(leader));
    }
  }

  /** Whom a proper election would choose of these. */
  private best(candidates: readonly ZabServer[]): ZabServer | undefined {
    const rank = (server: ZabServer) => [server.database.epochs.current, server.database.lastLoggedZxid, server.sid];
    return [...candidates].sort((a, b) => {
      const [x, y] = [rank(a), rank(b)];
      const at = x.findIndex((value, n) => value !== y[n]);
      return at < 0 ? 0 : (y[at] ?? 0) - (x[at] ?? 0);
    })[0];
  }

  private shuffled<T>(items: readonly T[]): T[] {
    const keyed = items.map((item) => ({ item, key: this.world.random.below(1_000_000) }));
    return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item);
  }

  private mind(end: Promise<unknown>): void {
    end.catch((error: unknown) => this.problems.push(String(error)));
  }

  private load(): void {
    for (const server of this.servers.values()) {
      const { broadcast } = server.pipeline;
      if (broadcast !== null) {
        const before = this.leaders.get(broadcast.epoch);
        if (before !== undefined && before !== server.sid) {
          this.problems.push(`epoch ${broadcast.epoch} has two leaders: ${before} and ${server.sid}`);
        }
        this.leaders.set(broadcast.epoch, server.sid);
      }
      if (!server.isServing || this.world.random.oneIn(3)) continue;
      const name = `w${this.writes++}`;
      server.pipeline.write(name, () => this.acked.add(name));
      if (this.world.random.oneIn(8)) this.syncOn(server);
    }
  }

  private syncOn(server: ZabServer): void {
    const before = [...this.acked];
    server.pipeline.sync(() => {
      this.syncsAnswered++;
      const { tree } = server.database;
      const missing = before.filter((name) => tree.find(`/${name}`) < 0);
      if (missing.length > 0) this.problems.push(`after a sync ${server.sid} lacks ${missing.join(' ')}`);
    });
  }

  private pick(): number {
    const sids = this.sids();
    return sids[this.world.random.below(sids.length)] as number;
  }

  // --- the end

  private async mend(): Promise<void> {
    this.recover();
    await this.world.until(() => this.booting.size === 0);
    for (const server of this.servers.values()) await this.world.settle(server.stop('the end'));
    // A leader that is not the best may be refused by all; a proper election would come to the best one.
    const leader = this.best([...this.servers.values()].filter(({ sid }) => this.options.voters.includes(sid)));
    assert.ok(leader !== undefined);
    this.mind(leader.lead());
    const others = [...this.servers.values()].filter((server) => server !== leader);
    const isVoter = (sid: number) => this.options.voters.includes(sid);
    for (const server of others)
      this.mind(isVoter(server.sid) ? server.follow(leader.sid) : server.observe(leader.sid));
    await this.world.until(() => [...this.servers.values()].every((server) => server.isServing));
    leader.pipeline.write('last', () => this.acked.add('last'));
    await this.world.until(() => this.acked.has('last'));
    await this.world.until(() => others.every((server) => server.database.tree.find('/last') >= 0));
  }

  get epochs(): number {
    return this.leaders.size;
  }

  private noteModes(server: ZabServer | undefined): void {
    for (const record of server?.trace.records ?? []) {
      const mode = /DIFF|TRUNC|SNAP/.exec(record.note)?.[0];
      if (mode !== undefined) this.modes.set(mode, (this.modes.get(mode) ?? 0) + 1);
    }
  }

  private checkEnd(): void {
    for (const server of this.servers.values()) this.noteModes(server);
    assert.deepEqual(this.problems, []);
    const [first, ...rest] = [...this.servers.values()];
    const history = first?.history() ?? [];
    for (const server of rest)
      assert.deepEqual(server.history(), history, `histories of ${first?.sid} and ${server.sid}`);
    const names = history.map((line) => line.split(' ')[1] ?? '');
    assert.equal(new Set(names).size, names.length);
    for (const name of this.acked) assert.ok(names.includes(name), `the answered write ${name} is lost`);
    const known = new Map(history.map((line) => [parseInt(line, 16), `/${line.split(' ')[1] ?? ''}`]));
    for (const [zxid, path] of this.committed) assert.equal(known.get(zxid), path, `committed ${showZxid(zxid)}`);
  }
}
