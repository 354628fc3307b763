import { PacketError, RecvWorker } from '../../../src/connection/recv-worker.js';
import { JuteError } from '../../../src/jute/index.js';
import { MembershipError, parseMembershipText } from '../../../src/membership/index.js';
import {
  decodeNotification,
  encodeInitialMessage,
  encodeNotification,
  InitialMessageError,
  NOTIFICATION_VERSION,
  readInitialMessage,
} from '../../../src/protocol/index.js';
import { framed } from '../../bad-input/speech.js';
import { assertSame, assertStable, attempt, type Target } from '../target.js';

const CONFIG = 'server.1=s1:2888:3888:participant;0.0.0.0:2181\nserver.2=s2:2888:3888:observer\nversion=100000003';

function notification(state: 'LOOKING' | 'LEADING', config: string | null): Buffer {
  return encodeNotification({
    ...{ state, leader: 3, zxid: 0x500000007, electionEpoch: 4n, peerEpoch: 5, version: NOTIFICATION_VERSION, config },
  });
}

/** Streams of port 3888: a greeting, then notifications. */
export const election: Target = {
  name: 'election',
  seeds: () => {
    const greetings = [
      encodeInitialMessage({ sid: 2, addresses: ['s2:3888'] }, false),
      encodeInitialMessage({ sid: 3, addresses: ['s3:3888', '[::1]:3889'] }, true),
      Buffer.from('0000000000000005', 'hex'),
    ];
    const full = notification('LOOKING', CONFIG);
    const votes = [
      full,
      notification('LEADING', null),
      full.subarray(0, 28),
      full.subarray(0, 36),
      full.subarray(0, 40),
    ];
    return greetings.flatMap((greeting) => votes.map((vote) => Buffer.concat([greeting, framed(vote)])));
  },
  run: (bytes) => {
    const greeting = attempt([InitialMessageError], () => readInitialMessage(bytes));
    if (greeting === undefined || greeting === null) return;
    const { length, message } = greeting;
    if (length > bytes.length) throw new Error(`a greeting of ${length} bytes in ${bytes.length}`);
    if (message.addresses.length > 0) {
      assertStable(
        message,
        (value) => encodeInitialMessage(value, true),
        (again) => readInitialMessage(again)?.message ?? { sid: -1, addresses: [] },
      );
    }
    const rest = bytes.subarray(length);
    const messages = received(rest, rest.length);
    for (const size of [1, 6]) assertSame(`messages in pieces of ${size}`, received(rest, size), messages);
    for (const one of messages) tryNotification(one);
  },
};

function received(bytes: Buffer, size: number): Buffer[] {
  const messages: Buffer[] = [];
  const worker = new RecvWorker((message) => messages.push(Buffer.from(message)));
  attempt([PacketError], () => {
    for (let at = 0; at < bytes.length; at += size) worker.push(bytes.subarray(at, at + size));
  });
  return messages;
}

function tryNotification(bytes: Buffer): void {
  const found = attempt([JuteError], () => decodeNotification(bytes));
  if (found === undefined) return;
  // What is sent is always of the newest version, with a configuration.
  const sent = { ...found, version: NOTIFICATION_VERSION, config: found.config ?? '' };
  assertStable(sent, encodeNotification, decodeNotification);
  const { config } = found;
  if (config !== null) attempt([MembershipError], () => parseMembershipText(config));
}
