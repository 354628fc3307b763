export { Access, type AccessOptions } from './access.js';
export {
  AuthConfigError,
  type AuthConfigErrorCode,
  digestId,
  type DigestOptions,
  DigestProvider,
  SUPER_ID,
} from './digest-provider.js';
export { ipId, IpProvider } from './ip-provider.js';
export type { AclQuestion, AuthClient, AuthOutcome, AuthProvider } from './provider.js';
export { AuthProviders, DEFAULT_PROVIDER_OPTIONS, type StandardProviderOptions } from './providers.js';
