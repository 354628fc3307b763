import { type Endpoint, formatEndpoint } from '../../host/index.js';
import type { DoctorWorld, WordAnswer } from './world.js';

/** A running server that is to be asked. */
export interface ServerTarget {
  readonly endpoint: Endpoint;
  /** Its admin port; null: it is not known. */
  readonly admin: Endpoint | null;
  /** Null: it is not known. */
  readonly sid: number | null;
}

/** What a server told of itself. */
export interface ServerFacts {
  readonly name: string;
  readonly sid: number | null;
  /** Why it cannot be asked; null: it can. */
  readonly unreachable: string | null;
  /** It runs, but serves nobody. */
  readonly isServing: boolean;
  /** Words that it does not answer. */
  readonly refused: readonly string[];
  /** `srvr`, by the names of its lines. */
  readonly srvr: ReadonlyMap<string, string>;
  /** `conf`; the lines of the membership are under `membership`. */
  readonly conf: ReadonlyMap<string, string>;
  readonly mntr: ReadonlyMap<string, string>;
  readonly envi: ReadonlyMap<string, string>;
  /** System properties, from the admin port; empty when it does not tell. */
  readonly properties: ReadonlyMap<string, string>;
  /** How far its clock is ahead of this machine's; null: it does not tell. */
  readonly clockAheadMs: number | null;
}

const WORDS = ['srvr', 'conf', 'mntr', 'envi'] as const;
const NOT_WHITELISTED = 'is not in the whitelist';
const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';

export async function askServer(world: DoctorWorld, target: ServerTarget): Promise<ServerFacts> {
  const answers = new Map<string, WordAnswer>();
  for (const word of WORDS) answers.set(word, await world.ask(target.endpoint, word));
  const textOf = (word: string): string => answers.get(word)?.text ?? '';
  const srvr = pairs(textOf('srvr'), /^([^:]+): (.*)$/);
  const first = answers.get('srvr');
  const refused = WORDS.filter((word) => textOf(word).includes(NOT_WHITELISTED));
  return {
    name: formatEndpoint(target.endpoint),
    sid: target.sid,
    unreachable: first?.text === null ? first.why : null,
    isServing: srvr.has('Mode') || (refused.length > 0 && !textOf('srvr').includes(NOT_SERVING)),
    refused,
    srvr,
    conf: confOf(textOf('conf')),
    mntr: pairs(textOf('mntr'), /^([^\t]+)\t(.*)$/),
    envi: pairs(textOf('envi'), /^([^=]+)=(.*)$/),
    ...(await askAdmin(world, target.admin)),
  };
}

async function askAdmin(
  world: DoctorWorld,
  admin: Endpoint | null,
): Promise<Pick<ServerFacts, 'properties' | 'clockAheadMs'>> {
  const answer = admin === null ? null : await world.httpGet(admin, '/commands/system_properties');
  if (answer === null) return { properties: new Map(), clockAheadMs: null };
  return {
    properties: propertiesOf(answer.body),
    // A header tells whole seconds: half of one is the best guess.
    clockAheadMs: answer.serverMs === null ? null : answer.serverMs + 500 - answer.localMs,
  };
}

function propertiesOf(body: string): Map<string, string> {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return new Map();
    return new Map(Object.entries(parsed).map(([key, value]) => [key, String(value)] as const));
  } catch {
    return new Map();
  }
}

function pairs(text: string, line: RegExp): Map<string, string> {
  const found = new Map<string, string>();
  for (const each of text.split('\n')) {
    const [, name, value] = line.exec(each.trimEnd()) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, value.trim());
  }
  return found;
}

function confOf(text: string): Map<string, string> {
  const [own = '', membership = ''] = text.split(/^membership:.*\n/m);
  const found = pairs(own, /^([^=]+)=(.*)$/);
  const servers = membership
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('server.'));
  if (servers.length > 0) found.set('membership', servers.sort().join('\n'));
  return found;
}
