import { formatSessionId, formatZxid, ownerKind } from '../../../src/protocol/index.js';
import { type DataTree, NO_NODE } from '../../../src/tree/index.js';
import type { Ensemble } from '../ensemble.js';
import type { CommitOrder } from '../model/commit-order.js';
import { statDifference } from '../model/node-state.js';
import type { Problems } from '../problems.js';

/** At the end, in calm: every server has every committed transaction, and nothing else. */
export function checkFinalState(ensemble: Ensemble, order: CommitOrder, problems: Problems): void {
  for (const { database, name } of ensemble.members) {
    if (database === null) {
      problems.report('every server has every write', `${name} does not run`);
      continue;
    }
    if (database.lastAppliedZxid !== order.lastZxid) {
      const [is, should] = [formatZxid(database.lastAppliedZxid), formatZxid(order.lastZxid)];
      problems.report('every server has every write', `${name} is at ${is}, the others at ${should}`);
      continue;
    }
    const fault = treeFault(database.tree, order) ?? sessionFault(database.sessions, order);
    if (fault !== undefined) problems.report('every server has every write', `${name}: ${fault}`);
  }
}

function treeFault(tree: DataTree, order: CommitOrder): string | undefined {
  let count = 0;
  for (const path of order.tree.paths()) {
    count++;
    const node = order.tree.now(path);
    const ref = tree.find(path);
    if (node === null || ref === NO_NODE) return `${path} is missing`;
    const difference = statDifference(tree.stat(ref), node);
    if (difference !== undefined) return `${path}: ${difference}`;
    if ((tree.data(ref)?.toString() ?? '') !== (node.data?.toString() ?? '')) return `${path} has other data`;
    if (ownerKind(node.owner, true) === 'ephemeral' && !order.sessions.has(node.owner)) {
      return `${path} belongs to session ${formatSessionId(node.owner)}, which is dead`;
    }
  }
  // Not counted by the model: the root (twice), /zookeeper and what is in it.
  const extra = tree.nodeCount - count - 5;
  return extra === 0 ? undefined : `it has ${extra} nodes too many`;
}

function sessionFault(sessions: ReadonlyMap<bigint, number>, order: CommitOrder): string | undefined {
  const is = [...sessions.keys()].map(formatSessionId).sort().join(' ');
  const should = [...order.sessions.keys()].map(formatSessionId).sort().join(' ');
  return is === should ? undefined : `sessions ${is} instead of ${should}`;
}
