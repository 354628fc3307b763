export { Access, type AccessOptions } from './access.js';
export {
  AuthConfigError,
  type AuthConfigErrorCode,
  digestId,
  type DigestOptions,
  DigestProvider,
  SUPER_ID,
} from './digest-provider.js';
export { DigestMd5Client } from './digest-md5-client.js';
export { CLIENT_SERVICE, DigestMd5Server, type DigestService, QUORUM_SERVICE } from './digest-md5-server.js';
export { EnsembleProvider } from './ensemble-provider.js';
export { ipId, IpProvider } from './ip-provider.js';
export {
  type AcceptedTicket,
  DEFAULT_RULES,
  GssapiClient,
  GssapiServer,
  isKnownType,
  type KerberosService,
  KeyTabError,
  NameRuleError,
  NameRules,
  readKeyTab,
  type ServiceKey,
  type TicketExchange,
  type TicketHolder,
  type TicketVerifier,
} from './kerberos/index.js';
export type { AclQuestion, AuthClient, AuthOutcome, AuthProvider } from './provider.js';
export {
  type SaslClient,
  type SaslClientStep,
  SaslError,
  type SaslErrorCode,
  type SaslServer,
  type SaslServerStep,
} from './sasl.js';
export { ClientSasl, type ClientSaslOptions, SaslProvider } from './sasl-provider.js';
export { isX500Name, subjectOf } from './x500-name.js';
export { X509Provider } from './x509-provider.js';
export { AuthProviders, DEFAULT_PROVIDER_OPTIONS, type StandardProviderOptions } from './providers.js';
