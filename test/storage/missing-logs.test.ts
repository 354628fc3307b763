// A whole log between two others is gone: zxids cannot tell, for an epoch may end anywhere; digests can.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeTxnEntry, makeZxid, OpCode, type TxnDigest, type TxnEntry } from '../../src/protocol/index.js';
import { adler32, type DatabaseOptions } from '../../src/storage/index.js';
import { DIGEST_VERSION } from '../../src/tree/index.js';
import { DIR, fails, fingerprint, Machine, Story } from './support.js';

const FUZZY = makeZxid(1, 6);

type Files = Readonly<Record<string, Buffer>>;

/** The digest that the log has with an entry; by default its own. */
type DigestOf = (entry: TxnEntry) => TxnDigest | null;

/** Epochs as lists of entries, each in a log of its own, behind snapshot.0. */
async function write(epochs: readonly (readonly TxnEntry[])[], digestOf?: DigestOf): Promise<Files> {
  const machine = new Machine();
  const entryOf = (entry: TxnEntry): TxnEntry =>
    digestOf === undefined ? entry : makeTxnEntry(entry.header, entry.txn, digestOf(entry));
  for (const entries of epochs) {
    const database = await machine.open({ keepEpochs: false });
    await machine.commit(database, entries.map(entryOf));
    await machine.close(database);
  }
  return filesOf(machine);
}

function filesOf(machine: Machine): Files {
  return Object.fromEntries(machine.names().map((name) => [name, machine.file(name)]));
}

function without(files: Files, ...names: readonly string[]): Files {
  return Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
}

/** Three epochs with every kind of transaction. */
function threeEpochs(): { story: Story; epochs: (readonly TxnEntry[])[] } {
  const story = new Story();
  const epochs = [1, 2, 3].map((epoch) => {
    story.newEpoch(epoch);
    return [...story.grow(2), ...story.variety()];
  });
  return { story, epochs };
}

/** The log of the first epoch is gone; all that the second one had is an error. */
async function beforeError(digestOf: DigestOf): Promise<Files> {
  const story = new Story();
  story.newEpoch(1);
  const first = story.grow(3);
  story.newEpoch(2);
  const error = story.add({ type: OpCode.error, err: -101 });
  return without(await write([first, [error]], digestOf), 'log.100000001');
}

/** Three epochs of creations that may be replayed over a tree that has them: each says what its parent's cversion is then. */
function repeatableEpochs(): { story: Story; epochs: (readonly TxnEntry[])[] } {
  const story = new Story();
  const epochs = [1, 2, 3].map((epoch) => {
    story.newEpoch(epoch);
    return Array.from({ length: 12 }, () => {
      const parentCVersion = story.entries.length + 1;
      const path = `/r${parentCVersion}`;
      return story.add({ type: OpCode.create, path, data: null, acl: [], ephemeral: false, parentCVersion });
    });
  });
  return { story, epochs };
}

/** A snapshot file as Java writes them: named by `zxid`, holding what is in `body`, sealed with `digest`. */
function snapshotFile(body: Buffer, digest: { zxid: number; digest: bigint } | null): Buffer {
  const header = Buffer.from('5a4b534e00000002ffffffffffffffff', 'hex');
  const sealed = (bytes: Buffer): Buffer => {
    const seal = Buffer.alloc(13);
    seal.writeUInt32BE(adler32(bytes, 0, bytes.length), 4);
    seal.writeInt32BE(1, 8);
    seal.write('/', 12);
    return Buffer.concat([bytes, seal]);
  };
  const whole = sealed(Buffer.concat([header, body]));
  if (digest === null) return whole;
  const section = Buffer.alloc(20);
  section.writeBigInt64BE(BigInt(digest.zxid), 0);
  section.writeInt32BE(DIGEST_VERSION, 8);
  section.writeBigInt64BE(digest.digest, 12);
  return sealed(Buffer.concat([whole, section]));
}

interface Given {
  readonly files: Files;
  readonly options?: Partial<DatabaseOptions>;
  /** Mismatches that are counted; absent: none. */
  readonly mismatches?: 'some';
}

const ALONE = { keepEpochs: false };
const version1: DigestOf = ({ digest }) => ({ version: 1, treeDigest: digest?.treeDigest ?? 0n });
/** Entries of `epoch` have what `then` says, the others their own. */
const inEpoch =
  (epoch: number, then: DigestOf): DigestOf =>
  (entry) =>
    Math.floor(entry.header.zxid / 2 ** 32) === epoch ? then(entry) : entry.digest;

describe('a log that is missing between two others', () => {
  const refused: readonly (readonly [what: string, log: string, given: () => Promise<Files>])[] = [
    ['in the middle', 'log.300000001', async () => without(await write(threeEpochs().epochs), 'log.200000001')],
    [
      'in the middle, and empty',
      'log.300000001',
      async () => ({ ...(await write(threeEpochs().epochs)), 'log.200000001': Buffer.alloc(0) }),
    ],
    [
      'right behind the first snapshot of all',
      'log.200000001',
      async () => without(await write(threeEpochs().epochs), 'log.100000001'),
    ],
    [
      'right behind a snapshot that says its digest',
      'log.300000001',
      async () => {
        const machine = new Machine();
        const { epochs } = threeEpochs();
        for (const [at, entries] of epochs.entries()) {
          const database = await machine.open(ALONE);
          await machine.commit(database, entries);
          if (at === 0) await machine.settle(database.takeSnapshot());
          await machine.close(database);
        }
        return without(filesOf(machine), 'log.100000001', 'log.200000001');
      },
    ],
    [
      'right behind a snapshot that a leader sent with its digest',
      'log.300000001',
      async () => {
        const { story, epochs } = threeEpochs();
        const end = epochs[0]?.at(-1)?.header.zxid ?? 0;
        const machine = new Machine();
        const receiving = await machine.open(ALONE);
        const treeDigest = story.state(end).digest;
        const receive = receiving.receiveSnapshot(end, { version: DIGEST_VERSION, treeDigest });
        receive.push(Story.after(story, end).wireSnapshot());
        await machine.settle(receive.finish());
        await machine.close(receiving);
        for (const entries of epochs.slice(1)) {
          const database = await machine.open(ALONE);
          await machine.commit(database, entries);
          await machine.close(database);
        }
        return without(filesOf(machine), 'log.200000001');
      },
    ],
    [
      'behind a fuzzy snapshot that was caught up with',
      'log.300000001',
      async () => {
        const { story, epochs } = repeatableEpochs();
        const files = await write(epochs);
        const later = Story.after(story, FUZZY + 3);
        const digest = { zxid: FUZZY + 3, digest: story.state(FUZZY + 3).digest };
        const snapshot = { [`snapshot.${FUZZY.toString(16)}`]: snapshotFile(later.wireSnapshot(), digest) };
        return { ...without(files, 'log.200000001'), ...snapshot };
      },
    ],
    [
      'behind a fuzzy snapshot without a digest, once one of the log was right',
      'log.300000001',
      async () => {
        const { story, epochs } = repeatableEpochs();
        const files = await write(epochs);
        const snapshot = snapshotFile(Story.after(story, FUZZY + 3).wireSnapshot(), null);
        return { ...without(files, 'log.200000001'), [`snapshot.${FUZZY.toString(16)}`]: snapshot };
      },
    ],
    [
      'before transactions that have no digest and change nothing',
      'log.300000001',
      async () => {
        const story = new Story();
        const epochs = [1, 2, 3].map((epoch) => {
          story.newEpoch(epoch);
          const session = story.add({ type: OpCode.createSession, timeoutMs: 1000 }, BigInt(epoch));
          return [session, ...story.grow(3)];
        });
        const digestOf: DigestOf = ({ digest, txn }) => (txn.type === OpCode.createSession ? null : digest);
        return without(await write(epochs, digestOf), 'log.200000001');
      },
    ],
    ['before an epoch of nothing but an error', 'log.200000001', () => beforeError((entry) => entry.digest)],
  ];
  for (const [what, log, given] of refused) {
    it(`is found: ${what}`, async () => {
      const files = await given();
      const machine = Machine.with(files);
      await assert.rejects(machine.open(ALONE), fails('LOG_MISSING', log));
      assert.deepEqual(filesOf(machine), files, 'nothing was changed');
      assert.ok(machine.host.log.withCode('DIGEST_MISMATCH').length > 0);
    });
  }

  it('is named with its neighbours, their transactions, and the mend', async () => {
    const files = without(await write(threeEpochs().epochs), 'log.200000001');
    await assert.rejects(Machine.with(files).open(ALONE), ({ message }: Error) => {
      for (const part of ['version-2/log.100000001 and', 'version-2/log.300000001', '0x10000000d', '0x300000001']) {
        assert.ok(message.includes(part), `${part} in: ${message}`);
      }
      assert.match(
        message,
        /Bring back the file that is missing, or restore a backup\..* move the folder version-2 away/,
      );
      return true;
    });
  });

  it('stops a truncation that would be built over it, and nothing is changed', async () => {
    const { story, epochs } = threeEpochs();
    const machine = Machine.with(await write(epochs));
    const writing = await machine.open(ALONE);
    await machine.settle(writing.takeSnapshot());
    await machine.close(writing);
    await machine.settle(machine.host.disk.remove(`${DIR}/log.200000001`));
    const database = await machine.open(ALONE);
    assert.deepEqual(fingerprint(database), story.state(story.lastZxid), 'the newest snapshot has it all');
    const files = filesOf(machine);
    await assert.rejects(machine.settle(database.truncate(makeZxid(3, 2))), fails('LOG_MISSING', 'log.300000001'));
    assert.deepEqual(filesOf(machine), files);
    assert.deepEqual(fingerprint(database), story.state(story.lastZxid));
  });
});

describe('no log is said to be missing', () => {
  const cases: readonly (readonly [what: string, given: () => Promise<Given>])[] = [
    ['when all are there', async () => ({ files: await write(threeEpochs().epochs) })],
    [
      'when epochs had no transactions',
      async () => {
        const story = new Story();
        const epochs = [1, 4, 9].map((epoch) => {
          story.newEpoch(epoch);
          return story.grow(3);
        });
        return { files: await write(epochs) };
      },
    ],
    [
      'when the end of an epoch was cut off, and the next one goes on from there',
      async () => {
        const { story, epochs } = threeEpochs();
        const machine = Machine.with(await write(epochs));
        const database = await machine.open(ALONE);
        await machine.settle(database.truncate(makeZxid(2, 4)));
        const next = Story.after(story, makeZxid(2, 4));
        next.newEpoch(5);
        await machine.commit(database, next.variety());
        await machine.close(database);
        return { files: filesOf(machine) };
      },
    ],
    [
      'when the digests agree again: then the tree is right',
      async () => {
        const story = new Story();
        story.newEpoch(1);
        const first = [story.create('/a'), story.create('/b')];
        story.newEpoch(2);
        const second = [story.setData('/a', Buffer.from('lost'), 1)];
        story.newEpoch(3);
        const third = [story.setData('/b', Buffer.from('1'), 1), story.setData('/a', Buffer.from('2'), 2)];
        return { files: without(await write([first, second, third]), 'log.200000001'), mismatches: 'some' };
      },
    ],
    [
      'when the log behind has no digests',
      async () => {
        const files = await write(
          threeEpochs().epochs,
          inEpoch(3, () => null),
        );
        return { files: without(files, 'log.200000001') };
      },
    ],
    [
      'when all there is behind is an error without a digest, as servers of Apache ZooKeeper log them',
      async () => ({ files: await beforeError(({ digest, txn }) => (txn.type === OpCode.error ? null : digest)) }),
    ],
    [
      'when the log behind has digests of another version',
      async () => ({ files: without(await write(threeEpochs().epochs, inEpoch(3, version1)), 'log.200000001') }),
    ],
    [
      'when the log before has no digests: its leader may have made another tree of it',
      async () => {
        const files = await write(
          threeEpochs().epochs,
          inEpoch(1, () => null),
        );
        return { files: without(files, 'log.200000001'), mismatches: 'some' };
      },
    ],
    [
      'when the first transactions behind have no digests and change the tree',
      async () => {
        const isEarly = (entry: TxnEntry): boolean => entry.header.zxid < makeZxid(3, 3);
        const digestOf = inEpoch(3, (entry) => (isEarly(entry) ? null : entry.digest));
        return { files: without(await write(threeEpochs().epochs, digestOf), 'log.200000001'), mismatches: 'some' };
      },
    ],
    [
      'when the digests were wrong before, in the midst of an epoch',
      async () => {
        const wrong: DigestOf = (entry) => ({ version: DIGEST_VERSION, treeDigest: BigInt(entry.header.zxid) });
        const isLate = (entry: TxnEntry): boolean => entry.header.zxid > makeZxid(1, 5);
        const digestOf: DigestOf = (entry) => (isLate(entry) ? wrong(entry) : entry.digest);
        return { files: await write(threeEpochs().epochs, digestOf), mismatches: 'some' };
      },
    ],
    [
      'when they become wrong with an epoch in the midst of a file',
      async () => {
        const { epochs } = threeEpochs();
        const wrong = inEpoch(3, (entry) => ({ version: DIGEST_VERSION, treeDigest: BigInt(entry.header.zxid) }));
        return { files: await write([epochs.flat()], wrong), mismatches: 'some' };
      },
    ],
    [
      'when they become wrong where a file goes on with the same epoch',
      async () => {
        const [first = []] = threeEpochs().epochs;
        const wrong: DigestOf = (entry) => ({ version: DIGEST_VERSION, treeDigest: BigInt(entry.header.zxid) });
        const digestOf: DigestOf = (entry) => (entry.header.zxid > makeZxid(1, 5) ? wrong(entry) : entry.digest);
        return { files: await write([first.slice(0, 5), first.slice(5)], digestOf), mismatches: 'some' };
      },
    ],
    [
      'when a fuzzy snapshot is caught up with over several logs',
      async () => {
        const { story, epochs } = repeatableEpochs();
        const reach = makeZxid(2, 3);
        const digest = { zxid: reach, digest: story.state(reach).digest };
        const snapshot = snapshotFile(Story.after(story, reach).wireSnapshot(), digest);
        return { files: { ...(await write(epochs)), [`snapshot.${FUZZY.toString(16)}`]: snapshot } };
      },
    ],
    [
      'when a fuzzy snapshot without a digest is',
      async () => {
        const { story, epochs } = repeatableEpochs();
        const snapshot = snapshotFile(Story.after(story, makeZxid(2, 3)).wireSnapshot(), null);
        return { files: { ...(await write(epochs)), [`snapshot.${FUZZY.toString(16)}`]: snapshot } };
      },
    ],
    [
      'when a fuzzy snapshot holds a part of the transaction behind its digest, the first of an epoch',
      async () => {
        const { story, epochs } = repeatableEpochs();
        const end = epochs[0]?.at(-1)?.header.zxid ?? 0;
        const digest = { zxid: end, digest: story.state(end).digest };
        const snapshot = snapshotFile(Story.after(story, makeZxid(2, 1)).wireSnapshot(), digest);
        return { files: { ...(await write(epochs)), [`snapshot.${end.toString(16)}`]: snapshot } };
      },
    ],
    [
      'when a fuzzy snapshot reaches beyond its log: nothing is known of its tree',
      async () => {
        const { story, epochs } = repeatableEpochs();
        const digest = { zxid: makeZxid(1, 9), digest: story.state(makeZxid(1, 9)).digest };
        const snapshot = snapshotFile(Story.after(story, makeZxid(1, 9)).wireSnapshot(), digest);
        const files = await write([(epochs[0] ?? []).slice(0, 7), epochs[2] ?? []]);
        return { files: { ...files, [`snapshot.${FUZZY.toString(16)}`]: snapshot } };
      },
    ],
    [
      'when logs are trusted without a snapshot',
      async () => {
        const files = without(await write(threeEpochs().epochs), 'snapshot.0', 'log.100000001');
        return { files, options: { trustEmptySnapshot: true }, mismatches: 'some' };
      },
    ],
    [
      'when digests are off',
      async () => {
        const files = without(await write(threeEpochs().epochs), 'log.200000001');
        return { files, options: { digestEnabled: false } };
      },
    ],
  ];
  for (const [what, given] of cases) {
    it(what, async () => {
      const { files, mismatches, options } = await given();
      const machine = Machine.with(files);
      const database = await machine.open({ ...ALONE, ...options });
      const { value } = machine.metrics.counter('digest_mismatches_count');
      assert.equal(value > 0, mismatches === 'some', `${value} mismatches`);
      assert.ok(database.lastAppliedZxid > 0);
    });
  }
});
