import { type Acl, aclBytes, type AuthPacket, type ClientInfo, ErrorCode, type Id } from '../protocol/index.js';
import type { AuthClient, AuthOutcome } from './provider.js';
import { AuthProviders } from './providers.js';
import type { ClientSasl } from './sasl-provider.js';

const NO_DATA = Buffer.alloc(0);

export interface AccessOptions {
  /** `zookeeper.skipACL`: everybody may do everything. */
  readonly skipAcl: boolean;
  /** Clients must have proven an id of one of these; null: they need not. */
  readonly enforcedSchemes?: readonly string[] | null;
  /** `zookeeper.allowSaslFailedClients`: whose proof failed is served as one without. */
  readonly allowSaslFailedClients?: boolean;
  /** Null: there is no SASL, and tokens are answered with none. */
  readonly sasl?: ClientSasl | null;
  /** `zookeeper.ssl.authProvider`: the scheme that names the owner of a TLS client's certificate. */
  readonly certificateScheme?: string;
}

/** The ids of a client that name a user, and what they take as entries of an ACL. */
interface Users {
  readonly ids: readonly Id[];
  readonly bytes: number;
}

/** Who may do what. */
export class Access {
  constructor(
    readonly providers: AuthProviders = AuthProviders.standard(),
    private readonly options: AccessOptions = { skipAcl: false },
  ) {}

  /** Null: SASL is not set up. */
  get sasl(): ClientSasl | null {
    return this.options.sasl ?? null;
  }

  /** May a client with these ids be served at all? */
  isAdmitted(ids: readonly Id[]): boolean {
    const schemes = this.options.enforcedSchemes ?? null;
    return schemes === null || ids.some(({ scheme }) => schemes.includes(scheme));
  }

  /** The schemes of which a client must prove one; empty: none. */
  get enforcedSchemes(): readonly string[] {
    return this.options.enforcedSchemes ?? [];
  }

  /** What becomes of a client whose SASL proof is wrong: the error that it is answered, or null when it is served. */
  get saslFailure(): number | null {
    if (this.enforcedSchemes.includes('sasl')) return ErrorCode.sessionClosedRequireSasl;
    return this.options.allowSaslFailedClients === true ? null : ErrorCode.authFailed;
  }

  /** The ids that a TLS client has from its certificate. */
  authenticateCertificate(client: AuthClient): AuthOutcome {
    const provider = this.providers.get(this.options.certificateScheme ?? 'x509');
    return provider?.authenticate(NO_DATA, client) ?? { kind: 'refused' };
  }

  /**
   * Does `acl` give one of `ids` one of the permissions in `perm`? An empty list binds nobody.
   * `newAcl`: the list that is being set, for providers that want to see it.
   */
  allows(
    acl: readonly Acl[],
    perm: number,
    ids: readonly Id[],
    path: string | null = null,
    newAcl: readonly Acl[] | null = null,
  ): boolean {
    if (acl.length === 0 || this.options.skipAcl) return true;
    for (const entry of acl) {
      if ((entry.perms & perm) === 0) continue;
      if (isAnyone(entry.id) || this.fits(entry.id, perm, ids, path, newAcl)) return true;
    }
    return isSuper(ids);
  }

  private fits(
    entry: Id,
    perm: number,
    ids: readonly Id[],
    path: string | null,
    newAcl: readonly Acl[] | null,
  ): boolean {
    const provider = this.providers.get(entry.scheme);
    if (provider === undefined) return false;
    for (const { scheme, id } of ids) {
      if (scheme === entry.scheme && provider.matches({ id, expression: entry.id, perm, path, newAcl })) return true;
    }
    return false;
  }

  /**
   * The list that a node gets when a client asks for `acl`: without doubles, and with `auth:` replaced by the users that
   * the client is. InvalidACL when the list is empty or an entry is not valid; MarshallingError when the users that replace
   * `auth:` take more than `maxUserBytes`, for many such entries of a client with many ids would fill the memory.
   */
  fixup(acl: readonly Acl[] | null, ids: readonly Id[], maxUserBytes = Infinity): readonly Acl[] | number {
    if (acl === null || acl.length === 0) return ErrorCode.invalidACL;
    if (acl.length === 1 && isAnyone((acl[0] as Acl).id)) return acl;
    const fixed: Acl[] = [];
    const seen = new Set<string>();
    let users: Users | null = null;
    let userBytes = 0;
    for (const entry of acl) {
      const key = keyOf(entry);
      if (seen.has(key)) continue;
      seen.add(key);
      if (isAnyone(entry.id)) {
        fixed.push(entry);
      } else if (entry.id.scheme === 'auth') {
        users ??= this.usersAmong(ids);
        if (users.ids.length === 0) return ErrorCode.invalidACL;
        userBytes += users.bytes;
        if (userBytes > maxUserBytes) return ErrorCode.marshallingError;
        for (const id of users.ids) fixed.push({ perms: entry.perms, id });
      } else {
        if (this.providers.get(entry.id.scheme)?.isValidId(entry.id.id) !== true) return ErrorCode.invalidACL;
        fixed.push(entry);
      }
    }
    return fixed;
  }

  private usersAmong(ids: readonly Id[]): Users {
    const users = ids.filter(({ scheme }) => this.providers.get(scheme)?.identifiesUser === true);
    return { ids: users, bytes: users.reduce((bytes, id) => bytes + aclBytes(id), 0) };
  }

  /** Answers an auth request; an unknown scheme is refused. */
  authenticate(packet: AuthPacket, client: AuthClient): AuthOutcome {
    return this.providers.get(packet.scheme)?.authenticate(packet.auth, client) ?? { kind: 'refused' };
  }

  /** What whoAmI tells: the users' names without what proves them. */
  describe(ids: readonly Id[]): ClientInfo[] {
    return ids.map(({ scheme, id }) => ({ scheme, user: this.providers.get(scheme)?.userName(id) ?? '' }));
  }
}

function isSuper(ids: readonly Id[]): boolean {
  for (const { scheme } of ids) if (scheme === 'super') return true;
  return false;
}

function isAnyone({ scheme, id }: Id): boolean {
  return scheme === 'world' && id === 'anyone';
}

/** The same for equal entries only: the scheme's length says where the id begins. */
function keyOf({ perms, id: { scheme, id } }: Acl): string {
  return `${perms} ${scheme.length} ${scheme}${id}`;
}
