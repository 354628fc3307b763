/**
 * The order in which Java's hash maps hand out their keys. A membership's text travels between servers, and to be the same
 * byte for byte as a Java server's it must list servers, groups and weights in that order: ascending for ids below 16, but
 * not beyond.
 */
const INITIAL_BINS = 16;

/** `String.hashCode`. */
function stringHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

/** `Long.hashCode` of a non-negative number below 2^53. */
function longHash(value: number): number {
  return (value | 0) ^ Math.floor(value / 0x1_0000_0000);
}

function binOrder<K>(keys: readonly K[], bins: number, hash: (key: K) => number): K[] {
  const spread = (key: K): number => {
    const h = hash(key);
    return (h ^ (h >>> 16)) & (bins - 1);
  };
  return keys
    .map((key, inserted) => ({ key, bin: spread(key), inserted }))
    .sort((a, b) => a.bin - b.bin || a.inserted - b.inserted)
    .map(({ key }) => key);
}

/** Order of a `HashMap<Long, ?>` that got `ids` in this order: it doubles when more than three quarters are taken. */
export function longMapOrder(ids: readonly number[]): number[] {
  let bins = INITIAL_BINS;
  while (ids.length > bins * 0.75) bins *= 2;
  return binOrder(ids, bins, longHash);
}

/** Order of a `Properties` that got `keys` in this order: it doubles when three quarters are taken. */
export function propertiesOrder(keys: readonly string[]): string[] {
  let bins = INITIAL_BINS;
  while (keys.length >= bins * 0.75) bins *= 2;
  return binOrder(keys, bins, stringHash);
}
