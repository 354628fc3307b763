import type { HistoryLine, HistoryOp } from '../sim/history.js';
import { checkSequential } from '../sim/linearizability/sequential.js';
import { checkZooKeeperHistory, describePartition } from '../sim/linearizability/zookeeper.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { treeLines } from '../support/tree-lines.js';
import { WireClient } from '../support/wire-client.js';
import type { Recorder } from './recorder.js';

const AT_ONCE = 100;
const NODES_SHOWN = 5;

/**
 * Reads every node that any client touched, from every server behind a sync, into the history: an acknowledged write that
 * did not survive, or a server that shows another state, then has no place in any order.
 */
export async function readEverything(members: readonly Member[], recorder: Recorder): Promise<void> {
  const paths = [...touched(recorder.lines)].sort();
  for (const member of members) {
    const client = await WireClient.connect(member.clientPort, { host: member.host, timeoutMs: 30_000 });
    for (let from = 0; from < paths.length; from += AT_ONCE) {
      const reads = paths.slice(from, from + AT_ONCE);
      await Promise.all(
        reads.map((path) => recorder.perform(`end${member.sid}`, client, { kind: 'get', path, isSynced: true })),
      );
    }
    await client.close();
  }
}

function touched(lines: readonly HistoryLine[]): Set<string> {
  const paths = new Set<string>();
  const note = (op: HistoryOp) => {
    if (op.kind === 'multi') op.parts.forEach(note);
    else if ((op.kind === 'create' && !op.sequential && !op.ephemeral) || op.kind === 'set') paths.add(op.path);
  };
  for (const { op, result } of lines) {
    note(op);
    if (op.kind === 'create' && op.sequential && result.path !== undefined) paths.add(result.path);
  }
  return paths;
}

export interface HistoryVerdict {
  readonly problems: readonly string[];
  readonly nodes: number;
  /** Nodes on which the search gave up. */
  readonly undecided: number;
}

/** Writes and reads behind a sync are linearizable, all replies sequentially consistent. */
export function judge(history: readonly HistoryLine[]): HistoryVerdict {
  const partitions = checkZooKeeperHistory(history);
  const wrong = partitions.map(describePartition).filter((text) => text !== undefined);
  return {
    problems: [
      ...wrong.map((text) => `not linearizable: ${text}`),
      ...checkSequential(history).map((text) => `not sequentially consistent: ${text}`),
    ],
    nodes: partitions.length,
    undecided: partitions.filter(({ verdict }) => verdict.kind === 'undecided').length,
  };
}

/** All servers show the same tree, to the last field; no session's node has outlived it. */
export async function compareTrees(members: readonly Member[], sessionsEndWithinMs: number): Promise<string[]> {
  const problems: string[] = [];
  await eventually('the end of all ephemeral nodes', sessionsEndWithinMs, async () => {
    const children = await Promise.all(members.map(sessionNodes));
    return children.every((names) => names.length === 0);
  }).catch((error: unknown) => problems.push(String(error)));
  const [first, ...others] = await Promise.all(members.map((member) => treeLines(member)));
  for (const [at, lines] of others.entries()) {
    const wrong = lines.filter((line) => first?.includes(line) !== true);
    const missing = first?.filter((line) => !lines.includes(line)) ?? [];
    if (wrong.length + missing.length === 0) continue;
    const shown = [...wrong.slice(0, NODES_SHOWN), '(and the first has)', ...missing.slice(0, NODES_SHOWN)];
    problems.push(`the trees of servers ${members[0]?.sid ?? 0} and ${at + 2} differ:\n${shown.join('\n')}`);
  }
  return problems;
}

async function sessionNodes(member: Member): Promise<string[]> {
  const client = await WireClient.connect(member.clientPort, { host: member.host });
  await client.sync('/sessions');
  const names = await client.getChildren('/sessions');
  await client.close();
  return names;
}
