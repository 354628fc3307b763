import type { TxnEntry } from '../../src/protocol/index.js';
import { makeTxnEntry, makeZxid, OpCode, OPEN_ACL_UNSAFE, zxidCounter, zxidEpoch } from '../../src/protocol/index.js';

/** `2:1`: transaction 1 of epoch 2. */
export function zxid(text: string): number {
  const [epoch, counter] = text.split(':').map(Number);
  if (epoch === undefined || counter === undefined || Number.isNaN(epoch + counter))
    throw new Error(`"${text}" is no zxid`);
  return makeZxid(epoch, counter);
}

export function showZxid(value: number): string {
  return value < 0 ? String(value) : `${zxidEpoch(value)}:${zxidCounter(value)}`;
}

/** `1:1-3 2:1` is 1:1, 1:2, 1:3, 2:1. */
export function zxids(text: string): number[] {
  return text
    .split(/\s+/)
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = '', last] = part.split('-');
      const from = zxid(first);
      const to = last === undefined ? from : makeZxid(zxidEpoch(from), Number(last));
      return Array.from({ length: to - from + 1 }, (_, n) => from + n);
    });
}

/** A transaction that creates `path`. */
export function createEntry(at: number, path: string, clientId = 0n, cxid = 0, time = 0): TxnEntry {
  const type = OpCode.create;
  const txn = { type, path, data: null, acl: OPEN_ACL_UNSAFE, ephemeral: false, parentCVersion: -1 };
  return makeTxnEntry({ clientId, cxid, zxid: at, time, type }, txn, null);
}

/** The path that test histories create with this zxid. */
export function pathOf(at: number, tail = ''): string {
  return `/t${zxidEpoch(at)}-${zxidCounter(at)}${tail}`;
}

/** Transactions of a history text; those of `tail` create other paths, as a history that lost would have. */
export function history(text: string, tail = ''): TxnEntry[] {
  return zxids(text).map((at) => createEntry(at, pathOf(at, tail)));
}
