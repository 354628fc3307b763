import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  encodeInitialMessage,
  InitialMessageError,
  MAX_GREETING_BYTES,
  OBSERVER_ID,
  readInitialMessage,
} from '../../src/protocol/index.js';

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

describe('the greeting on an election connection', () => {
  const WRITTEN = [
    {
      name: 'one address',
      message: { sid: 1, addresses: ['127.0.0.1:14173'] },
      several: false,
      // What Apache ZooKeeper 3.8.0 sent as server 1 at 127.0.0.1:14173.
      bytes: 'ffffffffffff0000 0000000000000001 0000000f 3132372e302e302e313a3134313733',
    },
    {
      name: 'only the first of several when they are not enabled',
      message: { sid: 2, addresses: ['a:1', 'b:2'] },
      several: false,
      bytes: 'ffffffffffff0000 0000000000000002 00000003 613a31',
    },
    {
      name: 'several addresses',
      message: { sid: 2, addresses: ['a:1', '[::1]:2'] },
      several: true,
      bytes: 'ffffffffffff0001 0000000000000002 0000000b 613a31 7c 5b3a3a315d3a32',
    },
    {
      name: 'the id of observers without one',
      message: { sid: OBSERVER_ID, addresses: ['a:1'] },
      several: false,
      bytes: 'ffffffffffff0000 7fffffffffffffff 00000003 613a31',
    },
  ];
  for (const { name, message, several, bytes } of WRITTEN) {
    it(`writes ${name}`, () => {
      assert.equal(encodeInitialMessage(message, several).toString('hex'), bytes.replaceAll(' ', ''));
    });
  }

  const READ = [
    {
      name: 'one address of Apache ZooKeeper 3.8.0',
      bytes: 'ffffffffffff0000 0000000000000002 0000000f 3132372e302e302e313a3134313736',
      expected: { message: { sid: 2, addresses: ['127.0.0.1:14176'] }, length: 35 },
    },
    {
      name: 'several addresses',
      bytes: 'ffffffffffff0001 0000000000000002 00000007 613a31 7c 623a32 ffff',
      expected: { message: { sid: 2, addresses: ['a:1', 'b:2'] }, length: 27 },
    },
    {
      name: 'the bare id of a server before 3.5',
      bytes: '0000000000000003 0000002c',
      expected: { message: { sid: 3, addresses: [] }, length: 8 },
    },
    {
      name: 'the id of observers without one',
      bytes: '7fffffffffffffff',
      expected: { message: { sid: OBSERVER_ID, addresses: [] }, length: 8 },
    },
    { name: 'nothing yet', bytes: '', expected: null },
    { name: 'a part of the version', bytes: 'ffffffffffff00', expected: null },
    { name: 'a part of the head', bytes: 'ffffffffffff0000 0000000000000002 000000', expected: null },
    { name: 'a part of the address', bytes: 'ffffffffffff0000 0000000000000002 00000003 613a', expected: null },
  ];
  for (const { name, bytes, expected } of READ) {
    it(`reads ${name}`, () => {
      assert.deepEqual(readInitialMessage(hex(bytes)), expected);
    });
  }

  const REFUSED = [
    { name: 'an unknown version', bytes: 'ffffffffffff0002 0000000000000002', code: 'VERSION' },
    { name: 'HTTP', bytes: Buffer.from('GET / HTTP/1.1\r\n').toString('hex'), code: 'SID' },
    { name: 'a TLS hello', bytes: '1603010200010001fc0303', code: 'SID' },
    { name: 'a negative id', bytes: 'ffffffffffff0000 ffffffffffffffff 00000003 613a31', code: 'SID' },
    { name: 'no address', bytes: 'ffffffffffff0000 0000000000000002 00000000', code: 'LENGTH' },
    { name: 'a negative length', bytes: 'ffffffffffff0000 0000000000000002 ffffffff', code: 'LENGTH' },
    { name: 'more addresses than anybody has', bytes: 'ffffffffffff0000 0000000000000002 00000801', code: 'LENGTH' },
  ];
  for (const { name, bytes, code } of REFUSED) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => readInitialMessage(hex(bytes)),
        (error: unknown) => error instanceof InitialMessageError && error.code === code,
      );
    });
  }

  it('is complete within its longest length', () => {
    const longest = encodeInitialMessage({ sid: 1, addresses: [`${'h'.repeat(2043)}:3888`] }, false);
    assert.equal(longest.length, MAX_GREETING_BYTES);
    assert.equal(readInitialMessage(longest)?.length, MAX_GREETING_BYTES);
    assert.equal(readInitialMessage(longest.subarray(0, MAX_GREETING_BYTES - 1)), null);
  });
});
