import {
  canonicalHost,
  isWildcardHost,
  MajorityVerifier,
  MembershipError,
  type MembershipOptions,
  OracleVerifier,
  parseMembershipText,
  parseServerLine,
  type QuorumServer,
  type QuorumVerifier,
} from '../membership/index.js';
import { ErrorCode, type ReconfigRequest } from '../protocol/index.js';

/** What a request for another configuration is judged by. */
export interface ReconfigContext {
  readonly committed: QuorumVerifier;
  /** The last proposed one; null when it is the committed one. */
  readonly lastSeen: QuorumVerifier | null;
  readonly options: MembershipOptions;
  /** `standaloneEnabled`: then a single participant would be no ensemble. */
  readonly standaloneEnabled: boolean;
  /** Do servers that follow now and are synchronized make a quorum of it? */
  isQuorumSynced(verifier: QuorumVerifier): boolean;
}

/** Why a request is refused. */
export class ReconfigRefusal extends Error {
  override readonly name = 'ReconfigRefusal';
  constructor(
    /** An `ErrorCode`. */
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** ZooKeeper's rules, in its order. Returns the configuration `zxid`; throws a `ReconfigRefusal`. */
export function planReconfig(request: ReconfigRequest, zxid: number, context: ReconfigContext): QuorumVerifier {
  const { committed, lastSeen, standaloneEnabled } = context;
  if (lastSeen !== null && lastSeen.version !== committed.version) {
    const message = `configuration ${lastSeen.version.toString(16)} is on its way`;
    throw new ReconfigRefusal(ErrorCode.reconfigInProgress, message);
  }
  const { curConfigId } = request;
  if (curConfigId !== -1 && curConfigId !== committed.version) {
    const message = `the request is for configuration ${curConfigId.toString(16)}, not ${committed.version.toString(16)}`;
    throw new ReconfigRefusal(ErrorCode.badVersion, message);
  }
  const next = parsed(() => nextOf(request, zxid, context));
  const fewest = standaloneEnabled ? 2 : 1;
  if (next.voters.size < fewest) {
    throw bad(`the new configuration has ${next.voters.size} participants and needs ${fewest}`);
  }
  if (!context.isQuorumSynced(next)) {
    const message = 'of the new configuration no quorum is connected and synchronized';
    throw new ReconfigRefusal(ErrorCode.newConfigNoQuorum, message);
  }
  return next;
}

function bad(message: string): ReconfigRefusal {
  return new ReconfigRefusal(ErrorCode.badArguments, message);
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MembershipError) throw bad(error.message);
    throw error;
  }
}

function nextOf(request: ReconfigRequest, zxid: number, { committed, options }: ReconfigContext): QuorumVerifier {
  const { newMembers } = request;
  if (newMembers !== null) return parseMembershipText(newMembers.replaceAll(',', '\n'), options).withVersion(zxid);
  if (committed.kind === 'hierarchical') {
    throw bad('servers of groups cannot join or leave one by one: give the whole new list');
  }
  const servers = new Map(committed.members);
  for (const text of itemsOf(request.leavingServers)) servers.delete(sidOf(text));
  for (const text of itemsOf(request.joiningServers)) {
    const server = joining(text, options);
    checkAddresses(server, servers);
    servers.set(server.sid, server);
  }
  const { oracle } = committed;
  const list = [...servers.values()];
  return oracle === null ? new MajorityVerifier(list, zxid) : new OracleVerifier(list, zxid, () => oracle.ask());
}

function itemsOf(list: string | null): string[] {
  return (list ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function sidOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw bad(`"${text}" is no server id`);
  return Number(text);
}

/** `server.N=host:port:port[:role];[host:]clientPort` */
function joining(text: string, options: MembershipOptions): QuorumServer {
  const [key, line, more] = text.split('=').map((part) => part.trim());
  if (key === undefined || line === undefined || more !== undefined) {
    throw bad(`"${text}" is not of the form server.N=host:quorumPort:electionPort[:role];[host:]clientPort`);
  }
  const server = parseServerLine(sidOf(key.slice(key.lastIndexOf('.') + 1)), line, options);
  if (server.client === null) throw bad(`server ${server.sid} has no client port`);
  return server;
}

/** Addresses that can be compared: names a wildcard or loopback address stands for more than one place. */
function placesOf({ addresses, client }: QuorumServer): string[] {
  const all = addresses.flatMap(({ host, quorumPort, electionPort }) => [
    { host, port: quorumPort },
    { host, port: electionPort },
  ]);
  if (client !== null) all.push(client);
  return all
    .filter(({ host }) => !isWildcardHost(host) && !isLoopback(host))
    .map(({ host, port }) => `${canonicalHost(host).toLowerCase()}:${port}`);
}

function isLoopback(host: string): boolean {
  const canonical = canonicalHost(host).toLowerCase();
  return canonical === 'localhost' || canonical.startsWith('127.') || canonical === '0:0:0:0:0:0:0:1';
}

function checkAddresses(server: QuorumServer, others: ReadonlyMap<number, QuorumServer>): void {
  const own = new Set(placesOf(server));
  for (const other of others.values()) {
    const shared = other.sid === server.sid ? undefined : placesOf(other).find((place) => own.has(place));
    if (shared !== undefined) throw bad(`server ${other.sid} has ${shared}, too`);
  }
}
