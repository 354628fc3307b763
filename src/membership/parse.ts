import { MembershipError } from './errors.js';
import { HierarchicalVerifier } from './hierarchical.js';
import { propertiesOrder } from './java-order.js';
import { MajorityVerifier } from './majority.js';
import { OracleVerifier } from './oracle.js';
import { parseServerLine } from './server.js';
import type { QuorumServer, ServerLineOptions } from './server.js';
import type { QuorumVerifier } from './verifier.js';

export interface MembershipOptions extends ServerLineOptions {
  /** The answer of a two-server ensemble's oracle; makes the result an `OracleVerifier`. */
  readonly oracle?: () => boolean;
  /** What to do with keys that are no part of a membership: a whole zoo.cfg has them. Default `refuse`. */
  readonly otherKeys?: 'refuse' | 'ignore';
}

export type MembershipEntries = Readonly<Record<string, string>> | Iterable<readonly [key: string, value: string]>;

function isIterable(entries: MembershipEntries): entries is Iterable<readonly [string, string]> {
  return Symbol.iterator in entries;
}

function parseSid(key: string, text: string): number {
  const sid = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(sid)) {
    throw new MembershipError('SERVER_ID', key, `"${text}" is no id`, 'a whole number, 0 or greater');
  }
  return sid;
}

function idOfKey(key: string): number {
  const dot = key.indexOf('.');
  return parseSid(key, dot < 0 ? '' : key.slice(dot + 1));
}

function parseWeight(key: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new MembershipError('WEIGHT', key, `"${text}" is no weight`, 'a whole number, 0 or greater');
  }
  return Number(text);
}

function parseVersion(text: string): number {
  const version = /^[0-9a-fA-F]{1,16}$/.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  if (!Number.isSafeInteger(version)) {
    throw new MembershipError('VERSION', 'version', `"${text}" is no version`, 'a zxid in hexadecimal digits');
  }
  return version;
}

function setOnce<V>(map: Map<number, V>, key: string, id: number, value: V): void {
  if (map.has(id)) {
    throw new MembershipError('DUPLICATE', key, `${id} was given before`, 'one line for each');
  }
  map.set(id, value);
}

/** The lines of one membership, sorted out by kind. */
class Lines {
  readonly servers = new Map<number, QuorumServer>();
  readonly groups = new Map<number, readonly number[]>();
  readonly weights = new Map<number, number>();
  version = 0;

  constructor(private readonly options: MembershipOptions) {}

  add(key: string, value: string): void {
    if (key.startsWith('server.')) {
      const sid = idOfKey(key);
      setOnce(this.servers, key, sid, parseServerLine(sid, value, this.options));
    } else if (key.startsWith('group')) {
      const sids = value.split(':').map((part) => parseSid(key, part.trim()));
      setOnce(this.groups, key, idOfKey(key), sids);
    } else if (key.startsWith('weight')) {
      setOnce(this.weights, key, idOfKey(key), parseWeight(key, value));
    } else if (key === 'version') {
      this.version = parseVersion(value);
    } else if (this.options.otherKeys !== 'ignore') {
      throw new MembershipError(
        'UNKNOWN_KEY',
        key,
        'is no part of a membership',
        'server.N, group.N, weight.N, version',
      );
    }
  }

  build(): QuorumVerifier {
    const servers = [...this.servers.values()];
    if (servers.length > 0 && servers.every((server) => server.role === 'observer')) {
      throw new MembershipError(
        'NO_VOTERS',
        `server.${servers[0]?.sid ?? 0}`,
        'there are observers but no participants',
        'at least one server with the role participant',
      );
    }
    if (this.options.oracle !== undefined) return new OracleVerifier(servers, this.version, this.options.oracle);
    if (this.groups.size === 0 && this.weights.size === 0) return new MajorityVerifier(servers, this.version);
    return new HierarchicalVerifier(servers, { groups: this.groups, weights: this.weights }, this.version);
  }
}

/**
 * Builds the verifier that `server.N`, `group.N`, `weight.N` and `version` (hexadecimal) lines describe. Without any server
 * the result has no members. Throws a `MembershipError`.
 */
export function parseMembership(entries: MembershipEntries, options: MembershipOptions = {}): QuorumVerifier {
  const pairs = isIterable(entries) ? entries : Object.entries(entries);
  const values = new Map<string, string>();
  for (const [key, value] of pairs) values.set(key.trim(), value.trim());
  const lines = new Lines(options);
  for (const key of propertiesOrder([...values.keys()])) lines.add(key, values.get(key) ?? '');
  return lines.build();
}

/** Reads the text that servers exchange (`toText`): one `key=value` a line, in the way of Java's properties. */
export function parseMembershipText(text: string, options: MembershipOptions = {}): QuorumVerifier {
  const entries: [string, string][] = [];
  for (const line of text.split(/\r\n|\n|\r/)) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith('!')) continue;
    const [, key = '', value = ''] = /^([^=:\s]+)\s*[=:\s]?\s*(.*)$/.exec(trimmed) ?? [];
    entries.push([key, value.replace(/\\(.)/g, '$1')]);
  }
  return parseMembership(entries, options);
}
