// zk-log and zk-snapshot as programs: what they say about arguments and files that they cannot use.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { run } from '../cli/harness.js';

const BIN = new URL('../../bin/', import.meta.url).pathname;
/** A log without a transaction: magic, version 2, database 0. */
const EMPTY_LOG = Buffer.from('5a4b4c47000000020000000000000000', 'hex');

let folder = '';
let log = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zk-tools-test-'));
  log = join(folder, 'log.1');
  await writeFile(log, EMPTY_LOG);
});
after(() => rm(folder, { recursive: true, force: true }));

interface Case {
  readonly name: string;
  readonly args: () => readonly string[];
  readonly exitCode: number;
  readonly err: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: 'zk-log chop with a zxid that is none does nothing but say so',
    args: () => ['zk-log', 'chop', log, '--zxid', '0xzz'],
    exitCode: 2,
    err: /^0xzz is no zxid; write it as 0x100000003\.\n\nzk-log --help/,
  },
  {
    name: 'zk-log repair into a folder that is not there',
    args: () => ['zk-log', 'repair', log, '--out', join(folder, 'absent/copy')],
    exitCode: 2,
    err: /^\S+\/absent\/\S+: it cannot be written: [^\n]*\n$/,
  },
  {
    name: 'zk-log dump of a folder',
    args: () => ['zk-log', 'dump', folder],
    exitCode: 2,
    err: /it is a directory, not a file/,
  },
  {
    name: 'zk-snapshot verify of a log',
    args: () => ['zk-snapshot', 'verify', log],
    exitCode: 1,
    err: /offset 0: it does not begin as a snapshot does/,
  },
];

describe('tools', () => {
  for (const { name, args, exitCode, err } of CASES) {
    it(name, async () => {
      const [program = '', ...words] = args();
      const ran = await run(join(BIN, program), words);
      assert.match(ran.err, err);
      assert.equal(ran.exitCode, exitCode);
    });
  }
});
