import {
  Access,
  type AuthProvider,
  AuthProviders,
  ClientSasl,
  EnsembleProvider,
  type KerberosService,
  NameRuleError,
  NameRules,
  SaslProvider,
  type TicketHolder,
  X509Provider,
} from '../auth/index.js';
import type { BuiltInScheme, ServerConfig } from '../config/index.js';
import type { Host } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { PeerExit, StartError } from './start-error.js';

/** A mismatch of the ensemble's name is told once in so long. */
const ENSEMBLE_QUIET_MS = 1000;

/** What was loaded for a configuration because it asks for it. */
export interface AuthPlugins {
  readonly providers: readonly AuthProvider[];
  /** Null: clients do not authenticate with Kerberos. */
  readonly kerberos: KerberosService | null;
  readonly quorumKerberos: QuorumKerberos;
}

/** Kerberos between servers. */
export interface QuorumKerberos {
  /** Null: others do not log in here with Kerberos. */
  readonly service: KerberosService | null;
  /** Null: this server does not log in with Kerberos. */
  readonly tickets: TicketHolder | null;
}

export const NO_PLUGINS: AuthPlugins = {
  providers: [],
  kerberos: null,
  quorumKerberos: { service: null, tickets: null },
};

/** Who may do what, as the configuration says. Throws a `StartError` for what it asks for and is not there. */
export function makeAccess(config: ServerConfig, host: Host, plugins: AuthPlugins, metrics: Metrics): Access {
  const { access, clients } = config;
  const providers = AuthProviders.standard({
    digestEnabled: access.digestSchemeEnabled,
    algorithm: access.digestAlgorithm,
    superDigest: access.superDigest,
  });
  const named = access.providers.flatMap((one) => (one.kind === 'built-in' ? [one.scheme] : []));
  // Certificates of clients have owners without being asked for.
  const schemes = new Set<BuiltInScheme>(clients.tls === null ? named : [...named, 'x509']);
  for (const scheme of schemes) {
    const provider = builtIn(scheme, config, host, metrics);
    if (provider !== null) providers.add(provider);
  }
  for (const plugin of plugins.providers) providers.add(plugin);
  const wanted = [...(access.enforcedSchemes ?? []), ...(clients.tls === null ? [] : [clients.sslAuthProvider])];
  for (const scheme of wanted.filter((one) => providers.get(one) === undefined)) {
    const has = providers.schemes.join(', ');
    throw new StartError(
      PeerExit.unexpected,
      `there is no authentication scheme ${scheme} (only ${has}): name its provider with authProvider.${scheme}`,
    );
  }
  return new Access(providers, {
    skipAcl: access.skipAcl,
    enforcedSchemes: access.enforcedSchemes,
    allowSaslFailedClients: access.allowSaslFailedClients,
    sasl: clientSasl(config, host, plugins.kerberos),
    certificateScheme: clients.sslAuthProvider,
  });
}

/** Null: it is there anyway. */
function builtIn(scheme: BuiltInScheme, { access }: ServerConfig, host: Host, metrics: Metrics): AuthProvider | null {
  switch (scheme) {
    case 'digest':
    case 'ip':
      return null;
    case 'sasl':
      return new SaslProvider(access.anySaslUser);
    case 'x509':
      return new X509Provider(access.x509SuperUser);
    case 'ensemble':
      return ensemble(access.ensembleNames, host, metrics);
  }
}

function ensemble(names: readonly string[] | null, { clock, log }: Host, metrics: Metrics): EnsembleProvider {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return new EnsembleProvider({
    names,
    onOutcome: (outcome) => {
      metrics.counter(`ensemble_auth_${outcome}`).add();
    },
    onMismatch: (name, { remoteHost }) => {
      const nowMs = clock.monotonicMs();
      if (nowMs < quietUntilMs) return;
      quietUntilMs = nowMs + ENSEMBLE_QUIET_MS;
      log.warn(`The client ${remoteHost} is looking for another ensemble, ${JSON.stringify(name)}.`, {
        code: 'OTHER_ENSEMBLE',
      });
    },
  });
}

function clientSasl({ access }: ServerConfig, { random }: Host, kerberos: KerberosService | null): ClientSasl | null {
  const { sasl } = access;
  if (sasl === null) return null;
  // Without tickets to verify nobody could prove who he is.
  if (sasl.mechanism === 'GSSAPI' && kerberos === null) {
    throw new StartError(PeerExit.unexpected, `Kerberos for ${sasl.principal} was not loaded`);
  }
  return new ClientSasl({
    users: sasl.mechanism === 'GSSAPI' ? new Map<string, string>() : sasl.users,
    kerberos,
    nameRules: nameRules(access.saslNameRules),
    superUsers: access.saslSuperUsers,
    dropsHost: access.saslDropsHost,
    dropsRealm: access.saslDropsRealm,
    random,
  });
}

function nameRules(text: string): NameRules {
  try {
    return NameRules.parse(text);
  } catch (error) {
    if (!(error instanceof NameRuleError)) throw error;
    throw new StartError(PeerExit.unexpected, `security.auth_to_local cannot be used: ${error.message}`);
  }
}
