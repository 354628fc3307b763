import type { Host, LogLevel } from '../../src/host/index.js';
import { FakeClock } from './fake-clock.js';
import { FakeDisk } from './fake-disk.js';
import type { CrashMode } from './fake-file.js';
import { FakeNetwork } from './fake-network.js';
import { MemoryLogger } from './memory-logger.js';
import { Scheduler } from './scheduler.js';
import { SeededRandom } from './seeded-random.js';

/** One process of a world. After its crash the object is useless; ask the world for the next one. */
export interface FakeHost extends Host {
  readonly name: string;
  readonly clock: FakeClock;
  readonly log: MemoryLogger;
  readonly random: SeededRandom;
}

export interface WorldOptions {
  /** What the logs keep; info when absent. */
  readonly logLevel?: LogLevel;
}

/**
 * A simulated world: one time, one network, many machines, all chance from one seed. Nothing happens outside of `run`,
 * `until` and `settle`.
 */
export class World {
  readonly scheduler = new Scheduler();
  readonly random: SeededRandom;
  readonly network: FakeNetwork;
  private readonly hosts = new Map<string, FakeHost>();
  private readonly disks = new Map<string, FakeDisk>();
  private readonly logs = new Map<string, MemoryLogger>();
  private lives = 0;

  constructor(
    readonly seed: number | string = 1,
    private readonly options: WorldOptions = {},
  ) {
    this.random = new SeededRandom(seed);
    this.network = new FakeNetwork(this.scheduler, this.random.fork('network'));
  }

  /** Virtual milliseconds since the world began. */
  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  /** Equal for equal runs: times and order of all events, bytes on the network, operations of the disks. */
  get fingerprint(): number {
    return this.scheduler.fingerprint;
  }

  /** The live process on that machine; made (again) when there is none. Machines are reached by this name. */
  host(name: string): FakeHost {
    const existing = this.hosts.get(name);
    if (existing !== undefined) return existing;
    const clock = new FakeClock(this.scheduler);
    const log = this.logs.get(name) ?? new MemoryLogger(name, clock, this.options.logLevel);
    this.logs.set(name, log);
    const disk = this.disk(name).mount(clock);
    const host: FakeHost = {
      name,
      clock,
      network: this.network.attach(name, clock, disk),
      disk,
      random: this.random.fork(`${name}/${this.lives++}`),
      log,
    };
    this.hosts.set(name, host);
    return host;
  }

  /** The disk of a machine: faults, crashes and a look inside. */
  disk(name: string): FakeDisk {
    let disk = this.disks.get(name);
    if (disk === undefined) {
      disk = new FakeDisk(this.scheduler, this.random.fork(`${name}/disk`));
      this.disks.set(name, disk);
    }
    return disk;
  }

  /** kill -9: the process is gone, its connections are reset, what it wrote stays with the kernel. */
  kill(name: string): void {
    this.end(name, 'keep', false);
  }

  /** The machine loses power: unsynced bytes and names are lost or torn, the others hear nothing. */
  powerOff(name: string, mode: 'lose' | 'tear' = 'tear'): void {
    this.end(name, mode, true);
  }

  /** SIGSTOP: the process stands still; its kernel goes on receiving. */
  pause(name: string): void {
    this.hosts.get(name)?.clock.gate.close();
  }

  resume(name: string): void {
    this.hosts.get(name)?.clock.gate.open();
  }

  /** Lets so much virtual time pass. */
  async run(virtualMs: number): Promise<void> {
    const untilMs = this.nowMs + virtualMs;
    await this.scheduler.drive(untilMs, () => false);
    this.scheduler.nowMs = untilMs;
  }

  /** Runs until `condition` holds (asked after every event); throws when it does not within `limitVirtualMs`. */
  async until(condition: () => boolean, limitVirtualMs = 60_000): Promise<void> {
    const limitMs = this.nowMs + limitVirtualMs;
    if (await this.scheduler.drive(limitMs, condition)) return;
    const isOver = this.scheduler.nextDueMs() === undefined;
    if (!isOver) this.scheduler.nowMs = limitMs;
    const why = isOver ? 'nothing is left to happen' : `not within ${limitVirtualMs} ms`;
    throw new Error(
      `seed ${this.seed}, at ${this.nowMs.toFixed(3)} ms: condition never held (${why}): ${condition.toString()}`,
    );
  }

  /** Runs until the promise is settled and gives its result. */
  async settle<T>(promise: Promise<T>, limitVirtualMs = 60_000): Promise<T> {
    let settled = false;
    const note = () => {
      settled = true;
    };
    promise.then(note, note);
    await this.until(() => settled, limitVirtualMs);
    return promise;
  }

  private end(name: string, mode: CrashMode, silent: boolean): void {
    const host = this.hosts.get(name);
    if (host === undefined) return;
    this.hosts.delete(name);
    host.clock.gate.kill();
    this.network.crash(name, silent);
    this.disk(name).crash(mode);
  }
}

/** A host in a world of its own, for tests that need one machine; the world drives it. */
export function fakeHost(seed: number | string = 1, options: WorldOptions = {}): { world: World; host: FakeHost } {
  const world = new World(seed, options);
  return { world, host: world.host('local') };
}
