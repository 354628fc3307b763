import { formatSessionId, formatZxid, OpCode, opName, readTxnEntry, type Txn } from '../../protocol/index.js';
import { isIntact, type ScannedRecord } from './log-scanner.js';

/** A record as an object for JSON; data is base64. Throws what the decoder throws for bytes that are no transaction. */
export function txnJson(record: ScannedRecord): Record<string, unknown> {
  const { header, txn, digest } = readTxnEntry(record.bytes);
  return {
    offset: record.offset,
    zxid: formatZxid(header.zxid),
    time: header.time,
    session: formatSessionId(header.clientId),
    cxid: header.cxid,
    ...bodyJson(txn),
    ...(digest === null ? {} : { digest: digest.treeDigest.toString() }),
    checksum: isIntact(record) ? 'ok' : 'wrong',
  };
}

function bodyJson(txn: Txn): Record<string, unknown> {
  const type = opName(txn.type);
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2: {
      const { path, data, acl, ephemeral, parentCVersion } = txn;
      return { type, path, data: base64(data), acl, ephemeral, parentCVersion };
    }
    case OpCode.createContainer:
      return { type, path: txn.path, data: base64(txn.data), acl: txn.acl, parentCVersion: txn.parentCVersion };
    case OpCode.createTTL: {
      const { path, data, acl, parentCVersion, ttlMs } = txn;
      return { type, path, data: base64(data), acl, parentCVersion, ttlMs };
    }
    case OpCode.setData:
    case OpCode.reconfig:
      return { type, path: txn.path, data: base64(txn.data), version: txn.version };
    case OpCode.multi:
      return { type, txns: txn.txns.map(bodyJson) };
    default: {
      // The others have no fields but texts, numbers and ACLs.
      return { ...txn, type };
    }
  }
}

function base64(data: Buffer | null): string | null {
  return data === null ? null : data.toString('base64');
}
