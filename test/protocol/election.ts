import fc from 'fast-check';
import { encodeToBuffer } from '../../src/jute/index.js';
import {
  decodeNotification,
  encodeInitialMessage,
  encodeNotification,
  GREETING_ONE_ADDRESS,
  GREETING_SEVERAL_ADDRESSES,
  type InitialMessage,
  InitialMessageError,
  NO_PROPOSAL,
  NOTIFICATION_VERSION,
  type Notification,
  readInitialMessage,
  SERVER_STATES,
  zxidEpoch,
} from '../../src/protocol/index.js';
import { listOf, long, record, text } from '../support/arbitraries.js';
import { type Proof, proof } from './codec.js';

/** Sizes of the formats that were ever sent. */
const WITHOUT_EPOCH_BYTES = 28;
const WITHOUT_VERSION_BYTES = 36;
const UNVERSIONED_BYTES = 40;

const vote = fc.oneof({ weight: 5, arbitrary: long }, { weight: 1, arbitrary: fc.constant(NO_PROPOSAL) });
const common = {
  ...{ state: fc.constantFrom(...SERVER_STATES), leader: vote, zxid: vote, peerEpoch: vote },
  electionEpoch: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
};

const newest = record<Notification>({
  ...{ ...common, version: fc.constant(NOTIFICATION_VERSION), config: text },
});

/** What is left when the end was not sent yet in the sender's days. */
function shorter(value: Notification): ReadonlyMap<number, Notification> {
  const old = { ...value, version: 0, config: null };
  return new Map([
    [WITHOUT_EPOCH_BYTES, { ...old, peerEpoch: zxidEpoch(value.zxid) }],
    [WITHOUT_VERSION_BYTES, old],
    [UNVERSIONED_BYTES, old],
  ]);
}

const notification = proof<Notification>({
  name: 'a notification',
  values: newest,
  encode: encodeNotification,
  decode: (message) => ({ value: decodeNotification(message), length: message.length }),
  shorter,
  // What we send has a configuration always.
  isWritten: ({ config, version }) => config !== null && version === NOTIFICATION_VERSION,
});

interface Old {
  readonly name: string;
  readonly values: fc.Arbitrary<Notification>;
  readonly bytes: number;
}

const unversioned = record<Notification>({ ...common, version: fc.constant(0), config: fc.constant(null) });

/** Older formats, which are read only: a beginning of the newest one, or of as many bytes with a version below 2. */
const OLD: readonly Old[] = [
  {
    name: 'a notification without peerEpoch, as in 3.3',
    values: unversioned.map((value) => ({ ...value, peerEpoch: zxidEpoch(value.zxid) })),
    bytes: WITHOUT_EPOCH_BYTES,
  },
  { name: 'a notification without a version, as in 3.4', values: unversioned, bytes: WITHOUT_VERSION_BYTES },
  { name: 'a notification of 40 bytes, as in 3.4.6', values: unversioned, bytes: UNVERSIONED_BYTES },
  {
    name: 'a notification of version 1, with more behind it',
    values: record<Notification>({ ...common, version: fc.integer({ min: -5, max: 1 }), config: fc.constant(null) }),
    bytes: UNVERSIONED_BYTES + 9,
  },
];

function old({ bytes, name, values }: Old): Proof {
  return proof<Notification>({
    ...{ name, values },
    encode: (value) => {
      const message = Buffer.alloc(bytes, 0x55);
      encodeNotification(value).copy(message, 0, 0, WITHOUT_VERSION_BYTES);
      if (bytes > WITHOUT_VERSION_BYTES) message.writeInt32BE(value.version, WITHOUT_VERSION_BYTES);
      return message;
    },
    decode: (message) => ({ value: decodeNotification(message), length: message.length }),
    shorter: (value) => {
      const beginnings = new Map([...shorter(value)].filter(([length]) => length < bytes));
      for (let cut = UNVERSIONED_BYTES + 1; cut < bytes; cut++) beginnings.set(cut, value);
      return beginnings;
    },
    isWritten: ({ version }) => version < NOTIFICATION_VERSION,
  });
}

const sid = fc.oneof(fc.nat(300), fc.maxSafeNat());
/** Hosts with a port each; `|` stands between them. */
const address = fc.oneof(fc.constantFrom('s2:3888', '[::1]:3889', '10.0.0.1:3888'), text.filter(isAddress));

function isAddress(from: string): boolean {
  return from !== '' && !from.includes('|');
}

interface Greeting {
  readonly name: string;
  readonly values: fc.Arbitrary<InitialMessage>;
  encode(message: InitialMessage): Buffer;
  /** How many addresses it has. */
  readonly most: number;
}

const GREETINGS: readonly Greeting[] = [
  {
    name: `a greeting with one address (${GREETING_ONE_ADDRESS})`,
    values: record<InitialMessage>({ sid, addresses: listOf(address, 1).filter(({ length }) => length === 1) }),
    encode: (message) => encodeInitialMessage(message, false),
    most: 1,
  },
  {
    name: `a greeting with several addresses (${GREETING_SEVERAL_ADDRESSES})`,
    values: record<InitialMessage>({ sid, addresses: listOf(address).filter(({ length }) => length > 0) }),
    encode: (message) => encodeInitialMessage(message, true),
    most: Number.POSITIVE_INFINITY,
  },
  {
    name: 'a bare server id, as before 3.5',
    values: record<InitialMessage>({ sid: fc.nat(), addresses: fc.constant([]) }),
    encode: (message) => encodeToBuffer((w) => w.long(message.sid)),
    most: 0,
  },
];

function greeting({ most, ...codec }: Greeting): Proof {
  return proof<InitialMessage>({
    ...codec,
    decode: (stream) => {
      const found = readInitialMessage(stream);
      return found === null ? undefined : { value: found.message, length: found.length };
    },
    errors: [InitialMessageError],
    waits: true,
    isWritten: ({ addresses }) => addresses.length <= most && (most === 0 || addresses.join('|') !== ''),
  });
}

export const ELECTION: readonly Proof[] = [notification, ...OLD.map(old), ...GREETINGS.map(greeting)];
