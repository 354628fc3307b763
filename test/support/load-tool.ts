import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

const BENCH = new URL('../../bin/zk-bench', import.meta.url).pathname;
/** An open loop: what waits for a server counts from when it was due. Short runs, one after the other, each with new sessions. */
const RATE = 200;
const SECONDS = 2;
const [MIX, SESSIONS, KEYS] = ['get=50,set=50', '6', '50'];
const LOAD = [
  '--rate',
  String(RATE),
  '--seconds',
  String(SECONDS),
  '--mix',
  MIX,
  '--sessions',
  SESSIONS,
  '--keys',
  KEYS,
];
const OPTIONS = [...LOAD, '--warm-up', '0', '--timeout', '6000', '--json', '--quiet'];
/** The same for zkload, the generator in C that is not part of this repository (docs/benchmarks.md). */
const ZKLOAD_OPTIONS = ['-r', String(RATE), '-t', String(SECONDS), '-m', MIX, '-c', SESSIONS, '-k', KEYS, '-w', '0'];
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

interface ZkloadReport {
  readonly ops: number;
  readonly errors: number;
  readonly p99_us: number;
  readonly max_us: number;
}

/**
 * A load generator beside the clients whose writes are checked, run after run, until it is stopped. Nothing of it is checked
 * but that the servers answered. `zkload`: the program, instead of zk-bench.
 */
export class LoadTool {
  static readonly pace = `${RATE} requests a second in runs of ${SECONDS} s`;
  private figures = NOTHING;
  /** Finished runs that had answers, since the beginning. */
  private good = 0;
  private isStopped = false;
  private readonly done: Promise<void>;

  constructor(
    private readonly hosts: string,
    private readonly zkload: string | null = null,
  ) {
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
    const { hosts, zkload } = this;
    const [program, args] =
      zkload === null ? [BENCH, ['--server', hosts, ...OPTIONS]] : [zkload, ['load', '-H', hosts, ...ZKLOAD_OPTIONS]];
    return new Promise((resolve) => {
      execFile(program, args, (_error, stdout) => {
        const report = stdout.startsWith('{') ? (JSON.parse(stdout) as Report | ZkloadReport) : null;
        resolve(report === null ? { ...NOTHING, failedRuns: 1 } : figuresOf(report));
      });
    });
  }
}

function figuresOf(report: Report | ZkloadReport): LoadFigures {
  const [target] = 'targets' in report ? report.targets : [targetOf(report)];
  if (target === undefined) return { ...NOTHING, failedRuns: 1 };
  const { errors, latencyUs, lostConnections, ops, unanswered } = target;
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

function targetOf({ errors, max_us: max, ops, p99_us: p99 }: ZkloadReport): Report['targets'][number] {
  return { ops, errors, unanswered: 0, lostConnections: 0, latencyUs: { p99, max } };
}
