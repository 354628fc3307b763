import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ErrorCode, makeTxnEntry, OpCode, OPEN_ACL_UNSAFE, type Txn } from '../../src/protocol/index.js';
import { ReplyChecks } from './checks/reply-checks.js';
import type { OddRequest } from './client/odd-requests.js';
import { CommitOrder } from './model/commit-order.js';
import { Problems } from './problems.js';

const SESSION = 0x100000000000001n;
const CXID = 2;
const CREATED: Txn = {
  type: OpCode.create,
  path: '/a',
  data: Buffer.from('a'),
  acl: OPEN_ACL_UNSAFE,
  ephemeral: false,
  parentCVersion: 1,
};
const REFUSED: Txn = { type: OpCode.error, err: ErrorCode.marshallingError };
const BROKEN: OddRequest = {
  what: 'broken bytes',
  type: OpCode.setData,
  body: Buffer.alloc(0),
  kind: 'change',
  expected: () => ErrorCode.marshallingError,
};

describe('an answer to bytes that are no request', () => {
  // Who numbers its requests anew has had one of that number before, and a follower answers at the end of its log.
  const cases: readonly [string, boolean, Txn, readonly string[]][] = [
    ['has its refusal in the log', false, REFUSED, []],
    ['has nothing else in the log', false, CREATED, ['broken bytes']],
    ['may follow an older request of that number', true, CREATED, []],
  ];
  for (const [name, countsAnew, txn, expected] of cases) {
    it(name, () => {
      const problems = new Problems(() => 0);
      const order = new CommitOrder(problems);
      const header = { clientId: SESSION, cxid: 0, zxid: 0x100000001, time: 0, type: OpCode.createSession };
      const session = makeTxnEntry(header, { type: OpCode.createSession, timeoutMs: 4000 }, null);
      const entry = makeTxnEntry({ ...header, cxid: CXID, zxid: 0x100000002, type: txn.type }, txn, null);
      let before = 0;
      for (const one of [session, entry]) {
        order.append(1, before, one);
        order.commit(1, before, one, 0n);
        before = one.header.zxid;
      }
      if (countsAnew) order.countsAnew.add(SESSION);
      const checks = new ReplyChecks(order, problems);
      checks.odd(SESSION, CXID, BROKEN, { zxid: before, err: ErrorCode.marshallingError }, 0x100000001);
      assert.deepEqual(
        problems.found.map(({ text }) => text.split(' (')[0]),
        expected,
      );
    });
  }
});
