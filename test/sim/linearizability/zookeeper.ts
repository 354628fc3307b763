import { ErrorCode } from '../../../src/protocol/index.js';
import type { HistoryLine, HistoryOp } from '../history.js';
import { checkLinearizable, type Operation, type Verdict } from './checker.js';
import { NODE_MODEL, type NodeOperation, type NodeStep } from './node-model.js';
import { checkSequence, type SequenceOperation } from './sequence-check.js';

/** What a server adds to the path of a sequential node. */
const SEQUENCE_DIGITS = 10;

export interface Partition {
  /** A path, or a parent of sequential nodes with `*` behind it. */
  readonly name: string;
  readonly operations: number;
  readonly verdict: Verdict<NodeOperation | SequenceOperation>;
}

/**
 * Are writes, and reads behind a sync, linearizable? Linearizability is local, so that every node is checked alone; of a
 * multi each node sees its own parts. Nodes that servers remove by themselves (ephemerals, containers, TTL nodes) are left
 * out, and so are lists of children: a history does not tell when the servers acted.
 */
export function checkZooKeeperHistory(history: readonly HistoryLine[], mostSteps?: number): Partition[] {
  const nodes = new Map<string, Operation<NodeOperation>[]>();
  const sequences = new Map<string, Operation<SequenceOperation>[]>();
  const excluded = new Set<string>();
  const prefixes = new Set<string>();
  const created = new Set<string>();
  for (const line of history) {
    noteExcluded(line, excluded);
    if (line.op.kind === 'create' && line.op.sequential) {
      prefixes.add(line.op.path);
      created.add(line.result.path ?? '');
    }
    for (const [path, value] of nodeOperations(line)) push(nodes, path, timed(line, value));
    const sequence = sequenceOperation(line);
    if (sequence !== null) push(sequences, sequence.parent, timed(line, sequence.value));
  }
  const partitions: Partition[] = [];
  for (const [name, operations] of nodes) {
    // The name of a sequential node whose creation was never answered is not known.
    const isNameless = prefixes.has(name.slice(0, -SEQUENCE_DIGITS)) && !created.has(name);
    if (excluded.has(name) || isNameless) continue;
    partitions.push({
      name,
      operations: operations.length,
      verdict: checkLinearizable(operations, NODE_MODEL, mostSteps),
    });
  }
  for (const [parent, operations] of sequences) {
    partitions.push({ name: `${parent}/*`, operations: operations.length, verdict: checkSequence(operations) });
  }
  return partitions;
}

/** One line about what is wrong; undefined when nothing is. */
export function describePartition({ name, verdict }: Partition): string | undefined {
  if (verdict.kind !== 'not linearizable') return undefined;
  const last = verdict.ordered.slice(-4).map(({ text }) => text);
  return `${name}: none of [${verdict.stuck.map(({ text }) => text).join('; ')}] can come behind ... ${last.join('; ')}`;
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}

function timed<T>({ invokedMs, returnedMs }: HistoryLine, value: T): Operation<T> {
  return { value, invokedMs, returnedMs: returnedMs ?? Number.POSITIVE_INFINITY };
}

function noteExcluded({ op, result }: Pick<HistoryLine, 'op' | 'result'>, excluded: Set<string>): void {
  if (op.kind === 'multi') for (const part of op.parts) noteExcluded({ op: part, result: {} }, excluded);
  if (op.kind === 'create' && (op.ephemeral || op.lasts !== undefined)) excluded.add(result.path ?? op.path);
}

function sequenceOperation({ err, op, result, returnedMs }: HistoryLine) {
  if (op.kind !== 'create' || !op.sequential || err !== 0) return null;
  const parent = op.path.slice(0, op.path.lastIndexOf('/'));
  const number = returnedMs === null ? null : Number((result.path ?? '').slice(op.path.length));
  return { parent, value: { text: `create ${op.path} -> ${number ?? '?'}`, number } };
}

function* nodeOperations(line: HistoryLine): Generator<[string, NodeOperation]> {
  const { err, op, result, returnedMs } = line;
  const isAnswered = returnedMs !== null;
  switch (op.kind) {
    case 'multi':
      yield* multiOperations(line, op.parts);
      return;
    case 'get':
    case 'exists':
      if (!op.isSynced || !isAnswered) return;
      break;
    case 'create':
      if (!op.sequential) break;
      if (result.path !== undefined)
        yield [result.path, { text: describe(line, op, err), steps: [{ op, isAnswered, err }], takesEffect: true }];
      return;
    case 'delete':
    case 'set':
      break;
    default:
      return;
  }
  const step: NodeStep = { op, isAnswered, err, ...versionOf(op, result.version), data: result.data ?? null };
  yield [op.path, { text: describe(line, op, err), steps: [step], takesEffect: true }];
}

function versionOf(op: HistoryOp, version: number | undefined): { version?: number } {
  return version === undefined || op.kind === 'delete' || op.kind === 'create' ? {} : { version };
}

function* multiOperations(line: HistoryLine, parts: readonly HistoryOp[]): Generator<[string, NodeOperation]> {
  const isAnswered = line.returnedMs !== null;
  const results = line.result.parts ?? [];
  const failedAt = results.findIndex(({ err }) => err !== 0);
  if (isAnswered && line.err !== 0 && results.length === 0) return;
  const isFailed = isAnswered && failedAt >= 0;
  const last = isFailed ? failedAt : parts.length - 1;
  const steps = new Map<string, NodeStep[]>();
  for (const [at, part] of parts.slice(0, last + 1).entries()) {
    if (!('path' in part)) continue;
    const err = results[at]?.err ?? ErrorCode.ok;
    push(steps, part.path, { op: part, isAnswered, err, ...versionOf(part, results[at]?.version) });
  }
  const culprit = parts[last];
  for (const [path, own] of steps) {
    if (isFailed && (culprit === undefined || !('path' in culprit) || culprit.path !== path)) continue;
    yield [path, { text: describe(line, line.op, line.err), steps: own, takesEffect: !isFailed }];
  }
}

function describe({ client, invokedMs, returnedMs, result }: HistoryLine, op: HistoryOp, err: number): string {
  const what = op.kind === 'multi' ? `multi of ${op.parts.length}` : `${op.kind} ${JSON.stringify(op)}`;
  const answer = returnedMs === null ? 'unanswered' : `${err} ${JSON.stringify(result)} at ${returnedMs.toFixed(3)}`;
  return `${client} ${what} from ${invokedMs.toFixed(3)}: ${answer}`;
}
