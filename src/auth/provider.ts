import type { Acl, Id } from '../protocol/index.js';

/** What a provider may know of the client that authenticates. */
export interface AuthClient {
  /** Address without brackets; IPv4 also when it came through an IPv6 socket. */
  readonly remoteHost: string;
  /** What a TLS client showed and proved (DER), its own certificate first; empty without. */
  readonly certificates: readonly Buffer[];
}

/** What an ACL entry is asked. */
export interface AclQuestion {
  /** The client's id in the entry's scheme. */
  readonly id: string;
  /** The id of the ACL entry, which may be a pattern. */
  readonly expression: string;
  readonly perm: number;
  /** The node that is asked for; null where there is none (reconfiguration). */
  readonly path: string | null;
  /** The list that is being set, when one is; else null. */
  readonly newAcl: readonly Acl[] | null;
}

/**
 * - accepted: the client is now these ids, too.
 * - refused: AuthFailed is answered, then the connection ends.
 * - disconnect: the connection ends without an answer, so that the client tries another server.
 */
export type AuthOutcome =
  { readonly kind: 'accepted'; readonly ids: readonly Id[] } | { readonly kind: 'refused' | 'disconnect' };

/** A way of proving who one is, and of naming it in ACLs. One object serves all clients. */
export interface AuthProvider {
  /** The scheme of its ids. */
  readonly scheme: string;
  /** Do its ids stand for a user? Then they take the place of `auth:` in ACLs; addresses do not. */
  readonly identifiesUser: boolean;
  /** Answers an auth request. `data` is the client's and only valid during the call. */
  authenticate(data: Buffer, client: AuthClient): AuthOutcome;
  /** May an ACL hold this id? */
  isValidId(id: string): boolean;
  matches(question: AclQuestion): boolean;
  /** The user's name in an id, as whoAmI tells it. */
  userName(id: string): string;
}
