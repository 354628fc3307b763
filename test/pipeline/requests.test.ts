import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeToBuffer, JuteError } from '../../src/jute/index.js';
import {
  type ChangeRequest,
  OPEN_ACL_UNSAFE,
  OpCode,
  pathFault,
  READ_ACL_UNSAFE,
  readChangeRequest,
  writeChangeRequest,
} from '../../src/protocol/index.js';

const data = Buffer.from('data');
const create = { path: '/a', data, acl: OPEN_ACL_UNSAFE, flags: 1, ttlMs: -1 };

const REQUESTS: readonly ChangeRequest[] = [
  { ...create, type: OpCode.create },
  { ...create, type: OpCode.create2, acl: READ_ACL_UNSAFE, data: null },
  { ...create, type: OpCode.createContainer, acl: [...OPEN_ACL_UNSAFE, ...READ_ACL_UNSAFE], path: null },
  { ...create, type: OpCode.createTTL, flags: 5, ttlMs: 0xff_ffff_ffff },
  { ...create, type: OpCode.create, acl: null },
  { ...create, type: OpCode.create, acl: [] },
  { type: OpCode.delete, path: '/a/ü', version: -1 },
  { type: OpCode.check, path: '', version: 7 },
  { type: OpCode.setData, path: '/a', data: Buffer.alloc(0), version: 0x7fffffff },
  { type: OpCode.setACL, path: '/a', acl: READ_ACL_UNSAFE, version: 3 },
  { type: OpCode.deleteContainer, path: '/a' },
  { type: OpCode.reconfig, joiningServers: null, leavingServers: '1,2', newMembers: null, curConfigId: -1 },
  { type: OpCode.createSession, timeoutMs: 4000 },
  { type: OpCode.closeSession },
  { type: OpCode.multi, ops: [] },
  {
    type: OpCode.multi,
    ops: [
      { ...create, type: OpCode.create2 },
      { type: OpCode.setData, path: '/a', data, version: 1 },
      { type: OpCode.check, path: '/a', version: 2 },
      { type: OpCode.delete, path: '/a', version: 2 },
    ],
  },
];

function encode(request: ChangeRequest): Buffer {
  return encodeToBuffer((w) => {
    writeChangeRequest(w, request);
  });
}

describe('requests that change something', () => {
  for (const request of REQUESTS) {
    const bytes = encode(request);
    it(`of type ${request.type} are read as they were written: ${bytes.toString('hex').slice(0, 40)}`, () => {
      assert.deepEqual(readChangeRequest(bytes, request.type), request);
    });

    it(`of type ${request.type} are refused when they are cut short (${bytes.length} bytes)`, () => {
      for (let length = 0; length < bytes.length; length++) {
        assert.throws(() => readChangeRequest(bytes.subarray(0, length), request.type), JuteError, `${length} bytes`);
      }
    });
  }

  it('have ZooKeeper’s layout', () => {
    const [request] = REQUESTS as [ChangeRequest];
    const path = '000000022f61';
    const acl = '000000010000001f00000005776f726c6400000006616e796f6e65';
    assert.equal(encode(request).toString('hex'), `${path}0000000464617461${acl}00000001`);
    const check: ChangeRequest = { type: OpCode.multi, ops: [{ type: OpCode.check, path: '/a', version: 2 }] };
    assert.equal(encode(check).toString('hex'), `0000000d00ffffffff${path}00000002ffffffff01ffffffff`);
  });

  it('do not copy their data', () => {
    const bytes = encode({ type: OpCode.setData, path: '/a', data, version: 1 });
    const request = readChangeRequest(bytes, OpCode.setData);
    assert.ok('data' in request && request.data !== null);
    assert.equal(request.data.buffer, bytes.buffer);
  });

  it('with a list that claims too much are refused before anything is made', () => {
    const bytes = Buffer.from('000000022f61ffffffff7fffffff', 'hex');
    assert.throws(() => readChangeRequest(bytes, OpCode.create), JuteError);
  });

  it('with a list of negative length have none', () => {
    const read = (count: string): unknown =>
      readChangeRequest(Buffer.from(`000000022f61${count}00000000`, 'hex'), OpCode.setACL);
    assert.deepEqual(read('fffffffe'), { type: OpCode.setACL, path: '/a', acl: [], version: 0 });
    assert.deepEqual(read('ffffffff'), { type: OpCode.setACL, path: '/a', acl: null, version: 0 });
  });

  it('are not those that read', () => {
    for (const type of [OpCode.getData, OpCode.sync, OpCode.ping, 12345]) {
      assert.throws(() => readChangeRequest(Buffer.alloc(64), type), JuteError);
    }
  });
});

describe('paths', () => {
  const invalid = (path: string, why: string): [string, string] => [
    path,
    `Invalid path string "${path}" caused by ${why}`,
  ];
  const table: readonly (readonly [string | null, string | null])[] = [
    [null, 'Path cannot be null'],
    ['', 'Path length must be > 0'],
    ['a', 'Path must start with / character'],
    ['/', null],
    ['/a', null],
    ['/a/', 'Path must not end with / character'],
    ['//', 'Path must not end with / character'],
    invalid('//a', 'empty node name specified @1'),
    invalid('/a//b', 'empty node name specified @3'),
    invalid('/.', 'relative paths not allowed @1'),
    invalid('/..', 'relative paths not allowed @2'),
    invalid('/a/.', 'relative paths not allowed @3'),
    invalid('/a/../b', 'relative paths not allowed @4'),
    invalid('/./b', 'relative paths not allowed @1'),
    ['/...', null],
    ['/a.', null],
    ['/.a', null],
    ['/..a', null],
    ['/a..', null],
    ['/a.b/c..d', null],
    invalid('/a\0b', 'null character not allowed @2'),
    invalid('/a\u0001', 'invalid character @2'),
    invalid('/\u001f', 'invalid character @1'),
    ['/ ~', null],
    invalid('/\u007f', 'invalid character @1'),
    invalid('/\u009f', 'invalid character @1'),
    ['/\u00a0\ud7ff', null],
    invalid('/\ud800', 'invalid character @1'),
    invalid('/😀', 'invalid character @1'),
    invalid('/\uf8ff', 'invalid character @1'),
    ['/\uf900\uffef', null],
    invalid('/\ufff0', 'invalid character @1'),
    invalid('/\uffff', 'invalid character @1'),
  ];
  for (const [path, fault] of table) {
    it(`${JSON.stringify(path)}: ${fault ?? 'fine'}`, () => {
      assert.equal(pathFault(path), fault);
    });
  }
});
