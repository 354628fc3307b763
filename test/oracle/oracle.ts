import { OpCode, opName } from '../../src/protocol/index.js';
import { Generator } from './generate.js';
import { RuleBook } from './rules.js';
import { type Difference, reportOf, runSteps } from './run.js';
import { type Pair, startPair } from './servers.js';
import { shrink } from './shrink.js';
import type { StageName } from './stage.js';
import type { Step } from './steps.js';

/**
 * So often a run is made again in which Apache ZooKeeper left a request without any answer. An ensemble of 3.8.0 does that now
 * and then on a busy machine; where our server does it, that is a difference.
 */
const REPLAYS = 3;

/** Compares our server with Apache ZooKeeper's, seed by seed, on one pair of servers or of ensembles. */
export class Oracle {
  readonly rules = new RuleBook();
  /** Requests that were sent, by operation. */
  readonly reached = new Map<number, number>();
  /** Of all seeds so far: the least number of requests in one, and the sessions that died of silence. */
  leastRequests = Number.POSITIVE_INFINITY;
  expired = 0;
  /** Runs that Apache ZooKeeper spoilt, and that were made again. */
  replayed = 0;
  private runs = 0;

  private constructor(
    private readonly stage: StageName,
    private readonly pair: Pair,
  ) {}

  /** `classPath`: of another Apache ZooKeeper than Debian's. */
  static async start(stage: StageName = 'alone', classPath?: string): Promise<Oracle> {
    return new Oracle(stage, await startPair(stage, classPath));
  }

  /** Of Apache ZooKeeper. */
  get release(): string {
    return this.pair.release;
  }

  /** Null, or the least sequence that shows the first difference. `onFound` is told before that is looked for. */
  async seed(seed: number, requests: number, onFound?: (difference: Difference) => void): Promise<string | null> {
    const steps = new Generator(seed, this.stage, this.release).steps(requests);
    const difference = await this.run(steps, this.rules);
    this.count(steps);
    if (difference === null) return null;
    onFound?.(difference);
    return this.explain(steps, difference, await this.pair.logs());
  }

  /** The operations that no seed has sent. */
  get missed(): string[] {
    return Object.values(OpCode)
      .filter((op) => !this.reached.has(op) && op !== OpCode.notification && op !== OpCode.error)
      .map(opName);
  }

  async stop(): Promise<void> {
    await this.pair.remove();
  }

  private async explain(steps: readonly Step[], first: Difference, logs: string): Promise<string> {
    const least = await shrink(steps.slice(0, first.at + 1), async (fewer) => (await this.run(fewer)) !== null);
    const difference = (await this.run(least)) ?? first;
    if (difference !== first) return reportOf(least, difference);
    const again = '(It does not show again: this is the whole sequence, and what the servers told last before it.)';
    return `${reportOf(steps, first)}\n${again}\n${logs}`;
  }

  private async run(steps: readonly Step[], rules = new RuleBook()): Promise<Difference | null> {
    try {
      for (let left = REPLAYS; ; left--) {
        const difference = await runSteps(this.pair, steps, `/oracle/${++this.runs}`, rules);
        if (difference === null || !this.pair.java.isUnanswered || left === 0) return difference;
        this.replayed++;
      }
    } catch (error) {
      throw new Error(`${String(error)}\n${await this.pair.logs()}`, { cause: error });
    }
  }

  private count(steps: readonly Step[]): void {
    const requests = steps.flatMap((step) => (step.kind === 'send' ? step.requests : []));
    for (const { op } of requests) this.reached.set(op, (this.reached.get(op) ?? 0) + 1);
    this.leastRequests = Math.min(this.leastRequests, requests.length);
    this.expired += steps.filter(({ kind }) => kind === 'expire').length;
  }
}
