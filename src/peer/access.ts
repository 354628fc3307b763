import {
  Access,
  type AuthProvider,
  AuthProviders,
  ClientSasl,
  EnsembleProvider,
  SaslProvider,
  X509Provider,
} from '../auth/index.js';
import type { BuiltInScheme, ServerConfig } from '../config/index.js';
import type { Host } from '../host/index.js';
import { PeerExit, StartError } from './start-error.js';

/** A mismatch of the ensemble's name is told once in so long. */
const ENSEMBLE_QUIET_MS = 1000;

/**
 * Who may do what, as the configuration says; `plugins` are the providers that were loaded for it. Throws a `StartError`
 * for a scheme that is asked for and not there.
 */
export function makeAccess(config: ServerConfig, host: Host, plugins: readonly AuthProvider[] = []): Access {
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
    const provider = builtIn(scheme, config, host);
    if (provider !== null) providers.add(provider);
  }
  for (const plugin of plugins) providers.add(plugin);
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
    sasl: clientSasl(config, host),
    certificateScheme: clients.sslAuthProvider,
  });
}

/** Null: it is there anyway. */
function builtIn(scheme: BuiltInScheme, { access }: ServerConfig, host: Host): AuthProvider | null {
  switch (scheme) {
    case 'digest':
    case 'ip':
      return null;
    case 'sasl':
      return new SaslProvider(access.anySaslUser);
    case 'x509':
      return new X509Provider(access.x509SuperUser);
    case 'ensemble':
      return ensemble(access.ensembleNames, host);
  }
}

function ensemble(names: readonly string[] | null, { clock, log }: Host): EnsembleProvider {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return new EnsembleProvider({
    names,
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

function clientSasl({ access }: ServerConfig, { random }: Host): ClientSasl | null {
  const { sasl } = access;
  if (sasl === null) return null;
  if (sasl.mechanism === 'GSSAPI') {
    throw new StartError(
      PeerExit.unexpected,
      `clients are to authenticate with Kerberos as ${sasl.principal}, which this version cannot do: use the DigestLoginModule in the Server section of the JAAS file`,
    );
  }
  return new ClientSasl({
    users: sasl.users,
    superUsers: access.saslSuperUsers,
    dropsHost: access.saslDropsHost,
    dropsRealm: access.saslDropsRealm,
    random,
  });
}
