import { Generator } from './generate.js';
import { RuleBook } from './rules.js';
import { type Difference, reportOf, runSteps } from './run.js';
import { type Pair, startPair } from './servers.js';
import { shrink } from './shrink.js';
import type { Step } from './steps.js';

/** Compares our server with Apache ZooKeeper's, seed by seed, on one pair of servers. */
export class Oracle {
  readonly rules = new RuleBook();
  /** Requests that were sent, by operation. */
  readonly reached = new Map<number, number>();
  private runs = 0;

  private constructor(private pair: Pair) {}

  static async start(): Promise<Oracle> {
    return new Oracle(await startPair());
  }

  /** Null, or the least sequence that shows the first difference. `onFound` is told before that is looked for. */
  async seed(seed: number, requests: number, onFound?: (difference: Difference) => void): Promise<string | null> {
    const steps = new Generator(seed).steps(requests);
    const difference = await this.run(steps, this.rules);
    this.count(steps);
    if (difference === null) return null;
    onFound?.(difference);
    return this.explain(steps, difference);
  }

  async stop(): Promise<void> {
    await this.pair.remove();
  }

  private async explain(steps: readonly Step[], first: Difference): Promise<string> {
    const least = await shrink(steps.slice(0, first.at + 1), async (fewer) => (await this.run(fewer)) !== null);
    const difference = (await this.run(least)) ?? first;
    const again = difference === first ? '\n(It does not show again: this is the whole sequence.)' : '';
    return `${reportOf(difference === first ? steps : least, difference)}${again}`;
  }

  private run(steps: readonly Step[], rules = new RuleBook()): Promise<Difference | null> {
    return runSteps(this.pair, steps, `/oracle/${++this.runs}`, rules);
  }

  private count(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind !== 'send') continue;
      for (const { op } of step.requests) this.reached.set(op, (this.reached.get(op) ?? 0) + 1);
    }
  }
}
