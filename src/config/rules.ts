import type { Endpoint } from '../host/index.js';
import { canonicalHost, isWildcardHost, type QuorumServer, type QuorumVerifier } from '../membership/index.js';
import { ConfigExit, type FaultPlace, type Faults } from './fault.js';
import type { KeyName, KeyValues } from './keys/index.js';
import type { Setting } from './settings.js';

/** What the rules look at. */
export interface RuleContext {
  readonly values: KeyValues;
  readonly settings: ReadonlyMap<string, Setting>;
  readonly faults: Faults;
  /** Null when the list could not be read (that was told already). */
  readonly membership: QuorumVerifier | null;
  /** Where a line of the server list stands. */
  readonly placeOfServer: (sid: number) => FaultPlace;
}

export function placeOf(context: Pick<RuleContext, 'settings'>, key: KeyName): FaultPlace {
  return { where: context.settings.get(key)?.given ?? null, key };
}

export function isSet(context: Pick<RuleContext, 'settings'>, key: KeyName): boolean {
  return (context.settings.get(key)?.given ?? null) !== null;
}

export interface SessionLimits {
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
}

export function sessionLimits({ values }: Pick<RuleContext, 'values'>): SessionLimits {
  const { tickTime, minSessionTimeout, maxSessionTimeout } = values;
  return {
    minSessionTimeoutMs: minSessionTimeout === -1 ? tickTime * 2 : minSessionTimeout,
    maxSessionTimeoutMs: maxSessionTimeout === -1 ? tickTime * 20 : maxSessionTimeout,
  };
}

/** Rules between keys of zoo.cfg that need no server list. */
export function checkKeys(context: RuleContext): void {
  const { values, faults } = context;
  if (values.dataDir === null && !isSet(context, 'dataDir')) {
    faults.error('MISSING_KEY', { key: 'dataDir' }, 'it is not set.', 'Add dataDir=/path/of/the/data.');
  }
  const { minSessionTimeoutMs: min, maxSessionTimeoutMs: max } = sessionLimits(context);
  if (min > max) {
    const key = isSet(context, 'minSessionTimeout') ? 'minSessionTimeout' : 'maxSessionTimeout';
    faults.error(
      'CONFLICT',
      placeOf(context, key),
      `the shortest session time-out (${min} ms) is above the longest (${max} ms).`,
      'Lower minSessionTimeout or raise maxSessionTimeout; unset, they are 2 and 20 ticks.',
    );
  }
  for (const [address, port] of [
    ['clientPortAddress', 'clientPort'],
    ['secureClientPortAddress', 'secureClientPort'],
  ] as const) {
    if (values[address] === null || values[port] !== null || isSet(context, port)) continue;
    faults.error('MISSING_KEY', placeOf(context, address), `${port} is not set.`, `Add ${port}=2181, say.`);
  }
  const { 'fastleader.minNotificationInterval': shortest, 'fastleader.maxNotificationInterval': longest } = values;
  if (shortest > longest) {
    faults.error(
      'CONFLICT',
      placeOf(context, 'fastleader.minNotificationInterval'),
      `it is above fastleader.maxNotificationInterval (${longest} ms).`,
      'Lower it.',
    );
  }
}

/** Which way the server runs; null when the server list allows neither (told as a fault). */
export function modeOf(context: RuleContext): 'standalone' | 'quorum' | null {
  const { values, faults, membership } = context;
  if (membership === null) return null;
  const voters = membership.voters.size;
  if (voters === 0 && !values.standaloneEnabled) {
    faults.error(
      'MISSING_KEY',
      placeOf(context, 'standaloneEnabled'),
      'false asks for an ensemble, but there is no server line.',
      'Add at least server.1=host:2888:3888, or take standaloneEnabled out.',
    );
    return null;
  }
  if (voters === 1 && values.standaloneEnabled) {
    if (membership.observers.size > 0) {
      faults.error(
        'CONFLICT',
        placeOf(context, 'standaloneEnabled'),
        'there are observers, but with a single participant the server would run alone.',
        'Write standaloneEnabled=false, or more participants.',
      );
      return null;
    }
    faults.note(
      'ADVICE',
      {},
      'one server line only: the server runs alone (standaloneEnabled=false makes it a quorum of one).',
    );
  }
  return voters === 0 || (voters === 1 && values.standaloneEnabled) ? 'standalone' : 'quorum';
}

/** Rules of an ensemble. */
export function checkEnsemble(context: RuleContext, membership: QuorumVerifier): void {
  const { values, faults } = context;
  for (const key of ['initLimit', 'syncLimit'] as const) {
    if (values[key] > 0 || faults.list.some((fault) => fault.key === key && fault.severity === 'error')) continue;
    const wanted = key === 'initLimit' ? 10 : 5;
    const place = isSet(context, key) ? placeOf(context, key) : { key };
    faults.error('MISSING_KEY', place, 'an ensemble needs it.', `Add ${key}=${wanted} (ticks), say.`);
  }
  const voters = membership.voters.size;
  if (voters === 2) {
    faults.warning(
      'ADVICE',
      {},
      'two servers bear no failure: when one is lost, the other stops serving.',
      'Use three.',
    );
  } else if (voters > 2 && voters % 2 === 0) {
    faults.warning('ADVICE', {}, `${voters} voters bear no more failures than ${voters - 1}.`, 'Use an odd number.');
  }
  checkSharedAddresses(context, membership);
}

/** Two servers cannot listen on the same address and port. */
function checkSharedAddresses(context: RuleContext, membership: QuorumVerifier): void {
  const owners = new Map<string, number>();
  for (const server of membership.members.values()) {
    for (const { host, quorumPort, electionPort } of server.addresses) {
      for (const port of [quorumPort, electionPort]) {
        const endpoint = `${canonicalHost(host).toLowerCase()}:${port}`;
        const owner = owners.get(endpoint);
        if (owner === undefined) {
          owners.set(endpoint, server.sid);
        } else if (owner !== server.sid) {
          context.faults.warning(
            'CONFLICT',
            context.placeOfServer(server.sid),
            `server ${owner} has ${endpoint}, too.`,
            'Give each server addresses of its own.',
          );
        }
      }
    }
  }
}

/** This server's own entry in the list; null when it is not there (told as a fault). */
export function ownServer(
  context: RuleContext,
  membership: QuorumVerifier,
  myId: number,
  myIdPlace: FaultPlace,
): QuorumServer | null {
  const own = membership.members.get(myId);
  if (own !== undefined) return own;
  context.faults.error(
    'NOT_A_MEMBER',
    myIdPlace,
    `this is server ${myId}, but the list has only ${[...membership.members.keys()].join(', ')}.`,
    `Add server.${myId}=host:2888:3888 on every server, or correct myid.`,
    ConfigExit.unexpected,
  );
  return null;
}

/** Does peerType say the same as the server line? The line decides. */
export function checkRole(context: RuleContext, own: QuorumServer): void {
  const { peerType } = context.values;
  if (!isSet(context, 'peerType') || peerType === own.role) return;
  context.faults.warning(
    'CONFLICT',
    placeOf(context, 'peerType'),
    `the server line says ${own.role}, and that counts.`,
    `Write peerType=${own.role} or take it out.`,
  );
}

/** Server ids share their byte of the session id with a mark for TTL nodes. */
export function checkServerId(context: RuleContext, myId: number, myIdPlace: FaultPlace): void {
  if (!context.values.extendedTypesEnabled || myId <= 254) return;
  context.faults.error(
    'CONFLICT',
    myIdPlace,
    `with extendedTypesEnabled a server id must be below 255, and this is ${myId}.`,
    'Renumber this server, or take extendedTypesEnabled out on all servers.',
  );
}

function isLiteral(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host);
}

/** Names are not resolved here, so a name and an address may be the same host. */
function mayBeSameHost(a: string, b: string): boolean {
  if (isWildcardHost(a) || isLiteral(a) !== isLiteral(b)) return true;
  return canonicalHost(a).toLowerCase() === canonicalHost(b).toLowerCase();
}

/** Where clients are served: the server line's word, else clientPort and clientPortAddress. */
export function clientEndpoint(context: RuleContext, own: QuorumServer | null): Endpoint | null {
  const { values, faults } = context;
  const { clientPort, clientPortAddress } = values;
  const fromKeys = clientPort === null ? null : { host: clientPortAddress ?? '', port: clientPort };
  const fromLine = own?.client ?? null;
  if (fromLine === null || own === null) return fromKeys;
  if (
    fromKeys !== null &&
    (fromKeys.port !== fromLine.port || (fromKeys.host !== '' && !mayBeSameHost(fromKeys.host, fromLine.host)))
  ) {
    const keys = `${clientPortAddress ?? ''}:${clientPort ?? 0}`;
    faults.error(
      'CONFLICT',
      context.placeOfServer(own.sid),
      `it serves clients on ${fromLine.host}:${fromLine.port}, but clientPort and clientPortAddress say ${keys}.`,
      'Take clientPort and clientPortAddress out.',
    );
  }
  return { host: isWildcardHost(fromLine.host) ? '' : fromLine.host, port: fromLine.port };
}

/** A server that no client can reach. */
export function checkReachable(
  context: RuleContext,
  mode: 'standalone' | 'quorum',
  endpoint: Endpoint | null,
  own: QuorumServer | null,
): void {
  // Of a server that is not in the list it is not known which port it would have.
  const isUnknown = mode === 'quorum' && own === null;
  if (endpoint !== null || isUnknown || isSet(context, 'clientPort')) return;
  const reason = 'no client can connect: neither clientPort nor a port behind ";" in the server line is set.';
  const { faults } = context;
  if (mode === 'standalone') faults.error('MISSING_KEY', { key: 'clientPort' }, reason, 'Add clientPort=2181.');
  else faults.warning('MISSING_KEY', { key: 'clientPort' }, reason, 'Add clientPort=2181.');
}

/** A member of an ensemble whose client port is one of its other two. */
export function checkPortClash(context: RuleContext, endpoint: Endpoint, own: QuorumServer): void {
  for (const { host, quorumPort, electionPort } of own.addresses) {
    if (endpoint.port !== quorumPort && endpoint.port !== electionPort) continue;
    if (endpoint.host !== '' && canonicalHost(endpoint.host) !== canonicalHost(host)) continue;
    context.faults.error(
      'CONFLICT',
      context.placeOfServer(own.sid),
      `${endpoint.port} is the port for clients, too.`,
      'Give each of the three a port of its own, usually 2181, 2888 and 3888.',
    );
  }
}
