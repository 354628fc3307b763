import type { QuorumSaslSettings, ServerConfig } from '../config/index.js';
import { mainHost, QuorumAuthenticator, type QuorumAuthOptions } from '../connection/index.js';
import type { Endpoint, Host, Network } from '../host/index.js';
import type { QuorumServer } from '../membership/index.js';
import type { QuorumKerberos } from './access.js';
import { QuorumNetwork, type QuorumTls } from './quorum-network.js';
import { PeerExit, StartError } from './start-error.js';
import { loadTls, TlsFileWatch } from './tls-files.js';

/** How servers reach each other. */
export interface QuorumTransport {
  /** For the quorum port: TLS, then SASL. */
  readonly quorum: Network;
  /** For the election port: TLS; SASL is the connection manager's, since there it comes behind the greeting. */
  readonly election: Network;
  /** Null: servers do not authenticate. */
  readonly authenticator: QuorumAuthenticator | null;
  /** Null: without TLS. */
  readonly tlsWatch: TlsFileWatch | null;
  stop(): void;
}

/** Loads what the configuration asks for; throws a `StartError`. `members`: the servers that are known now. */
export async function openQuorumTransport(
  host: Host,
  config: ServerConfig,
  kerberos: QuorumKerberos,
  members: () => readonly QuorumServer[],
): Promise<QuorumTransport> {
  const { clock, log, network, random } = host;
  const { tls: settings, dialsTls, dialsPlainToo, acceptsPlain, tlsReloads, sasl } = config.quorumSecurity;
  const context = settings === null ? null : await loadTls(host, settings);
  const tls: QuorumTls | null =
    settings === null || context === null
      ? null
      : { context, handshakeTimeoutMs: settings.handshakeTimeoutMs, dials: dialsTls, dialsPlainToo, acceptsPlain };
  const hosts = (): string[] => members().flatMap(({ addresses }) => addresses.map((address) => address.host));
  const authenticator =
    sasl === null ? null : new QuorumAuthenticator(authOptions(sasl, kerberos, hosts), clock, random);
  const hostOf = (endpoint: Endpoint): string => mainHost(serverAt(members(), endpoint)) ?? endpoint.host;
  const watch = context === null ? null : new TlsFileWatch(clock, log, 'servers', context, tlsReloads);
  const authTimeoutMs = config.tickTimeMs * config.learner.initLimitTicks;
  const over = (proves: QuorumAuthenticator | null): Network =>
    tls === null && proves === null
      ? network
      : new QuorumNetwork({ network, clock, log, tls, authenticator: proves, hostOf, authTimeoutMs });
  return {
    quorum: over(authenticator),
    election: over(null),
    authenticator,
    tlsWatch: watch,
    stop: () => watch?.stop(),
  };
}

function serverAt(members: readonly QuorumServer[], { host, port }: Endpoint): QuorumServer | null {
  const isThere = (server: QuorumServer): boolean =>
    server.addresses.some((address) => address.host === host && address.quorumPort === port);
  return members.find(isThere) ?? null;
}

/** Throws a `StartError` when Kerberos is asked for and was not loaded: nobody could prove who he is. */
function authOptions(
  { client, server, servicePrincipal, serverRequires }: QuorumSaslSettings,
  { service, tickets }: QuorumKerberos,
  hosts: () => Iterable<string>,
): QuorumAuthOptions {
  const loaded = <T>(what: T | null, principal: string): T => {
    if (what !== null) return what;
    throw new StartError(PeerExit.unexpected, `Kerberos for ${principal} was not loaded`);
  };
  return {
    login: client?.mechanism === 'GSSAPI' ? { tickets: loaded(tickets, client.principal), servicePrincipal } : client,
    proof:
      server.mechanism === 'GSSAPI' ? { kerberos: loaded(service, server.principal), hosts } : { users: server.users },
    serverRequires,
  };
}
