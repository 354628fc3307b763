import { createHash } from 'node:crypto';
import { decodeUtf8 } from '../jute/index.js';
import type { Id } from '../protocol/index.js';
import { headOf, splitAtColons } from './java-text.js';
import type { AclQuestion, AuthOutcome, AuthProvider } from './provider.js';

/** Whoever has an id of this scheme is bound by no ACL. */
export const SUPER_ID: Id = { scheme: 'super', id: '' };

export interface DigestOptions {
  /** `zookeeper.DigestAuthenticationProvider.digestAlg` by its Java name (SHA1); the same on all servers. */
  readonly algorithm: string;
  /** `zookeeper.DigestAuthenticationProvider.superDigest`: the digest id that is the super user's; null: nobody's. */
  readonly superDigest: string | null;
}

export type AuthConfigErrorCode = 'DIGEST_ALGORITHM';

/** A setting that makes authentication impossible. */
export class AuthConfigError extends Error {
  override readonly name = 'AuthConfigError';
  constructor(
    readonly code: AuthConfigErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * The id of a user with a password: `user:base64(hash(user:password))`. Throws an `AuthConfigError` for an unknown
 * algorithm.
 */
export function digestId(userAndPassword: string, algorithm = 'SHA1'): string {
  const hash = hashFor(algorithm).update(userAndPassword, 'utf8').digest('base64');
  return `${headOf(userAndPassword, ':')}:${hash}`;
}

function hashFor(algorithm: string): ReturnType<typeof createHash> {
  try {
    // Java writes SHA-256, SHA3-256 and SHA-512/256 where OpenSSL has sha256, sha3-256 and sha512-256.
    const plain = algorithm.toLowerCase().replace(/^sha-(?=\d)/, 'sha');
    return createHash(plain.replace('/', '-'));
  } catch (cause) {
    throw new AuthConfigError('DIGEST_ALGORITHM', `${algorithm} is not a digest algorithm that is available here`, {
      cause,
    });
  }
}

/** Scheme `digest`: users with passwords that no server needs to know. */
export class DigestProvider implements AuthProvider {
  readonly scheme = 'digest';
  readonly identifiesUser = true;

  /** Throws an `AuthConfigError` when the algorithm is unknown. */
  constructor(private readonly options: DigestOptions) {
    hashFor(options.algorithm);
  }

  /** `data` is `user:password`. */
  authenticate(data: Buffer): AuthOutcome {
    const id = digestId(decodeUtf8(data), this.options.algorithm);
    const own = { scheme: this.scheme, id };
    return { kind: 'accepted', ids: id === this.options.superDigest ? [SUPER_ID, own] : [own] };
  }

  isValidId(id: string): boolean {
    return splitAtColons(id).length === 2;
  }

  matches({ id, expression }: AclQuestion): boolean {
    return id === expression;
  }

  userName(id: string): string {
    return headOf(id, ':');
  }
}
