import { encodeToBuffer, JuteError, JuteReader } from '../jute/index.js';
import { zxidEpoch } from './zxid.js';

/** State of a quorum server; its place in the list is its number on the wire. */
export const SERVER_STATES = ['LOOKING', 'FOLLOWING', 'LEADING', 'OBSERVING'] as const;
export type ServerState = (typeof SERVER_STATES)[number];

/** `Long.MIN_VALUE`: what a server that does not vote proposes as leader, zxid and epoch. Exact as a number. */
export const NO_PROPOSAL = -(2 ** 63);

/** The format written here: it carries the sender's configuration. */
export const NOTIFICATION_VERSION = 2;

/** What servers tell each other in an election (port 3888). */
export interface Notification {
  readonly state: ServerState;
  /** Who the sender votes for, and that server's last zxid and epoch. */
  readonly leader: number;
  readonly zxid: number;
  /** The sender's round: its logical clock. All 64 bits: whoever cannot read a round can take no part in it. */
  readonly electionEpoch: bigint;
  readonly peerEpoch: number;
  /** 0: the sender is older than 3.4.6, or did not say. */
  readonly version: number;
  /** Text of the sender's membership; null below version 2. */
  readonly config: string | null;
}

const SHORTEST_BYTES = 28;
const WITH_PEER_EPOCH_BYTES = 36;
const UNVERSIONED_BYTES = 40;

/**
 * `int state; long leader; long zxid; long electionEpoch; long peerEpoch; int version; int length; bytes config`
 */
export function encodeNotification(n: Notification): Buffer {
  const config = Buffer.from(n.config ?? '', 'utf8');
  return encodeToBuffer((w) => {
    w.int(SERVER_STATES.indexOf(n.state));
    w.long(n.leader);
    w.long(n.zxid);
    w.long64(n.electionEpoch);
    w.long(n.peerEpoch);
    w.int(NOTIFICATION_VERSION);
    w.buffer(config);
  });
}

/** A long that can be sent on without loss: within ±2^53, or `NO_PROPOSAL`. */
function exactLong(r: JuteReader): number {
  const at = r.offset;
  const value = r.longLossy();
  if (Number.isSafeInteger(value) || value === NO_PROPOSAL) return value;
  throw new JuteError('RANGE', at, `long at offset ${at} is beyond 2^53`);
}

function stateOf(code: number): ServerState {
  const state = SERVER_STATES[code];
  if (state === undefined) throw new JuteError('RANGE', 0, `${code} is not a server state`);
  return state;
}

/**
 * Reads every format that was ever sent. By length: 28 bytes have no peerEpoch (it is the zxid's); 36 bytes end with it;
 * 40 bytes count as unversioned, whatever their last int says, as in ZooKeeper since 3.5; longer ones say their version and,
 * from 2 on, carry a configuration. Bytes behind the known fields are left alone. Throws a `JuteError`.
 */
export function decodeNotification(bytes: Buffer): Notification {
  if (bytes.length < SHORTEST_BYTES) {
    throw new JuteError('TRUNCATED', 0, `a notification has at least ${SHORTEST_BYTES} bytes, not ${bytes.length}`);
  }
  const r = new JuteReader(bytes);
  const state = stateOf(r.int());
  const leader = exactLong(r);
  const zxid = exactLong(r);
  const electionEpoch = r.long64();
  if (bytes.length === SHORTEST_BYTES) {
    return { state, leader, zxid, electionEpoch, peerEpoch: zxidEpoch(zxid), version: 0, config: null };
  }
  const peerEpoch = exactLong(r);
  if (bytes.length === WITH_PEER_EPOCH_BYTES || bytes.length === UNVERSIONED_BYTES) {
    return { state, leader, zxid, electionEpoch, peerEpoch, version: 0, config: null };
  }
  const version = r.int();
  const config = version >= NOTIFICATION_VERSION ? readConfig(r) : null;
  return { state, leader, zxid, electionEpoch, peerEpoch, version, config };
}

function readConfig(r: JuteReader): string {
  const at = r.offset;
  const config = r.bufferOrNull();
  if (config === null) throw new JuteError('LENGTH', at, 'the configuration has a length of -1');
  return config.toString('utf8');
}
