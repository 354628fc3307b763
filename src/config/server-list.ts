import { MembershipError, parseMembership, type QuorumVerifier } from '../membership/index.js';
import type { Faults } from './fault.js';
import type { Origin } from './origin.js';
import { javaTrim } from './properties.js';
import type { GivenValue } from './given.js';

export interface ServerListOptions {
  readonly multiAddress: boolean;
}

type Lines = ReadonlyMap<string, GivenValue>;

/** Belongs this key of zoo.cfg to the server list? */
export function isServerListKey(key: string): boolean {
  return key.startsWith('server.') || key.startsWith('group') || key.startsWith('weight') || key === 'version';
}

/** What to write, or (for groups) what to do. */
function asSentence({ code, mend }: MembershipError): string {
  if (mend === '') return '';
  return code === 'GROUP' ? `${mend.charAt(0).toUpperCase()}${mend.slice(1)}.` : `Write ${mend}.`;
}

function tell(faults: Faults, error: MembershipError, lines: Lines, fallback: Origin | null): void {
  const key = error.key;
  const reason = error.message.startsWith(`${key}: `) ? error.message.slice(key.length + 2) : error.message;
  faults.error('MEMBERSHIP', { where: lines.get(key)?.origin ?? fallback, key }, `${reason}.`, asSentence(error));
}

/** Faults that a line has only because the others are not looked at. */
const OF_THE_WHOLE: ReadonlySet<string> = new Set(['NO_VOTERS', 'GROUP']);

function tryParse(
  entries: readonly (readonly [string, string])[],
  options: ServerListOptions,
): QuorumVerifier | MembershipError {
  try {
    return parseMembership(entries, options);
  } catch (error) {
    if (error instanceof MembershipError) return error;
    throw error;
  }
}

/** Reads a server list; null, with at least one fault, when it cannot be used. */
export function readServerList(lines: Lines, options: ServerListOptions, faults: Faults): QuorumVerifier | null {
  const entries = [...lines].map(([key, { value }]) => [key, javaTrim(value)] as const);
  let sound = true;
  for (const entry of entries) {
    const result = tryParse([entry], options);
    if (!(result instanceof MembershipError) || OF_THE_WHOLE.has(result.code)) continue;
    tell(faults, result, lines, lines.get(entry[0])?.origin ?? null);
    sound = false;
  }
  if (!sound) return null;
  const whole = tryParse(entries, options);
  if (!(whole instanceof MembershipError)) return whole;
  tell(faults, whole, lines, [...lines.values()][0]?.origin ?? null);
  return null;
}

/** `zoo.cfg.dynamic.100000003` is version 0x100000003; null when the name ends in no number. */
export function versionOfFileName(fileName: string): string | null {
  return /\.([0-9a-fA-F]{1,16})$/.exec(fileName)?.[1] ?? null;
}
