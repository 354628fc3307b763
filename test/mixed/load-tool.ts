import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

const BENCH = new URL('../../bin/zk-bench', import.meta.url).pathname;
/** An open loop: what waits for a server counts from when it was due. Short runs, one after the other, each with new sessions. */
const RATE = 200;
const SECONDS = 2;
const OPTIONS = ['--mix', 'get=50,set=50', '--sessions', '6', '--keys', '50', '--warm-up', '0', '--json', '--quiet'];
/** When a run gave no figures. */
const AGAIN_MS = 200;

/** What was measured over some runs. */
export interface LoadFigures {
  readonly runs: number;
  /** Runs that gave no figures, since a server that they were to reach was away or went meanwhile. */
  readonly failedRuns: number;
  readonly answers: number;
  /** Error codes, and what was lost with connections or never answered. */
  readonly errors: number;
  readonly lostConnections: number;
  /** Of the run with the highest one. */
  readonly p99Ms: number;
  readonly longestMs: number;
}

const NOTHING: LoadFigures = {
  ...{ runs: 0, failedRuns: 0, answers: 0, errors: 0, lostConnections: 0, p99Ms: 0, longestMs: 0 },
};

export function sumOf(a: LoadFigures, b: LoadFigures): LoadFigures {
  return {
    runs: a.runs + b.runs,
    failedRuns: a.failedRuns + b.failedRuns,
    answers: a.answers + b.answers,
    errors: a.errors + b.errors,
    lostConnections: a.lostConnections + b.lostConnections,
    p99Ms: Math.max(a.p99Ms, b.p99Ms),
    longestMs: Math.max(a.longestMs, b.longestMs),
  };
}

interface Report {
  readonly targets: readonly {
    readonly ops: number;
    readonly errors: number;
    readonly unanswered: number;
    readonly lostConnections: number;
    readonly latencyUs: { readonly p99: number; readonly max: number };
  }[];
}

/** The load generator of this project beside the writers: run after run, until it is stopped. */
export class LoadTool {
  static readonly what = `zk-bench, ${RATE} requests a second in runs of ${SECONDS} s`;
  private figures = NOTHING;
  /** Finished runs that had answers, since the beginning. */
  private good = 0;
  private isStopped = false;
  private readonly done: Promise<void>;

  constructor(private readonly hosts: string) {
    this.done = this.run();
  }

  /** So many runs had answers; grows as long as the load goes on. */
  get goodRuns(): number {
    return this.good;
  }

  /** Since it was asked last. */
  take(): LoadFigures {
    const { figures } = this;
    this.figures = NOTHING;
    return figures;
  }

  /** Lets the last run finish, which removes its nodes. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const figures = await this.once();
      this.figures = sumOf(this.figures, figures);
      if (figures.answers > 0) this.good++;
      else await delay(AGAIN_MS);
    }
  }

  /** Errors make an exit code, which is no news here; without a report there are no figures. */
  private once(): Promise<LoadFigures> {
    const args = ['--server', this.hosts, '--rate', String(RATE), '--seconds', String(SECONDS), ...OPTIONS];
    return new Promise((resolve) => {
      execFile(BENCH, args, (_error, stdout) => {
        const report = stdout.startsWith('{') ? (JSON.parse(stdout) as Report) : null;
        const target = report?.targets[0];
        resolve(target === undefined ? { ...NOTHING, failedRuns: 1 } : figuresOf(target));
      });
    });
  }
}

function figuresOf({ ops, errors, unanswered, lostConnections, latencyUs }: Report['targets'][number]): LoadFigures {
  return {
    runs: 1,
    failedRuns: 0,
    answers: ops - unanswered,
    errors: errors + unanswered,
    lostConnections,
    p99Ms: latencyUs.p99 / 1000,
    longestMs: latencyUs.max / 1000,
  };
}
