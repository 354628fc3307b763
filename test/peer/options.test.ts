// What a server takes, and what it makes, follows from jute.maxbuffer and its extra size, as with Apache ZooKeeper.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { databaseOptions, maxRecordBytes, zabOptions } from '../../src/peer/options.js';
import { loadText } from '../config/memory-files.js';

const DEFAULT = 0xfffff;
const MAX_INT = 0x7fffffff;

interface Row {
  readonly buffer?: number;
  readonly extra?: number;
  /** Largest transaction. */
  readonly made: number;
  /** Largest data of a packet that is taken. */
  readonly taken: number;
}

const ROWS: readonly Row[] = [
  { made: 2 * DEFAULT, taken: 2 * DEFAULT },
  { buffer: 4_000_000, made: 8_000_000, taken: 8_000_000 },
  { buffer: 4_000_000, extra: 5000, made: 4_005_000, taken: 4_005_000 },
  { buffer: 4_000_000, extra: 0, made: 4_001_024, taken: 4_001_024 },
  { buffer: 100_000, made: 200_000, taken: 2 * DEFAULT },
  { buffer: 100_000, extra: 10, made: 101_024, taken: 2 * DEFAULT },
  { buffer: MAX_INT, made: MAX_INT, taken: MAX_INT },
];

describe('the largest transaction', () => {
  for (const { buffer, extra, made, taken } of ROWS) {
    it(`with jute.maxbuffer ${buffer ?? 'unset'} and an extra size ${extra ?? 'unset'}`, async () => {
      const flags = [
        ...(buffer === undefined ? [] : [`-Djute.maxbuffer=${buffer}`]),
        ...(extra === undefined ? [] : [`-Dzookeeper.jute.maxbuffer.extrasize=${extra}`]),
      ];
      const { config, faults } = await loadText('dataDir=/data\nclientPort=2181\n', {
        env: { SERVER_JVMFLAGS: flags.join(' ') },
      });
      assert.ok(config, JSON.stringify(faults));
      const { maxPacketBytes, maxSentBytes } = zabOptions(config);
      assert.deepEqual([maxRecordBytes(config), maxSentBytes, maxPacketBytes], [made, made, taken]);
    });
  }
});

describe('the logs of a server', () => {
  const members = 'initLimit=10\nsyncLimit=5\nserver.1=a:2888:3888\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n';
  const CASES: readonly (readonly [what: string, text: string, isPromised: boolean])[] = [
    ['alone', '', true],
    ['a voter', members, true],
    ['an observer', `${members}server.4=d:2888:3888:observer\n`, false],
  ];
  for (const [what, servers, isPromised] of CASES) {
    it(`are ${isPromised ? 'counted on' : 'its own business'}: ${what}`, async () => {
      const myId = isPromised ? '1' : '4';
      const { config, faults } = await loadText(`dataDir=/data\nclientPort=2181\n${servers}`, {
        files: { '/data/myid': myId },
      });
      assert.ok(config, JSON.stringify(faults));
      assert.equal(databaseOptions(config).isLogPromised, isPromised);
    });
  }
});
