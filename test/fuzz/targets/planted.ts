import { JuteError, JuteReader } from '../../../src/jute/index.js';
import { StorageError } from '../../../src/storage/index.js';
import { attempt, isTyped, type Target } from '../target.js';

/** Decoders with mistakes, which the fuzzer must find. */

const seeds = (): readonly Buffer[] => [Buffer.from('\0\0\0\x04good', 'latin1')];

/** Three letters must be right, one behind the other: out of reach for who does not see where each one leads. */
const deep: Target = {
  name: 'planted-deep',
  seeds: () => [Buffer.from('good')],
  run: (bytes) => {
    if (bytes[0] !== 0x5a) return;
    if (bytes[1] !== 0x4b) return;
    if (bytes[2] === 0x21) throw new Error('the bottom');
  },
};

const untyped: Target = {
  name: 'planted-untyped',
  seeds,
  run: (bytes) => {
    attempt([JuteError], () => {
      if (new JuteReader(bytes).int() < 0) throw new TypeError('no such thing');
    });
  },
};

/** As a decoder that takes any error of its own for a fault of the file. */
const hidden: Target = {
  name: 'planted-hidden',
  seeds,
  run: (bytes) => {
    if (bytes.length % 7 !== 0) return;
    const cause = new TypeError('a mistake');
    const error = new StorageError('SNAPSHOT_CORRUPT', 'damaged', null, null, { cause });
    if (!isTyped(error, [StorageError])) throw error;
  },
};

const greedy: Target = {
  name: 'planted-greedy',
  seeds,
  run: (bytes) => {
    const claimed = bytes.length < 4 ? 0 : bytes.readInt32BE(0);
    if (claimed > 0 && claimed < 2 ** 30) Buffer.allocUnsafe(claimed);
  },
};

const endless: Target = {
  name: 'planted-endless',
  seeds,
  run: (bytes) => {
    let at = 0;
    while (at < bytes.length) at += (bytes[at] ?? 0) === 0xff ? 0 : 1;
  },
};

export const PLANTED: readonly Target[] = [deep, untyped, hidden, greedy, endless];
