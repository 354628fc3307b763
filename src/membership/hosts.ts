const IPV4_TAIL = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** The eight groups of an IPv6 literal (without zone), or null when it is none. */
function ipv6Groups(text: string): number[] | null {
  let source = text;
  const tail = IPV4_TAIL.exec(text);
  if (tail !== null) {
    const [a, b, c, d] = tail.slice(2).map(Number) as [number, number, number, number];
    if (a > 255 || b > 255 || c > 255 || d > 255) return null;
    source = `${tail[1] ?? ''}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  }
  const halves = source.split('::');
  if (halves.length > 2) return null;
  const parts = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (parts.some((half) => half.some((group) => !/^[0-9a-fA-F]{1,4}$/.test(group)))) return null;
  const [head = [], rest = []] = parts.map((half) => half.map((group) => Number.parseInt(group, 16)));
  if (halves.length === 1) return head.length === 8 ? head : null;
  const missing = 8 - head.length - rest.length;
  return missing < 1 ? null : [...head, ...new Array<number>(missing).fill(0), ...rest];
}

/**
 * A host as Java's `InetSocketAddress.getHostString` prints it: names and IPv4 literals stay, IPv6 literals are written out
 * (`::1` becomes `0:0:0:0:0:0:0:1`), and an IPv4 address inside an IPv6 one is taken out. Server texts are exchanged
 * between servers in this form.
 */
export function canonicalHost(host: string): string {
  if (!host.includes(':')) return host;
  const [address = '', zone] = host.split('%', 2);
  const groups = ipv6Groups(address);
  if (groups === null) return host;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.');
  }
  return groups.map((group) => group.toString(16)).join(':') + (zone === undefined ? '' : `%${zone}`);
}

/** `host` with brackets around an IPv6 literal, ready for `:port`. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

export function sameHost(a: string, b: string): boolean {
  return canonicalHost(a).toLowerCase() === canonicalHost(b).toLowerCase();
}

/** `0.0.0.0`, `::` and their spellings: an address to listen on, never one to dial. */
export function isWildcardHost(host: string): boolean {
  const canonical = canonicalHost(host);
  return canonical === '0.0.0.0' || canonical === '0:0:0:0:0:0:0:0';
}

/**
 * Splits `host:a:b` at its colons, the host perhaps in brackets. Null when a bracket is not closed or nothing follows the
 * bracket's colon. Like Java's `split`, empty pieces at the end do not count.
 */
export function splitHostPorts(text: string): string[] | null {
  let host = '';
  let rest = text;
  const bracket = text.startsWith('[');
  if (bracket) {
    const end = text.indexOf(']');
    if (end < 0 || (end + 1 < text.length && text[end + 1] !== ':') || end + 2 === text.length) return null;
    host = text.slice(1, end);
    rest = text.slice(end + 2);
  }
  const parts = rest === '' ? [] : rest.split(':');
  while (parts.length > 0 && parts[parts.length - 1] === '') parts.pop();
  const all = bracket ? [host, ...parts] : parts;
  return all.map((part) => part.trim());
}
