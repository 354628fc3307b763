import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { QuorumServer } from '../../src/membership/index.js';
import { MembershipError, parseMembership, parseServerLine } from '../../src/membership/index.js';

const ONE = { host: 'zoo1', quorumPort: 2888, electionPort: 3888 };

function server(rest: Partial<QuorumServer>): QuorumServer {
  return { sid: 1, addresses: [ONE], role: 'participant', client: null, ...rest };
}

describe('a server line', () => {
  const READ: readonly { line: string; expected: QuorumServer }[] = [
    { line: 'zoo1:2888:3888', expected: server({}) },
    { line: 'zoo1:2888:3888:participant', expected: server({}) },
    { line: 'zoo1:2888:3888:observer', expected: server({ role: 'observer' }) },
    { line: 'zoo1:2888:3888: OBSERVER ', expected: server({ role: 'observer' }) },
    { line: 'zoo1:2888:3888:', expected: server({}) },
    { line: 'zoo1:2888:3888;2181', expected: server({ client: { host: '0.0.0.0', port: 2181 } }) },
    { line: 'zoo1:2888:3888 ; 2181', expected: server({ client: { host: '0.0.0.0', port: 2181 } }) },
    { line: 'zoo1:2888:3888;', expected: server({}) },
    {
      line: 'zoo1:2888:3888:observer;10.0.0.1:2181',
      expected: server({ role: 'observer', client: { host: '10.0.0.1', port: 2181 } }),
    },
    { line: 'zoo1:2888:3888;[::]:2181', expected: server({ client: { host: '::', port: 2181 } }) },
    {
      line: '[2001:db8::1]:2888:3888:participant;[::1]:2181',
      expected: server({
        addresses: [{ host: '2001:db8::1', quorumPort: 2888, electionPort: 3888 }],
        client: { host: '::1', port: 2181 },
      }),
    },
    {
      line: 'zoo1:2888:3888|zoo1b:2889:3889:observer|[::1]:2890:3890;2181',
      expected: server({
        addresses: [
          ONE,
          { host: 'zoo1b', quorumPort: 2889, electionPort: 3889 },
          { host: '::1', quorumPort: 2890, electionPort: 3890 },
        ],
        role: 'observer',
        client: { host: '0.0.0.0', port: 2181 },
      }),
    },
  ];
  for (const { line, expected } of READ) {
    it(`is read: ${line}`, () => {
      assert.deepEqual(parseServerLine(1, line), expected);
    });
  }

  const REFUSED: readonly { line: string; code: string }[] = [
    { line: '', code: 'FORMAT' },
    { line: 'zoo1', code: 'FORMAT' },
    { line: 'zoo1:2888', code: 'FORMAT' },
    { line: 'zoo1:2888:3888:observer:1', code: 'FORMAT' },
    { line: 'zoo1:2888:3888;2181;2182', code: 'FORMAT' },
    { line: 'zoo1:2888:3888;a:b:2181', code: 'FORMAT' },
    { line: '[::1:2888:3888', code: 'FORMAT' },
    { line: '[::1]2888:3888', code: 'FORMAT' },
    { line: '[::1]', code: 'FORMAT' },
    { line: ':2888:3888', code: 'HOST' },
    { line: 'zoo1:x:3888', code: 'PORT' },
    { line: 'zoo1:2888:65536', code: 'PORT' },
    { line: 'zoo1:0:3888', code: 'PORT' },
    { line: 'zoo1:2888:-1', code: 'PORT' },
    { line: 'zoo1:2888:3888;http', code: 'PORT' },
    { line: 'zoo1:3888:3888', code: 'SAME_PORT' },
    { line: 'zoo1:2888:3888:leader', code: 'ROLE' },
    { line: 'a:2888:3888:observer|b:2888:3888:participant', code: 'ROLE_CONFLICT' },
    { line: 'a:2888:3888||b:2888:3888', code: 'FORMAT' },
  ];
  for (const { line, code } of REFUSED) {
    it(`is refused with ${code}: ${line}`, () => {
      assert.throws(() => parseServerLine(7, line), isFault(code, 'server.7'));
    });
  }

  it('may have several addresses only when they are enabled', () => {
    const line = 'a:2888:3888|b:2888:3888';
    assert.throws(() => parseServerLine(7, line, { multiAddress: false }), isFault('MULTI_ADDRESS', 'server.7'));
    assert.equal(parseServerLine(7, line, { multiAddress: true }).addresses.length, 2);
  });
});

function isFault(code: string, key: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MembershipError, String(error));
    assert.deepEqual([error.code, error.key], [code, key]);
    assert.ok(error.mend.length > 0);
    return true;
  };
}

describe('a membership', () => {
  it('is split by role', () => {
    const verifier = parseMembership({
      'server.3': 'c:2888:3888:observer',
      'server.1': 'a:2888:3888',
      'server.2': 'b:2888:3888',
      version: '2a',
    });
    assert.deepEqual(
      [[...verifier.members.keys()], [...verifier.voters.keys()], [...verifier.observers.keys()], verifier.version],
      [[1, 2, 3], [1, 2], [3], 42],
    );
  });

  it('has no members when there is no server line', () => {
    const verifier = parseMembership({});
    assert.deepEqual([verifier.members.size, verifier.version], [0, 0]);
    assert.equal(verifier.containsQuorum(new Set()), false);
  });

  it('skips the other keys of a zoo.cfg only when told to', () => {
    const lines = { tickTime: '2000', 'server.1': 'a:2888:3888' };
    assert.equal(parseMembership(lines, { otherKeys: 'ignore' }).voters.size, 1);
    assert.throws(() => parseMembership(lines), isFault('UNKNOWN_KEY', 'tickTime'));
  });

  const FAULTS: readonly { name: string; lines: Record<string, string>; code: string; key: string }[] = [
    { name: 'an id that is no number', lines: { 'server.x': 'a:1:2' }, code: 'SERVER_ID', key: 'server.x' },
    { name: 'a negative id', lines: { 'server.-1': 'a:1:2' }, code: 'SERVER_ID', key: 'server.-1' },
    {
      name: 'one id in two spellings',
      lines: { 'server.1': 'a:1:2', 'server.01': 'a:1:2' },
      code: 'DUPLICATE',
      key: 'server.01',
    },
    {
      name: 'a version that is not hexadecimal',
      lines: { 'server.1': 'a:1:2', version: 'xyz' },
      code: 'VERSION',
      key: 'version',
    },
    {
      name: 'a version beyond 2^53',
      lines: { 'server.1': 'a:1:2', version: '7fffffffffffffff' },
      code: 'VERSION',
      key: 'version',
    },
    { name: 'observers alone', lines: { 'server.1': 'a:1:2:observer' }, code: 'NO_VOTERS', key: 'server.1' },
    {
      name: 'a participant without group',
      lines: { 'server.1': 'a:1:2', 'server.2': 'b:1:2', 'group.1': '1' },
      code: 'GROUP',
      key: 'server.2',
    },
    {
      name: 'a server in two groups',
      lines: { 'server.1': 'a:1:2', 'group.1': '1', 'group.2': '1' },
      code: 'GROUP',
      key: 'group.1',
    },
    { name: 'a stranger in a group', lines: { 'server.1': 'a:1:2', 'group.1': '1:9' }, code: 'GROUP', key: 'group.1' },
    { name: 'a group of words', lines: { 'server.1': 'a:1:2', 'group.1': 'one' }, code: 'SERVER_ID', key: 'group.1' },
    {
      name: 'a negative weight',
      lines: { 'server.1': 'a:1:2', 'group.1': '1', 'weight.1': '-1' },
      code: 'WEIGHT',
      key: 'weight.1',
    },
  ];
  for (const { name, lines, code, key } of FAULTS) {
    it(`is refused: ${name}`, () => {
      assert.throws(() => parseMembership(lines), isFault(code, key));
    });
  }
});
