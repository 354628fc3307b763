import { bool, oneOf, propertyBool, propertyInt, text } from '../value-types.js';
import { type AnyKeyDefinition, fileKey, ownKey, propertyKey, type Support } from './definition.js';

/** Switches of TLS on the quorum and the client port. */
export const tls = {
  sslQuorum: fileKey(bool(), false, {
    since: '3.5.5',
    effect: 'Encrypts the connections between servers.',
  }),
  portUnification: fileKey(bool(), false, {
    since: '3.5.5',
    effect: 'Takes encrypted and plain connections of servers on the same port.',
  }),
  sslQuorumPlainDials: ownKey(bool(), false, {
    effect:
      'With sslQuorum: dials plainly where another server does not speak TLS yet. For the move of an ensemble to TLS only.',
  }),
  sslQuorumReloadCertFiles: fileKey(bool(), false, {
    since: '3.5.5, 3.6.0',
    effect: 'Reads the certificates of the servers again when the files change.',
  }),
  'client.certReload': propertyKey(propertyBool(), false, {
    since: '3.7.2, 3.8.1, 3.9.0',
    effect: 'Reads the certificates for clients again when the files change.',
  }),
  'client.portUnification': propertyKey(propertyBool(), false, {
    effect: 'Takes encrypted and plain client connections on the same port.',
  }),
  'ssl.authProvider': propertyKey(text('the name of a scheme'), 'x509', {
    effect: 'Scheme that authenticates TLS clients.',
  }),
  'ssl.sslProvider': propertyKey(text('a TLS library of Java'), 'JDK', {
    since: '3.9.0',
    support: 'moot',
    effect: 'TLS library that Java uses.',
  }),
};

const STORE_TYPES = ['JKS', 'PEM', 'PKCS12', 'BCFKS'] as const;

/** The settings that exist twice: `ssl.` for clients, `ssl.quorum.` between servers. */
function channel(whose: 'clients' | 'servers'): Readonly<Record<string, AnyKeyDefinition>> {
  const quorum = whose === 'servers';
  const since = '3.5.5';
  const key = (
    effect: string,
    notes: { since?: string; secret?: boolean; defaultText?: string; support?: Support } = {},
  ) => propertyKey(text(), null, { since, ...notes, effect: `TLS with ${whose}: ${effect}` });
  const flag = (byDefault: boolean, effect: string, notes: { since?: string; support?: Support } = {}) =>
    propertyKey(propertyBool(), byDefault, { since, ...notes, effect: `TLS with ${whose}: ${effect}` });
  const storeType = (what: string) =>
    propertyKey(oneOf(['', ...STORE_TYPES]), '', {
      since,
      effect: `TLS with ${whose}: format of the ${what}.`,
      defaultText: 'told by the file name',
    });
  return {
    protocol: key('protocol that is asked for.', { defaultText: 'TLSv1.3' }),
    enabledProtocols: key('protocols that are allowed.', { defaultText: 'TLSv1.3, TLSv1.2' }),
    ciphersuites: key('cipher suites that are allowed.', { defaultText: 'as the platform has it' }),
    'keyStore.location': key('file with key and certificate.'),
    'keyStore.password': key('password of the key store.', { secret: true }),
    'keyStore.passwordPath': key('file with the password of the key store.', { since: '3.8.0' }),
    'keyStore.type': storeType('key store'),
    'trustStore.location': key('file with the certificates that are trusted.'),
    'trustStore.password': key('password of the trust store.', { secret: true }),
    'trustStore.passwordPath': key('file with the password of the trust store.', { since: '3.8.0' }),
    'trustStore.type': storeType('trust store'),
    'context.supplier.class': key('Java class that makes the TLS context.', { support: 'guard' }),
    hostnameVerification: flag(true, 'checks that a certificate is for its host.'),
    clientHostnameVerification: flag(quorum, 'checks the host of the side that dials.', { since: '3.9.4' }),
    allowReverseDnsLookup: flag(quorum, 'asks the name service for the name of an address.', { since: '3.9.5' }),
    crl: flag(false, 'asks revocation lists, those in a PEM trust store and in crlFile.'),
    crlFile: ownKey(text('a path'), null, {
      effect: `TLS with ${whose}: PEM file with the revocation lists that crl asks.`,
      defaultText: 'none',
    }),
    ocsp: flag(false, 'asks the OCSP responders that certificates name.'),
    clientAuth: propertyKey(oneOf(['none', 'want', 'need'], true), 'need', {
      since,
      effect: `TLS with ${whose}: certificate of the side that dials.`,
    }),
    handshakeDetectionTimeoutMillis: propertyKey(propertyInt(), 5000, {
      since,
      unit: 'ms',
      effect: `TLS with ${whose}: how long a port for both waits to tell TLS from plain.`,
    }),
  };
}

function prefixed(
  prefix: string,
  keys: Readonly<Record<string, AnyKeyDefinition>>,
): readonly (readonly [string, AnyKeyDefinition])[] {
  return Object.entries(keys).map(([name, definition]) => [prefix + name, definition]);
}

/** All `ssl.*` and `ssl.quorum.*` keys. */
export const tlsChannels: ReadonlyMap<string, AnyKeyDefinition> = new Map([
  ...prefixed('ssl.', channel('clients')),
  ...prefixed('ssl.quorum.', channel('servers')),
]);
