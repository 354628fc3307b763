import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, faketimeLibrary } from '../chaos/cluster.js';
import type { Network } from '../chaos/lab.js';
import { LoadClient, ROOTS, SESSION_TIMEOUT_MS } from '../chaos/load.js';
import { Recorder } from '../chaos/recorder.js';
import { compareTrees, judge, readEverything } from '../chaos/verify.js';
import { ErrorCode } from '../../src/protocol/index.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient, WireError } from '../support/wire-client.js';
import { MIXES, type Mix } from './mixes.js';

const LIMIT_MS = 60_000;
const CLIENTS = 3;
const KILLS = 3;
/** Of the faults that are compared, when there is time: the best and the middle one of a few say little on a busy machine. */
const COMPARED_KILLS = 10;
const COMPARED_CUTS = 3;
const LOSSY_MS = 1500;
/** A server that does not take a session within this time is asked again. */
const ATTEMPT_MS = 250;
/** So long nothing passes, and so long everything does: about a seventh of the packets is lost, in bursts. */
const BURST_MS = 40;
const CLEAR_MS = 250;
/** Of all packets between servers. */
const LOST_SHARE = 0.05;
/** Under the load of the clients packets wait on such links for a tenth of a second and more. */
const SLOW_KILOBITS = 300;
const SLOW_WAIT_MS = 500;
/** The links of the leader are cut for so long, are there for as long, and so on. */
const FLAP_MS = 300;
const FLAPPING_MS = 4000;
/** How far off the clocks of the leader and of one follower go, one after the other, and back in the end. */
const CLOCKS_SECONDS = [
  [3600, -3600],
  [-86_400, 86_400],
  [0, 0],
] as const;
const CLOCK_NODE = '/clock';
/** The times of a busy machine are not exact. */
const CLOCK_NOISE_MS = 30_000;

/** How long no write was accepted, from the fault on, by the name of the fault; each as often as it was done. */
export type Pauses = Readonly<Record<string, readonly number[]>>;

export interface WalkResult {
  readonly mix: Mix;
  readonly pausesMs: Pauses;
  readonly writes: number;
  readonly problems: readonly string[];
}

/** Walks one ensemble through the faults of a network, until its time is up. */
export class Walk {
  private readonly pauses: Record<string, number[]> = {};
  private readonly recorder = new Recorder();
  private readonly problems: string[] = [];
  private load: readonly LoadClient[] = [];

  private constructor(
    private readonly mix: Mix,
    private readonly cluster: Cluster,
    private readonly network: Network,
    private readonly say: (text: string) => void,
  ) {}

  static async run(mix: Mix, untilMs: number, say: (text: string) => void): Promise<WalkResult> {
    const cluster = await Cluster.create([], true, MIXES[mix]);
    const { network } = cluster;
    if (network === null) throw new Error('this needs name spaces');
    const walk = new Walk(mix, cluster, network, say);
    try {
      return await walk.run(untilMs);
    } finally {
      await cluster.end();
      await cluster.remove();
    }
  }

  private async run(untilMs: number): Promise<WalkResult> {
    const { cluster, mix, recorder } = this;
    const isCompared = mix === 'ours' || mix === 'java';
    const hasClocks = faketimeLibrary() !== undefined;
    if (hasClocks && !isCompared) await cluster.giveClocks();
    await cluster.startWithLastLeading();
    for (const root of [...ROOTS, CLOCK_NODE]) await this.makeRoot(root);
    if (isCompared) {
      await this.compared(performance.now() < untilMs);
      // Such clocks cost time, of which the comparison is about.
      if (hasClocks) await this.startAnewWithClocks();
    }
    const homes = cluster.members.filter(({ sid }) => this.isOurs(sid));
    if (homes.length > 0) {
      this.load = Array.from({ length: CLIENTS }, (_, n) => new LoadClient(`c${n}`, 1, homes, recorder));
    }
    if (!hasClocks) this.say(`${mix}: no clock is set: that needs libfaketime (apt-get install faketime)`);
    await this.shortRound();
    while (performance.now() < untilMs) {
      await this.longRound();
      await this.shortRound();
    }
    await Promise.all(this.load.map((one) => one.stop()));
    // Servers of Apache ZooKeeper 3.8.0 alone may lose what they acknowledged (ZOOKEEPER-4643, 4646): they are only measured.
    if (mix !== 'java') await this.verify();
    return { mix, pausesMs: this.pauses, writes: recorder.acknowledgedWrites, problems: this.problems };
  }

  /** A busy machine may part the servers even now. */
  private async makeRoot(path: string): Promise<void> {
    await eventually(`a node ${path}`, LIMIT_MS, async () => {
      const leader = await this.cluster.leader();
      try {
        const client = await WireClient.connect(leader.clientPort, { host: leader.host });
        await client.create(path);
        await client.close();
        return true;
      } catch (error) {
        return error instanceof WireError && error.code === ErrorCode.nodeExists;
      }
    });
  }

  private isOurs(sid: number): boolean {
    const java: readonly number[] = MIXES[this.mix];
    return !java.includes(sid);
  }

  private async verify(): Promise<void> {
    const { cluster, recorder } = this;
    const homes = cluster.members.filter(({ sid }) => this.isOurs(sid));
    await readEverything(homes, recorder);
    this.problems.push(...(await compareTrees(cluster.members, SESSION_TIMEOUT_MS * 5)));
    this.problems.push(...judge(recorder.lines).problems);
  }

  /** What is held against each other: nothing else goes on. */
  private async compared(isLong: boolean): Promise<void> {
    for (let i = 0; i < (isLong ? COMPARED_KILLS : KILLS); i++) await this.kill();
    for (let i = 0; i < (isLong ? COMPARED_CUTS : 0); i++) {
      await this.fault('cut', (leader, others) => this.cut(leader, others, true, true));
      await this.fault('mute', (leader, others) => this.cut(leader, others, true, false));
    }
  }

  private async startAnewWithClocks(): Promise<void> {
    await this.cluster.end();
    await this.cluster.giveClocks();
    await this.cluster.startWithLastLeading();
    await this.settled();
  }

  /** Those faults come first that are to meet the leader that the mix names. */
  private async shortRound(): Promise<void> {
    if (faketimeLibrary() !== undefined) await this.quiet('clocks', ([follower]) => this.setClocks(follower));
    await this.flap();
    await this.fault('cut under load', (leader, others) => this.cut(leader, others, true, true));
    await this.fault('mute under load', (leader, others) => this.cut(leader, others, true, false));
    if (this.mix !== 'java') await this.kill('kill under load');
    await this.quiet('losses', (followers) => this.lose(followers));
    await this.quiet('random losses', () => this.during(this.network.lose(LOST_SHARE)));
    await this.quiet('slow links', () => this.during(this.network.slow(SLOW_KILOBITS, SLOW_WAIT_MS)));
  }

  /** No session ends before its time and nobody else leads, whatever the clocks of servers say. */
  private async setClocks(follower: Member): Promise<void> {
    const leader = await this.cluster.leader();
    const expired = (): number => this.load.reduce((sum, { sessionsExpired }) => sum + sessionsExpired, 0);
    const before = expired();
    for (const [leaders, followers] of CLOCKS_SECONDS) {
      await Cluster.setClock(leader, leaders);
      await Cluster.setClock(follower, followers);
      await this.stamps(leader, leaders * 1000);
      await delay(LOSSY_MS);
    }
    if (expired() > before) this.problems.push(`clocks: ${expired() - before} sessions ended`);
  }

  /** Waits until the leader gives transactions a time so far off the truth. */
  private async stamps(leader: Member, offMs: number): Promise<void> {
    await eventually(`a time ${offMs} ms off`, LIMIT_MS, async () => {
      // A busy machine may part servers, and then they close connections; whether another one leads is asked afterwards.
      const mtime = await this.stampOf(leader).catch(() => null);
      return mtime !== null && Math.abs(mtime - Date.now() - offMs) < CLOCK_NOISE_MS;
    });
  }

  private async stampOf({ clientPort, host }: Member): Promise<number> {
    const client = await WireClient.connect(clientPort, { host, timeoutMs: SESSION_TIMEOUT_MS });
    try {
      return (await client.setData(CLOCK_NODE, null)).mtime;
    } finally {
      client.destroy();
    }
  }

  /** The links of the leader go up and down. Whoever leads meanwhile and in the end, writes are accepted. */
  private async flap(): Promise<void> {
    const leader = await this.cluster.leader();
    const others = this.cluster.others(leader);
    const writes = this.recorder.acknowledgedWrites;
    const endMs = performance.now() + FLAPPING_MS;
    while (performance.now() < endMs) {
      const mend = await this.cut(leader, others, true, true);
      await delay(FLAP_MS);
      await mend();
      await delay(FLAP_MS);
    }
    const more = this.recorder.acknowledgedWrites - writes;
    const mendedMs = performance.now();
    await this.accepted(this.cluster.members);
    const tookMs = Math.round(performance.now() - mendedMs);
    (this.pauses['flap'] ??= []).push(tookMs);
    this.say(`${this.mix}: flap of leader ${leader.sid}: ${more} writes meanwhile, and after ${tookMs} ms`);
    if (more === 0 && this.mix !== 'java') this.problems.push('flap: no write was accepted');
    await this.settled();
  }

  private async during(weather: Promise<void>): Promise<void> {
    await weather;
    await delay(LOSSY_MS);
  }

  private kill(name = 'kill'): Promise<void> {
    return this.fault(name, async (leader) => {
      await leader.kill();
      return () => leader.start();
    });
  }

  private async longRound(): Promise<void> {
    const { network } = this;
    await this.fault('deaf', (leader, others) => this.cut(leader, others, false, true));
    await this.fault('pause', (leader) => {
      leader.send('SIGSTOP');
      return Promise.resolve(() => Promise.resolve(leader.send('SIGCONT')));
    });
    await this.fault('stop', (leader) => {
      const gone = leader.stop();
      return Promise.resolve(async () => {
        await gone;
        await leader.start();
      });
    });
    await this.quiet('one follower from the other', async ([a, b]) => {
      await network.cut(a.sid, b.sid);
      await network.cut(b.sid, a.sid);
      await delay(LOSSY_MS);
    });
  }

  /** Packets of the leader to its followers are lost, in bursts. */
  private async lose(followers: readonly Member[]): Promise<void> {
    const endMs = performance.now() + LOSSY_MS;
    const leader = await this.cluster.leader();
    while (performance.now() < endMs) {
      for (const follower of followers) {
        await this.network.cut(leader.sid, follower.sid);
        await delay(BURST_MS);
        await this.network.mend();
        await delay(CLEAR_MS);
      }
    }
  }

  private async cut(
    leader: Member,
    others: readonly Member[],
    from: boolean,
    to: boolean,
  ): Promise<() => Promise<void>> {
    for (const other of others) {
      if (from) await this.network.cut(leader.sid, other.sid);
      if (to) await this.network.cut(other.sid, leader.sid);
    }
    return () => this.network.mend();
  }

  /** Does something to the leader, waits until the others take writes, heals it, and waits until all serve. */
  private async fault(
    name: string,
    strike: (leader: Member, others: readonly Member[]) => Promise<() => Promise<void>>,
  ): Promise<void> {
    const leader = await this.cluster.leader();
    const others = this.cluster.others(leader);
    const began = performance.now();
    const heal = await strike(leader, others);
    await this.accepted(others);
    const tookMs = Math.round(performance.now() - began);
    (this.pauses[name] ??= []).push(tookMs);
    this.say(`${this.mix}: ${name} of leader ${leader.sid}: writes after ${tookMs} ms`);
    await heal();
    await this.settled();
  }

  /** A fault of which a leader with a quorum is not disturbed: there is no other one in the end. */
  private async quiet(name: string, strike: (followers: readonly [Member, Member]) => Promise<void>): Promise<void> {
    const leader = await this.cluster.leader();
    const [a, b] = this.cluster.others(leader);
    if (a === undefined || b === undefined) throw new Error('not three servers');
    const writes = this.recorder.acknowledgedWrites;
    await strike([a, b]);
    await this.network.mend();
    await this.settled();
    const more = this.recorder.acknowledgedWrites - writes;
    this.say(`${this.mix}: ${name}: ${more} writes meanwhile`);
    if (more === 0 && this.mix !== 'java') this.problems.push(`${name}: no write was accepted`);
    const now = await this.cluster.leader();
    if (!name.endsWith('losses') && now !== leader)
      this.problems.push(`${name}: server ${now.sid} leads in place of ${leader.sid}`);
  }

  /** A session is made, which is a write, by the first of these that can. */
  private async accepted(members: readonly Member[]): Promise<void> {
    let isDone = false;
    await Promise.all(
      members.map((member) =>
        eventually('a write', LIMIT_MS, async () => {
          if (isDone) return true;
          const attempt = WireClient.connect(member.clientPort, { host: member.host, timeoutMs: SESSION_TIMEOUT_MS });
          const client = await Promise.race([attempt, delay(ATTEMPT_MS, null)]).catch(() => null);
          if (client === null) {
            attempt.then((late) => late.destroy()).catch(() => undefined);
            return undefined;
          }
          isDone = true;
          await client.close().catch(() => undefined);
          return true;
        }),
      ),
    );
  }

  /**
   * One leads and the others follow it, synchronized, all in one look: a leader that was cut off goes on saying that it
   * leads until it notices, and has itself synchronized afterwards.
   */
  private async settled(): Promise<void> {
    await eventually('one leader and its followers', LIMIT_MS, async () => {
      const modes = await Promise.all(this.cluster.members.map((member) => member.mode()));
      return modes.sort().join() === 'follower,follower,leader' || undefined;
    });
    await this.accepted(this.cluster.members);
  }
}
