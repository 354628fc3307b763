import { crc32 as nativeCrc32 } from 'node:zlib';

/** From this size on a call into zlib costs less than the loop below (measured: about 200 ns a call, 1 ns a byte here). */
const NATIVE_FROM_BYTES = 300;
const TABLES = makeTables();

/** Eight tables of 256 words: table k maps a byte to its effect k bytes further on ("slicing by 8"). */
function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256] as number;
    tables[at] = (tables[before & 0xff] as number) ^ (before >>> 8);
  }
  return tables;
}

/**
 * CRC-32 (IEEE 802.3, as java.util.zip.CRC32) of `bytes[start, end)`, unsigned. `seed` is the CRC of what came before, so
 * that crc32(b, crc32(a)) is the CRC of a followed by b.
 */
export function crc32(bytes: Uint8Array, start: number, end: number, seed: number): number {
  if (end - start >= NATIVE_FROM_BYTES) return nativeCrc32(bytes.subarray(start, end), seed);
  let crc = ~seed;
  let at = start;
  for (const stop = end - 7; at < stop; at += 8) crc = crcOfWords(crc, word(bytes, at), word(bytes, at + 4));
  for (; at < end; at++) crc = (TABLES[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The CRC-32 of `size` bytes of a view: its words need not be put together from bytes. */
export function crc32OfView(view: DataView, start: number, size: number, seed: number): number {
  if (size >= NATIVE_FROM_BYTES) return nativeCrc32(new Uint8Array(view.buffer, view.byteOffset + start, size), seed);
  const end = start + size;
  let crc = ~seed;
  let at = start;
  for (const stop = end - 7; at < stop; at += 8) {
    crc = crcOfWords(crc, view.getInt32(at, true), view.getInt32(at + 4, true));
  }
  for (; at < end; at++) crc = (TABLES[(crc ^ view.getUint8(at)) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The CRC-32 of a string's UTF-8. */
export function crc32OfText(text: string): number {
  let crc = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) {
      const bytes = Buffer.from(text, 'utf8');
      return crc32(bytes, 0, bytes.length, 0);
    }
    crc = (TABLES[(crc ^ code) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** One step over 8 bytes, given as two little-endian words. `crc` in and out is the complement of a CRC. */
export function crcOfWords(crc: number, first: number, second: number): number {
  const mixed = crc ^ first;
  return (
    (TABLES[0x700 + (mixed & 0xff)] as number) ^
    (TABLES[0x600 + ((mixed >>> 8) & 0xff)] as number) ^
    (TABLES[0x500 + ((mixed >>> 16) & 0xff)] as number) ^
    (TABLES[0x400 + (mixed >>> 24)] as number) ^
    (TABLES[0x300 + (second & 0xff)] as number) ^
    (TABLES[0x200 + ((second >>> 8) & 0xff)] as number) ^
    (TABLES[0x100 + ((second >>> 16) & 0xff)] as number) ^
    (TABLES[second >>> 24] as number)
  );
}

/** One step over 4 bytes, given as a little-endian word; otherwise as `crcOfWords`. */
export function crcOfWord(crc: number, only: number): number {
  const mixed = crc ^ only;
  return (
    (TABLES[0x300 + (mixed & 0xff)] as number) ^
    (TABLES[0x200 + ((mixed >>> 8) & 0xff)] as number) ^
    (TABLES[0x100 + ((mixed >>> 16) & 0xff)] as number) ^
    (TABLES[mixed >>> 24] as number)
  );
}

/** The same four bytes in the other order. */
export function swapBytes(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}
