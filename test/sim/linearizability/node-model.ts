import { ErrorCode } from '../../../src/protocol/index.js';
import type { HistoryOp } from '../history.js';
import type { SequentialModel } from './checker.js';

/** One change or fresh read of one node. */
export interface NodeStep {
  readonly op: HistoryOp;
  /** False: never answered. */
  readonly isAnswered: boolean;
  readonly err: number;
  readonly data?: string | null;
  readonly version?: number;
}

/** What was asked of one node at one moment: one step, or those of a multi that are about this node. */
export interface NodeOperation {
  readonly text: string;
  readonly steps: readonly NodeStep[];
  /** The multi as a whole succeeded; otherwise it changed nothing, and the last step is what failed. */
  readonly takesEffect: boolean;
}

/** The node, if there is one. */
export interface NodeView {
  readonly node: { readonly version: number; readonly data: string } | null;
}

/** ZooKeeper's rules for a node whose parent is there and that has no children. */
export const NODE_MODEL: SequentialModel<NodeView, NodeOperation> = {
  initial: { node: null },
  keyOf: ({ node }) => (node === null ? '' : `${node.version} ${node.data}`),
  step: (view, { steps, takesEffect }) => {
    let now = view;
    for (const step of steps) {
      const next = step.isAnswered ? answered(now, step) : tried(now, step.op);
      // An unanswered multi of which a part fails changes nothing.
      if (next === null) return step.isAnswered ? null : view;
      now = next;
    }
    return takesEffect ? now : view;
  },
};

const SESSION_ERRORS: ReadonlySet<number> = new Set([
  ErrorCode.sessionExpired,
  ErrorCode.sessionMoved,
  ErrorCode.unknownSession,
  ErrorCode.connectionLoss,
]);

function tried(view: NodeView, op: HistoryOp): NodeView | null {
  return errorOf(view, op) === 0 ? after(view, op) : null;
}

/** Null: it cannot have been answered like that. */
function answered(view: NodeView, step: NodeStep): NodeView | null {
  const { err, op } = step;
  if (SESSION_ERRORS.has(err)) return view;
  // Whether the parent is there, and whether there are children, this model does not know.
  if (op.kind === 'create' && err === ErrorCode.noNode) return view.node === null ? view : null;
  if (op.kind === 'delete' && err === ErrorCode.notEmpty) return view.node === null ? null : view;
  if (errorOf(view, op) !== err) return null;
  if (err !== 0) return view;
  const next = after(view, op);
  if (step.version !== undefined && step.version !== next.node?.version) return null;
  if (op.kind === 'get' && (step.data ?? '') !== next.node?.data) return null;
  return next;
}

function errorOf({ node }: NodeView, op: HistoryOp): number {
  if (op.kind === 'create') return node === null ? ErrorCode.ok : ErrorCode.nodeExists;
  if (node === null) return ErrorCode.noNode;
  const isVersioned = op.kind === 'set' || op.kind === 'delete' || op.kind === 'check';
  return isVersioned && op.version !== -1 && op.version !== node.version ? ErrorCode.badVersion : ErrorCode.ok;
}

function after(view: NodeView, op: HistoryOp): NodeView {
  switch (op.kind) {
    case 'create':
      return { node: { version: 0, data: op.data } };
    case 'delete':
      return { node: null };
    case 'set':
      return { node: { version: (view.node?.version ?? -1) + 1, data: op.data } };
    default:
      return view;
  }
}
