import { decodeUtf8 } from './utf8.js';

const PLACES = 4096;
const LONGEST = 96;
const HASH_START = 0x811c9dc5 | 0;
const HASH_FACTOR = 0x01000193;

/**
 * Short strings read lately, each once. Requests name the same paths over and over: finding one by its bytes costs a
 * fraction of decoding it, and a string that is known already brings the hash along that maps look it up by. Holds ASCII
 * only, at most 4096 strings of 96 characters; a string takes the place of another one whose hash falls on it.
 */
export class ShortStrings {
  private readonly places: string[] = new Array<string>(PLACES).fill('');

  /** What `bytes[start, end)` is in UTF-8. */
  decode(bytes: Buffer, start: number, end: number): string {
    const size = end - start;
    if (size === 0) return '';
    if (size > LONGEST) return decodeUtf8(bytes, start, end);
    let hash = HASH_START;
    let all = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      all |= byte;
      hash = Math.imul(hash ^ byte, HASH_FACTOR);
    }
    if (all > 0x7f) return decodeUtf8(bytes, start, end);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const known = this.places[place] as string;
    if (known.length === size && isTextOf(known, bytes, start)) return known;
    const text = bytes.toString('latin1', start, end);
    this.places[place] = text;
    return text;
  }
}

function isTextOf(text: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
