// The same files under Apache ZooKeeper's own tools and server, both ways, on the real disk.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Metrics } from '../../src/metrics/index.js';
import type { DatabaseOptions } from '../../src/storage/index.js';
import { Database } from '../../src/storage/index.js';
import type { DataTree } from '../../src/tree/index.js';
import { makeZxid, OpCode } from '../../src/protocol/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { runJava, startJava } from '../support/java-server.js';
import type { JavaServer } from '../support/java-server.js';
import { LineProcess } from '../support/line-process.js';
import { fails, fingerprint, Story, TEST_OPTIONS } from './support.js';

const run = promisify(execFile);
const PYTHON = '/usr/bin/python3';
const INTEROP = new URL('../interop/', import.meta.url).pathname;
const HERE = new URL('.', import.meta.url).pathname;
/** Of a load that takes snapshots, until changes ran into one. */
const MOST_ROUNDS = 10;
const EXTENDED = ['zookeeper.extendedTypesEnabled=true'];

const host = createRealHost({ log: { level: 'error', fd: 2 } });
after(() => host.close());

const folders: string[] = [];
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zk-storage-test-'));
  folders.push(folder);
  return folder;
}

interface Opened {
  readonly database: Database;
  readonly metrics: Metrics;
}

async function openAt(dataDir: string, options: Partial<DatabaseOptions> = {}): Promise<Opened> {
  const metrics = new Metrics();
  const folders = { dataDir, dataLogDir: dataDir };
  const database = await Database.open(host, metrics, { ...TEST_OPTIONS, keepEpochs: false, ...folders, ...options });
  return { database, metrics };
}

/** What dump.py prints of a server, a line a node. */
async function dumpJava(server: JavaServer): Promise<string[]> {
  const { stdout } = await run(PYTHON, [`${INTEROP}dump.py`, `127.0.0.1:${server.port}`], { maxBuffer: 1 << 28 });
  return stdout.trimEnd().split('\n').sort();
}

/** The same of a tree of ours. */
function dumpTree(tree: DataTree): string[] {
  const lines: string[] = [];
  const waiting = ['/'];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const ref = tree.find(path);
    const s = tree.stat(ref);
    const stat = [s.czxid, s.mzxid, s.ctime, s.mtime, s.version, s.cversion, s.aversion, s.ephemeralOwner];
    const acl = tree.acl(ref).map(({ perms, id }) => `[${perms}, ${pythonText(id.scheme)}, ${pythonText(id.id)}]`);
    const data = tree.data(ref);
    lines.push(
      `{"acl": [${acl.join(', ')}], "data": ${data === null ? 'null' : `"${data.toString('hex')}"`}, ` +
        `"path": ${pythonText(path)}, "stat": [${[...stat, s.dataLength, s.numChildren, s.pzxid].join(', ')}]}`,
    );
    for (const name of tree.children(ref)) waiting.push(path === '/' ? `/${name}` : `${path}/${name}`);
  }
  return lines.sort();
}

/** JSON as Python's json.dumps writes it: other than ASCII escaped. */
function pythonText(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

describe('what Database writes', { concurrency: false }, () => {
  /** Every kind of transaction, two snapshots, several logs; the last transactions are in the log only. */
  async function write(dataDir: string): Promise<Story> {
    const story = new Story();
    const { database } = await openAt(dataDir, { snapCount: 40, preAllocBytes: 1 << 20 });
    const commit = async (entries: typeof story.entries) => {
      for (const entry of entries) database.append(entry);
      await database.settle();
    };
    await commit([...story.variety()]);
    await commit([...story.grow(60, 'd'.repeat(100))]);
    await database.takeSnapshot();
    await commit([...story.variety()]);
    story.add({ type: OpCode.createSession, timeoutMs: 60_000 }, 0x77n);
    story.add({ type: OpCode.create, path: '/live', data: null, acl: [], ephemeral: true, parentCVersion: -1 }, 0x77n);
    await commit(story.entries.slice(-2));
    await database.takeSnapshot();
    await commit([...story.grow(5)]);
    await database.close();
    return story;
  }

  it('is read by TxnLogToolkit and SnapshotFormatter', async () => {
    const dataDir = await scratch();
    const story = await write(dataDir);
    const dir = join(dataDir, 'version-2');
    const names = await readdir(dir);
    const zxids: number[] = [];
    for (const name of names.filter((one) => one.startsWith('log.'))) {
      const dump = await runJava('org.apache.zookeeper.server.persistence.TxnLogToolkit', '-d', join(dir, name));
      const found = [...dump.matchAll(/ zxid 0x([0-9a-f]+) /g)].map((match) => Number.parseInt(match[1] ?? '', 16));
      assert.match(dump, new RegExp(`EOF reached after ${found.length} txns\\.`), name);
      assert.doesNotMatch(dump, /CRC ERROR/);
      zxids.push(...found);
    }
    assert.deepEqual(
      zxids.sort((a, b) => a - b),
      story.entries.map((entry) => entry.header.zxid),
    );
    const newest =
      names
        .filter((one) => one.startsWith('snapshot.'))
        .sort((a, b) => size(a) - size(b))
        .at(-1) ?? '';
    const formatted = await runJava('org.apache.zookeeper.server.SnapshotFormatter', '-d', join(dir, newest));
    assert.match(formatted, /^\/live$/m);
    assert.match(formatted, /^0x0*77, 60000, 1$/m);
  });

  function size(name: string): number {
    return Number.parseInt(name.slice('snapshot.'.length), 16);
  }

  it('is opened by the Java server with the same tree and no digest mismatch', async () => {
    const dataDir = await scratch();
    const story = await write(dataDir);
    const { database } = await openAt(dataDir);
    assert.deepEqual(fingerprint(database), story.state(story.lastZxid));
    const expected = dumpTree(database.tree);
    await database.close();
    const java = await startJava({ dataDirs: [dataDir], properties: [...EXTENDED, 'zookeeper.skipACL=yes'] });
    try {
      assert.deepEqual(await dumpJava(java.only), expected);
      assert.equal(await java.only.metric('digest_mismatches_count'), 0);
      assert.equal(await java.only.metric('global_sessions'), 1, 'ours, for the dump closed its own');
    } finally {
      await java.remove();
    }
  });

  it('is opened by a Java ensemble, epochs included', async () => {
    const dataDirs: string[] = [];
    const story = new Story();
    story.newEpoch(1);
    for (let sid = 1; sid <= 3; sid++) {
      const dataDir = await scratch();
      const { database } = await openAt(dataDir, { keepEpochs: true });
      await database.epochs.setAccepted(1);
      if (sid === 1) story.grow(20);
      for (const entry of story.entries) database.append(entry);
      await database.settle();
      await database.epochs.setCurrent(1);
      await database.close();
      dataDirs.push(dataDir);
    }
    const java = await startJava({ servers: 3, dataDirs, properties: EXTENDED });
    try {
      for (const server of java.servers) {
        const lines = await dumpJava(server);
        assert.equal(lines.filter((line) => line.includes('"path": "/n')).length, 20);
      }
    } finally {
      await java.remove();
    }
    for (const dataDir of dataDirs) {
      const { database } = await openAt(dataDir, { keepEpochs: true });
      assert.ok(database.epochs.current >= 2, `epoch ${database.epochs.current}`);
      assert.ok(database.lastAppliedZxid > makeZxid(2, 0));
      await database.close();
    }
  });
});

describe('what the Java server writes', { concurrency: false }, () => {
  async function fill(server: JavaServer, seed: number): Promise<LineProcess> {
    const client = new LineProcess(PYTHON, [`${INTEROP}fill.py`, `127.0.0.1:${server.port}`, String(seed)]);
    await client.expect(/^filled$/, 60_000);
    return client;
  }

  for (const end of ['stop', 'kill'] as const) {
    it(`is read to the last Stat field after a ${end}, and written on for it`, async () => {
      const java = await startJava({ config: { snapCount: 60 }, properties: EXTENDED });
      const clients: LineProcess[] = [];
      try {
        clients.push(await fill(java.only, 1));
        const cli = ['-server', `127.0.0.1:${java.only.port}`, 'create'];
        await run('/usr/share/zookeeper/bin/zkCli.sh', [...cli, '-c', '/a-container', 'c']);
        await run('/usr/share/zookeeper/bin/zkCli.sh', [...cli, '-t', '86400000', '/a-ttl', 't']);
        const before = await dumpJava(java.only);
        await java.only[end]();
        const { database, metrics } = await openAt(java.only.dataDir, { snapCount: 60 });
        assert.deepEqual(dumpTree(database.tree), before);
        assert.equal(metrics.counter('digest_mismatches_count').value, 0);
        assert.deepEqual([...database.tree.containers()], ['/a-container']);
        assert.deepEqual([...database.tree.ttlNodes()], ['/a-ttl']);
        assert.equal([...database.tree.sessionsWithEphemerals()].length, 1);

        const story = new Story(database.lastLoggedZxid);
        for (const entry of story.grow(40)) database.append({ ...entry, digest: null });
        await database.settle();
        const after = dumpTree(database.tree);
        await database.close();
        await java.only.start();
        await java.only.serving();
        assert.deepEqual(await dumpJava(java.only), after);
      } finally {
        await Promise.all(clients.map((client) => client.kill()));
        await java.remove();
      }
    });
  }

  it('is read over several epochs of an ensemble, and a missing log between two of them is found', async () => {
    const java = await startJava({ servers: 3, properties: EXTENDED });
    try {
      const [first] = java.servers;
      assert.ok(first !== undefined);
      for (const seed of [1, 2, 3]) {
        if (seed > 1) await Promise.all(java.servers.map((server) => server.start()));
        await Promise.all(java.servers.map((server) => server.serving()));
        await (await fill(first, seed)).kill();
        await Promise.all(java.servers.map((server) => server.stop()));
      }
      const copy = await scratch();
      await cp(first.dataDir, copy, { recursive: true });
      const dir = join(copy, 'version-2');
      const names = await readdir(dir);
      for (const name of names) if (/^snapshot\.(?!0$)/.test(name)) await rm(join(dir, name));
      const { database, metrics } = await openAt(copy);
      assert.ok(database.lastAppliedZxid > makeZxid(3, 0));
      assert.equal(metrics.counter('digest_mismatches_count').value, 0);
      await database.close();
      const logs = names.filter((name) => name.startsWith('log.')).sort();
      assert.ok(logs.length >= 3, names.join(' '));
      await rm(join(dir, logs[1] as string));
      await assert.rejects(openAt(copy), fails('LOG_MISSING', logs[2]));
    } finally {
      await java.remove();
    }
  });

  it('begins with a snapshot.0 like ours', async () => {
    const java = await startJava();
    try {
      await java.only.stop();
      const dataDir = await scratch();
      const ours = await openAt(dataDir, { serializeLastProcessedZxid: false });
      await ours.database.close();
      const sizes = [dataDir, java.only.dataDir].map(async (dir) => {
        return (await readFile(join(dir, 'version-2', 'snapshot.0'))).length;
      });
      assert.equal(await sizes[0], await sizes[1]);
      const theirs = await openAt(java.only.dataDir);
      assert.deepEqual(dumpTree(theirs.database.tree), dumpTree(ours.database.tree));
      await theirs.database.close();
    } finally {
      await java.remove();
    }
  });

  it('is read from every fuzzy snapshot that it took under load', async () => {
    const java = await startJava({ config: { snapCount: 1500 } });
    try {
      const { dataDir } = java.only;
      // Whether changes run into a snapshot is up to the machine.
      for (let round = 0, found = false; !found; round++) {
        assert.ok(round < MOST_ROUNDS, 'changes ran into at least one of the snapshots');
        await run(PYTHON, [`${HERE}java-load.py`, `127.0.0.1:${java.only.port}`, '6000'], { timeout: 120_000 });
        found = await hasFuzzySnapshot(join(dataDir, 'version-2'));
      }
      await java.only.kill();
      const copy = await scratch();
      await cp(dataDir, copy, { recursive: true });
      await java.only.start();
      await java.only.serving();
      const expected = await dumpJava(java.only);

      const names = await readdir(join(copy, 'version-2'));
      const snapshots = names
        .filter((name) => name.startsWith('snapshot.'))
        .map((name) => ({ name, zxid: Number.parseInt(name.slice(9), 16) }))
        .sort((a, b) => b.zxid - a.zxid);
      assert.ok(snapshots.length >= 4, names.join(' '));
      for (const { name } of snapshots) {
        const { database } = await openAt(copy);
        assert.deepEqual(dumpTree(database.tree), expected, `from ${name}`);
        // Java may seal a digest that is one transaction older than what it had begun to write; in the end it must fit.
        const last = database.committedLog.entries.at(-1);
        if (last !== undefined) assert.equal(last.digest?.treeDigest, database.tree.digest, `from ${name}`);
        await database.close();
        await rm(join(copy, 'version-2', name));
      }
    } finally {
      await java.remove();
    }
  });

  it('as a follower that was sent a whole tree is read as well, by each member', async () => {
    const java = await startJava({
      servers: 3,
      config: { snapCount: 400 },
      properties: ['zookeeper.snapshotSizeFactor=-1'],
    });
    const clients: LineProcess[] = [];
    try {
      const [first, second, third] = java.servers as [JavaServer, JavaServer, JavaServer];
      clients.push(await fill(first, 1));
      await third.kill();
      const hosts = `127.0.0.1:${first.port},127.0.0.1:${second.port}`;
      await run(PYTHON, [`${HERE}java-load.py`, hosts, '1500'], { timeout: 120_000 });
      await third.start();
      await third.serving();
      const expected = (await dumpJava(first)).filter(isNoConfig);
      assert.deepEqual((await dumpJava(third)).filter(isNoConfig), expected);
      for (const server of java.servers) await server.stop();
      for (const server of java.servers) {
        const { database, metrics } = await openAt(server.dataDir, { keepEpochs: true });
        assert.deepEqual(dumpTree(database.tree).filter(isNoConfig), expected);
        assert.equal(metrics.counter('digest_mismatches_count').value, 0);
        assert.ok(database.epochs.current >= 1);
        await database.close();
      }
    } finally {
      await Promise.all(clients.map((client) => client.kill()));
      await java.remove();
    }
  });
});

/** Does a snapshot hold changes that are later than its name? */
async function hasFuzzySnapshot(folder: string): Promise<boolean> {
  for (const name of (await readdir(folder)).filter((one) => /^snapshot\.[1-9a-f]/.test(one))) {
    const zxid = Number.parseInt(name.slice('snapshot.'.length), 16);
    const bytes = await readFile(join(folder, name));
    // In front of the last seal: long zxid, int version, long digest. One that is being written ends anywhere.
    const digestZxid = bytes.length < 64 ? 0 : Number(bytes.readBigInt64BE(bytes.length - 33));
    if (digestZxid > zxid && digestZxid < zxid + 1_000_000) return true;
  }
  return false;
}

/** Quorum servers set /zookeeper/config when they start, in memory only. */
function isNoConfig(line: string): boolean {
  return !line.includes('"path": "/zookeeper/config"');
}
