import type { Random } from '../host/index.js';
import type { Id } from '../protocol/index.js';
import { CLIENT_SERVICE, DigestMd5Server } from './digest-md5-server.js';
import { SUPER_ID } from './digest-provider.js';
import { DEFAULT_RULES, GssapiServer, type KerberosService, NameRules } from './kerberos/index.js';
import { parseKerberosName } from './kerberos-name.js';
import type { AclQuestion, AuthOutcome, AuthProvider } from './provider.js';
import type { SaslServer } from './sasl.js';

export interface ClientSaslOptions {
  /** Passwords by user. */
  readonly users: ReadonlyMap<string, string>;
  /** Users whom no ACL binds. */
  readonly superUsers: ReadonlySet<string>;
  readonly dropsHost: boolean;
  readonly dropsRealm: boolean;
  readonly random: Random;
  /** With it clients authenticate with Kerberos instead of passwords. */
  readonly kerberos?: KerberosService | null;
  /** Which part of a Kerberos name is the user; the default: what stands before host and realm. */
  readonly nameRules?: NameRules;
}

/** SASL for clients: an exchange each, and what ids a proven user has. */
export class ClientSasl {
  private readonly rules: NameRules;

  constructor(private options: ClientSaslOptions) {
    this.rules = options.nameRules ?? NameRules.parse(DEFAULT_RULES);
  }

  /** Who may prove himself from now on; who has done so already stays who he is. */
  setUsers(users: ReadonlyMap<string, string>): void {
    this.options = { ...this.options, users };
  }

  begin(): SaslServer {
    const { kerberos } = this.options;
    if (kerberos !== undefined && kerberos !== null) return new GssapiServer(kerberos);
    return new DigestMd5Server(CLIENT_SERVICE, this.options.users, this.options.random);
  }

  /** The ids of a user; a name that is no Kerberos name, or one that no rule fits, stays as it is. */
  idsOf(user: string): readonly Id[] {
    const id = this.nameOf(user);
    const own = { scheme: 'sasl', id };
    return this.options.superUsers.has(id) ? [own, SUPER_ID] : [own];
  }

  private nameOf(user: string): string {
    const { dropsHost, dropsRealm, kerberos } = this.options;
    const name = parseKerberosName(user);
    if (name === null) return user;
    // Without Kerberos nobody tells a default realm: then all are.
    const shortName = this.rules.shortName(name, kerberos?.defaultRealm ?? name.realm ?? '');
    if (shortName === null) return user;
    const host = name.host === null || dropsHost ? '' : `/${name.host}`;
    const realm = name.realm === null || dropsRealm ? '' : `@${name.realm}`;
    return `${shortName}${host}${realm}`;
  }
}

/** Scheme `sasl` in ACLs. Users are proven by SASL requests, not by auth requests. */
export class SaslProvider implements AuthProvider {
  readonly scheme = 'sasl';
  readonly identifiesUser = true;

  /** `anyUser`: `zookeeper.letAnySaslUserDoX`, the name in an ACL that stands for every SASL user. */
  constructor(private readonly anyUser: string | null) {}

  authenticate(): AuthOutcome {
    return { kind: 'refused' };
  }

  isValidId(id: string): boolean {
    return parseKerberosName(id) !== null;
  }

  matches({ id, expression }: AclQuestion): boolean {
    return id === 'super' || id === expression || (this.anyUser !== null && expression === this.anyUser);
  }

  userName(id: string): string {
    return id;
  }
}
