import type { ServerConfig } from '../config/index.js';
import { QuorumAuthenticator } from '../connection/index.js';
import type { Host, Network } from '../host/index.js';
import { QuorumNetwork, type QuorumTls } from './quorum-network.js';
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

/** Loads what the configuration asks for; throws a `StartError`. */
export async function openQuorumTransport(host: Host, config: ServerConfig): Promise<QuorumTransport> {
  const { clock, log, network, random } = host;
  const { tls: settings, dialsTls, dialsPlainToo, acceptsPlain, tlsReloads, sasl } = config.quorumSecurity;
  const context = settings === null ? null : await loadTls(host, settings);
  const tls: QuorumTls | null =
    settings === null || context === null
      ? null
      : { context, handshakeTimeoutMs: settings.handshakeTimeoutMs, dials: dialsTls, dialsPlainToo, acceptsPlain };
  const authenticator = sasl === null ? null : new QuorumAuthenticator(sasl, clock, random);
  const watch = context === null ? null : new TlsFileWatch(clock, log, 'servers', context, tlsReloads);
  const authTimeoutMs = config.tickTimeMs * config.learner.initLimitTicks;
  const over = (proves: QuorumAuthenticator | null): Network =>
    tls === null && proves === null
      ? network
      : new QuorumNetwork({ network, clock, log, tls, authenticator: proves, authTimeoutMs });
  return {
    quorum: over(authenticator),
    election: over(null),
    authenticator,
    tlsWatch: watch,
    stop: () => watch?.stop(),
  };
}
