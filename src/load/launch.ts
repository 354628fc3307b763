import { parseArgs } from 'node:util';
import { parseMix, type Plan, PROFILES, type Scene } from './plan.js';

/** What the command line asks for. */
export interface Launch {
  readonly wantsHelp: boolean;
  readonly servers: readonly string[];
  readonly profile: string;
  readonly plan: Plan;
  readonly workers: number;
  readonly rounds: number;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
}

/** A command line that cannot be followed. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}

const profiles = Object.entries(PROFILES)
  .map(([name, { about }]) => `    ${name.padEnd(10)}${about}`)
  .join('\n');

export const USAGE = `Usage: zk-bench [options]

Measures a server, or compares two. Works below a node /zk-bench-... of its own, which it removes.

  --server HOST:PORT,...     servers (localhost:2181)
  --compare HOST:PORT,...    a second target; rounds take turns
  --profile NAME             what is done (mixed)
${profiles}
  --mix get=80,set=20        operations by weight, for the profiles of requests: get, set, exists, children, create,
                             delete (of what was created), sync, multi (check and set)
  --sessions N               sessions over all workers (16)
  --depth N                  requests under way on each session (8)
  --rate N                   requests a second in all: an open loop, whose latency counts from the time at which a request
                             was due; absent: a closed loop, as many as the depth lets through
  --bytes N                  size of the data (100)
  --keys N                   nodes that are read and written; locks (1000; locks: 4)
  --warm-up S, --seconds S   before and while it is measured (2, 5)
  --rounds N                 (1)
  --workers N                threads that make the load (1)
  --timeout MS               of the sessions (30000)
  --json                     one JSON value instead of a table
  --quiet                    no live rate on the terminal

Exit codes: 0 measured; 1 something failed, or there were errors; 2 bad usage; 130 interrupted (its nodes are removed).`;

const OPTIONS = {
  server: { type: 'string', default: 'localhost:2181' },
  compare: { type: 'string' },
  profile: { type: 'string', default: 'mixed' },
  mix: { type: 'string' },
  sessions: { type: 'string', default: '16' },
  depth: { type: 'string', default: '8' },
  rate: { type: 'string', default: '0' },
  bytes: { type: 'string', default: '100' },
  keys: { type: 'string' },
  'warm-up': { type: 'string', default: '2' },
  seconds: { type: 'string', default: '5' },
  rounds: { type: 'string', default: '1' },
  workers: { type: 'string', default: '1' },
  timeout: { type: 'string', default: '30000' },
  json: { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Throws a `LaunchError` that names the option. */
export function parseLaunch(words: readonly string[]): Launch {
  const values = valuesOf(words);
  const profile = PROFILES[values.profile];
  if (profile === undefined) {
    throw new LaunchError(`--profile is one of ${Object.keys(PROFILES).join(', ')}, not "${values.profile}"`);
  }
  if (values.mix !== undefined && profile.scene !== 'mix') {
    throw new LaunchError(`--mix is for profiles of requests; ${values.profile} has none`);
  }
  const ratePerS = number('rate', values.rate, 0);
  if (ratePerS > 0 && profile.scene !== 'mix') {
    throw new LaunchError(`--rate is for profiles of requests; ${values.profile} has none`);
  }
  const workers = whole('workers', values.workers, 1, 64);
  const sessions = whole('sessions', values.sessions, 1, 100_000);
  if (sessions < workers) throw new LaunchError(`--sessions ${sessions} are too few for ${workers} workers`);
  return {
    wantsHelp: values.help,
    servers: values.compare === undefined ? [values.server] : [values.server, values.compare],
    profile: values.profile,
    plan: {
      scene: profile.scene,
      mix: values.mix === undefined ? profile.mix : mixOf(values.mix),
      sessions,
      depth: whole('depth', values.depth, 1, 100_000),
      payloadBytes: whole('bytes', values.bytes, 0, 1_000_000),
      keys: whole('keys', values.keys ?? defaultKeys(profile.scene), 1, 1_000_000),
      ratePerS,
      warmUpMs: number('warm-up', values['warm-up'], 0) * 1000,
      measuredMs: number('seconds', values.seconds, 0.1) * 1000,
      sessionTimeoutMs: whole('timeout', values.timeout, 1000, 3_600_000),
    },
    workers,
    rounds: whole('rounds', values.rounds, 1, 1000),
    isJson: values.json,
    isQuiet: values.quiet,
  };
}

function valuesOf(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    throw new LaunchError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function defaultKeys(scene: Scene): string {
  return scene === 'locks' ? '4' : '1000';
}

function mixOf(text: string): Plan['mix'] {
  try {
    return parseMix(text);
  } catch (error) {
    throw new LaunchError(`--mix: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function number(option: string, word: string, least: number): number {
  const value = /^\d+(\.\d+)?$/.test(word) ? Number(word) : NaN;
  if (value >= least) return value;
  throw new LaunchError(`--${option} needs a number from ${least} on, not "${word}"`);
}

function whole(option: string, word: string, least: number, most: number): number {
  const value = /^\d+$/.test(word) ? Number(word) : NaN;
  if (value >= least && value <= most) return value;
  throw new LaunchError(`--${option} needs a whole number from ${least} to ${most}, not "${word}"`);
}
