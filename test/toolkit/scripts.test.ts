// The scripts with ZooKeeper's names, beside Debian's where Debian has them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { javaCommand } from '../support/java.js';
import { HTTP_OFF_LINES } from '../support/http-off.js';
import { freePorts } from '../support/ports.js';
import { writeLargeLog } from './large-files.js';
import { javaSample, type Sample } from './samples.js';

const BIN = new URL('../../bin/', import.meta.url).pathname;

/** Without what would change where configurations are looked for. */
const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ZOO')));

interface Said {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...own, TZ: 'UTC', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, out, err }));
  });
}

const script = (name: string, args: readonly string[], env?: Readonly<Record<string, string>>) =>
  run(join(BIN, name), args, env);

let folder = '';
let sample: Sample;
before(async () => {
  sample = await javaSample();
  folder = await mkdtemp(join(tmpdir(), 'zk-scripts-test-'));
});
after(async () => {
  await sample.remove();
  await rm(folder, { recursive: true, force: true });
});

/** A folder with zoo.cfg for one server. */
async function configure(name: string, more = ''): Promise<{ dir: string; dataDir: string; port: number }> {
  const dir = join(folder, name);
  const dataDir = join(dir, 'data');
  const [port = 0] = await freePorts(1);
  await mkdir(dir);
  await writeFile(
    join(dir, 'zoo.cfg'),
    `tickTime=500\ndataDir=${dataDir}\nclientPort=${port}\n${HTTP_OFF_LINES}\n${more}`,
  );
  return { dir, dataDir, port };
}

describe('zkServer.sh', { concurrency: false }, () => {
  it('starts, tells the status, refuses a second start, restarts and stops', async () => {
    const { dir, dataDir, port } = await configure('server');
    const at = ['--config', dir];
    const ask = (...words: string[]) =>
      script('zkServer.sh', [...at, ...words], { SERVER_JVMFLAGS: '-Xmx512m -Dx.y=1' });
    const using = `Using config: ${dir}/zoo.cfg\n`;
    const ignored = 'Ignored, for there is no Java virtual machine here: -Xmx512m\n';
    try {
      assert.deepEqual(await ask('start'), {
        exitCode: 0,
        out: 'Starting zookeeper ... STARTED\n',
        err: using + ignored,
      });
      const found = `Client port found: ${port}. Client address: localhost. Client SSL: false.\n`;
      assert.deepEqual(await ask('status'), { exitCode: 0, out: `${found}Mode: standalone\n`, err: using });
      const debian = await run('/usr/share/zookeeper/bin/zkServer.sh', ['status', join(dir, 'zoo.cfg')], {
        JMXDISABLE: 'true',
      });
      assert.equal(debian.out, `${found}Mode: standalone\n`, "what Debian's says of the same server");
      const pid = (await readFile(join(dataDir, 'zookeeper_server.pid'), 'latin1')).trim();
      const second = await ask('start');
      assert.deepEqual(
        [second.exitCode, second.out],
        [1, `Starting zookeeper ... already running as process ${pid}.\n`],
      );
      const restarted = await ask('restart');
      assert.equal(restarted.out, 'Stopping zookeeper ... STOPPED\nStarting zookeeper ... STARTED\n');
      assert.notEqual((await readFile(join(dataDir, 'zookeeper_server.pid'), 'latin1')).trim(), pid);
    } finally {
      const stopped = await ask('stop');
      assert.deepEqual([stopped.exitCode, stopped.out], [0, 'Stopping zookeeper ... STOPPED\n']);
    }
    const again = await ask('stop');
    const none = `Stopping zookeeper ... no zookeeper to stop (could not find file ${dataDir}/zookeeper_server.pid)\n`;
    assert.deepEqual([again.exitCode, again.out], [0, none]);
    const gone = await ask('status');
    assert.equal(gone.exitCode, 1);
    assert.match(gone.out, /Error contacting service\. It is probably not running\.\n$/);
  });

  it('finds the client port in the line of the server', async () => {
    const { dir, dataDir } = await configure('listed');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'myid'), '2\n');
    const text = `dataDir=${dataDir}\nserver.1=a:1:2;127.0.0.1:3\nserver.2=localhost:4:5;127.0.0.1:6\n`;
    await writeFile(join(dir, 'zoo.cfg'), text);
    const mine = await script('zkServer.sh', ['--config', dir, 'status']);
    const debian = await run('/usr/share/zookeeper/bin/zkServer.sh', ['status', join(dir, 'zoo.cfg')], {
      JMXDISABLE: 'true',
    });
    assert.deepEqual([mine.exitCode, mine.out], [debian.exitCode, debian.out]);
  });

  it('says when a start fails, and why', async () => {
    const { dir } = await configure('bad', 'server.1=localhost:1:2\nserver.2=localhost:3:4\n');
    const { exitCode, out, err } = await script('zkServer.sh', ['--config', dir, 'start']);
    assert.deepEqual([exitCode, out], [1, 'Starting zookeeper ... FAILED TO START\n']);
    assert.match(err, /myid/);
  });

  it('makes no folders where that is switched off', async () => {
    const { dir, dataDir } = await configure('no-folders');
    const env = { ZOO_DATADIR_AUTOCREATE_DISABLE: '1' };
    const { exitCode, out } = await script('zkServer.sh', ['--config', dir, 'start'], env);
    const words = `ZooKeeper data directory is missing at ${dataDir} fix the path or run initialize\n`;
    assert.deepEqual([exitCode, out], [1, words]);
  });

  it('tells its usage, its version and its command', async () => {
    const { dir } = await configure('usage');
    assert.match(
      (await script('zkServer.sh', ['dance'])).err,
      /^Usage: .*zkServer\.sh \[--config <conf-dir>\] \{start\|/,
    );
    assert.match((await script('zkServer.sh', ['version'])).out, /^zk-server \d+\.\d+\.\d+, compatible with/);
    const { out } = await script('zkServer.sh', ['--config', dir, 'print-cmd']);
    assert.equal(out, `"${BIN}zk-server" start --daemon "${dir}/zoo.cfg"\n`);
    const named = await script('zkServer.sh', ['status', '/nowhere/zoo.cfg']);
    assert.match(named.err, /^Using config: \/nowhere\/zoo\.cfg\nThere is no configuration \/nowhere\/zoo\.cfg /m);
    assert.equal(named.exitCode, 1);
  });
});

describe('zkServer-initialize.sh', () => {
  it('makes the folders once, and anew with --force', async () => {
    const { dir, dataDir } = await configure('initialize', 'dataLogDir=/dev/null\n');
    const logDir = join(dir, 'logs');
    await writeFile(join(dir, 'zoo.cfg'), `dataDir=${dataDir}\ndataLogDir=${logDir}\n`);
    const config = `--configfile=${dir}/zoo.cfg`;
    const first = await script('zkServer-initialize.sh', [config, '--myid=3']);
    assert.deepEqual(first, { exitCode: 0, out: 'Using myid of 3\n', err: '' });
    assert.equal(await readFile(join(dataDir, 'myid'), 'latin1'), '3\n');
    assert.ok(existsSync(join(dataDir, 'initialize')) && existsSync(join(logDir, 'version-2')));
    await writeFile(join(dataDir, 'version-2', 'snapshot.0'), 'x');
    const again = await script('zkServer-initialize.sh', [config]);
    const refused = `ZooKeeper data directory already exists at ${dataDir} (or use --force to force re-initialization)\n`;
    assert.deepEqual(again, { exitCode: 1, out: refused, err: '' });
    const forced = await script('zkServer-initialize.sh', ['--configfile', `${dir}/zoo.cfg`, '--force']);
    const noId = `No myid provided, be sure to specify it in ${dataDir}/myid if using non-standalone\n`;
    assert.equal(forced.out, `Force enabled, data/txnlog directories will be re-initialized\n${noId}`);
    assert.deepEqual(await readdir(join(dataDir, 'version-2')), []);
    assert.equal(existsSync(join(dataDir, 'myid')), false);
  });

  for (const [name, args, words] of [
    [
      'an absent configuration',
      ['--configfile=/nowhere/zoo.cfg'],
      /^Unable to find config file at \/nowhere\/zoo\.cfg\n$/,
    ],
    ['an unknown option', ['--dance'], /^Unknown option: --dance\nusage: /],
    ['a call for help', ['-h'], /^usage: .*zkServer-initialize\.sh <parameters>/],
  ] as const) {
    it(`answers ${name}`, async () => {
      const { exitCode, out } = await script('zkServer-initialize.sh', args);
      assert.equal(exitCode, 1);
      assert.match(out, words);
    });
  }
});

describe('zk-log', () => {
  it('shows a bar on a terminal, none on a pipe', async () => {
    const [log = ''] = sample.logs;
    // What is over at once shows none.
    const folder = await mkdtemp(join(tmpdir(), 'zk-long-'));
    const long = join(folder, 'long-log');
    writeLargeLog(long, 60_000, 2000);
    const watched = await run('script', ['-qec', `${BIN}zk-log verify ${long}`, '/dev/null']);
    await rm(folder, { recursive: true });
    assert.match(watched.out, /long-log \[#*\.*\] +\d+ %, \d+ MiB of \d+ MiB/);
    assert.match(watched.out, /: whole\. 60000 transactions/);
    const piped = await script('zk-log', ['verify', log]);
    assert.deepEqual([piped.exitCode, piped.err], [0, '']);
    assert.match(piped.out, /^\S+: whole\. \d+ transactions, 0x1 to 0x[0-9a-f]+, ending at offset \d+\.\n$/);
  });
});

describe('zkCleanup.sh', { concurrency: false }, () => {
  it('removes what PurgeTxnLog removes, in its words', async () => {
    const theirs = await configure('cleanup-java');
    const ours = await configure('cleanup-ours');
    for (const { dataDir } of [theirs, ours]) {
      await cp(sample.folder, join(dataDir, 'version-2'), { recursive: true });
      // How many snapshots a server takes is left to chance; these are more than stay, and older.
      const [whole = ''] = sample.snapshots.slice(-1);
      for (const zxid of [1, 2, 3, 4]) await cp(whole, join(dataDir, 'version-2', `snapshot.${zxid}`));
      for (const name of await readdir(join(dataDir, 'version-2'))) {
        await utimes(join(dataDir, 'version-2', name), 1_700_000_000, 1_700_000_000);
      }
    }
    const [command = '', ...words] = javaCommand('org.apache.zookeeper.server.PurgeTxnLog');
    const java = await run(command, [...words, theirs.dataDir, '-n', '3']);
    const mine = await script('zkCleanup.sh', ['--config', ours.dir, '-n', '3']);
    assert.equal(mine.exitCode, 0, mine.err);
    const lines = (text: string, dataDir: string) => text.replaceAll(dataDir, 'DATA').split('\n').sort();
    assert.ok(mine.out.includes('Removing file: '), mine.out);
    assert.deepEqual(lines(mine.out, ours.dataDir), lines(java.out, theirs.dataDir));
    const left = await Promise.all([theirs, ours].map(({ dataDir }) => readdir(join(dataDir, 'version-2'))));
    assert.deepEqual(left[1]?.sort(), left[0]?.sort());
  });

  for (const [args, words] of [
    [['-n', '2'], /^count should be greater than or equal to 3$/m],
    [['-n', 'many'], /^'many' can not be parsed to integer\.$/m],
    [['5'], /^$/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { dir, dataDir } = await configure(`cleanup-${args.join('')}`);
      await mkdir(dataDir);
      const { exitCode, out, err } = await script('zkCleanup.sh', ['--config', dir, ...args]);
      assert.equal(exitCode, 1);
      assert.match(out, /^Usage:\nPurgeTxnLog dataLogDir \[snapDir\] -n count/);
      assert.match(err, words);
    });
  }
});
