import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import {
  isKnownType,
  type KerberosService,
  KeyTabError,
  readKeyTab,
  type ServiceKey,
  type TicketVerifier,
} from '../auth/index.js';
import type { ServerConfig } from '../config/index.js';
import { ExitCode } from './exit-codes.js';

/** Kerberos is asked for and cannot be had. */
export class KerberosLoadError extends Error {
  override readonly name = 'KerberosLoadError';
  readonly exitCode = ExitCode.unexpected;
}

/** What is used of the npm package `kerberos`: GSSAPI's accepting side. Tokens are base64. */
interface KerberosPackage {
  /** An empty service: whatever the key table has keys of. */
  initializeServer(service: string): Promise<ServerContext>;
}

interface ServerContext {
  readonly username: string | null;
  readonly targetName: string | null;
  readonly response: string | null;
  step(token: string): Promise<unknown>;
}

/** Where MIT's library looks when nothing else is said. */
const DEFAULT_KEY_TAB = '/etc/krb5.keytab';
const DEFAULT_CONFIG = '/etc/krb5.conf';

type Variables = Record<string, string | undefined>;

/**
 * Loads Kerberos for clients when the JAAS file asks for it; null when it does not. The library reads `env` later, so its key
 * table and its configuration are named there. Rejects with a `KerberosLoadError` that names the mend.
 */
export async function loadKerberos(
  { access }: ServerConfig,
  env: Variables,
  loadPackage: () => unknown = () => createRequire(import.meta.url)('kerberos'),
): Promise<KerberosService | null> {
  const { sasl, kerberosConfigFile } = access;
  if (sasl?.mechanism !== 'GSSAPI') return null;
  const { principal } = sasl;
  const keyTab = sasl.keyTab ?? pathOf(env['KRB5_KTNAME']) ?? DEFAULT_KEY_TAB;
  const keys = (): Promise<readonly ServiceKey[]> => keysOf(principal, keyTab);
  // What is missing now is told now; later the table may get newer keys.
  await keys();
  const configFile = kerberosConfigFile ?? env['KRB5_CONFIG'] ?? DEFAULT_CONFIG;
  env['KRB5_KTNAME'] = `FILE:${keyTab}`;
  if (kerberosConfigFile !== null) env['KRB5_CONFIG'] = kerberosConfigFile;
  const verifier = verifierOf(orRefused(principal, loadPackage));
  const ownRealm = principal.slice(principal.lastIndexOf('@') + 1);
  return { principal, keys, verifier, defaultRealm: (await defaultRealmOf(configFile)) ?? ownRealm };
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
function orRefused(principal: string, loadPackage: () => unknown): KerberosPackage {
  try {
    return loadPackage() as KerberosPackage;
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
    throw new KerberosLoadError(
      `clients are to authenticate with Kerberos as ${principal}, for which the optional package kerberos is needed, and it cannot be loaded (${why}). Install it beside this server with npm install kerberos, which needs the libraries of MIT Kerberos, or use the DigestLoginModule in the JAAS file.`,
      { cause },
    );
  }
}

function verifierOf(kerberos: KerberosPackage): TicketVerifier {
  return {
    async accept(token) {
      const context = await kerberos.initializeServer('');
      await context.step(token.toString('base64'));
      const { username, targetName, response } = context;
      if (username === null || targetName === null) throw new Error('the ticket names nobody');
      // An empty answer is none.
      const reply = response === null || response === '' ? null : Buffer.from(response, 'base64');
      return { reply, client: username, service: targetName };
    },
  };
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
