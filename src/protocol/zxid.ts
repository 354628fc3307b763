/**
 * A zxid is a long: the epoch in the high 32 bits, a counter in the low 32. Here it is a plain number, exact for epochs
 * below 2^21 (one election a second for 24 days of nothing else); the readers refuse larger ones.
 */
const TWO_32 = 0x1_0000_0000;

export const MAX_COUNTER = 0xffff_ffff;

/** The last epoch all of whose zxids are exact. */
export const MAX_EPOCH = 2 ** 21 - 1;

export function makeZxid(epoch: number, counter: number): number {
  return epoch * TWO_32 + counter;
}

export function zxidEpoch(zxid: number): number {
  return Math.floor(zxid / TWO_32);
}

export function zxidCounter(zxid: number): number {
  return zxid - zxidEpoch(zxid) * TWO_32;
}

/** Lower-case hex without prefix or padding, as in file names and logs; -1 prints as 64 set bits. */
export function zxidHex(zxid: number): string {
  return zxid >= 0 ? zxid.toString(16) : BigInt.asUintN(64, BigInt(zxid)).toString(16);
}

export function formatZxid(zxid: number): string {
  return `0x${zxidHex(zxid)}`;
}
