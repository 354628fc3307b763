import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '../../src/protocol/index.js';
import { SeededRandom } from '../fakes/index.js';
import { formatHistory } from '../sim/history.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { LoadTool } from '../support/load-tool.js';
import { WireClient, WireError } from '../support/wire-client.js';
import { Cluster } from './cluster.js';
import { type Arena, choose, FAULTS, type Strike } from './faults.js';
import { inTime } from './in-time.js';
import { LoadClient, ROOTS, SESSION_TIMEOUT_MS } from './load.js';
import { describeFault, drawFaults, type FaultKind, type PlannedFault } from './plan.js';
import { Recorder } from './recorder.js';
import { compareTrees, judge, readEverything } from './verify.js';

/** After the end of a fault the ensemble serves again within this time. */
export const RECOVERY_LIMIT_MS = 45_000;
/** In a run of so long the load generator meets servers that serve it. */
const BENCH_SURELY_MS = 60_000;
const CLIENTS = 5;
const PROBE_MS = 3000;

export interface ChaosOptions {
  readonly seed: number;
  readonly kinds: readonly FaultKind[];
  /** How long faults go on. */
  readonly limitMs: number;
  /** Servers run in name spaces of their own. */
  readonly isolated: boolean;
  readonly print: (text: string) => void;
}

export interface ChaosOutcome {
  readonly problems: readonly string[];
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly acknowledgedWrites: number;
  readonly operations: number;
  /** Of the load generator, which runs beside and is not recorded. */
  readonly benchOperations: number;
  readonly slowestRecoveryMs: number;
  /** Where everything is kept when something is wrong. */
  readonly kept: string | null;
}

/** Faults on real processes under load, then the verdict. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const cluster = await Cluster.create(options.kinds, options.isolated);
  const run = new ChaosRun(cluster, options);
  try {
    return await run.run();
  } finally {
    await cluster.end();
    if (!run.isKept) await cluster.remove();
  }
}

class ChaosRun implements Arena {
  isKept = false;
  private readonly problems: string[] = [];
  private readonly schedule: string[] = [];
  private readonly counts: Partial<Record<FaultKind, number>> = {};
  private readonly recorder = new Recorder();
  private slowestRecoveryMs = 0;
  private benchOperations = 0;
  private probes = 0;

  constructor(
    readonly cluster: Cluster,
    private readonly options: ChaosOptions,
  ) {}

  async run(): Promise<ChaosOutcome> {
    const { members } = this.cluster;
    try {
      await this.cluster.start();
      await eventually('the parents of all nodes', RECOVERY_LIMIT_MS, () => this.makeRoots());
      const load = Array.from(
        { length: CLIENTS },
        (_, n) => new LoadClient(`c${n}`, this.options.seed, members, this.recorder),
      );
      const bench = new LoadTool(members.map(({ clientPort, host }) => `${host}:${clientPort}`).join(','));
      await this.strikeUntilEnd();
      await inTime('the load generator ends', RECOVERY_LIMIT_MS, bench.stop());
      const { answers, failedRuns, runs } = bench.take();
      this.benchOperations = answers;
      if (answers === 0 && this.options.limitMs >= BENCH_SURELY_MS) {
        this.report(`the load generator got no answer in ${runs + failedRuns} runs`);
      }
      await inTime(
        'the clients close their sessions',
        RECOVERY_LIMIT_MS,
        Promise.all(load.map((client) => client.stop())),
      );
      await readEverything(members, this.recorder);
      for (const problem of await compareTrees(members, SESSION_TIMEOUT_MS * 5)) this.report(problem);
    } catch (error) {
      this.report(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    await this.readLogs();
    const verdict = judge(this.recorder.lines);
    for (const problem of verdict.problems) this.report(problem);
    this.options.print(
      `${verdict.nodes} nodes checked, ${verdict.undecided} of them undecided; ${this.recorder.unanswered} operations unanswered`,
    );
    return this.outcome();
  }

  readonly report = (problem: string): void => {
    this.problems.push(problem);
    this.options.print(`PROBLEM: ${problem}`);
  };

  readonly note = (text: string): void => {
    const line = `${(this.recorder.nowMs() / 1000).toFixed(1).padStart(7)} s  ${text}`;
    this.schedule.push(line);
    this.options.print(line);
  };

  readonly settle = async (members: readonly Member[] = this.cluster.members): Promise<void> => {
    const beganMs = performance.now();
    await Promise.all(members.map((member) => member.serving(RECOVERY_LIMIT_MS)));
    await eventually('a write', RECOVERY_LIMIT_MS, () => this.probe(members[this.probes++ % members.length]));
    this.slowestRecoveryMs = Math.max(this.slowestRecoveryMs, performance.now() - beganMs);
  };

  /** False: the ensemble lost its leader meanwhile, as it may on a busy machine. */
  private async makeRoots(): Promise<boolean> {
    const [member] = this.cluster.members;
    if (member === undefined) throw new Error('no servers');
    try {
      const client = await WireClient.connect(member.clientPort, { host: member.host });
      for (const root of ['/probe', ...ROOTS]) await client.create(root).catch(passOverExisting);
      await client.close();
      return true;
    } catch {
      return false;
    }
  }

  /** A write through this server, without a session that lasts. */
  private async probe(member: Member | undefined): Promise<boolean> {
    if (member === undefined) return false;
    let client: WireClient | undefined;
    try {
      client = await WireClient.connect(member.clientPort, { host: member.host, timeoutMs: SESSION_TIMEOUT_MS });
      await inTime('a write', PROBE_MS, client.setData('/probe', Buffer.from(String(this.probes))));
      await inTime('a close', PROBE_MS, client.close());
      return true;
    } catch {
      return false;
    } finally {
      client?.destroy();
    }
  }

  private async strikeUntilEnd(): Promise<void> {
    const endMs = performance.now() + this.options.limitMs;
    for (const fault of drawFaults(this.options.seed, this.options.kinds)) {
      if (performance.now() >= endMs) return;
      await delay(fault.pauseMs);
      await this.play(fault);
    }
  }

  private async play(fault: PlannedFault): Promise<void> {
    const random = new SeededRandom(fault.seed);
    const strikes = [await this.strike(fault.kind, await choose(this.cluster, fault.victim, random), random)];
    const restMs = fault.company === null ? 0 : random.below(fault.holdMs);
    await delay(fault.holdMs - restMs);
    if (fault.company !== null) {
      const running = this.cluster.members.filter((member) => member.running);
      const second = running[random.below(running.length)];
      // A server that stands still would not notice anything else.
      if (second !== undefined && fault.kind !== 'stop') {
        strikes.push(await this.strike(fault.company, [second], random));
      }
      await delay(restMs);
    }
    for (const strike of strikes.reverse()) await strike.heal();
    await this.afterwards(fault);
  }

  private async strike(kind: FaultKind, victims: readonly Member[], random: SeededRandom): Promise<Strike> {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    const strike = await FAULTS[kind](this, victims, random);
    this.note(strike.text);
    return strike;
  }

  /** What ran before runs still, and serves within the bound. */
  private async afterwards(fault: PlannedFault): Promise<void> {
    for (const member of this.cluster.members) {
      if (member.running) continue;
      const said = (await member.log()).slice(-2000);
      this.report(`server ${member.sid} ended by itself after ${describeFault(fault)}:\n${said}`);
      await member.start();
    }
    await this.settle();
  }

  /** Servers that find fault with themselves. */
  private async readLogs(): Promise<void> {
    for (const member of this.cluster.members) {
      const lines = (await member.log().catch(() => '')).split('\n');
      const bad = lines.filter((line) => /DIGEST_MISMATCH|INTERNAL|uncaught|unhandled/i.test(line));
      if (bad.length > 0) this.report(`the log of server ${member.sid} says:\n${bad.slice(0, 5).join('\n')}`);
    }
  }

  private async outcome(): Promise<ChaosOutcome> {
    const { lines, acknowledgedWrites } = this.recorder;
    let kept: string | null = null;
    if (this.problems.length > 0) {
      this.isKept = true;
      kept = await this.cluster.keep();
      await writeFile(join(kept, 'history.jsonl'), formatHistory(lines));
      await writeFile(join(kept, 'schedule.txt'), `${this.schedule.join('\n')}\n`);
    }
    return {
      ...{ problems: this.problems, faults: this.counts, acknowledgedWrites, kept },
      ...{
        operations: lines.length,
        benchOperations: this.benchOperations,
        slowestRecoveryMs: Math.round(this.slowestRecoveryMs),
      },
    };
  }
}

function passOverExisting(error: unknown): void {
  if (!(error instanceof WireError) || error.code !== ErrorCode.nodeExists) throw error;
}
