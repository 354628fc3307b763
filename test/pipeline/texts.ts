import type { Acl, Id, Stat, Txn, TxnEntry } from '../../src/protocol/index.js';
import { errorName, formatZxid, OpCode, opName } from '../../src/protocol/index.js';
import type { TxnResult } from '../../src/tree/index.js';
import type { WriteResult } from '../../src/pipeline/index.js';

/** Transactions, ACLs and results as short texts, for tables that people read. */

const PERM_LETTERS = [
  ['c', 4],
  ['d', 8],
  ['r', 1],
  ['w', 2],
  ['a', 16],
] as const;

export function parseId(text: string): Id {
  const colon = text.indexOf(':');
  return { scheme: text.slice(0, colon), id: text.slice(colon + 1) };
}

/** `scheme:id=perms`, joined by commas: `world:anyone=cdrwa,digest:bob:x=r`; `none` is null, `empty` an empty list. */
export function parseAcl(text: string): Acl[] | null {
  if (text === 'none') return null;
  if (text === 'empty') return [];
  return text.split(',').map((entry) => {
    const equals = entry.lastIndexOf('=');
    const letters = entry.slice(equals + 1);
    const perms = PERM_LETTERS.reduce((sum, [letter, bit]) => sum + (letters.includes(letter) ? bit : 0), 0);
    return { perms, id: parseId(entry.slice(0, equals)) };
  });
}

export function aclText(acl: readonly Acl[] | null): string {
  if (acl === null) return 'none';
  return acl
    .map(({ perms, id }) => {
      const letters = PERM_LETTERS.filter(([, bit]) => (perms & bit) !== 0).map(([letter]) => letter);
      return `${id.scheme}:${id.id}=${letters.join('')}`;
    })
    .join(',');
}

function dataText(data: Buffer | null): string {
  return data === null ? '(null)' : JSON.stringify(data.toString('utf8'));
}

export function txnText(txn: Txn): string {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      const acl = aclText(txn.acl);
      const more = [
        `cversion=${txn.parentCVersion}`,
        ...('ephemeral' in txn && txn.ephemeral ? ['ephemeral'] : []),
        ...('ttlMs' in txn ? [`ttl=${txn.ttlMs}`] : []),
        ...(acl === 'world:anyone=cdrwa' ? [] : [`acl=${acl}`]),
      ];
      return `${opName(txn.type)} ${txn.path} ${dataText(txn.data)} ${more.join(' ')}`;
    }
    case OpCode.delete:
    case OpCode.deleteContainer:
      return `${opName(txn.type)} ${txn.path}`;
    case OpCode.setData:
    case OpCode.reconfig:
      return `${opName(txn.type)} ${txn.path} ${dataText(txn.data)} version=${txn.version}`;
    case OpCode.setACL:
      return `setACL ${txn.path} acl=${aclText(txn.acl)} version=${txn.version}`;
    case OpCode.check:
      return `check ${txn.path}`;
    case OpCode.createSession:
      return `createSession ${txn.timeoutMs}`;
    case OpCode.closeSession:
      return `closeSession ${txn.paths === null ? '(no list)' : `[${[...txn.paths].sort().join(' ')}]`}`;
    case OpCode.error:
      return `error ${errorName(txn.err)}`;
    case OpCode.multi:
      return `multi [${txn.txns.map(txnText).join('; ')}]`;
  }
}

/** The zxid, the transaction, and `header=` where its type is not the transaction's. */
export function entryText({ header, txn }: TxnEntry): string {
  const odd = header.type === txn.type ? '' : ` header=${opName(header.type)}`;
  return `${formatZxid(header.zxid)} ${txnText(txn)}${odd}`;
}

/** Without zxids, which are not small numbers in every test. */
export function statText(stat: Stat): string {
  const owner = stat.ephemeralOwner === 0n ? '' : ` owner=${stat.ephemeralOwner.toString(16)}`;
  return `version=${stat.version} cversion=${stat.cversion} aversion=${stat.aversion} children=${stat.numChildren}${owner}`;
}

function resultText({ type, err, path, stat, multi }: TxnResult): string {
  if (type === OpCode.error) return `error ${errorName(err)}`;
  if (multi !== null) return `multi [${multi.map(resultText).join('; ')}]`;
  return [opName(type), path ?? '', stat === null || type === OpCode.create ? '' : `version=${stat.version}`]
    .filter((s) => s !== '')
    .join(' ');
}

/** A client's view: the answer to its request. */
export function answerText({ type, err, result }: WriteResult): string {
  if (err !== 0) return `${opName(type)} ${errorName(err)}`;
  return result === null ? opName(type) : resultText(result);
}
