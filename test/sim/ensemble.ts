import type { ServerConfig } from '../../src/config/index.js';
import { parseMembershipText, type QuorumVerifier } from '../../src/membership/index.js';
import { formatZxid, type TxnEntry } from '../../src/protocol/index.js';
import type { Database } from '../../src/storage/index.js';
import { type FakeDisk, SeededRandom, World } from '../fakes/index.js';
import type { CommitOrder } from './model/commit-order.js';
import { Configurations } from './model/configurations.js';
import type { Plan } from './plan.js';
import type { Crowd } from './client/crowd.js';
import type { ReconfigWish } from './client/requests.js';
import type { Problems } from './problems.js';
import { SimServer } from './server.js';
import { configFiles, firstList, founders, machineName, readConfig } from './settings.js';
import type { SyncMode, Witness } from './taps.js';

export type CrashKind = 'kill' | 'tear' | 'lose';

const RESTART_MS = 700;
/** Whoever has not stopped by then is killed. */
const STOP_LIMIT_MS = 2000;

/** One delivery in so many comes in two pieces. */
const CHOPPED_ONE_IN = 16;

/** Words of a server that ends because its data is damaged. */
const DAMAGE_WORDS =
  /damaged|corrupt|cannot be read|no snapshot|no transaction log|gap|missing|should hold a whole number|epoch/i;

const NOT_A_MEMBER = /NOT_A_MEMBER/;

/** All servers of a run, and what can be done to them. */
export class Ensemble implements Witness {
  readonly world: World;
  readonly servers = new Map<string, SimServer>();
  readonly clientNames: readonly string[];
  /** What happened, for the trace. */
  readonly events: string[] = [];
  readonly configurations: Configurations;
  /** How learners were synchronized, and how often. */
  readonly syncs: Record<string, number> = {};
  /** Asks for another list of servers; set by who has clients. False: no client is connected. */
  askReconfig: ((wish: ReconfigWish, answered: (err: number) => void) => boolean) | null = null;
  /** The clients; set by who has them. */
  crowd: Crowd | null = null;
  /** Damage that a server noticed at its start. */
  damageDetected = 0;
  /** Since when nothing disturbs; a disturbance under way keeps it at the present. */
  private lastDisturbedMs = 0;
  private disturbances = 0;
  private isMending = false;

  constructor(
    readonly plan: Plan,
    configs: ReadonlyMap<number, ServerConfig>,
    private readonly order: CommitOrder,
    private readonly problems: Problems,
  ) {
    const { settings } = plan;
    this.world = new World(`${plan.profile}/${plan.seed}`);
    this.configurations = new Configurations(parseMembershipText(firstList(settings).join('\n')));
    for (const [sid, config] of configs) this.add(sid, config);
    for (const sid of settings.spares === null ? [] : founders(settings)) this.addChangeable(sid);
    for (const sid of settings.spares ?? []) this.addChangeable(sid).isIdle = true;
    order.onCommitting = (sid, entry) => this.requireDurable(sid, entry);
    this.clientNames = Array.from({ length: plan.settings.clients }, (_, at) => `c${at + 1}`);
    this.world.network.chopOneIn = CHOPPED_ONE_IN;
    Object.assign(this.world.network.defaults, {
      latencyMs: plan.settings.latencyMs,
      jitterMs: plan.settings.latencyMs,
    });
    for (const name of this.names) this.world.disk(name).latencyMs.sync = this.syncMs(name);
  }

  private add(sid: number, configure: ConstructorParameters<typeof SimServer>[3]): SimServer {
    const name = machineName(sid);
    const server = new SimServer(this.world, sid, name, configure);
    this.servers.set(name, server);
    this.world.host(name);
    return server;
  }

  /** A server whose list changes reads it from its own disk at every start. */
  private addChangeable(sid: number): SimServer {
    const { settings } = this.plan;
    const server = this.add(sid, ({ disk }) => readConfig(disk, settings));
    this.install(server.name, firstList(settings));
    return server;
  }

  /** An operator writes the configuration of a server anew. */
  install(name: string, list: readonly string[]): void {
    const disk = this.world.disk(name);
    // Nothing of an older list is left beside it.
    disk.installDir('/etc').entries.clear();
    for (const [path, text] of configFiles(this.plan.settings, this.server(name).sid, list)) {
      disk.install(path, Buffer.from(text));
    }
  }

  /** One disk is slower than another. */
  private syncMs(name: string): number {
    return this.plan.settings.syncMs * (0.2 + 0.8 * this.random(this.server(name).sid).fraction());
  }

  get names(): string[] {
    return [...this.servers.keys()];
  }

  /** Those that are in the list now. */
  get members(): SimServer[] {
    return [...this.servers.values()].filter(({ sid }) => this.configurations.current.members.has(sid));
  }

  get isOver(): boolean {
    return this.isMending;
  }

  get quietForMs(): number {
    return this.disturbances > 0 ? 0 : this.world.nowMs - this.lastDisturbedMs;
  }

  server(name: string): SimServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`no server ${name}`);
    return server;
  }

  note(text: string): void {
    this.events.push(`${(this.world.nowMs / 1000).toFixed(6)} ${text}`);
  }

  random(salt: number): SeededRandom {
    return new SeededRandom(`fault/${this.plan.seed}/${salt}`);
  }

  find(target: 'leader' | 'follower' | number): string {
    if (typeof target === 'number') return machineName(target);
    const running = [...this.servers.values()].filter(({ isRunning }) => isRunning);
    const found = running.find(({ isLeader }) => isLeader === (target === 'leader'));
    return (found ?? running[0])?.name ?? (this.names[0] as string);
  }

  /** Who serves this observer; null when it is none, or nobody does. */
  masterOf(name: string): string | null {
    const sid = this.server(name).observedSid;
    return sid === null ? null : machineName(sid);
  }

  // --- lives

  boot(name: string): void {
    const server = this.server(name);
    if (server.isRunning || server.isIdle) return;
    this.note(`${name} starts`);
    this.disturbed();
    server.boot((reason) => this.ended(server, reason));
  }

  private ended(server: SimServer, reason: string): void {
    this.note(`${server.name} ended: ${reason}`);
    this.disturbed();
    this.world.kill(server.name);
    if (NOT_A_MEMBER.test(reason)) {
      server.isIdle = true;
      this.employMembers();
      return;
    }
    const isDamage = server.isDamaged && DAMAGE_WORDS.test(reason);
    // Who ends over a fault of its disk may do so when that is mended: it lets its clients go first.
    const isOfDisk = server.diskFaults > 0 || reason.includes('injected');
    if (!isOfDisk && !isDamage && reason !== 'stopped') {
      this.problems.report('servers live', `${server.name} ended without a fault: ${reason}`);
    }
    if (isDamage) {
      this.damageDetected++;
      this.replaceDisk(server);
    } else {
      this.bootIn(server.name, RESTART_MS);
    }
  }

  /** An operator gives the server an empty disk, once the others can spare it. */
  private replaceDisk(server: SimServer): void {
    this.after(RESTART_MS, () => {
      if (server.isRunning) return;
      if (!this.isCovered(server)) {
        this.replaceDisk(server);
        return;
      }
      this.note(`${server.name} gets an empty disk`);
      this.world.disk(server.name).replaceWith(new Map());
      server.isDamaged = false;
      this.boot(server.name);
    });
  }

  private bootIn(name: string, delayMs: number): void {
    this.after(delayMs, () => this.boot(name));
  }

  /** Ends the process or the machine; it starts again after `downMs`. */
  crash(name: string, how: CrashKind, downMs: number): boolean {
    const server = this.server(name);
    if (!server.isRunning) return false;
    this.note(`${name} crashes (${how})`);
    this.disturbed();
    server.forget();
    if (how === 'kill') this.world.kill(name);
    else this.world.powerOff(name, how);
    this.bootIn(name, downMs);
    return true;
  }

  stop(name: string, downMs: number): boolean {
    const { peer } = this.server(name);
    if (peer === null) return false;
    this.disturbed();
    peer
      .stop()
      .catch((error: unknown) => this.problems.report('servers live', `${name} did not stop: ${String(error)}`));
    // Whoever cannot stop in good time is killed, as operators do.
    this.after(downMs + STOP_LIMIT_MS, () => {
      if (this.server(name).peer === peer) this.crash(name, 'kill', RESTART_MS);
    });
    return true;
  }

  /** A server that was removed from the list is stopped for good, or until it is enrolled again. */
  retire(name: string): void {
    const server = this.server(name);
    if (!this.stop(name, RESTART_MS)) return;
    server.isIdle = true;
    this.after(2 * RESTART_MS + STOP_LIMIT_MS, () => this.employMembers());
    this.note(`${name} is stopped: it was removed`);
  }

  /** A server that lists itself with the present members is started. False: it cannot be now. */
  enroll(name: string, list: readonly string[]): boolean {
    const server = this.server(name);
    if (server.isRunning || this.isMending) return false;
    this.install(name, list);
    server.isIdle = false;
    this.boot(name);
    return true;
  }

  /** Whoever is in the list is to run, and to know it: a removed server that is added again may know only its removal. */
  private employMembers(): void {
    const list = this.presentList;
    for (const server of this.members) {
      if (!server.isIdle || server.isRunning) continue;
      server.isIdle = false;
      this.install(server.name, list);
      this.bootIn(server.name, RESTART_MS);
    }
  }

  /**
   * A server that was away while the others and itself were given other addresses: it looks for them where nobody is, and
   * nobody looks for it where it listens. No protocol helps; an operator gives it the list in force. Returns how many.
   */
  helpLost(): number {
    let helped = 0;
    for (const { name, peer, pipeline } of this.members) {
      if (peer === null || pipeline !== null || !this.isLost(peer.verifier())) continue;
      this.note(`${name} is lost: an operator gives it the present list`);
      this.install(name, this.presentList);
      this.crash(name, 'kill', RESTART_MS);
      helped++;
    }
    return helped;
  }

  private isLost(own: QuorumVerifier): boolean {
    const { current } = this.configurations;
    if (own.version >= current.version) return false;
    return [...own.voters.keys()].every((sid) => {
      const [then] = own.members.get(sid)?.addresses ?? [];
      const [now] = current.members.get(sid)?.addresses ?? [];
      return then?.electionPort !== now?.electionPort;
    });
  }

  private get presentList(): readonly string[] {
    const lines = this.configurations.current.toText().split('\n');
    return lines.filter((line) => line.startsWith('server.'));
  }

  /** A disturbance of a disk: the end of its server is no surprise until a little after it. */
  disturbDisk(name: string, forMs: number, undo: () => void): void {
    const server = this.server(name);
    server.diskFaults++;
    this.during(forMs, undo);
    this.after(forMs + RESTART_MS, () => {
      server.diskFaults = Math.max(0, server.diskFaults - 1);
    });
  }

  // --- damage

  mayDamage(name: string): boolean {
    return this.plan.fragile.includes(this.server(name).sid);
  }

  /** A leader may say that a disk went back only where one did. Returns how often one said so. */
  checkDiskAlarms(): number {
    let alarms = 0;
    for (const name of this.names) {
      for (const { fields, message } of this.world.host(name).log.withCode('ZAB_DISK_WENT_BACK')) {
        alarms++;
        const suspect = machineName(Number(fields['sid']));
        if (this.server(suspect).wasDamaged) continue;
        this.problems.report('only disks that went back are said to', `${name} says: ${message}`);
      }
    }
    return alarms;
  }

  /** The power goes, durable bytes change, and the machine comes back. Only where others have what it promised. */
  damage(name: string, downMs: number, change: (disk: FakeDisk) => void): boolean {
    const server = this.server(name);
    if (this.isMending || !this.mayDamage(name) || !server.isRunning || !this.isCovered(server)) return false;
    this.crash(name, 'lose', downMs);
    change(this.world.disk(name));
    server.isDamaged = true;
    server.wasDamaged = true;
    return true;
  }

  /**
   * Do enough servers that keep their disks hold all that this one has ever promised, and all that is committed? A quorum
   * of them: then every other quorum has one of them in it, whatever this server has forgotten.
   */
  private isCovered(server: SimServer): boolean {
    const needed = server.promises;
    const zxid = Math.max(needed.lastLogged, this.order.lastZxid);
    const holders = new Set<number>();
    for (const other of this.servers.values()) {
      if (other === server || !other.isRunning || other.database === null || this.mayDamage(other.name)) continue;
      const has = other.promises;
      if (has.durable >= zxid && has.accepted >= needed.accepted && has.current >= needed.current)
        holders.add(other.sid);
    }
    return this.configurations.current.containsQuorum(holders);
  }

  // --- clocks

  jumpClock(name: string, byMs: number): void {
    const server = this.server(name);
    server.wallOffsetMs += byMs;
    if (server.isRunning) this.world.host(name).clock.jumpWall(byMs);
  }

  drift(name: string, rate: number): void {
    const server = this.server(name);
    server.rate = rate;
    if (server.isRunning) this.world.host(name).clock.drift(rate);
  }

  // --- time

  after(delayMs: number, fn: () => void): void {
    const { scheduler } = this.world;
    scheduler.at(scheduler.nowMs + delayMs, scheduler.always, fn);
  }

  /** A disturbance that is undone after its time, or when everything is mended. */
  during(forMs: number, undo: () => void): void {
    this.disturbances++;
    let isOver = false;
    this.after(forMs, () => {
      if (isOver) return;
      isOver = true;
      this.disturbances--;
      this.disturbed();
      if (!this.isMending) undo();
    });
  }

  disturbed(): void {
    this.lastDisturbedMs = this.world.nowMs;
  }

  /** All faults are over; whoever is down comes back. */
  mend(): void {
    this.isMending = true;
    this.note('everything is mended');
    const { network } = this.world;
    network.healAll();
    const { latencyMs } = this.plan.settings;
    const everybody = [...this.names, ...this.clientNames];
    for (const a of everybody) {
      for (const b of everybody) if (a !== b) Object.assign(network.link(a, b), { latencyMs, jitterMs: latencyMs });
    }
    for (const name of this.names) {
      const disk = this.world.disk(name);
      disk.onOperation = null;
      disk.onTrouble = null;
      disk.capacityBytes = Number.POSITIVE_INFINITY;
      Object.assign(disk.latencyMs, { read: 0.05, write: 0.02, sync: this.syncMs(name), meta: 0.03 });
      disk.repair();
      this.world.resume(name);
      this.drift(name, 1);
      this.bootIn(name, RESTART_MS);
      this.after(RESTART_MS, () => {
        this.server(name).diskFaults = 0;
      });
    }
    this.disturbed();
  }

  // --- Witness

  appended(machine: string, previousZxid: number, entry: TxnEntry): void {
    this.order.append(this.server(machine).sid, previousZxid, entry);
  }

  committed(machine: string, previousZxid: number, entry: TxnEntry, database: Database): void {
    const server = this.server(machine);
    // While it is synchronized a learner applies what its leader has: that is committed only when the epoch is established.
    if (server.pipeline === null) return;
    this.order.commit(server.sid, previousZxid, entry, database.tree.digest);
  }

  /** Whoever has this list, it and the one before: a quorum of both has promised the epoch and has the leader's history. */
  established(machine: string, epoch: number, configText: string): void {
    this.note(`${machine} leads epoch ${epoch}`);
    const { database, sid } = this.server(machine);
    const required = new Set([this.configurations.current]);
    this.order.established(epoch, sid, database?.lastAppliedZxid ?? 0);
    if (this.configurations.adopt(parseMembershipText(configText))) this.employMembers();
    required.add(this.configurations.current);
    for (const file of ['acceptedEpoch', 'currentEpoch']) this.requireEpoch(machine, file, epoch, required);
  }

  synchronizing(mode: SyncMode): void {
    this.syncs[mode] = (this.syncs[mode] ?? 0) + 1;
  }

  /** Whoever says that something is committed: is it on the disks of a quorum? */
  private requireDurable(sid: number, entry: TxnEntry): void {
    const { zxid } = entry.header;
    const required = this.configurations.requiredFor(entry);
    const what = `commits ${formatZxid(zxid)}`;
    this.requireQuorum(machineName(sid), what, required, (server) => server.promises.durable >= zxid);
    this.configurations.committed(entry);
    if (required.length > 1) this.employMembers();
  }

  private requireEpoch(machine: string, file: string, epoch: number, required: Iterable<QuorumVerifier>): void {
    const isWritten = ({ name }: SimServer) =>
      Number(this.world.disk(name).peek(`/data/version-2/${file}`)?.toString() ?? -1) >= epoch;
    this.requireQuorum(machine, `leads epoch ${epoch} (${file})`, required, isWritten);
  }

  private requireQuorum(
    machine: string,
    what: string,
    required: Iterable<QuorumVerifier>,
    has: (server: SimServer) => boolean,
  ): void {
    const holders = new Set<number>();
    for (const server of this.servers.values()) if (has(server)) holders.add(server.sid);
    for (const verifier of required) {
      if (verifier.containsQuorum(holders)) continue;
      this.problems.report('a quorum has it on disk', `${machine} ${what}; only [${[...holders].join(', ')}] have it`);
    }
  }

  learnerServes(machine: string): void {
    const { database, sid } = this.server(machine);
    if (database !== null) this.order.joined(sid, database.lastAppliedZxid, database.tree.digest);
  }

  /** What a leader or a DIFF brought is on the disk first: a crash in between must not leave an epoch without its history. */
  epochBecomesCurrent(machine: string, epoch: number): void {
    const { durable, lastLogged } = this.server(machine).promises;
    if (durable >= lastLogged) return;
    const text = `${machine} writes currentEpoch ${epoch} while it has ${formatZxid(durable)} of ${formatZxid(lastLogged)} on disk`;
    this.problems.report('transactions are durable before their epoch', text);
  }

  databaseOpened(machine: string, database: Database): void {
    this.server(machine).database = database;
  }
}
