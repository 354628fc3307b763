import type { Endpoint } from '../host/index.js';
import { isWildcardHost } from '../membership/index.js';
import { type ElectionStatus, NOT_SERVING } from '../status/index.js';
import { ask, parseSrvr } from './four-letter.js';

/** What a server does, as far as it can be asked. */
export type Condition =
  | { readonly kind: 'serving'; readonly mode: string; readonly said: ReadonlyMap<string, string> }
  /** It runs. `elections` is null when it does not tell (Apache ZooKeeper's do not). */
  | { readonly kind: 'not serving'; readonly elections: ElectionStatus | null }
  | { readonly kind: 'nothing listens'; readonly why: string }
  | { readonly kind: 'no answer'; readonly why: string }
  /** Something listens there that is no ZooKeeper server, or wants TLS. */
  | { readonly kind: 'strange' };

/** Where to dial a server that listens on `endpoint`. */
export function dialable(endpoint: Endpoint): Endpoint {
  return endpoint.host === '' || isWildcardHost(endpoint.host) ? { host: '127.0.0.1', port: endpoint.port } : endpoint;
}

/** The word `elec`; null when the server does not know or tell it, or is alone. */
export async function askElections(server: Endpoint, timeoutMs: number): Promise<ElectionStatus | null> {
  const { text } = await ask(server, 'elec', timeoutMs);
  if (text === null || !text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as ElectionStatus;
  } catch {
    return null;
  }
}

export async function probe(server: Endpoint, timeoutMs: number): Promise<Condition> {
  const answer = await ask(server, 'srvr', timeoutMs);
  if (answer.text === null) {
    const { refused, why } = answer;
    return { kind: refused ? 'nothing listens' : 'no answer', why };
  }
  if (answer.text.startsWith(NOT_SERVING)) {
    return { kind: 'not serving', elections: await askElections(server, timeoutMs) };
  }
  const said = parseSrvr(answer.text);
  const mode = said.get('Mode');
  return mode === undefined ? { kind: 'strange' } : { kind: 'serving', mode, said };
}
