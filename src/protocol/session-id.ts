import { PASSWORD_BYTES } from './connect.js';

const SUPER_SECRET = 0xb3415c00n;
const MASK_48 = (1n << 48n) - 1n;
const MULTIPLIER = 0x5deece66dn;
const INCREMENT = 0xbn;

/**
 * The first session id of a server's life: its id in the top byte, then 40 bits of time, then a 16-bit counter
 * (`SessionTrackerImpl.initializeNextSessionId`). `Long.MIN_VALUE` marks containers and is stepped over.
 */
export function firstSessionId(wallMs: number, serverId: number): bigint {
  const time = BigInt.asUintN(64, BigInt(wallMs) << 24n) >> 8n;
  const id = BigInt.asIntN(64, time | (BigInt(serverId) << 56n));
  return id === -0x8000_0000_0000_0000n ? id + 1n : id;
}

/** One step of java.util.Random: 32 fresh bits of its 48-bit linear congruential generator. */
function step(state: bigint): bigint {
  return (state * MULTIPLIER + INCREMENT) & MASK_48;
}

/**
 * A session's password: 16 bytes of java.util.Random seeded with the id and ZooKeeper's constant, so that every server,
 * Java or ours, finds the same (`ZooKeeperServer.generatePasswd`).
 */
export function sessionPassword(sessionId: bigint): Buffer {
  let state = (BigInt.asUintN(64, sessionId ^ SUPER_SECRET) ^ MULTIPLIER) & MASK_48;
  const password = Buffer.alloc(PASSWORD_BYTES);
  for (let at = 0; at < PASSWORD_BYTES; at += 4) {
    state = step(state);
    // nextBytes lays each int down with its lowest byte first.
    password.writeInt32LE(Number(BigInt.asIntN(32, state >> 16n)), at);
  }
  return password;
}

/** `0x10000a1b2c3d0000`, as logs, four-letter words and Java print it. */
export function formatSessionId(sessionId: bigint): string {
  return `0x${BigInt.asUintN(64, sessionId).toString(16)}`;
}
