export { ConfigExit, type Fault, type FaultCode, formatFault, type Severity } from './fault.js';
export { ALL_KEYS, type AnyKeyDefinition, KEY_FAMILIES, type KeyValues, type Support } from './keys/index.js';
export type { ExtraProperties } from './key-names.js';
export { exitCodeOf, loadConfig, type LoadResult } from './load.js';
export { JaasSyntaxError, parseJaas, type JaasSection } from './jaas.js';
export { parseProperties, type PropertyText } from './properties.js';
export type { LoadRequest } from './load-request.js';
export type { LogSettings } from './log-settings.js';
export { nearestName } from './nearest.js';
export { formatOrigin, type Origin } from './origin.js';
export type { BuiltInScheme, NamedProvider } from './auth-providers.js';
export type { KerberosLogin, SaslClientSettings, SaslServerSettings } from './sasl-settings.js';
export type { TlsSettings } from './tls-settings.js';
export type {
  AccessSettings,
  AdminSettings,
  AuditSettings,
  BackupSettings,
  ClientSettings,
  ElectionSettings,
  ExporterSettings,
  LearnerSettings,
  PauseSettings,
  PurgeSettings,
  QuorumSaslSettings,
  QuorumSecuritySettings,
  ServerConfig,
  StorageSettings,
} from './server-config.js';
export type { Setting } from './settings.js';
export { rewriteConfig, type RewriteOptions } from './rewrite.js';
