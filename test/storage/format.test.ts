// The bytes in the files, spelled out: what Java reads and writes, field by field.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Metrics } from '../../src/metrics/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { OpCode } from '../../src/protocol/index.js';
import { adler32 } from '../../src/storage/adler32.js';
import { Database, makePacker } from '../../src/storage/index.js';
import { readSnapshot } from '../../src/storage/snapshot-reader.js';
import { snapshotChunks } from '../../src/storage/snapshot-source.js';
import { fails, fingerprint, Machine, Story, TEST_OPTIONS } from './support.js';

const int = (value: number) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
const long = (value: bigint | number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};
const text = (value: string) => Buffer.concat([int(Buffer.byteLength(value)), Buffer.from(value)]);
const seal = (before: Buffer) => Buffer.concat([long(adler32(before)), text('/')]);

/** A stat as it is persisted: `long czxid, mzxid, ctime, mtime; int version, cversion, aversion; long owner, pzxid`. */
function untouchedStat(aversion = 0): Buffer {
  const bytes = Buffer.alloc(60);
  bytes.writeInt32BE(aversion, 40);
  return bytes;
}

describe('the transaction log', () => {
  it('is header, records with checksum and end mark, zeros', async () => {
    const machine = new Machine();
    const database = await machine.open({ preAllocBytes: 4096 });
    const story = new Story();
    const create = story.create('/a', 'hi', 0x1234n);
    const error = story.add({ type: OpCode.error, err: -101 }, -2n);
    await machine.commit(database, [create, error]);
    await machine.close(database);

    const acl = Buffer.concat([int(1), int(31), text('world'), text('anyone')]);
    const header = (client: bigint, cxid: number, zxid: number, type: number) =>
      Buffer.concat([long(client), int(cxid), long(zxid), long(1_700_000_000_000 + zxid), int(type)]);
    const digest = (zxid: number) => Buffer.concat([int(2), long(story.state(zxid).digest)]);
    const entries = [
      Buffer.concat([header(0x1234n, 0, 1, 1), text('/a'), text('hi'), acl, Buffer.from([0]), int(-1), digest(1)]),
      Buffer.concat([header(-2n, 1, 2, -1), int(-101), digest(2)]),
    ];
    const records = entries.flatMap((entry) => [long(adler32(entry)), int(entry.length), entry, Buffer.from('B')]);
    const expected = Buffer.concat([Buffer.from('ZKLG'), int(2), long(0), ...records]);
    const written = machine.file('log.1');
    assert.equal(written.subarray(0, expected.length).toString('hex'), expected.toString('hex'));
    assert.ok(written.length > expected.length, 'the file is longer than its records');
    assert.ok(written.subarray(expected.length).every((byte) => byte === 0));
  });

  it('begins a file named by its first zxid after each opening and each roll', async () => {
    const machine = new Machine();
    const story = new Story();
    const first = await machine.open();
    await machine.commit(first, story.grow(3));
    await machine.close(first);
    const second = await machine.open({ snapCount: 4 });
    await machine.commit(second, story.grow(9));
    await machine.close(second);
    const logs = machine.names().filter((name) => name.startsWith('log.'));
    assert.deepEqual(logs.slice(0, 2), ['log.1', 'log.4']);
    assert.ok(logs.length >= 3, `rolled: ${logs.join(' ')}`);
    for (const log of logs) {
      // Behind the file header (16) and checksum and length (12): the header's zxid comes after clientId and cxid (12).
      assert.equal(
        `log.${machine
          .file(log)
          .readBigUInt64BE(16 + 12 + 12)
          .toString(16)}`,
        log,
      );
    }
  });

  it('rolls on size when txnLogSizeLimitInKb says so, without a snapshot', async () => {
    const machine = new Machine();
    const story = new Story();
    const database = await machine.open({ txnLogSizeLimitBytes: 2000 });
    for (const entry of story.grow(8, 'd'.repeat(600))) await machine.commit(database, [entry]);
    await machine.close(database);
    const names = machine.names();
    assert.deepEqual(
      names.filter((name) => name.startsWith('snapshot')),
      ['snapshot.0'],
    );
    assert.deepEqual(
      names.filter((name) => name.startsWith('log')),
      ['log.1', 'log.4', 'log.7'],
    );
  });
});

describe('the snapshot', () => {
  const emptyTree = () =>
    Buffer.concat([
      ...[Buffer.from('ZKSN'), int(2), long(-1), int(0)],
      ...[int(1), long(1), int(1), int(1), text('world'), text('anyone')],
      ...[text(''), text(''), long(-1), untouchedStat()],
      ...[text('/zookeeper'), text(''), long(-1), untouchedStat()],
      ...[text('/zookeeper/quota'), text(''), long(-1), untouchedStat()],
      ...[text('/zookeeper/config'), text(''), long(1), untouchedStat(-1)],
      text('/'),
    ]);

  it('of an empty database is sealed three times', async () => {
    const machine = new Machine();
    await machine.close(await machine.open());
    const tree = emptyTree();
    const sealed = Buffer.concat([tree, seal(tree)]);
    const digest = Buffer.concat([sealed, long(0), int(2), long(0)]);
    const withDigest = Buffer.concat([digest, seal(digest)]);
    const lastZxid = Buffer.concat([withDigest, long(0)]);
    const expected = Buffer.concat([lastZxid, seal(lastZxid)]);
    const written = machine.file('snapshot.0');
    assert.equal(written.toString('hex'), expected.toString('hex'));
  });

  const sections = [
    { digestEnabled: true, serializeLastProcessedZxid: true, sealedBytes: 13 + 33 + 21 },
    { digestEnabled: true, serializeLastProcessedZxid: false, sealedBytes: 13 + 33 },
    { digestEnabled: false, serializeLastProcessedZxid: true, sealedBytes: 13 + 21 },
    { digestEnabled: false, serializeLastProcessedZxid: false, sealedBytes: 13 },
  ];
  for (const { sealedBytes, ...options } of sections) {
    it(`has ${sealedBytes} bytes behind the tree with ${JSON.stringify(options)}, and is read with any setting`, async () => {
      const machine = new Machine();
      const story = new Story();
      const database = await machine.open(options);
      await machine.commit(database, story.variety());
      await machine.settle(database.takeSnapshot());
      await machine.close(database);
      const written = machine.file('snapshot.b');
      const treeEnd = written.length - sealedBytes;
      assert.equal(written.subarray(treeEnd - 5, treeEnd).toString('hex'), '000000012f');
      assert.equal(written.readBigInt64BE(treeEnd), BigInt(adler32(written, 0, treeEnd)));
      if (options.digestEnabled) {
        assert.equal(written.readBigInt64BE(treeEnd + 13), 11n, 'the digest is of the last transaction');
        assert.equal(written.readBigInt64BE(treeEnd + 25), story.state(11).digest);
      }
      if (options.serializeLastProcessedZxid) assert.equal(written.readBigInt64BE(written.length - 21), 11n);
      for (const other of sections) {
        const copy = Machine.with({ 'snapshot.b': written });
        const reopened = await copy.open({ ...other, keepEpochs: false });
        const digest = other.digestEnabled ? story.state(11).digest : 0n;
        assert.deepEqual(fingerprint(reopened), { ...story.state(11), digest });
        assert.equal(copy.metrics.counter('digest_mismatches_count').value, 0);
      }
    });
  }

  it('is read when gzip has packed it', async () => {
    const machine = new Machine();
    const story = new Story();
    const database = await machine.open();
    await machine.commit(database, story.variety());
    await machine.settle(database.takeSnapshot());
    await machine.close(database);
    const packed = gzipSync(machine.file('snapshot.b'));
    const whole = await Machine.with({ 'snapshot.b.gz': packed }).open({ keepEpochs: false });
    assert.deepEqual(fingerprint(whole), story.state(11));
    for (const broken of [packed.subarray(0, packed.length - 9), Buffer.from('no gzip at all')]) {
      await assert.rejects(Machine.with({ 'snapshot.b.gz': broken }).open(), fails('SNAPSHOT_CORRUPT'));
    }
  });

  it('is read when snappy has packed it', async () => {
    const machine = new Machine();
    const story = new Story();
    const database = await machine.open();
    await machine.commit(database, story.variety());
    await machine.settle(database.takeSnapshot());
    await machine.close(database);
    const packed = await makePacker('snappy')(machine.file('snapshot.b'));
    const whole = await Machine.with({ 'snapshot.b.snappy': packed }).open({ keepEpochs: false });
    assert.deepEqual(fingerprint(whole), story.state(11));
    for (const broken of [packed.subarray(0, packed.length - 9), Buffer.from([0x82, 0x53])]) {
      const torn = Machine.with({ 'snapshot.b.snappy': broken });
      await assert.rejects(torn.open(), fails('SNAPSHOT_CORRUPT', 'snapshot.b.snappy'));
    }
  });

  it('is unpacked in pieces when it is large: all of it may be more than a Buffer can hold', async (t) => {
    const dir = await mkdtemp(join(tmpdir(), 'zk-storage-large-'));
    t.after(() => rm(dir, { recursive: true }));
    const host = createRealHost({ log: { level: 'error', fd: 2 } });
    t.after(() => host.close());
    const content = Buffer.concat([randomBytes(4 * 1024 * 1024), Buffer.alloc(16 * 1024 * 1024)]);
    const packed = gzipSync(content, { level: 1 });
    const name = 'snapshot.b.gz';
    const path = join(dir, name);
    await writeFile(path, packed);
    const hash = createHash('sha256');
    const file = { name, path, zxid: 11, sizeBytes: packed.length, compression: 'gz' } as const;
    for await (const piece of snapshotChunks(host.disk, file)) {
      assert.ok(piece.length <= 1024 * 1024, `a piece of ${piece.length} bytes`);
      hash.update(piece);
    }
    assert.equal(hash.digest('hex'), createHash('sha256').update(content).digest('hex'));
    await writeFile(path, packed.subarray(0, packed.length - 100));
    const cut = { ...file, sizeBytes: packed.length - 100 };
    await assert.rejects(readSnapshot(host.disk, cut, TEST_OPTIONS), fails('SNAPSHOT_CORRUPT', name));
  });

  for (const compression of ['none', 'gz', 'snappy'] as const) {
    it(`is written with snapshot.compression.method ${compression}, and read again`, async (t) => {
      const dataDir = await mkdtemp(join(tmpdir(), 'zk-storage-packed-'));
      t.after(() => rm(dataDir, { recursive: true }));
      const host = createRealHost({ log: { level: 'error', fd: 2 } });
      t.after(() => host.close());
      const options = {
        ...TEST_OPTIONS,
        keepEpochs: false,
        dataDir,
        dataLogDir: dataDir,
        snapshotCompression: compression,
      };
      const database = await Database.open(host, new Metrics(), options);
      const story = new Story();
      for (const entry of story.variety()) database.append(entry);
      await database.settle();
      await database.takeSnapshot();
      await database.close();
      const folder = join(dataDir, 'version-2');
      const name = `snapshot.b${compression === 'none' ? '' : `.${compression}`}`;
      const names = await readdir(folder);
      assert.ok(names.includes(name), names.join(' '));
      // The logs, and the note that there are some.
      const gone = names.filter((one) => one.startsWith('log.') || one === 'place-of-logs');
      for (const log of gone) await rm(join(folder, log));
      const again = await Database.open(host, new Metrics(), options);
      assert.deepEqual(fingerprint(again), story.state(11));
      await again.close();
    });
  }
});
