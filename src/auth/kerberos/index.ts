export { DEFAULT_RULES, NameRuleError, NameRules } from './auth-to-local.js';
export { isKnownType } from './encryption-types.js';
export { GssapiClient, type TicketExchange, type TicketHolder } from './gssapi-client.js';
export { type AcceptedTicket, GssapiServer, type KerberosService, type TicketVerifier } from './gssapi-server.js';
export { KeyTabError, readKeyTab, type ServiceKey } from './key-tab.js';
