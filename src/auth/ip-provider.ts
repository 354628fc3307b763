import type { Id } from '../protocol/index.js';
import { parseDecimal } from './java-text.js';
import type { AclQuestion, AuthClient, AuthOutcome, AuthProvider } from './provider.js';

const V4_BYTES = 4;
const V6_BYTES = 16;
const V6_GROUPS = 8;

/** 4 or 16 bytes; null for a text that is no address. */
function addressBytes(text: string): Uint8Array | null {
  return text.includes(':') ? v6Bytes(text) : v4Bytes(text);
}

function v4Bytes(text: string): Uint8Array | null {
  const parts = text.split('.').map(parseDecimal);
  if (parts.length !== V4_BYTES || !parts.every((part) => part >= 0 && part <= 255)) return null;
  return Uint8Array.from(parts);
}

/** Eight groups of up to four hex digits, or fewer with one `::`. An IPv4 tail is not known here, as in ZooKeeper. */
function v6Bytes(text: string): Uint8Array | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':'))) as [string[], string[] | undefined];
  const count = head.length + (tail?.length ?? 0);
  if (tail === undefined ? count !== V6_GROUPS : count >= V6_GROUPS) return null;
  const groups = [...head, ...new Array<string>(V6_GROUPS - count).fill('0'), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  const bytes = new Uint8Array(V6_BYTES);
  groups.forEach((group, at) => {
    const value = Number.parseInt(group, 16);
    bytes[at * 2] = value >> 8;
    bytes[at * 2 + 1] = value;
  });
  return bytes;
}

interface Range {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

/** `address` or `address/bits`; null for anything else. */
function parseRange(text: string): Range | null {
  const slash = text.indexOf('/');
  const bytes = addressBytes(slash < 0 ? text : text.slice(0, slash));
  if (bytes === null) return null;
  const bits = slash < 0 ? bytes.length * 8 : parseDecimal(text.slice(slash + 1));
  return bits >= 0 && bits <= bytes.length * 8 ? { bytes, bits } : null;
}

function contains({ bytes, bits }: Range, address: Uint8Array): boolean {
  if (address.length !== bytes.length) return false;
  for (let at = 0; at * 8 < bits; at++) {
    const mask = bits - at * 8 >= 8 ? 0xff : 0xff << (8 - (bits - at * 8));
    if ((((bytes[at] as number) ^ (address[at] as number)) & mask & 0xff) !== 0) return false;
  }
  return true;
}

/**
 * The id that every client has from its address, as Java prints addresses: IPv6 with all eight groups, and IPv4 also when
 * it came through an IPv6 socket.
 */
export function ipId(remoteHost: string): Id {
  const [address = '', zone] = remoteHost.split('%');
  const bytes = address.includes(':') ? v6Bytes(address.replace(/^::ffff:(?=\d+\.)/i, '')) : null;
  if (bytes === null) return { scheme: 'ip', id: address.replace(/^::ffff:/i, '') };
  const groups: string[] = [];
  for (let at = 0; at < V6_BYTES; at += 2) {
    groups.push((((bytes[at] as number) << 8) | (bytes[at + 1] as number)).toString(16));
  }
  return { scheme: 'ip', id: groups.join(':') + (zone === undefined ? '' : `%${zone}`) };
}

/** Scheme `ip`: addresses and ranges of them, `10.0.0.0/8`, `fd00::/8` (IPv6 since 3.9.4). */
export class IpProvider implements AuthProvider {
  readonly scheme = 'ip';
  readonly identifiesUser = false;
  /** Ranges that were asked for lately: nearly always the same few. */
  private readonly ranges = new Map<string, Range | null>();

  authenticate(_data: Buffer, client: AuthClient): AuthOutcome {
    return { kind: 'accepted', ids: [ipId(client.remoteHost)] };
  }

  isValidId(id: string): boolean {
    return parseRange(id) !== null;
  }

  matches({ id, expression }: AclQuestion): boolean {
    const range = this.rangeOf(expression);
    const address = range === null ? null : addressBytes(id.split('%', 1)[0] as string);
    return range !== null && address !== null && contains(range, address);
  }

  userName(id: string): string {
    return id;
  }

  private rangeOf(expression: string): Range | null {
    let range = this.ranges.get(expression);
    if (range === undefined) {
      if (this.ranges.size >= KEPT_RANGES) this.ranges.clear();
      this.ranges.set(expression, (range = parseRange(expression)));
    }
    return range;
  }
}

const KEPT_RANGES = 1024;
