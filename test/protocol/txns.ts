import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  decodeImageDigest,
  encodeImageDigest,
  makeTxnEntry,
  OpCode,
  readTxnEntry,
  type Txn,
  type TxnDigest,
  type TxnEntry,
  type TxnHeader,
  txnBytes,
  UnknownTxnError,
} from '../../src/protocol/index.js';
import { JuteError } from '../../src/jute/index.js';
import { acls, bytes, int, listOf, long, long64, orNull, path, record } from '../support/arbitraries.js';
import { type Proof, proof } from './codec.js';

const DIGEST_BYTES = 12;
const DIGEST_VERSION = 2;
/** Of a create's last field, which 3.3 did not write. */
const CVERSION_BYTES = 4;
const HEADER_BYTES = 32;

const node = { path, data: orNull(bytes), acl: orNull(acls), parentCVersion: int };

/** Each kind by its name; a multi is made of the others. */
const KINDS: Readonly<Record<string, fc.Arbitrary<Txn>>> = {
  create: record({ type: fc.constantFrom(OpCode.create, OpCode.create2), ...node, ephemeral: fc.boolean() }),
  createContainer: record({ type: fc.constant(OpCode.createContainer), ...node }),
  createTTL: record({ type: fc.constant(OpCode.createTTL), ...node, ttlMs: long }),
  delete: record({ type: fc.constantFrom(OpCode.delete, OpCode.deleteContainer), path }),
  setData: record({ type: fc.constantFrom(OpCode.setData, OpCode.reconfig), path, data: orNull(bytes), version: int }),
  setACL: record({ type: fc.constant(OpCode.setACL), path, acl: orNull(acls), version: int }),
  check: record({ type: fc.constant(OpCode.check), path, version: int }),
  createSession: record({ type: fc.constant(OpCode.createSession), timeoutMs: int }),
  closeSession: record({ type: fc.constant(OpCode.closeSession), paths: orNull(listOf(path, 4)) }).filter(
    (txn) => !isTwoOfNoLength(txn),
  ),
  error: record({ type: fc.constant(OpCode.error), err: int }),
};

const multi: fc.Arbitrary<Txn> = record({
  type: fc.constant(OpCode.multi),
  txns: listOf(fc.oneof(...Object.values(KINDS))),
});

type Said = Pick<TxnEntry, 'header' | 'txn' | 'digest'>;

const digest = record<TxnDigest>({ version: fc.oneof(fc.constant(DIGEST_VERSION), int), treeDigest: long64 });

/** A transaction with its header, and with the digest of the tree behind it or without. */
const said = (txn: fc.Arbitrary<Txn>): fc.Arbitrary<Said> =>
  fc
    .tuple(
      record<Omit<TxnHeader, 'type'>>({ clientId: long64, cxid: int, zxid: long, time: long }),
      txn,
      orNull(digest),
    )
    .map(([header, one, behind]) => ({ header: { ...header, type: one.type }, txn: one, digest: behind }));

/** An entry's end is known from around it, so that two of its parts may be absent: the digest and a create's parentCVersion. */
function shorter({ digest: behind, header, txn }: Said, length: number): ReadonlyMap<number, Said> {
  const body = behind === null ? length : length - DIGEST_BYTES;
  const beginnings = new Map<number, Said>();
  const needsAll = txn.type === OpCode.closeSession && txn.paths === null;
  for (let cut = body; behind !== null && cut < (needsAll ? body + 1 : length); cut++)
    beginnings.set(cut, { header, txn, digest: null });
  if (txn.type === OpCode.create || txn.type === OpCode.create2) {
    const old = { header, txn: { ...txn, parentCVersion: -1 }, digest: null };
    for (let cut = body - CVERSION_BYTES; cut < body; cut++) beginnings.set(cut, old);
  }
  if (txn.type === OpCode.closeSession && txn.paths !== null) {
    beginnings.set(HEADER_BYTES, { header, txn: { ...txn, paths: null }, digest: null });
  }
  return beginnings;
}

/** 12 bytes that begin with 2 are a digest, and no list of two paths: that there is none of. */
function isTwoOfNoLength(txn: Txn): boolean {
  return txn.type === OpCode.closeSession && txn.paths?.length === 2 && txn.paths.every((one) => one === '');
}

/** What can be taken for something else: a beginning of two paths for a digest, and a digest of no known kind for paths. */
function isAmbiguous({ digest: behind, txn }: Said): boolean {
  if (txn.type !== OpCode.closeSession) return false;
  return txn.paths === null ? behind !== null && behind.version !== DIGEST_VERSION : txn.paths.length === 2;
}

const entries = Object.entries({ ...KINDS, multi }).map(([name, txn]) =>
  proof<Said>({
    name,
    values: said(txn).filter((value) => !isAmbiguous(value)),
    encode: ({ digest: behind, header, txn: one }) => {
      const { bytes } = makeTxnEntry(header, one, behind);
      assert.equal(bytes.length, HEADER_BYTES + txnBytes(one) + (behind === null ? 0 : DIGEST_BYTES), 'as counted');
      return bytes;
    },
    decode: (from) => {
      const { digest: behind, header, txn: one } = readTxnEntry(from);
      return { value: { header, txn: one, digest: behind }, length: from.length };
    },
    errors: [JuteError, UnknownTxnError],
    shorter,
    isWritten: (value) => !isTwoOfNoLength(value.txn),
  }),
);

const imageDigest = proof<TxnDigest>({
  name: 'the digest of an image',
  values: digest,
  encode: encodeImageDigest,
  decode: (from) => {
    const value = decodeImageDigest(from);
    return value === null ? undefined : { value, length: from.length };
  },
  waits: true,
});

export const TXNS: readonly Proof[] = [...entries, imageDigest];
