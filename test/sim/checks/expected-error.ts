import { ErrorCode, ownerKind } from '../../../src/protocol/index.js';
import type { HistoryOp } from '../history.js';
import { type NodeState, parentOf } from '../model/node-state.js';

/** The error with which a single change must be refused on a state; 0 when it must succeed, undefined when not judged here. */
export function expectedError(op: HistoryOp, at: (path: string) => NodeState | null): number | undefined {
  switch (op.kind) {
    case 'create': {
      const parent = at(parentOf(op.path));
      if (parent === null) return ErrorCode.noNode;
      if (!op.sequential && at(op.path) !== null) return ErrorCode.nodeExists;
      return ownerKind(parent.owner, true) === 'ephemeral' ? ErrorCode.noChildrenForEphemerals : ErrorCode.ok;
    }
    case 'delete': {
      const node = at(op.path);
      if (node === null) return ErrorCode.noNode;
      if (op.version !== -1 && op.version !== node.version) return ErrorCode.badVersion;
      return node.children.length > 0 ? ErrorCode.notEmpty : ErrorCode.ok;
    }
    case 'set': {
      const node = at(op.path);
      if (node === null) return ErrorCode.noNode;
      return op.version === -1 || op.version === node.version ? ErrorCode.ok : ErrorCode.badVersion;
    }
    default:
      return undefined;
  }
}
