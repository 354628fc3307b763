import { JuteWriter } from '../../../src/jute/index.js';
import { StorageError } from '../../../src/storage/index.js';
import { adler32 } from '../../../src/storage/adler32.js';
import { LOG_HEADER } from '../../../src/storage/file-header.js';
import { RECORD_PREFIX_BYTES, writeRecord } from '../../../src/storage/log-record.js';
import { DIGEST_BYTES, LAST_ZXID_BYTES, SEAL_BYTES } from '../../../src/storage/snapshot-file.js';
import { fingerprint, Machine, Story } from '../../storage/support.js';
import { assertSame, isTyped, type Target } from '../target.js';
import { tryTransaction } from './quorum-packets.js';

const MAX_RECORD_BYTES = 4096;

/** Starts a server's database from these files: it loads, and loads again to the same state, or says what is wrong. */
async function load(files: Readonly<Record<string, Buffer>>, keepEpochs: boolean): Promise<void> {
  const machine = Machine.with(files);
  try {
    const database = await machine.open({ keepEpochs });
    const found = fingerprint(database);
    const epochs = [database.epochs.current, database.epochs.accepted];
    await machine.close(database);
    const again = await machine.open({ keepEpochs });
    assertSame('the second start', fingerprint(again), found);
    assertSame('the epochs of the second start', [again.epochs.current, again.epochs.accepted], epochs);
    await machine.close(again);
  } catch (error) {
    if (!isTyped(error, [StorageError])) throw error;
  }
}

/** Files as the server writes them: the log of a history of every kind, and a snapshot of its end. */
async function written(): Promise<{ empty: Buffer; log: Buffer; snapshot: Buffer; zxidHex: string }> {
  const machine = new Machine();
  const database = await machine.open({ keepEpochs: false });
  await machine.commit(database, new Story().variety());
  await machine.settle(database.takeSnapshot());
  const zxidHex = database.lastAppliedZxid.toString(16);
  await machine.close(database);
  const log = machine.names().find((name) => name.startsWith('log.')) ?? '';
  return {
    ...{ empty: machine.file('snapshot.0'), snapshot: machine.file(`snapshot.${zxidHex}`), zxidHex },
    log: trimmed(machine.file(log)),
  };
}

const files = written();

function trimmed(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1);
}

/** The entries of a log, as far as their lengths lead. */
function* entriesOf(log: Buffer): Generator<Buffer> {
  let at = LOG_HEADER.length;
  while (at + RECORD_PREFIX_BYTES < log.length) {
    const length = log.readInt32BE(at + RECORD_PREFIX_BYTES - 4);
    if (length <= 0 || length > MAX_RECORD_BYTES) return;
    yield log.subarray(at + RECORD_PREFIX_BYTES, at + RECORD_PREFIX_BYTES + length);
    at += RECORD_PREFIX_BYTES + length + 1;
  }
}

export const logFile: Target = {
  name: 'log-file',
  seeds: async () => [(await files).log, (await files).log.subarray(0, 400), LOG_HEADER],
  repair: (bytes) => {
    const w = new JuteWriter();
    w.raw(LOG_HEADER);
    for (const entry of entriesOf(bytes)) writeRecord(w, entry);
    return w.take(0);
  },
  run: async (bytes) => {
    for (const entry of entriesOf(bytes)) tryTransaction(entry);
    await load({ 'snapshot.0': (await files).empty, 'log.1': bytes }, false);
  },
};

/** Behind the body: seal, digest, seal, last zxid, seal. */
const TRAILER_BYTES = SEAL_BYTES + DIGEST_BYTES + SEAL_BYTES + LAST_ZXID_BYTES + SEAL_BYTES;

export const snapshotFile: Target = {
  name: 'snapshot-file',
  seeds: async () => [(await files).snapshot, (await files).empty],
  repair: (bytes) => {
    if (bytes.length < TRAILER_BYTES) return bytes;
    const sealed = Buffer.from(bytes);
    let at = sealed.length - TRAILER_BYTES;
    for (const behind of [DIGEST_BYTES, LAST_ZXID_BYTES, 0]) {
      sealed.writeInt32BE(0, at);
      sealed.writeUInt32BE(adler32(sealed, 0, at), at + 4);
      sealed.write('\0\0\0\x01/', at + 8, 'latin1');
      at += SEAL_BYTES + behind;
    }
    return sealed;
  },
  run: async (bytes) => load({ [`snapshot.${(await files).zxidHex}`]: bytes }, false),
};

export const epochFiles: Target = {
  name: 'epoch-files',
  seeds: () => ['0|0', '5|5\n', '3\n|12\r\n', '', '9007199254740991|1', '-1|0'].map((text) => Buffer.from(text)),
  words: ['0', '1', '-', '\n', '|', ' ', '\r', '9007199254740992', '1e3', '0x1', '+1', 'NaN', '٣'],
  run: async (bytes) => {
    const { empty } = await files;
    const [current = '', accepted, staged] = bytes.toString('latin1').split('|');
    const named = { currentEpoch: current, acceptedEpoch: accepted, 'currentEpoch.tmp': staged };
    const present = Object.entries(named).filter(([, text]) => text !== undefined);
    const epochs = Object.fromEntries(present.map(([name, text]) => [name, Buffer.from(text ?? '', 'latin1')]));
    await load({ 'snapshot.0': empty, ...epochs }, true);
  },
};
