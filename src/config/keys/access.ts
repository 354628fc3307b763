import { bool, int, list, oneOf, propertyBool, propertyLong, text, yesNo } from '../value-types.js';
import { bareKey, fileKey, ownKey, propertyKey } from './definition.js';

/** Who may do what: ACLs, authentication of clients and of servers. */
export const access = {
  skipACL: propertyKey(yesNo('no'), false, {
    effect: 'Checks no ACL: everybody may do everything.',
  }),
  'DigestAuthenticationProvider.enabled': propertyKey(propertyBool(), true, {
    since: '3.7.0',
    effect: 'Allows clients to authenticate with the scheme digest.',
  }),
  'DigestAuthenticationProvider.superDigest': propertyKey(text('super:<base64 of the digest>'), null, {
    since: '3.2.0',
    secret: true,
    effect: 'Name and digest of the user whom no ACL binds.',
    defaultText: 'none',
  }),
  'DigestAuthenticationProvider.digestAlg': propertyKey(text('a digest algorithm'), 'SHA1', {
    since: '3.7.0',
    effect: 'Algorithm of the digests in ACLs; the same on every server.',
  }),
  'IPAuthenticationProvider.usexforwardedfor': propertyKey(propertyBool(), false, {
    since: '3.9.3',
    support: 'missing',
    effect: 'Takes the address of an HTTP client from X-Forwarded-For.',
  }),
  'X509AuthenticationProvider.superUser': propertyKey(text('an X.500 name'), null, {
    effect: 'Certificate owner whom no ACL binds.',
    defaultText: 'none',
  }),
  superUser: propertyKey(text('a SASL user name'), null, {
    since: '3.6.0',
    effect: 'SASL user whom no ACL binds.',
    defaultText: 'none',
  }),
  ensembleAuthName: propertyKey(list(), [], {
    since: '3.6.0',
    effect: 'Names of this ensemble, one of which a client of scheme ensemble must know.',
  }),
  sessionRequireClientSASLAuth: propertyKey(propertyBool(), false, {
    since: '3.6.0',
    effect: 'Serves only clients that authenticated with SASL.',
  }),
  'enforce.auth.enabled': propertyKey(propertyBool(), false, {
    since: '3.7.0',
    effect: 'Serves only clients that authenticated with one of enforce.auth.schemes.',
  }),
  'enforce.auth.schemes': propertyKey(list(), [], {
    since: '3.7.0',
    effect: 'Schemes that enforce.auth.enabled asks for.',
  }),
  allowSaslFailedClients: propertyKey(propertyBool(), false, {
    effect: 'Serves clients whose SASL authentication failed.',
  }),
  letAnySaslUserDoX: propertyKey(text(), null, {
    effect: 'SASL user name that stands for all in ACLs.',
  }),
  'SASLAuthenticationProvider.superPassword': propertyKey(text(), null, {
    secret: true,
    effect: 'Password of the SASL user super.',
  }),
  'sasl.serverconfig': propertyKey(text('a section name'), 'Server', {
    effect: 'Section of the JAAS file for client authentication.',
  }),
  'java.security.auth.login.config': bareKey(text('a path'), null, {
    effect: 'JAAS file with the users of SASL.',
    defaultText: 'none',
  }),
  'java.security.krb5.conf': bareKey(text('a path'), null, {
    effect: 'Configuration of Kerberos, instead of /etc/krb5.conf.',
    defaultText: 'none',
  }),
  'quorum.auth.enableSasl': fileKey(bool(), false, {
    since: '3.4.10',
    effect: 'Servers authenticate each other with SASL.',
  }),
  'quorum.auth.serverRequireSasl': fileKey(bool(), false, {
    since: '3.4.10',
    effect: 'Refuses servers that do not authenticate.',
  }),
  'quorum.auth.learnerRequireSasl': fileKey(bool(), false, {
    since: '3.4.10',
    effect: 'Connects only to servers that let it authenticate.',
  }),
  'quorum.auth.learner.saslLoginContext': fileKey(text('a section name'), 'QuorumLearner', {
    since: '3.4.10',
    effect: 'Section of the JAAS file for dialling other servers.',
  }),
  'quorum.auth.server.saslLoginContext': fileKey(text('a section name'), 'QuorumServer', {
    since: '3.4.10',
    effect: 'Section of the JAAS file for being dialled by other servers.',
  }),
  'quorum.auth.kerberos.servicePrincipal': fileKey(text('a principal'), 'zkquorum/localhost', {
    since: '3.4.10',
    effect: 'Kerberos principal of the servers that are dialled; the host _HOST is the one of each server’s line.',
  }),
  'kerberos.removeHostFromPrincipal': propertyKey(propertyBool(), false, {
    effect: 'Drops the host from the name of a SASL client.',
  }),
  'kerberos.removeRealmFromPrincipal': propertyKey(propertyBool(), false, {
    effect: 'Drops the realm from the name of a SASL client.',
  }),
  'kerberos.canonicalizeHostNames': propertyKey(propertyBool(), false, {
    since: '3.7.0',
    support: 'missing',
    effect: 'Resolves host names of server lines to their canonical ones for Kerberos.',
  }),
  'kerberos.minReLoginTimeMs': propertyKey(propertyLong(), 60_000, {
    unit: 'ms',
    support: 'moot',
    effect: 'Shortest time between two Kerberos logins; with a key table there are none.',
  }),
  requireKerberosConfig: propertyKey(propertyBool(), false, {
    support: 'missing',
    effect: 'Refuses to start without a Kerberos configuration.',
  }),
  'security.auth_to_local': propertyKey(text('rules'), 'DEFAULT', {
    effect: 'Rules that make short names of Kerberos principals.',
  }),
  'server.realm': propertyKey(text('a realm'), null, {
    support: 'missing',
    effect: 'Kerberos realm of the servers.',
    defaultText: "the client's",
  }),
  kinit: propertyKey(text('a path'), '/usr/bin/kinit', {
    support: 'moot',
    effect: 'Program that renews a Kerberos ticket.',
  }),
  'fips-mode': propertyKey(propertyBool(), true, {
    since: '3.8.2',
    effect: 'Written as true, it refuses SASL DIGEST-MD5, whose MD5 FIPS does not allow.',
  }),
  'audit.enable': propertyKey(propertyBool(), false, {
    since: '3.6.0',
    effect: 'Writes an audit log: who changed what, from where, and whether it succeeded.',
  }),
  'audit.impl.class': propertyKey(text('a Java class'), null, {
    since: '3.6.0',
    effect: 'Java class that writes the audit log; its lines are always those of Slf4jAuditLogger here.',
    defaultText: 'Slf4jAuditLogger',
  }),
  'audit.format': ownKey(oneOf(['text', 'json']), 'text', {
    effect: 'Audit lines in ZooKeeper’s words, or as one JSON object each.',
  }),
  jaasLoginRenew: propertyKey(int(), 3_600_000, {
    unit: 'ms',
    support: 'moot',
    effect: 'Read by no release of ZooKeeper, though old guides have it.',
  }),
  requireClientAuthScheme: propertyKey(text(), null, {
    support: 'moot',
    effect: 'Read by no release of ZooKeeper, though old guides have it.',
  }),
};
