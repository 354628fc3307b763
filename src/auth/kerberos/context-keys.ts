/** What a server learns from a GSSAPI exchange of Kerberos (RFC 4121, RFC 4120) with the service's own key. */
import { Der, DerTag } from './der.js';
import { decrypt, type KerberosKey, KerberosCryptoError } from './encryption-types.js';
import type { ServiceKey } from './key-tab.js';

/** Enough to sign and to check tokens behind the first two. */
export interface ContextKeys {
  readonly key: KerberosKey;
  /** Did the server choose the key? Then every token says so. */
  readonly isServersKey: boolean;
  /** Number of the server's first token. */
  readonly firstSequence: bigint;
}

/** The object id 1.2.840.113554.1.2.2, and the tokens behind it. */
const MECHANISM = Buffer.from('06092a864886f712010202', 'hex');
const AP_REQUEST = 0x0100;
const AP_REPLY = 0x0200;

/** Numbers of RFC 4120, 7.5.1. */
const KeyUsage = { ticket: 2, reply: 12, authenticator: 11 } as const;

/** What is inside the frame of a first token (RFC 2743, 3.1). */
function unframed(token: Buffer, kind: number): Der {
  const { content } = Der.read(token).expect(DerTag.application(0));
  if (!content.subarray(0, MECHANISM.length).equals(MECHANISM)) {
    throw new KerberosCryptoError('the token is not of Kerberos');
  }
  const rest = content.subarray(MECHANISM.length);
  if (rest.length < 2 || rest.readUInt16BE() !== kind) throw new KerberosCryptoError('the token is of another kind');
  return Der.read(rest.subarray(2));
}

/** `EncryptionKey ::= SEQUENCE { keytype [0], keyvalue [1] }` */
function readKey(der: Der): KerberosKey {
  return { type: der.field(0).integer(), bytes: der.field(1).octets() };
}

/** `EncryptedData ::= SEQUENCE { etype [0], kvno [1] OPTIONAL, cipher [2] }`, opened with a key of its type. */
function open(data: Der, usage: number, key: KerberosKey): Der {
  const type = data.field(0).integer();
  if (type !== key.type) throw new KerberosCryptoError(`a part is encrypted by type ${type}, not ${key.type}`);
  return Der.read(decrypt(key, usage, data.field(2).octets()));
}

/** The service's key that the ticket was made with. */
function keyFor(ticket: Der, keys: readonly ServiceKey[]): ServiceKey {
  const data = ticket.field(3);
  const type = data.field(0).integer();
  const version = data.optional(1)?.integer() ?? null;
  const found = keys.find((key) => key.type === type && (version === null || key.version === version));
  if (found !== undefined) return found;
  const which = version === null ? '' : ` and version ${version}`;
  throw new KerberosCryptoError(`the key table has no key of type ${type}${which}, with which the ticket was made`);
}

/**
 * The keys of a context. `request` is the client's first token, `reply` the server's (null: the client asked for none), `keys`
 * those of the service. Nothing is verified here that the accepting of the ticket verifies: times, replays, names. Throws a
 * `DerError` or a `KerberosCryptoError`.
 */
export function contextKeys(request: Buffer, reply: Buffer | null, keys: readonly ServiceKey[]): ContextKeys {
  const apRequest = unframed(request, AP_REQUEST).expect(DerTag.application(14)).inner(DerTag.sequence);
  const ticket = apRequest.field(3).expect(DerTag.application(1)).inner(DerTag.sequence);
  const ticketPart = open(ticket.field(3), KeyUsage.ticket, keyFor(ticket, keys));
  const sessionKey = readKey(ticketPart.expect(DerTag.application(3)).inner(DerTag.sequence).field(1));
  const authenticator = open(apRequest.field(4), KeyUsage.authenticator, sessionKey)
    .expect(DerTag.application(2))
    .inner(DerTag.sequence);
  const clientsKey = authenticator.optional(6);
  const key = clientsKey === null ? sessionKey : readKey(clientsKey);
  // Without a reply the server has no number of its own to begin with.
  if (reply === null) return { key, isServersKey: false, firstSequence: sequence(authenticator.optional(7)) };
  const apReply = unframed(reply, AP_REPLY).expect(DerTag.application(15)).inner(DerTag.sequence);
  const replyPart = open(apReply.field(2), KeyUsage.reply, sessionKey)
    .expect(DerTag.application(27))
    .inner(DerTag.sequence);
  const serversKey = replyPart.optional(2);
  const firstSequence = sequence(replyPart.optional(3));
  if (serversKey === null) return { key, isServersKey: false, firstSequence };
  return { key: readKey(serversKey), isServersKey: true, firstSequence };
}

/** Numbers are unsigned, though some write them with a sign. */
function sequence(der: Der | null): bigint {
  return der === null ? 0n : BigInt(der.integer() >>> 0);
}
