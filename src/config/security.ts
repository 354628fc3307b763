/** The settings of authentication and encryption, which many keys and the JAAS file make together. */
import type { Endpoint } from '../host/index.js';
import { isWildcardHost } from '../membership/index.js';
import { type NamedProvider, namedProviders } from './auth-providers.js';
import type { BuildInput } from './build.js';
import { isSet, placeOf } from './rules.js';
import {
  saslClient,
  type SaslInput,
  saslServer,
  type SaslServerSettings,
  tellMissingSection,
} from './sasl-settings.js';
import type { AccessSettings, ClientSettings, QuorumSaslSettings, QuorumSecuritySettings } from './server-config.js';
import { tlsSettings } from './tls-settings.js';

type TlsClientSettings = Pick<
  ClientSettings,
  | 'secureEndpoint'
  | 'portUnification'
  | 'tls'
  | 'tlsReloads'
  | 'sslAuthProvider'
  | 'maxTlsHandshakes'
  | 'dropsEarly'
  | 'fourLetterWordsOverTls'
>;

export function tlsClientSettings(input: BuildInput): TlsClientSettings {
  const { values } = input;
  const port = values.secureClientPort;
  const portUnification = values['client.portUnification'];
  const wantedBy = port === null ? 'client.portUnification' : 'secureClientPort';
  return {
    secureEndpoint: port === null ? null : secureEndpoint(values.secureClientPortAddress, port),
    portUnification,
    tls: port === null && !portUnification ? null : tlsSettings(input, 'ssl.', wantedBy),
    tlsReloads: values['client.certReload'],
    sslAuthProvider: input.settings.get('ssl.authProvider')?.text || 'x509',
    maxTlsHandshakes: values['netty.server.outstandingHandshake.limit'],
    dropsEarly: values['netty.server.earlyDropSecureConnectionHandshakes'],
    fourLetterWordsOverTls: values['4lw.commands.tls'],
  };
}

function secureEndpoint(address: string | null, port: number): Endpoint {
  return { host: address === null || isWildcardHost(address) ? '' : address, port };
}

function saslInput(input: BuildInput): SaslInput {
  const { values, jaas, faults } = input;
  return { jaas, faults, fipsAsked: values['fips-mode'] && isSet(input, 'fips-mode') };
}

export function accessSettings(input: BuildInput): AccessSettings {
  const { values } = input;
  const ensembleNames = values.ensembleAuthName;
  const providers = namedProviders(input.authProviders, input.absolute, input.faults);
  return {
    skipAcl: values.skipACL,
    digestSchemeEnabled: values['DigestAuthenticationProvider.enabled'],
    digestAlgorithm: values['DigestAuthenticationProvider.digestAlg'] ?? 'SHA1',
    superDigest: values['DigestAuthenticationProvider.superDigest'],
    x509SuperUser: values['X509AuthenticationProvider.superUser'],
    saslSuperUsers: new Set([...(values.superUser === null ? [] : [values.superUser]), ...input.superUsers]),
    anySaslUser: values.letAnySaslUserDoX,
    ensembleNames: isSet(input, 'ensembleAuthName') ? ensembleNames : null,
    enforcedSchemes: enforcedSchemes(input, providers),
    allowSaslFailedClients: values.allowSaslFailedClients,
    sasl: clientSasl(input),
    saslDropsHost: values['kerberos.removeHostFromPrincipal'],
    saslDropsRealm: values['kerberos.removeRealmFromPrincipal'],
    saslNameRules: values['security.auth_to_local'] ?? 'DEFAULT',
    kerberosConfigFile:
      values['java.security.krb5.conf'] === null ? null : input.absolute(values['java.security.krb5.conf']),
    providers,
  };
}

function clientSasl(input: BuildInput): SaslServerSettings | null {
  const { values, jaas } = input;
  const name = values['sasl.serverconfig'] ?? 'Server';
  const sasl = saslServer(saslInput(input), name);
  if (jaas !== null && sasl === null && !jaas.sections.some((section) => section.name === name)) {
    const reason = `${jaas.path} has no section ${name}, so clients do not authenticate with SASL.`;
    if (isSet(input, 'sasl.serverconfig')) {
      input.faults.warning('MISSING_KEY', placeOf(input, 'sasl.serverconfig'), reason, `Add the section ${name}.`);
    } else {
      input.faults.note('ADVICE', placeOf(input, 'java.security.auth.login.config'), reason);
    }
  }
  const superPassword = values['SASLAuthenticationProvider.superPassword'];
  if (sasl?.mechanism !== 'DIGEST-MD5' || superPassword === null || !sasl.users.has('super')) return sasl;
  return { ...sasl, users: new Map([...sasl.users, ['super', superPassword]]) };
}

/** sessionRequireClientSASLAuth is the older way of asking for sasl; with it, the newer keys do not count. */
function enforcedSchemes(input: BuildInput, providers: readonly NamedProvider[]): readonly string[] | null {
  const { values, faults } = input;
  const bySasl = values.sessionRequireClientSASLAuth;
  if (!bySasl && !values['enforce.auth.enabled']) return null;
  const key = bySasl ? 'sessionRequireClientSASLAuth' : 'enforce.auth.schemes';
  const schemes = bySasl ? ['sasl'] : values['enforce.auth.schemes'];
  if (schemes.length === 0) {
    const mend = 'Add enforce.auth.schemes=sasl, say.';
    faults.error('MISSING_KEY', placeOf(input, 'enforce.auth.enabled'), 'enforce.auth.schemes is not set.', mend);
  }
  const builtIn = providers.flatMap((provider) => (provider.kind === 'built-in' ? [provider.scheme] : []));
  const known = new Set<string>(['ip', ...builtIn]);
  if (values['DigestAuthenticationProvider.enabled']) known.add('digest');
  if (usesClientTls(input)) known.add('x509');
  // A module tells its scheme only when it is loaded.
  if (providers.some(({ kind }) => kind === 'module')) return schemes;
  for (const scheme of schemes.filter((one) => !known.has(one))) {
    const mend =
      scheme === 'sasl'
        ? 'Add authProvider.sasl=org.apache.zookeeper.server.auth.SASLAuthenticationProvider.'
        : `Name it with authProvider.${scheme}.`;
    faults.error('CONFLICT', placeOf(input, key), `the authentication scheme ${scheme} is not available.`, mend);
  }
  return schemes;
}

function usesClientTls({ values }: BuildInput): boolean {
  return values.secureClientPort !== null || values['client.portUnification'];
}

export function quorumSecuritySettings(input: BuildInput, mode: 'standalone' | 'quorum'): QuorumSecuritySettings {
  const { values } = input;
  const sasl = mode === 'quorum' ? quorumSasl(input) : null;
  const dialsTls = values.sslQuorum;
  const wanted = mode === 'quorum' && (dialsTls || values.portUnification);
  tellPlainDials(input);
  return {
    tls: wanted ? tlsSettings(input, 'ssl.quorum.', dialsTls ? 'sslQuorum' : 'portUnification') : null,
    dialsTls,
    dialsPlainToo: dialsTls && values.sslQuorumPlainDials,
    acceptsPlain: values.portUnification || !dialsTls,
    tlsReloads: values.sslQuorumReloadCertFiles,
    sasl,
  };
}

/** Whoever leaves it on should hear of it at each start. */
function tellPlainDials(input: BuildInput): void {
  const { values, faults } = input;
  const key = 'sslQuorumPlainDials';
  if (!values[key]) return;
  if (!values.sslQuorum) {
    faults.error(
      'CONFLICT',
      placeOf(input, key),
      'it is of use with sslQuorum=true only.',
      'Set sslQuorum=true, or take it out.',
    );
    return;
  }
  const reason = 'connections to servers that do not speak TLS are not encrypted, whoever answers there.';
  faults.warning('CONFLICT', placeOf(input, key), reason, 'Take it out as soon as all servers speak TLS.');
}

function quorumSasl(input: BuildInput): QuorumSaslSettings | null {
  const { values, faults } = input;
  const { 'quorum.auth.enableSasl': enabled, 'quorum.auth.learnerRequireSasl': learnerRequires } = values;
  const serverRequires = values['quorum.auth.serverRequireSasl'];
  for (const key of ['quorum.auth.learnerRequireSasl', 'quorum.auth.serverRequireSasl'] as const) {
    if (enabled || !values[key]) continue;
    faults.error(
      'CONFLICT',
      placeOf(input, key),
      'quorum.auth.enableSasl is not true.',
      'Add quorum.auth.enableSasl=true.',
    );
  }
  if (enabled && serverRequires && !learnerRequires) {
    const reason = 'what this server asks of others it does not do itself: quorum.auth.learnerRequireSasl is not true.';
    const mend = 'Add quorum.auth.learnerRequireSasl=true.';
    faults.error('CONFLICT', placeOf(input, 'quorum.auth.serverRequireSasl'), reason, mend);
  }
  if (!enabled) return null;
  const sasl = saslInput(input);
  const serverSection = values['quorum.auth.server.saslLoginContext'] ?? 'QuorumServer';
  const learnerSection = values['quorum.auth.learner.saslLoginContext'] ?? 'QuorumLearner';
  const has = (name: string) => sasl.jaas?.sections.some((section) => section.name === name) === true;
  for (const [name, key] of [
    [serverSection, 'quorum.auth.server.saslLoginContext'],
    [learnerSection, 'quorum.auth.learner.saslLoginContext'],
  ] as const) {
    if (!has(name)) tellMissingSection(sasl, name, key);
  }
  const server = saslServer(sasl, serverSection);
  const client = saslClient(sasl, learnerSection);
  const servicePrincipal = values['quorum.auth.kerberos.servicePrincipal'] ?? 'zkquorum/localhost';
  if (client?.mechanism === 'GSSAPI' && !/^[^/@]+\/[^/@]+(@[^/@]*)?$/.test(servicePrincipal)) {
    const place = placeOf(input, 'quorum.auth.kerberos.servicePrincipal');
    faults.error('BAD_VALUE', place, 'it is not of the form service/host.', 'Write zkquorum/_HOST, say.');
  }
  return {
    client: learnerRequires ? client : null,
    // Without a section there is a fault, and no server starts.
    server: server ?? { mechanism: 'DIGEST-MD5', users: new Map<string, string>() },
    servicePrincipal,
    serverRequires,
  };
}
