import { encodeToBuffer, JuteReader } from '../jute/index.js';

/** Version of the greeting with one address, sent by 3.5 and later. */
export const GREETING_ONE_ADDRESS = -65536;
/** Version of the greeting with several addresses (ZOOKEEPER-3188), sent when they are enabled. */
export const GREETING_SEVERAL_ADDRESSES = -65535;

/** `Long.MAX_VALUE` (as the nearest number): the sid of an observer that has no id of its own. */
export const OBSERVER_ID = 2 ** 63;
const OBSERVER_ID_BITS = 0x7fffffffffffffffn;

const LONG_BYTES = 8;
const HEAD_BYTES = 20;
const MAX_ADDRESS_BYTES = 2048;
const MAX_BARE_SID = 0x7fffffff;
/** No greeting is longer: who sent this much without completing one never will. */
export const MAX_GREETING_BYTES = HEAD_BYTES + MAX_ADDRESS_BYTES;

/** The first bytes on an election connection: who dials, and where it can be dialled back. */
export interface InitialMessage {
  readonly sid: number;
  /** `host:port` each, an IPv6 host in brackets; none from servers before 3.5. */
  readonly addresses: readonly string[];
}

export type InitialMessageErrorCode = 'VERSION' | 'SID' | 'LENGTH';

/** Bytes that no server's greeting begins with. */
export class InitialMessageError extends Error {
  override readonly name = 'InitialMessageError';
  constructor(
    readonly code: InitialMessageErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** `long version; long sid; int length; bytes addresses`, the addresses joined by `|`. */
export function encodeInitialMessage(message: InitialMessage, severalAddresses: boolean): Buffer {
  const addresses = severalAddresses ? message.addresses : message.addresses.slice(0, 1);
  return encodeToBuffer((w) => {
    w.long(severalAddresses ? GREETING_SEVERAL_ADDRESSES : GREETING_ONE_ADDRESS);
    if (message.sid === OBSERVER_ID) w.long64(OBSERVER_ID_BITS);
    else w.long(message.sid);
    w.buffer(Buffer.from(addresses.join('|'), 'utf8'));
  });
}

function checkedSid(sid: number): number {
  if (Number.isSafeInteger(sid) ? sid >= 0 : sid === OBSERVER_ID) return sid;
  throw new InitialMessageError('SID', `${sid} is not a server id`);
}

/** A bare id has nothing around it to be known by: larger ones than any list has are the beginning of something else. */
function checkedBareSid(sid: number): number {
  if (sid <= MAX_BARE_SID || sid === OBSERVER_ID) return sid;
  throw new InitialMessageError('SID', `${sid} is neither a version of an election greeting nor a server id`);
}

/**
 * Reads a greeting from the start of what has arrived: the greeting and its length, or null while it is incomplete. Both
 * versions are understood, and the bare `long sid` that servers before 3.5 send. Throws an `InitialMessageError`.
 */
export function readInitialMessage(bytes: Buffer): { message: InitialMessage; length: number } | null {
  if (bytes.length < LONG_BYTES) return null;
  const r = new JuteReader(bytes);
  const first = r.longLossy();
  if (first >= 0) return { message: { sid: checkedBareSid(first), addresses: [] }, length: LONG_BYTES };
  if (first !== GREETING_ONE_ADDRESS && first !== GREETING_SEVERAL_ADDRESSES) {
    throw new InitialMessageError('VERSION', `${first} is no version of an election greeting`);
  }
  if (bytes.length < HEAD_BYTES) return null;
  const sid = checkedSid(r.longLossy());
  const size = r.int();
  if (size <= 0 || size > MAX_ADDRESS_BYTES) {
    throw new InitialMessageError('LENGTH', `the addresses of server ${sid} claim a length of ${size} bytes`);
  }
  if (r.remaining < size) return null;
  const addresses = r.raw(size).toString('utf8').split('|');
  return { message: { sid, addresses }, length: HEAD_BYTES + size };
}
