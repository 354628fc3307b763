import { PASSWORD_BYTES } from './connect.js';

const SUPER_SECRET = 0xb3415c00n;
const MASK_48 = (1n << 48n) - 1n;
/** java.util.Random: `state = state * 0x5deece66d + 0xb` in 48 bits, here in halves of 24, which are exact in doubles. */
const MULTIPLIER = 0x5deece66dn;
const MULTIPLIER_HIGH = 0x5de;
const MULTIPLIER_LOW = 0xece66d;
const INCREMENT = 0xb;
const HALF_BITS = 24n;
const HALF = 0x100_0000;

/**
 * The first session id of a server's life: its id in the top byte, then 40 bits of time, then a 16-bit counter
 * (`SessionTrackerImpl.initializeNextSessionId`). `Long.MIN_VALUE` marks containers and is stepped over.
 */
export function firstSessionId(wallMs: number, serverId: number): bigint {
  const time = BigInt.asUintN(64, BigInt(wallMs) << 24n) >> 8n;
  const id = BigInt.asIntN(64, time | (BigInt(serverId) << 56n));
  return id === -0x8000_0000_0000_0000n ? id + 1n : id;
}

/**
 * A session's password: 16 bytes of java.util.Random seeded with the id and ZooKeeper's constant, so that every server,
 * Java or ours, finds the same (`ZooKeeperServer.generatePasswd`).
 */
export function sessionPassword(sessionId: bigint): Buffer {
  const seed = (sessionId ^ SUPER_SECRET ^ MULTIPLIER) & MASK_48;
  let high = Number(seed >> HALF_BITS);
  let low = Number(seed) % HALF;
  const password = Buffer.allocUnsafe(PASSWORD_BYTES);
  for (let at = 0; at < PASSWORD_BYTES; at += 4) {
    const product = low * MULTIPLIER_LOW + INCREMENT;
    high = (high * MULTIPLIER_LOW + low * MULTIPLIER_HIGH + Math.floor(product / HALF)) % HALF;
    low = product % HALF;
    // nextBytes lays each int (the upper 32 of the 48 bits) down with its lowest byte first.
    password.writeInt32LE((high << 8) | (low >>> 16), at);
  }
  return password;
}

/** `0x10000a1b2c3d0000`, as logs, four-letter words and Java print it. */
export function formatSessionId(sessionId: bigint): string {
  return `0x${BigInt.asUintN(64, sessionId).toString(16)}`;
}
