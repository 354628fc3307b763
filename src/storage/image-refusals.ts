import type { Logger } from '../host/index.js';
import { formatZxid } from '../protocol/index.js';
import { StorageError } from './errors.js';

/**
 * Judges images that leaders send by the digest that they say. One that was changed on its way is another one the next time.
 * When the next one is wrong by exactly the same, the leader's memory holds other nodes than its digest counts: no image of it
 * would ever be right, so that one is taken, as ZooKeeper takes any, and what is wrong shows in the digests that follow.
 */
export class ImageRefusals {
  /** What the last refused one lacked to its digest; null: none was refused since one was right. */
  private difference: bigint | null = null;

  constructor(private readonly log: Logger) {}

  /** False: it is to be taken, but not trusted. Throws SNAPSHOT_CORRUPT. */
  isRight(zxid: number, actual: bigint, said: bigint): boolean {
    const difference = BigInt.asUintN(64, said - actual);
    const isRepeated = difference === this.difference;
    this.difference = difference === 0n ? null : difference;
    if (difference === 0n) return true;
    const wrong = `The leader's snapshot of ${formatZxid(zxid)} has the digest ${actual} where the leader says ${said}`;
    const fields = { code: 'SNAPSHOT_DIGEST', zxid: formatZxid(zxid) };
    if (!isRepeated) {
      this.log.error(`${wrong}: it is refused, for it may have been changed on its way.`, fields);
      throw new StorageError('SNAPSHOT_CORRUPT', wrong);
    }
    this.log.error(
      `${wrong}, by as much as the one before: it is wrong in the leader's memory, and taken all the same. Compare the servers' ` +
        'data; a wrong one can start with an empty data directory.',
      fields,
    );
    return false;
  }
}
