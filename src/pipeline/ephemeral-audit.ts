import type { AuditLog } from '../host/index.js';
import { formatSessionId, OpCode, type TxnEntry } from '../protocol/index.js';

/**
 * A session ended, and its ephemeral nodes with it: nobody's request, and so the deed of the server itself. ZooKeeper audits it
 * on every server.
 */
export function auditEphemerals(audit: AuditLog, { header, txn }: TxnEntry): void {
  if (txn.type !== OpCode.closeSession) return;
  const session = formatSessionId(header.clientId);
  for (const znode of txn.paths ?? []) {
    audit.record({
      session,
      user: audit.serverUser,
      operation: 'ephemeralZNodeDeletionOnSessionCloseOrExpire',
      znode,
      result: 'success',
    });
  }
}
