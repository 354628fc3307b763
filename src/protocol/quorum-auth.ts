import { encodeToBuffer, JuteError, JuteReader } from '../jute/index.js';

/** Begins every packet of an authentication between servers; no other first packet can begin so. */
export const QUORUM_AUTH_MAGIC = BigInt.asIntN(64, -0xa0dbcafecafe1234n);
export const QUORUM_AUTH_MAGIC_BYTES = 8;
const HEAD_BYTES = 16;
const MAX_TOKEN_BYTES = 64 * 1024;

export const QuorumAuthStatus = { inProgress: 0, success: 1, error: -1 } as const;

/** Jute's `QuorumAuthPacket`: `long magic; int status; buffer token`. */
export interface QuorumAuthPacket {
  readonly status: number;
  /** Empty when it was null. */
  readonly token: Buffer;
}

export function encodeQuorumAuth({ status, token }: QuorumAuthPacket): Buffer {
  return encodeToBuffer((w) => {
    w.long64(QUORUM_AUTH_MAGIC);
    w.int(status);
    w.buffer(token);
  });
}

/** The packet at the start of `bytes`; null: more is needed. Throws a `JuteError` for what is none. */
export function readQuorumAuth(bytes: Buffer): { readonly value: QuorumAuthPacket; readonly length: number } | null {
  if (bytes.length < HEAD_BYTES) return null;
  const reader = new JuteReader(bytes);
  if (reader.long64() !== QUORUM_AUTH_MAGIC) throw new JuteError('RANGE', 0, 'no authentication packet');
  const status = reader.int();
  const size = reader.int();
  if (size < -1 || size > MAX_TOKEN_BYTES)
    throw new JuteError('RANGE', HEAD_BYTES - 4, `a token cannot have ${size} bytes`);
  const length = HEAD_BYTES + Math.max(0, size);
  return bytes.length < length
    ? null
    : { value: { status, token: Buffer.from(bytes.subarray(HEAD_BYTES, length)) }, length };
}
