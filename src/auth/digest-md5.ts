/** What both sides of DIGEST-MD5 (RFC 2831) reckon and parse; quality of protection is `auth` only, as in ZooKeeper. */
import { createHash } from 'node:crypto';
import { SaslError } from './sasl.js';

/** Bytes of chance in a nonce. */
export const NONCE_BYTES = 30;
export const QOP = 'auth';
export const ALGORITHM = 'md5-sess';
/** Longest token that is looked at (RFC 2831 allows 4096 for a response and 2048 for a challenge). */
const MAX_TOKEN_BYTES = 4096;

/** Everything that goes into a response, which both sides know. */
export interface DigestMaterial {
  readonly user: string;
  readonly password: string;
  readonly realm: string;
  readonly nonce: string;
  readonly cnonce: string;
  readonly nonceCount: string;
  readonly uri: string;
  /** Null: none was sent. */
  readonly authorizationId: string | null;
  /** Was `charset=utf-8` sent? */
  readonly isUtf8: boolean;
}

/** A text as it is hashed: ISO-8859-1 where that can hold it (RFC 2831, 2.1.2.1). */
function hashedBytes(text: string, isUtf8: boolean): Buffer {
  return Buffer.from(text, isUtf8 && !/^[\x00-\xff]*$/.test(text) ? 'utf8' : 'latin1');
}

function md5(...parts: readonly (Buffer | string)[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** `who` proves itself: the client, or the server in its last token. 32 hex digits. */
export function digestResponse(material: DigestMaterial, who: 'client' | 'server'): string {
  const { user, realm, password, nonce, cnonce, nonceCount, uri, authorizationId, isUtf8 } = material;
  const secret = md5(
    ...[hashedBytes(user, isUtf8), ':', hashedBytes(realm, isUtf8), ':', hashedBytes(password, isUtf8)],
  );
  const authorization = authorizationId === null ? [] : [':', Buffer.from(authorizationId, 'utf8')];
  const a1 = md5(secret, `:${nonce}:${cnonce}`, ...authorization).toString('hex');
  const a2 = md5(`${who === 'client' ? 'AUTHENTICATE' : ''}:${uri}`).toString('hex');
  return md5(`${a1}:${nonce}:${nonceCount}:${cnonce}:${QOP}:${a2}`).toString('hex');
}

const DIRECTIVE = /[\s,]*([!#-'*+.\w^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s",]*))\s*(?=,|$)/gy;

/** `name=value` and `name="value"` by commas. Values are ISO-8859-1 of what came. Throws a `SaslError`. */
export function parseDirectives(token: Buffer): Map<string, string> {
  if (token.length > MAX_TOKEN_BYTES) throw new SaslError('MALFORMED', `a token of ${token.length} bytes is too long`);
  const text = token.toString('latin1').replace(/[\s,\0]+$/, '');
  const directives = new Map<string, string>();
  DIRECTIVE.lastIndex = 0;
  while (DIRECTIVE.lastIndex < text.length) {
    const match = DIRECTIVE.exec(text);
    if (match === null) throw new SaslError('MALFORMED', 'the token is no list of directives');
    const [, name = '', quoted, plain = ''] = match;
    const key = name.toLowerCase();
    if (directives.has(key) && key !== 'realm') throw new SaslError('MALFORMED', `${key} stands there twice`);
    // Of several realms that are offered the first is taken.
    if (!directives.has(key)) directives.set(key, quoted === undefined ? plain : quoted.replace(/\\([\s\S])/g, '$1'));
  }
  return directives;
}

/** The value of a directive that must be there. Throws a `SaslError`. */
export function required(directives: ReadonlyMap<string, string>, name: string): string {
  const value = directives.get(name);
  if (value === undefined) throw new SaslError('MALFORMED', `${name} is missing`);
  return value;
}

/** What a value of `parseDirectives` means in the charset that was agreed on. */
export function decoded(value: string, isUtf8: boolean): string {
  return isUtf8 ? Buffer.from(value, 'latin1').toString('utf8') : value;
}

export function isUtf8Asked(directives: ReadonlyMap<string, string>): boolean {
  const charset = directives.get('charset');
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new SaslError('MALFORMED', `there is no charset ${charset}`);
  }
  return charset !== undefined;
}

export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
