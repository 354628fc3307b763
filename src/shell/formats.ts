import { type Acl, Perms, type Stat, zxidHex } from '../protocol/index.js';
import { javaDate } from '../status/index.js';
import { CliError } from './errors.js';

function hex64(value: bigint): string {
  return BigInt.asUintN(64, value).toString(16);
}

/** The lines that zkCli.sh prints about a node; times in UTC. */
export function statLines(stat: Stat): string[] {
  return [
    `cZxid = 0x${zxidHex(stat.czxid)}`,
    `ctime = ${javaDate(stat.ctime)}`,
    `mZxid = 0x${zxidHex(stat.mzxid)}`,
    `mtime = ${javaDate(stat.mtime)}`,
    `pZxid = 0x${zxidHex(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = 0x${hex64(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
  ];
}

export function statJson(stat: Stat): Readonly<Record<string, string | number>> {
  return {
    czxid: `0x${zxidHex(stat.czxid)}`,
    mzxid: `0x${zxidHex(stat.mzxid)}`,
    pzxid: `0x${zxidHex(stat.pzxid)}`,
    ctimeMs: stat.ctime,
    mtimeMs: stat.mtime,
    version: stat.version,
    cversion: stat.cversion,
    aversion: stat.aversion,
    ephemeralOwner: `0x${hex64(stat.ephemeralOwner)}`,
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  };
}

const LETTERS: readonly (readonly [letter: string, perm: number])[] = [
  ['c', Perms.create],
  ['d', Perms.delete],
  ['r', Perms.read],
  ['w', Perms.write],
  ['a', Perms.admin],
];

export function permsText(perms: number): string {
  return LETTERS.map(([letter, perm]) => ((perms & perm) === 0 ? '' : letter)).join('');
}

/** `'world,'anyone` and then, behind a colon, the permissions. */
export function aclLine(acl: Acl): string {
  return `'${acl.id.scheme},'${acl.id.id}\n: ${permsText(acl.perms)}`;
}

export function aclJson(acl: Acl): Readonly<Record<string, string>> {
  return { scheme: acl.id.scheme, id: acl.id.id, perms: permsText(acl.perms) };
}

/** The form that `parseAcl` reads. */
export function aclText(acls: readonly Acl[]): string {
  return acls.map((acl) => `${acl.id.scheme}:${acl.id.id}:${permsText(acl.perms)}`).join(',');
}

/** Reads `scheme:id:perms,...`. As in zkCli.sh a part that is wrong is complained about and left out. */
export function parseAcl(text: string, complain: (line: string) => void): Acl[] {
  const acls: Acl[] = [];
  for (const part of text.split(',')) {
    const first = part.indexOf(':');
    const last = part.lastIndexOf(':');
    if (first === last) {
      complain(`${part} does not have the form scheme:id:perm`);
      continue;
    }
    let perms = 0;
    for (const letter of part.slice(last + 1)) {
      const known = LETTERS.find(([name]) => name === letter);
      if (known === undefined) complain(`Unknown perm type: ${letter}`);
      else perms |= known[1];
    }
    acls.push({ perms, id: { scheme: part.slice(0, first), id: part.slice(first + 1, last) } });
  }
  return acls;
}

const ROW_BYTES = 16;
const RULER = '-'.repeat(3 * ROW_BYTES + 1);

/** Rows of 16 bytes with their offsets and, where they are, their ASCII characters. */
export function hexDump(data: Buffer): string {
  if (data.length === 0) return '';
  const columns = Array.from({ length: ROW_BYTES }, (_, at) => `  ${at.toString(16)}`).join('');
  const lines = [`         +${RULER}+`, `         |${columns} |`, `+--------+${RULER}+${'-'.repeat(ROW_BYTES)}+`];
  for (let at = 0; at < data.length; at += ROW_BYTES) {
    const row = data.subarray(at, at + ROW_BYTES);
    const bytes = [...row].map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('');
    const text = [...row].map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    const offset = at.toString(16).padStart(8, '0');
    lines.push(`|${offset}|${bytes.padEnd(3 * ROW_BYTES)} |${text.padEnd(ROW_BYTES)}|`);
  }
  lines.push(`+--------+${RULER}+${'-'.repeat(ROW_BYTES)}+`);
  return lines.join('\n');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text when the bytes are UTF-8, else Base64: nothing is lost. */
export function dataJson(data: Buffer | null): { data: string | null } | { base64: string } {
  if (data === null) return { data: null };
  try {
    return { data: utf8.decode(data) };
  } catch {
    // Not UTF-8.
    return { base64: data.toString('base64') };
  }
}

/** The other way round. */
export function dataOfJson(value: unknown, where: string): Buffer | null {
  if (typeof value !== 'object' || value === null) throw new CliError(`${where}: a node must be an object`);
  const { data, base64 } = value as { data?: unknown; base64?: unknown };
  if (typeof base64 === 'string') return Buffer.from(base64, 'base64');
  if (typeof data === 'string') return Buffer.from(data);
  if (data === null || data === undefined) return null;
  throw new CliError(`${where}: "data" must be a text or null, or "base64" a text`);
}
