/** One half of a character outside of the basic plane, encoded by itself: no UTF-8, though Java's jute writes it. */
const ENCODED_SURROGATE = /\xed[\xa0-\xbf][\x80-\xbf]?/g;
/** U+FFFD in UTF-8, a character a byte. */
const REPLACEMENT = '\xef\xbf\xbd';

/**
 * What `bytes[start, end)` is in UTF-8, as Java reads it: of bytes that are none it makes as many U+FFFD as Node does, but
 * one for an encoded surrogate, where Node makes three.
 */
export function decodeUtf8(bytes: Buffer, start = 0, end = bytes.length): string {
  const text = bytes.toString('utf8', start, end);
  if (!text.includes('\ufffd')) return text;
  const mended = bytes.toString('latin1', start, end).replace(ENCODED_SURROGATE, REPLACEMENT);
  return Buffer.from(mended, 'latin1').toString('utf8');
}
