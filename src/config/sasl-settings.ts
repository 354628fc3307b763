import type { Faults } from './fault.js';
import type { JaasEntry, JaasSection } from './jaas.js';
import type { Origin } from './origin.js';

/** The side that is dialled. */
export type SaslServerSettings =
  | { readonly mechanism: 'DIGEST-MD5'; readonly users: ReadonlyMap<string, string> }
  | { readonly mechanism: 'GSSAPI'; readonly principal: string; readonly keyTab: string | null };

/** The side that dials. */
export type SaslClientSettings =
  { readonly mechanism: 'DIGEST-MD5'; readonly user: string; readonly password: string } | KerberosLogin;

/** Tickets by the keys of a table, or those that somebody else gets and renews. */
export interface KerberosLogin {
  readonly mechanism: 'GSSAPI';
  readonly principal: string;
  /** Null: Kerberos' own one. */
  readonly keyTab: string | null;
  /** Null: by the key table. The empty name: Kerberos' own place. */
  readonly ticketCache: string | null;
}

/** A login configuration that was read. */
export interface JaasFile {
  readonly path: string;
  readonly sections: readonly JaasSection[];
}

const DIGEST_MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule';
const KERBEROS_MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
const USER_PREFIX = 'user_';

export interface SaslInput {
  readonly jaas: JaasFile | null;
  readonly faults: Faults;
  /** `fips-mode=true` was written down. */
  readonly fipsAsked: boolean;
}

/** The first entry of a section that this server can use. Undefined, with a fault, when there is none. */
function entryOf(input: SaslInput, { path }: JaasFile, { name, line, entries }: JaasSection): JaasEntry | undefined {
  const known = entries.find(({ module }) => module === DIGEST_MODULE || module === KERBEROS_MODULE);
  if (known !== undefined && known.module === DIGEST_MODULE && input.fipsAsked) {
    const reason = 'fips-mode=true does not allow DIGEST-MD5, which this section asks for.';
    input.faults.error('CONFLICT', placeOf(path, line, name), reason, 'Take fips-mode=true out, or use Kerberos.');
    return undefined;
  }
  if (known !== undefined) return known;
  const modules = entries.map(({ module }) => module).join(', ') || 'no login module';
  const reason = `it has ${modules}, which this server does not know.`;
  input.faults.error('BAD_VALUE', placeOf(path, line, name), reason, `Use ${DIGEST_MODULE}.`);
  return undefined;
}

function placeOf(file: string, line: number, key: string): { where: Origin; key: string } {
  return { where: { kind: 'file', file, line }, key };
}

function sectionOf(jaas: JaasFile | null, name: string): JaasSection | undefined {
  return jaas?.sections.find((section) => section.name === name);
}

/** Who may log in where this server is dialled, by the section `name`; null: there is no such section (or a fault). */
export function saslServer(input: SaslInput, name: string): SaslServerSettings | null {
  const { jaas } = input;
  const section = sectionOf(jaas, name);
  if (jaas === null || section === undefined) return null;
  const entry = entryOf(input, jaas, section);
  if (entry === undefined) return null;
  if (entry.module === KERBEROS_MODULE) return kerberos(input, jaas, section, entry);
  const options = section.entries.flatMap((one) => [...one.options]);
  const users = options.filter(([key]) => key.startsWith(USER_PREFIX));
  return {
    mechanism: 'DIGEST-MD5',
    users: new Map(users.map(([key, value]) => [key.slice(USER_PREFIX.length), value])),
  };
}

function kerberos(input: SaslInput, jaas: JaasFile, { name, line }: JaasSection, { options }: JaasEntry) {
  const principal = options.get('principal');
  if (principal !== undefined && /^[^/@]+\/[^/@]+@/.test(principal)) {
    return { mechanism: 'GSSAPI', principal, keyTab: options.get('keyTab') ?? null } as const;
  }
  const reason = 'its principal is not of the form service/host@REALM.';
  input.faults.error('BAD_VALUE', placeOf(jaas.path, line, name), reason, 'Add principal="zookeeper/host@REALM".');
  return null;
}

/** As with the login module: without `useTicketCache` the keys are taken. */
function kerberosLogin(
  input: SaslInput,
  jaas: JaasFile,
  section: JaasSection,
  entry: JaasEntry,
): SaslClientSettings | null {
  const settings = kerberos(input, jaas, section, entry);
  if (settings === null) return null;
  const isTrue = (option: string) => entry.options.get(option)?.toLowerCase() === 'true';
  const usesCache = isTrue('useTicketCache') && !isTrue('useKeyTab');
  return { ...settings, ticketCache: usesCache ? (entry.options.get('ticketCache') ?? '') : null };
}

/** As whom this server logs in at others, by the section `name`; null: there is no such section (or a fault). */
export function saslClient(input: SaslInput, name: string): SaslClientSettings | null {
  const { jaas, faults } = input;
  const section = sectionOf(jaas, name);
  if (jaas === null || section === undefined) return null;
  const entry = entryOf(input, jaas, section);
  if (entry === undefined) return null;
  const place = placeOf(jaas.path, section.line, name);
  if (entry.module === KERBEROS_MODULE) return kerberosLogin(input, jaas, section, entry);
  const user = entry.options.get('username');
  const password = entry.options.get('password');
  if (user !== undefined && password !== undefined) return { mechanism: 'DIGEST-MD5', user, password };
  faults.error('BAD_VALUE', place, 'it lacks username or password.', 'Add username="..." password="...".');
  return null;
}

/** The section that must be there; a fault names where it is looked for. */
export function tellMissingSection({ jaas, faults }: SaslInput, name: string, wantedBy: string): void {
  const where = jaas === null ? 'no JAAS file is named.' : `${jaas.path} has no section ${name}.`;
  const mend =
    jaas === null
      ? `Name the file with the section ${name} in java.security.auth.login.config.`
      : `Add ${name} { ${DIGEST_MODULE} required ...; };`;
  faults.error('MISSING_KEY', { key: wantedBy }, where, mend);
}
