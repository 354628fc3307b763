import type { Txn } from '../protocol/index.js';
import { txnBytes } from '../protocol/index.js';

/** Header (32), digest (12), count of parts (4), and what INFORMANDACTIVATE puts before a transaction (8), with some to spare. */
const FRAME_BYTES = 64;
/** Type and length before each part. */
const PART_HEAD_BYTES = 8;
/** Every part keeps so much, for an error may have to stand in its place. */
const ERROR_BYTES = 4;

/**
 * Counts the bytes of a transaction while it is made. What a request becomes can be far more than the request (`auth:` in a
 * list becomes all the client's ids), and a transaction that some server does not take stops the whole ensemble: it is
 * logged by then.
 */
export class TransactionRoom {
  private left = 0;
  private wasExceeded = false;

  constructor(readonly maxBytes: number) {}

  /** A transaction of so many parts begins. */
  begin(parts: number): void {
    this.left = this.maxBytes - FRAME_BYTES - parts * (PART_HEAD_BYTES + ERROR_BYTES);
    this.wasExceeded = false;
  }

  /** Bytes that its next part may have. */
  get bytesLeft(): number {
    return this.left + ERROR_BYTES;
  }

  /** Was anything refused since `begin`? */
  get isExceeded(): boolean {
    return this.wasExceeded;
  }

  /** Takes in a part. False: it is too large, and nothing was taken. */
  admits(txn: Txn): boolean {
    const bytes = txnBytes(txn);
    if (bytes > this.bytesLeft) this.exceed();
    else this.left -= bytes - ERROR_BYTES;
    return !this.wasExceeded;
  }

  /** A part was too large before it was made. */
  exceed(): void {
    this.wasExceeded = true;
  }
}
