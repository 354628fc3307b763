import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  isKnownType,
  type KerberosService,
  KeyTabError,
  readKeyTab,
  type ServiceKey,
  type TicketHolder,
  type TicketVerifier,
} from '../auth/index.js';
import type { KerberosLogin, ServerConfig } from '../config/index.js';
import type { QuorumKerberos } from '../peer/index.js';
import { ExitCode } from './exit-codes.js';
import { type KerberosPackage, ticketHolder, ticketVerifier, type Variables } from './kerberos-package.js';

/** Kerberos is asked for and cannot be had. */
export class KerberosLoadError extends Error {
  override readonly name = 'KerberosLoadError';
  readonly exitCode = ExitCode.unexpected;
}

/** Where MIT's library looks when nothing else is said. */
const DEFAULT_KEY_TAB = '/etc/krb5.keytab';
const DEFAULT_CONFIG = '/etc/krb5.conf';

/** The program's own memory: tickets for other servers need not outlive it. */
const OWN_TICKETS = 'MEMORY:zk-server';

type LoadPackage = () => unknown;
type KerberosSettings = { readonly principal: string; readonly keyTab: string | null };

const requirePackage: LoadPackage = () => createRequire(import.meta.url)('kerberos');

/**
 * Loads Kerberos for clients when the JAAS file asks for it; null when it does not. The library reads `env` later, so its key
 * table and its configuration are named there. Rejects with a `KerberosLoadError` that names the mend.
 */
export async function loadKerberos(
  { access }: ServerConfig,
  env: Variables,
  loadPackage: LoadPackage = requirePackage,
): Promise<KerberosService | null> {
  const { sasl, kerberosConfigFile } = access;
  if (sasl?.mechanism !== 'GSSAPI') return null;
  const { keyTab, keys } = await tableOf(sasl, env);
  env['KRB5_KTNAME'] = `FILE:${keyTab}`;
  nameConfigFile(kerberosConfigFile, env);
  const verifier = ticketVerifier(orRefused('clients are', sasl.principal, loadPackage), keyTab, env);
  return serviceOf(sasl.principal, keys, verifier, env);
}

/**
 * Loads Kerberos for servers when the JAAS file asks for it, on the side that is dialled and on the one that dials. The library
 * reads `env` later, so where its tickets come from is named there. Rejects with a `KerberosLoadError` that names the mend.
 */
export async function loadQuorumKerberos(
  { access, quorumSecurity }: ServerConfig,
  env: Variables,
  loadPackage: LoadPackage = requirePackage,
): Promise<QuorumKerberos> {
  const { client = null, server = null } = quorumSecurity.sasl ?? {};
  nameConfigFile(access.kerberosConfigFile, env);
  const load = (principal: string): KerberosPackage => orRefused('servers are', principal, loadPackage);
  let service: KerberosService | null = null;
  if (server?.mechanism === 'GSSAPI') {
    const { keyTab, keys } = await tableOf(server, env);
    service = await serviceOf(server.principal, keys, ticketVerifier(load(server.principal), keyTab, env), env);
  }
  if (client?.mechanism !== 'GSSAPI') return { service, tickets: null };
  await nameTickets(client, env);
  const tickets: TicketHolder = ticketHolder(load(client.principal), client.principal);
  return { service, tickets };
}

/** Where the library finds what it gets tickets with, or the tickets themselves. */
async function nameTickets(login: KerberosLogin, env: Variables): Promise<void> {
  if (login.ticketCache === '') return;
  if (login.ticketCache !== null) {
    env['KRB5CCNAME'] = /^[A-Z]+:/.test(login.ticketCache) ? login.ticketCache : `FILE:${login.ticketCache}`;
    return;
  }
  const { keyTab } = await tableOf(login, env);
  env['KRB5_CLIENT_KTNAME'] = `FILE:${keyTab}`;
  env['KRB5CCNAME'] = OWN_TICKETS;
}

/** What is missing now is told now; later the table may get newer keys. */
async function tableOf({ principal, keyTab: named }: KerberosSettings, env: Variables) {
  const keyTab = named ?? pathOf(env['KRB5_KTNAME']) ?? DEFAULT_KEY_TAB;
  const keys = (): Promise<readonly ServiceKey[]> => keysOf(principal, keyTab);
  await keys();
  return { keyTab, keys };
}

function nameConfigFile(configFile: string | null, env: Variables): void {
  if (configFile !== null) env['KRB5_CONFIG'] = configFile;
}

async function serviceOf(
  principal: string,
  keys: KerberosService['keys'],
  verifier: TicketVerifier,
  env: Variables,
): Promise<KerberosService> {
  const ownRealm = principal.slice(principal.lastIndexOf('@') + 1);
  const defaultRealm = (await defaultRealmOf(env['KRB5_CONFIG'] ?? DEFAULT_CONFIG)) ?? ownRealm;
  return { principal, keys, verifier, defaultRealm };
}

function pathOf(name: string | undefined): string | undefined {
  return name?.replace(/^FILE:/, '');
}

async function keysOf(principal: string, keyTab: string): Promise<readonly ServiceKey[]> {
  let all: readonly ServiceKey[];
  try {
    all = readKeyTab(await readFile(keyTab));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const mend = cause instanceof KeyTabError ? 'Make it anew with ktadd of kadmin' : 'Name a key table in keyTab';
    throw new KerberosLoadError(`the key table ${keyTab} cannot be read: ${why}. ${mend}.`, { cause });
  }
  const own = all.filter((key) => key.principal === principal);
  if (own.length === 0) {
    const others = [...new Set(all.map((key) => key.principal))].join(', ') || 'nobody';
    throw new KerberosLoadError(
      `the key table ${keyTab} has no key of ${principal}, only of ${others}. Add one with ktadd of kadmin, or mend the principal in the JAAS file.`,
    );
  }
  const known = own.filter(({ type }) => isKnownType(type));
  if (known.length > 0) return known;
  throw new KerberosLoadError(
    `the key table ${keyTab} has no AES key of ${principal}. Add one with ktadd -e aes256-cts-hmac-sha1-96:normal.`,
  );
}

/** The package is optional: it is native, and only some need it. */
function orRefused(who: string, principal: string, loadPackage: LoadPackage): KerberosPackage {
  try {
    return loadPackage() as KerberosPackage;
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
    throw new KerberosLoadError(
      `${who} to authenticate with Kerberos as ${principal}, for which the optional package kerberos is needed, and it cannot be loaded (${why}). Install it beside this server with npm install kerberos, which needs the libraries of MIT Kerberos, or use the DigestLoginModule in the JAAS file.`,
      { cause },
    );
  }
}

/** `default_realm` of a krb5.conf; null: it names none, or there is no such file. */
async function defaultRealmOf(configFile: string): Promise<string | null> {
  let text: string;
  try {
    text = await readFile(configFile, 'utf8');
  } catch {
    return null;
  }
  return /^\s*default_realm\s*=\s*(\S+)/m.exec(text)?.[1] ?? null;
}
