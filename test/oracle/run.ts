import { OpCode } from '../../src/protocol/index.js';
import type { Line, Seen } from './lines.js';
import type { RuleBook } from './rules.js';
import type { Pair } from './servers.js';
import type { Connection, Side } from './side.js';
import { describeStep, type Step } from './steps.js';

/** So often everything that came is compared to the end. */
const FENCE_EVERY = 20;

/** The first place where the two servers did not do the same. */
export interface Difference {
  /** The step during (or before) which it was found. */
  readonly at: number;
  readonly connection: string;
  readonly java: string;
  readonly ours: string;
}

/** How far the lines of each connection are compared already. */
type Progress = Map<number, number>;

/** Takes the steps on both servers, one after the other on each, and compares what their clients see. */
export async function runSteps(
  pair: Pair,
  steps: readonly Step[],
  root: string,
  rules: RuleBook,
): Promise<Difference | null> {
  const { java, ours } = pair;
  await Promise.all([java.begin(root), ours.begin(root)]);
  const progress: Progress = new Map();
  let difference: Difference | null = null;
  for (const [at, step] of steps.entries()) {
    const closes = endsSession(step);
    // What a client that goes has not read yet would be lost, on one server or the other.
    const goes = step.kind !== 'send';
    if (closes || goes || at % FENCE_EVERY === FENCE_EVERY - 1) difference = await fence(pair, progress, at, rules);
    if (difference !== null) break;
    const before = lengths(java);
    await Promise.all([java.take(step), ours.take(step)]);
    if (closes) {
      await Promise.all([java.fence(), ours.fence()]);
      sortEvents(java, before);
      sortEvents(ours, before);
    }
    difference = compare(pair, progress, at, false, rules);
    if (difference !== null) break;
  }
  difference ??= await fence(pair, progress, steps.length, rules);
  await Promise.all([java.finish(), ours.finish()]);
  return difference;
}

async function fence(pair: Pair, progress: Progress, at: number, rules: RuleBook): Promise<Difference | null> {
  await Promise.all([pair.java.fence(), pair.ours.fence()]);
  return compare(pair, progress, at, true, rules);
}

function endsSession(step: Step): boolean {
  return step.kind === 'expire' || (step.kind === 'send' && step.requests.some(({ op }) => op === OpCode.closeSession));
}

function lengths(side: Side): number[] {
  return side.connections.map(({ lines }) => lines.length);
}

/** The nodes of a session that ends go in the order of a hash table there: the events of one such end are put in order. */
function sortEvents({ connections }: Side, before: readonly number[]): void {
  for (const [index, { lines }] of connections.entries()) {
    const from = before[index] ?? 0;
    const fresh = lines.slice(from);
    const events = fresh.filter(({ isEvent }) => isEvent);
    events.sort((a, b) => (eventText(a) < eventText(b) ? -1 : 1));
    const others = fresh.filter(({ isEvent }) => !isEvent);
    lines.splice(from, fresh.length, ...events, ...others);
  }
}

function eventText({ line }: Seen): string {
  return line.kind === 'event' ? line.text : '';
}

/**
 * `whole`: nothing is under way, so that both must have the same number of lines. What one connection saw may tell that one
 * server is a transaction ahead, as intended: then what did not fit elsewhere is looked at again.
 */
function compare(pair: Pair, progress: Progress, at: number, whole: boolean, rules: RuleBook): Difference | null {
  for (;;) {
    const known = pair.java.skipCount + pair.ours.skipCount;
    const difference = compareOnce(pair, progress, at, whole, rules);
    if (difference === null || pair.java.skipCount + pair.ours.skipCount === known) return difference;
  }
}

/** The first difference; the lines of all connections are compared as far as they fit. */
function compareOnce(
  { java, ours }: Pair,
  progress: Progress,
  at: number,
  whole: boolean,
  rules: RuleBook,
): Difference | null {
  let first: Difference | null = null;
  for (const [index, theirs] of java.connections.entries()) {
    const own = ours.connections[index];
    if (theirs.isLeft) continue;
    if (own === undefined) return { at, connection: theirs.name, java: 'a connection', ours: 'none' };
    const found = compareLines(theirs, own, progress, index, whole, (a, b) =>
      rules.allows(a, b, { java, ours, theirs, own }),
    );
    if (found !== null) first ??= { at, connection: theirs.name, ...found };
  }
  return first;
}

function compareLines(
  theirs: Connection,
  own: Connection,
  progress: Progress,
  index: number,
  whole: boolean,
  isIntended: (java: Line, ours: Line) => boolean,
): { java: string; ours: string } | null {
  let at = progress.get(index) ?? 0;
  for (; at < theirs.lines.length && at < own.lines.length; at++) {
    const a = theirs.lines[at] as Seen;
    const b = own.lines[at] as Seen;
    // What came before they went different ways may still tell of transactions that only one server has.
    if (a.text === b.text || isIntended(a.line, b.line) || theirs.isLeft) continue;
    const found = { java: a.text, ours: b.text };
    for (const line of [a, b]) line.forget();
    progress.set(index, at);
    return found;
  }
  progress.set(index, at);
  if (!whole || theirs.isLeft || theirs.lines.length === own.lines.length) return null;
  const nothing = 'nothing more';
  return { java: theirs.lines[at]?.text ?? nothing, ours: own.lines[at]?.text ?? nothing };
}

export function reportOf(steps: readonly Step[], difference: Difference): string {
  return [
    ...steps.map((step, at) => `${at === difference.at ? '>' : ' '} ${describeStep(step)}`),
    `connection ${difference.connection}`,
    `  Apache ZooKeeper: ${difference.java}`,
    `  zk-server:        ${difference.ours}`,
  ].join('\n');
}
