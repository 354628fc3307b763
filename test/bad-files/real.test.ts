// Files gone wrong, as the process that finds them at its start tells of them: what, where, and how to mend it.
import assert from 'node:assert/strict';
import { chmod, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { serverMode } from '../support/four-letter.js';
import { WireClient } from '../support/wire-client.js';
import { Installation, NODES, type Outcome, Template } from './installation.js';

interface FileCase {
  readonly what: string;
  readonly kind?: 'ensemble';
  damage(at: Installation): Promise<unknown>;
  /** Absent: it serves with all nodes, or with so many. */
  readonly exit?: number;
  readonly nodes?: number;
  readonly says: readonly RegExp[];
  /** Runs as a user who owns nothing. */
  readonly asNobody?: boolean;
  /** `check` and `init` say the same. */
  readonly isForeseen?: boolean;
}

const TORN_BYTES = 10;

/** The end of the last record: the log is full of zeros behind it. */
function endOf(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) ^ 0xff;
  return changed;
}

const CASES: readonly FileCase[] = [
  {
    what: 'a torn tail',
    damage: async (at) => at.change(await at.newest('log'), (bytes) => bytes.subarray(0, endOf(bytes) - TORN_BYTES)),
    // The last record is that of the session's end.
    says: [/log\.\w+ ends in a torn record at offset \d+.*never acknowledged\. The end is cut off/],
  },
  {
    what: 'a tail of noise',
    damage: async (at) =>
      at.change(await at.newest('log'), (bytes) =>
        Buffer.concat([bytes.subarray(0, endOf(bytes)), Buffer.alloc(99, 0xa5)]),
      ),
    says: [/ends in a torn record at offset \d+/],
  },
  {
    what: 'a corrupt middle of the newest log',
    damage: async (at) => at.change(await at.newest('log'), (bytes) => flipped(bytes, 200)),
    exit: 1,
    says: [/log\.\w+ at offset \d+|log\.\w+.*offset \d+/, /empty data directory|intact copy|Bring back/],
  },
  {
    what: 'a corrupt newest snapshot',
    damage: async (at) => at.change(await at.newest('snapshot'), (bytes) => flipped(bytes, 300)),
    says: [/snapshot\.\w+.* An older snapshot is tried/, /is not needed; it is now .*damaged-snapshot/],
  },
  {
    what: 'an empty newest snapshot',
    damage: async (at) => truncate(await at.newest('snapshot')),
    says: [/snapshot\.\w+.* An older snapshot is tried/],
  },
  {
    what: 'corrupt snapshots only',
    damage: async (at) => {
      await rm(at.path('snapshot.0'));
      for (const name of await at.names('snapshot')) await at.change(at.path(name), (bytes) => flipped(bytes, 300));
    },
    exit: 1,
    says: [/No snapshot in .*version-2 can be read \(snapshot\.\w+.*Bring back an intact copy/],
  },
  {
    what: 'a corrupt newest snapshot and a corrupt log behind the one before',
    damage: async (at) => {
      await at.change(await at.newest('snapshot'), (bytes) => flipped(bytes, 300));
      const logs = await at.names('log');
      await at.change(at.path(logs[0] ?? ''), (bytes) => flipped(bytes, 150));
      for (const name of (await at.names('snapshot')).slice(1, -1)) await rm(at.path(name));
    },
    exit: 1,
    says: [/log\.\w+.*offset \d+/],
  },
  {
    what: 'logs without a snapshot',
    damage: async (at) => {
      for (const name of await at.names('snapshot')) await rm(at.path(name));
    },
    exit: 1,
    says: [/There are transactions \(.*log\.\w+\) but no snapshot in .*version-2.*Bring back the snapshots/],
  },
  {
    what: 'a gap between a snapshot and the logs',
    damage: async (at) => {
      for (const name of (await at.names('snapshot')).slice(1)) await rm(at.path(name));
      await rm(at.path((await at.names('log'))[0] ?? ''));
    },
    exit: 1,
    says: [/log\.\w+/, /missing|lead|gap/i],
  },
  {
    what: 'foreign files',
    damage: async (at) => {
      for (const name of ['README', 'log.old', 'snapshot.bak', 'log.1.swp', 'core.123'])
        await writeFile(at.path(name), 'x');
      await mkdir(at.path('lost+found'));
    },
    says: [],
  },
  {
    what: 'a folder in the place of a log',
    damage: (at) => mkdir(at.path('log.ff')),
    exit: 1,
    says: [/log\.ff has the name of a transaction log, but is a folder. Bring the file back/],
  },
  {
    what: 'a link that leads nowhere in the place of a log',
    damage: async (at) => {
      const log = await at.newest('log');
      await rm(log);
      await symlink('/nowhere/log', log);
    },
    exit: 1,
    says: [/log\.\w+ has the name of a transaction log, but is no file \(perhaps a link that leads nowhere\)/],
  },
  {
    what: 'a link to a log that was moved',
    damage: async (at) => {
      const log = await at.newest('log');
      await rename(log, `${at.dataDir}/moved`);
      await symlink(`${at.dataDir}/moved`, log);
    },
    says: [],
  },
  {
    what: 'a folder in the place of a snapshot',
    damage: (at) => mkdir(at.path('snapshot.ff')),
    exit: 1,
    says: [/snapshot\.ff has the name of a snapshot, but is a folder/],
  },
  {
    what: 'a file in the place of version-2',
    damage: async (at) => {
      await rm(at.versionDir, { recursive: true });
      await writeFile(at.versionDir, 'x');
    },
    exit: 3,
    says: [/version-2 is not a folder/],
  },
  ...(['currentEpoch', 'acceptedEpoch'] as const).flatMap((name): FileCase[] => [
    {
      what: `an empty ${name}`,
      kind: 'ensemble',
      damage: (at) => writeFile(at.path(name), ''),
      exit: 1,
      says: [new RegExp(`${name} should hold a whole number, but its first line is .*Write the epoch that the other`)],
    },
    {
      what: `a torn ${name}`,
      kind: 'ensemble',
      damage: (at) => writeFile(at.path(name), Buffer.from([0x31, 0, 0, 0])),
      exit: 1,
      says: [new RegExp(`${name} should hold a whole number`)],
    },
    {
      what: `a folder in the place of ${name}`,
      kind: 'ensemble',
      damage: (at) => mkdir(at.path(name)),
      exit: 1,
      says: [new RegExp(`${name} is no file that can be read .*Write the epoch that the other servers have`)],
    },
  ]),
  {
    what: 'an accepted epoch of another server',
    kind: 'ensemble',
    damage: async (at) => {
      await writeFile(at.path('currentEpoch'), '7');
      await writeFile(at.path('acceptedEpoch'), '5');
    },
    exit: 1,
    says: [/accepted epoch 5 .* is older than the current epoch 7 .*Write 7 into acceptedEpoch/],
  },
  {
    what: 'logs of another server',
    damage: async (at) => {
      const names = await at.names('log');
      // As if a later part of another history had been copied over.
      await rename(at.path(names.at(-1) ?? ''), at.path('log.5000'));
      for (const name of names.slice(0, -1)) await rm(at.path(name));
      for (const name of (await at.names('snapshot')).slice(1)) await rm(at.path(name));
    },
    exit: 1,
    says: [/log\.5000/],
  },
  {
    what: 'the myid of no server in the list',
    kind: 'ensemble',
    damage: (at) => writeFile(`${at.dataDir}/myid`, '9\n'),
    exit: 1,
    says: [/myid:1: error: myid: this is server 9, but the list has only 1, 2, 3/],
  },
  {
    what: 'a data folder that this user may not write',
    asNobody: true,
    damage: (at) => chmod(at.folder, 0o755),
    exit: 3,
    says: [/dataDir: this user cannot write to .*data\. Give it the right to/],
  },
  ...[0o500, 0o300].map((mode): FileCase => ({
    what: `a folder version-2 that this user may only use as mode ${mode.toString(8)} says`,
    asNobody: true,
    damage: async (at) => {
      for (const folder of [at.folder, at.dataDir]) await chmod(folder, 0o777);
      await chmod(at.versionDir, mode | (mode >> 6));
    },
    exit: 3,
    says: [/dataDir: this user cannot read and write .*data\/version-2\. Give it the right to/],
    isForeseen: true,
  })),
  ...['data', 'data/version-2'].map((name): FileCase => ({
    what: `a link to a disk that is not mounted in the place of ${name}`,
    damage: async (at) => {
      await rm(`${at.folder}/${name}`, { recursive: true });
      await symlink('/nowhere/zk', `${at.folder}/${name}`);
    },
    exit: 3,
    says: [/dataDir: .*data.* is a link to \/nowhere\/zk, which is not there\. Is its disk mounted\?/],
    isForeseen: true,
  })),
  {
    what: 'a data folder below a link to a disk that is not mounted',
    damage: async (at) => {
      await symlink('/nowhere', `${at.folder}/disk`);
      await at.change(at.configFile, (bytes) => Buffer.from(`${bytes.toString()}dataDir=${at.folder}/disk/zk\n`));
    },
    exit: 3,
    says: [/dataDir: .*disk is a link to \/nowhere, which is not there\. Is its disk mounted\?/],
    isForeseen: true,
  },
  {
    what: 'a log that this user may not read',
    asNobody: true,
    damage: async (at) => {
      for (const folder of [at.folder, at.dataDir, at.versionDir]) await chmod(folder, 0o777);
      await chmod(await at.newest('log'), 0o600);
    },
    exit: 1,
    says: [/log\.\w+: EACCES.*Give the user of this server access to it/],
  },
  {
    what: 'a snapshot that this user may not read: not a damaged one',
    asNobody: true,
    damage: async (at) => {
      for (const folder of [at.folder, at.dataDir, at.versionDir]) await chmod(folder, 0o777);
      await chmod(await at.newest('snapshot'), 0o600);
    },
    exit: 1,
    says: [/snapshot\.\w+: EACCES.*Give the user of this server access to it/],
  },
];

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** Another user when this one may do everything; otherwise a file of nobody's is out of reach anyway. */
function prefixOf({ asNobody }: FileCase): readonly string[] {
  return asNobody === true && process.getuid?.() === 0 ? NOBODY : [];
}

function check({ exit, nodes, says }: FileCase, outcome: Outcome): void {
  assert.equal(outcome.exitCode, exit ?? null, outcome.output);
  if (exit === undefined) assert.equal(outcome.nodes, nodes ?? NODES);
  for (const pattern of says) assert.match(outcome.output, pattern);
}

describe('files gone wrong, and a server that starts', { concurrency: 3 }, () => {
  let template: Template;

  before(async () => {
    template = await Template.make();
  });
  after(() => template.remove());

  for (const bad of CASES) {
    it(bad.what, async () => {
      const at = await Installation.make(template, bad.kind ?? 'standalone');
      try {
        await bad.damage(at);
        check(bad, await at.start(prefixOf(bad)));
        if (bad.isForeseen !== true) return;
        for (const command of ['check', 'init']) check(bad, await at.run(command, prefixOf(bad)));
      } finally {
        await at.remove();
      }
    });
  }

  it('two servers on one data folder: the second one leaves', async () => {
    const at = await Installation.make(template, 'standalone');
    const other = await Installation.make(null, 'standalone');
    try {
      await other.change(other.configFile, (bytes) => Buffer.from(bytes.toString().replace(other.dataDir, at.dataDir)));
      const seconds: Outcome[] = [];
      const first = await at.start([], async () => {
        // With a pid file of its own, or that of the first one would be what stops it.
        seconds.push(await other.start(['/usr/bin/env', `ZOOPIDFILE=${other.configFile}.pid`]));
      });
      assert.equal(first.exitCode, null);
      assert.equal(first.nodes, NODES);
      const { exitCode, output } = seconds[0] ?? assert.fail();
      assert.equal(exitCode, 3);
      assert.match(
        output,
        /Another process has its data in .*data.*Stop that one .* or give this server a dataDir of its own/,
      );
      // Nothing of the first one's was touched.
      const again = await at.start();
      assert.equal(again.nodes, NODES);
    } finally {
      await at.remove();
      await other.remove();
    }
  });
});

/** What stands before the server's own words, to run it with mounts of its own after this script. */
function mounting(script: string): readonly string[] {
  return ['unshare', process.getuid?.() === 0 ? '-m' : '-rm', 'sh', '-c', script, 'sh'];
}

/** Creates nodes below /n until no answer comes; returns how many were acknowledged. */
async function fill(port: number): Promise<number> {
  const client = await WireClient.connect(port);
  await client.create('/n', Buffer.alloc(0));
  for (let count = 0; ; count++) {
    try {
      await client.create(`/n/${count}`, Buffer.alloc(10_000, 7));
    } catch {
      return count;
    }
  }
}

describe('disks that take nothing', () => {
  it('a full disk at the start: the server says so and ends', async () => {
    const at = await Installation.make(null, 'standalone');
    try {
      const full = `mount -t tmpfs -o size=8k tmpfs ${at.dataDir} && cp /bin/sh ${at.dataDir}/filler 2>/dev/null; exec "$@"`;
      const { exitCode, output } = await at.start(mounting(full));
      assert.ok(exitCode === 1 || exitCode === 3, output);
      assert.match(output, /version-2.*ENOSPC.*Make room on that disk/);
    } finally {
      await at.remove();
    }
  });

  it('a disk that becomes full: the server says so and ends, and what it acknowledged is there when there is room', async () => {
    const at = await Installation.make(null, 'standalone');
    try {
      const small = `mount -t tmpfs -o size=600k tmpfs ${at.dataDir} || exit 99`;
      const larger = `mount -o remount,size=20m ${at.dataDir}`;
      let acknowledged = 0;
      let found = 0;
      const { output } = await at.start(
        mounting(`${small}; "$@"; echo "ended with $?"; ${larger}; exec "$@"`),
        async () => {
          acknowledged = await fill(at.port);
          await eventually('it serves again', 60_000, async () => (await serverMode(at.port)) !== '');
          found = await at.countNodes();
        },
      );
      assert.ok(acknowledged > 10, output);
      assert.ok(found >= acknowledged, `${found} of ${acknowledged}`);
      assert.match(output, /ended with 1/);
      assert.match(output, /log\.\w+.*ENOSPC.*Make room on that disk/);
    } finally {
      await at.remove();
    }
  });

  it('a file system mounted read-only: the server says so and ends', async () => {
    const at = await Installation.make(null, 'standalone');
    try {
      const readOnly = `mount --bind ${at.dataDir} ${at.dataDir} && mount -o remount,ro,bind ${at.dataDir} || exit 99; exec "$@"`;
      const { exitCode, output } = await at.start(mounting(readOnly));
      assert.equal(exitCode, 3, output);
      assert.match(output, /dataDir: this user cannot write to .*\/data\..*mounted read-only/);
    } finally {
      await at.remove();
    }
  });
});
