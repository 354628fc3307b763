const MOD = 65521;
/** The most bytes whose sums stay below 2^31 before the remainder is taken: V8 then adds machine integers. */
const BLOCK_BYTES = 3848;

/** The checksum of no bytes. */
export const ADLER_EMPTY = 1;

/**
 * Adler-32 (RFC 1950) of `bytes[start, end)`, continued from `seed`, as an unsigned number. ZooKeeper seals log records and
 * snapshots with it.
 */
export function adler32(bytes: Uint8Array, start = 0, end = bytes.length, seed = ADLER_EMPTY): number {
  let a = seed & 0xffff;
  let b = seed >>> 16;
  let at = start;
  while (at < end) {
    const blockEnd = Math.min(at + BLOCK_BYTES, end);
    // Eight at a time: half the loop overhead, which counts at hundreds of megabytes a second.
    for (; at + 8 <= blockEnd; at += 8) {
      a = (a + (bytes[at] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[at + 1] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[at + 2] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[at + 3] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[at + 4] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[at + 5] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[at + 6] as number)) | 0;
      b = (b + a) | 0;
      a = (a + (bytes[at + 7] as number)) | 0;
      b = (b + a) | 0;
    }
    for (; at < blockEnd; at++) {
      a = (a + (bytes[at] as number)) | 0;
      b = (b + a) | 0;
    }
    a %= MOD;
    b %= MOD;
  }
  return ((b << 16) | a) >>> 0;
}
