/** ZooKeeper's rules for paths (its `PathUtils`); characters are UTF-16 units, as in Java. */

const SLASH = 0x2f;
const DOT = 0x2e;

/** Why `path` cannot name a node, in ZooKeeper's words; null when it can. */
export function pathFault(path: string | null): string | null {
  if (path === null) return 'Path cannot be null';
  const { length } = path;
  if (length === 0) return 'Path length must be > 0';
  if (path.charCodeAt(0) !== SLASH) return 'Path must start with / character';
  if (length === 1) return null;
  if (path.charCodeAt(length - 1) === SLASH) return 'Path must not end with / character';
  let before = SLASH;
  for (let at = 1; at < length; at++) {
    const c = path.charCodeAt(at);
    if (!isPlain(c) || (c === SLASH && before === SLASH)) {
      const fault = characterFault(path, at, c, before);
      if (fault !== null) return `Invalid path string "${path}" caused by ${fault} @${at}`;
    }
    before = c;
  }
  return null;
}

/** Neither forbidden nor, as a dot may be, forbidden in some places. */
function isPlain(c: number): boolean {
  return (c >= 0x20 && c < 0x7f && c !== DOT) || (c > 0x9f && c < 0xd800) || (c > 0xf8ff && c < 0xfff0);
}

function characterFault(path: string, at: number, c: number, before: number): string | null {
  if (c === 0) return 'null character not allowed';
  if (c === SLASH) return 'empty node name specified';
  if (c !== DOT) return 'invalid character';
  const endsName = at + 1 === path.length || path.charCodeAt(at + 1) === SLASH;
  const startsName = before === DOT ? path.charCodeAt(at - 2) === SLASH : before === SLASH;
  return endsName && startsName ? 'relative paths not allowed' : null;
}
