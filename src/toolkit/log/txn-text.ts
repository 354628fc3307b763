import { JuteReader } from '../../jute/index.js';
import { type Acl, OpCode, opName, readTxnEntry, type Txn, type TxnEntry } from '../../protocol/index.js';
import { type JavaDates, juteString, plainHex } from '../java-text.js';

/** `long clientId; int cxid; long zxid; long time; int type` */
const HEADER_BYTES = 32;

/** A transaction of a multi as it lies in the log. */
interface RawPart {
  readonly type: number;
  readonly data: Buffer | null;
}

/**
 * A transaction as ZooKeeper's TxnLogToolkit prints it, with a line feed at the end:
 * `11/27/26, 12:20:41 AM UTC session 0x1 cxid 0x2 zxid 0x3 create /a,data,[31,s{'world,'anyone}\n],false,1`. Throws what the
 * decoder throws for bytes that are no transaction.
 */
export function txnText(bytes: Buffer, dates: JavaDates): string {
  const entry = readTxnEntry(bytes);
  const { header } = entry;
  const ids = `session 0x${plainHex(header.clientId)} cxid 0x${cxidHex(header.cxid)} zxid 0x${plainHex(header.zxid)}`;
  const text = `${dates.shortLong(header.time)} ${ids} ${opName(header.type)} ${bodyText(entry)}`;
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** As `Long.toHexString` of an int: a negative one is widened. */
function cxidHex(cxid: number): string {
  return plainHex(cxid);
}

function bodyText({ txn, bytes }: TxnEntry): string {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
      return `${txn.path},${dataText(txn.data)},${aclText(txn.acl)},${txn.ephemeral},${txn.parentCVersion}`;
    case OpCode.createContainer:
      return `${txn.path},${dataText(txn.data)},${aclText(txn.acl)},${txn.parentCVersion}`;
    case OpCode.createTTL:
      return `${txn.path},${dataText(txn.data)},${aclText(txn.acl)},${txn.parentCVersion},${txn.ttlMs}`;
    case OpCode.setData:
    case OpCode.reconfig:
      return `${txn.path},${dataText(txn.data)},${txn.version}`;
    case OpCode.multi:
      return rawParts(bytes)
        .map(({ type, data }) => `${opName(type)}:${dataText(data)}`)
        .join(';');
    default:
      return recordText(txn);
  }
}

type PlainTxn = Exclude<Txn, { type: 1 | 15 | 19 | 21 | 5 | 16 | 14 }>;

/** In the notation of jute's `toString`, which ends in a line feed. */
function recordText(txn: PlainTxn): string {
  switch (txn.type) {
    case OpCode.delete:
    case OpCode.deleteContainer:
      return `${juteString(txn.path)}\n`;
    case OpCode.setACL:
      return `${juteString(txn.path)},v{${(txn.acl ?? []).map((acl) => `s{${aclFields(acl)}}`).join(',')}},${txn.version}\n`;
    case OpCode.check:
      return `${juteString(txn.path)},${txn.version}\n`;
    case OpCode.createSession:
      return `${txn.timeoutMs}\n`;
    case OpCode.closeSession:
      return txn.paths === null ? '' : `v{${txn.paths.map(juteString).join(',')}}\n`;
    case OpCode.error:
      return `${txn.err}\n`;
  }
}

function dataText(data: Buffer | null): string {
  return data === null ? '' : data.toString('utf8');
}

function aclFields({ perms, id }: Acl): string {
  return `${perms},s{${juteString(id.scheme)},${juteString(id.id)}}`;
}

/** A Java list of records, each of which ends in a line feed. */
function aclText(acl: readonly Acl[] | null): string {
  return acl === null ? 'null' : `[${acl.map((one) => `${aclFields(one)}\n`).join(', ')}]`;
}

function rawParts(entry: Buffer): RawPart[] {
  const r = new JuteReader(entry, HEADER_BYTES);
  return r.vector(8, (reader) => ({ type: reader.int(), data: reader.bufferOrNull() }));
}
