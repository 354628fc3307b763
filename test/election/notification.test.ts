import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteError } from '../../src/jute/index.js';
import type { Notification } from '../../src/protocol/index.js';
import { decodeNotification, encodeNotification, NO_PROPOSAL } from '../../src/protocol/index.js';

const CONFIG =
  'server.1=127.0.0.1:14172:14173:participant\n' +
  'server.2=127.0.0.1:14175:14176:participant;127.0.0.1:14177\n' +
  'server.3=127.0.0.1:14178:14179:participant\n' +
  'version=0';

const CONFIG_HEX =
  '0000009a' +
  '7365727665722e313d3132372e302e302e313a31343137323a31343137333a7061727469636970616e740a' +
  '7365727665722e323d3132372e302e302e313a31343137353a31343137363a7061727469636970616e743b3132372e302e302e313a31343137370a' +
  '7365727665722e333d3132372e302e302e313a31343137383a31343137393a7061727469636970616e740a' +
  '76657273696f6e3d30';

/** Sent by Apache ZooKeeper 3.8.0 (Debian), servers 1 and 2 of three, to a server 3 that was looking. */
const FROM_JAVA: readonly { name: string; hex: string; expected: Notification }[] = [
  {
    name: 'server 1, alone and looking in its first round',
    hex: `00000000 0000000000000001 0000000000000000 0000000000000001 0000000000000000 00000002 ${CONFIG_HEX}`,
    expected: { state: 'LOOKING', leader: 1, zxid: 0, electionEpoch: 1n, peerEpoch: 0, version: 2, config: CONFIG },
  },
  {
    name: 'server 1, after it took over the proposal of server 3',
    hex: `00000000 0000000000000003 0000000000000000 0000000000000001 0000000000000000 00000002 ${CONFIG_HEX}`,
    expected: { state: 'LOOKING', leader: 3, zxid: 0, electionEpoch: 1n, peerEpoch: 0, version: 2, config: CONFIG },
  },
  {
    name: 'server 1, following server 2',
    hex: `00000001 0000000000000002 0000000000000000 0000000000000002 0000000000000001 00000002 ${CONFIG_HEX}`,
    expected: { state: 'FOLLOWING', leader: 2, zxid: 0, electionEpoch: 2n, peerEpoch: 1, version: 2, config: CONFIG },
  },
  {
    name: 'server 2, leading',
    hex: `00000002 0000000000000002 0000000000000000 0000000000000002 0000000000000001 00000002 ${CONFIG_HEX}`,
    expected: { state: 'LEADING', leader: 2, zxid: 0, electionEpoch: 2n, peerEpoch: 1, version: 2, config: CONFIG },
  },
];

const HEAD = '00000002 0000000000000003 0000000500000007 0000000000000004';

const OTHER_FORMATS: readonly { name: string; hex: string; expected: Notification }[] = [
  {
    name: "28 bytes, without epoch: it is the zxid's",
    hex: HEAD,
    expected: head({ peerEpoch: 5, version: 0, config: null }),
  },
  {
    name: '36 bytes, with epoch',
    hex: `${HEAD} 0000000000000006`,
    expected: head({ peerEpoch: 6, version: 0, config: null }),
  },
  {
    name: '40 bytes, which count as unversioned',
    hex: `${HEAD} 0000000000000006 00000001`,
    expected: head({ peerEpoch: 6, version: 0, config: null }),
  },
  {
    name: 'version 1, whatever follows',
    hex: `${HEAD} 0000000000000006 00000001 ffffffff`,
    expected: head({ peerEpoch: 6, version: 1, config: null }),
  },
  {
    name: 'version 2 with an empty configuration',
    hex: `${HEAD} 0000000000000006 00000002 00000000`,
    expected: head({ peerEpoch: 6, version: 2, config: '' }),
  },
  {
    name: 'a later version with more behind the configuration',
    hex: `${HEAD} 0000000000000006 00000003 00000001 61 62636465`,
    expected: head({ peerEpoch: 6, version: 3, config: 'a' }),
  },
  {
    name: 'an observer that proposes nobody',
    hex: `00000000 8000000000000000 8000000000000000 0000000000000001 8000000000000000 00000002 00000000`,
    expected: {
      state: 'LOOKING',
      leader: NO_PROPOSAL,
      zxid: NO_PROPOSAL,
      electionEpoch: 1n,
      peerEpoch: NO_PROPOSAL,
      version: 2,
      config: '',
    },
  },
  {
    name: 'an initial vote with round -1',
    hex: `00000001 0000000000000001 0000000000000000 ffffffffffffffff 0000000000000000 00000002 00000000`,
    expected: { state: 'FOLLOWING', leader: 1, zxid: 0, electionEpoch: -1n, peerEpoch: 0, version: 2, config: '' },
  },
];

function head(rest: Pick<Notification, 'peerEpoch' | 'version' | 'config'>): Notification {
  return { state: 'LEADING', leader: 3, zxid: 0x500000007, electionEpoch: 4n, ...rest };
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

describe('notifications', () => {
  for (const { name, hex, expected } of [...FROM_JAVA, ...OTHER_FORMATS]) {
    it(`are read: ${name}`, () => {
      assert.deepEqual(decodeNotification(bytes(hex)), expected);
    });
  }

  for (const { name, hex, expected } of FROM_JAVA) {
    it(`are written as Java writes them: ${name}`, () => {
      assert.equal(encodeNotification(expected).toString('hex'), bytes(hex).toString('hex'));
    });
  }

  it('survive writing and reading with every extreme', () => {
    const rounds = [2n ** 53n, 2n ** 60n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -1n, 0n, 1n];
    const values = [0, -1, NO_PROPOSAL, Number.MAX_SAFE_INTEGER, 2 ** 32, 2 ** 32 - 1, -(2 ** 32)];
    for (const [index, value] of values.entries()) {
      const notification: Notification = {
        state: 'OBSERVING',
        leader: value,
        zxid: value,
        electionEpoch: rounds[index] ?? 0n,
        peerEpoch: value,
        version: 2,
        config: 'server.1=größe:1:2',
      };
      assert.deepEqual(decodeNotification(encodeNotification(notification)), notification);
    }
  });

  const REFUSED = [
    { name: 'nothing', hex: '', code: 'TRUNCATED' },
    { name: '27 bytes', hex: HEAD.slice(0, -2), code: 'TRUNCATED' },
    { name: 'an epoch cut short', hex: `${HEAD} 00000000000000`, code: 'TRUNCATED' },
    { name: 'a version cut short', hex: `${HEAD} 0000000000000006 0000`, code: 'TRUNCATED' },
    { name: 'a missing configuration', hex: `${HEAD} 0000000000000006 00000002 00`, code: 'TRUNCATED' },
    {
      name: 'a configuration that is not all there',
      hex: `${HEAD} 0000000000000006 00000002 00000004 616263`,
      code: 'LENGTH',
    },
    { name: 'a negative configuration', hex: `${HEAD} 0000000000000006 00000002 ffffffff`, code: 'LENGTH' },
    { name: 'an unknown state', hex: `00000004 ${HEAD.slice(9)}`, code: 'RANGE' },
    { name: 'a negative state', hex: `ffffffff ${HEAD.slice(9)}`, code: 'RANGE' },
    {
      name: 'a zxid that cannot be passed on exactly',
      hex: `00000000 0000000000000001 0040000000000001 0000000000000001`,
      code: 'RANGE',
    },
  ];
  for (const { name, hex, code } of REFUSED) {
    it(`are refused: ${name}`, () => {
      assert.throws(
        () => decodeNotification(bytes(hex)),
        (error: unknown) => error instanceof JuteError && error.code === code,
      );
    });
  }
});
