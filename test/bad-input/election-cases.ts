import { encodeNotification } from '../../src/protocol/index.js';
import type { BadCase } from './cases.js';
import { connectRequest, framed, greeting, hex, HTTP_GET, info, int, NOISE, TLS_HELLO } from './speech.js';

type Base = Omit<BadCase, 'name' | 'steps'>;

const REFUSED: Base = { port: 'election', closes: true, code: 'ELECTION_GREETING' };
const ADDRESS = '127.0.0.1:9';

function headOfGreeting(sid: string, length: number): Buffer {
  return Buffer.concat([hex(`ffffffffffff0000${sid}`), int(length)]);
}

const NO_GREETINGS: readonly BadCase[] = [
  { ...REFUSED, name: 'garbage', steps: [NOISE], says: /the first bytes are 66647361/ },
  { ...REFUSED, name: 'TLS', steps: [TLS_HELLO], says: /begins like TLS.*sslQuorum/ },
  { ...REFUSED, name: 'HTTP', steps: [HTTP_GET], says: /begins like HTTP/ },
  {
    ...REFUSED,
    name: 'a client',
    steps: [connectRequest()],
    says: /begins like a client, which belongs to clientPort/,
  },
  { ...REFUSED, name: 'a four-letter word', steps: [Buffer.from('ruok'), 'end'], says: /four-letter word/ },
  { ...REFUSED, name: "a learner's FOLLOWERINFO", steps: [info(2)], says: /a follower or an observer.*server line/ },
  {
    ...REFUSED,
    name: 'an unknown version',
    steps: [Buffer.alloc(20, 0xfe)],
    says: /no version of an election greeting/,
  },
  { ...REFUSED, name: 'silence', steps: [], says: /no complete greeting within \d+ ms/ },
  {
    ...REFUSED,
    name: 'half a greeting, then silence',
    steps: [greeting(91, ADDRESS).subarray(0, 17)],
    says: /no complete/,
  },
  {
    ...REFUSED,
    name: 'half a greeting, then the end',
    steps: [greeting(91, ADDRESS).subarray(0, 17), 'end'],
    says: /closed after 17 bytes of a greeting/,
  },
  { port: 'election', closes: true, code: null, name: 'the end without a word', steps: ['end'] },
  {
    ...REFUSED,
    name: 'addresses of a negative length',
    steps: [headOfGreeting('0000000000000005', -1)],
    says: /the addresses of server 5 claim a length of -1 bytes/,
  },
  {
    ...REFUSED,
    name: 'addresses of a huge length',
    steps: [headOfGreeting('0000000000000005', 0x7fffffff)],
    says: /claim a length of 2147483647 bytes/,
  },
  {
    ...REFUSED,
    name: 'addresses that claim what never comes',
    steps: [headOfGreeting('0000000000000005', 2000)],
    says: /no complete greeting/,
  },
  { ...REFUSED, name: 'addresses that are none', steps: [greeting(91, 'nowhere')], says: /no list of addresses/ },
  { ...REFUSED, name: 'a port beyond 65535', steps: [greeting(91, 's9:65536')], says: /no list of addresses/ },
  {
    ...REFUSED,
    name: 'a negative id',
    steps: [headOfGreeting('ffffffffffffff00', 9)],
    says: /-256 is not a server id/,
  },
  { ...REFUSED, name: 'an id beyond 2^53', steps: [headOfGreeting('7000000000000000', 9)], says: /is not a server id/ },
];

const STRANGERS: readonly BadCase[] = [
  {
    port: 'election',
    closes: true,
    code: 'ELECTION_OWN_ID',
    name: 'the own id',
    steps: [greeting(3, ADDRESS)],
    says: /says that it is server 3, as this one is. Either two servers have 3 in their myid/,
  },
  {
    port: 'election',
    closes: false,
    code: 'ELECTION_CONNECTED',
    name: 'an unknown server with a larger id',
    steps: [greeting(191, ADDRESS)],
    says: /Connected to server 191 .* in no configuration/,
  },
  {
    port: 'election',
    closes: false,
    code: 'ELECTION_CONNECTED',
    name: 'an observer without id',
    steps: [hex('7fffffffffffffff')],
    says: /Connected to observer -\d+ .* in no configuration/,
  },
  {
    port: 'election',
    closes: true,
    code: null,
    name: 'an unknown server with a smaller id, which is nowhere',
    steps: [greeting(0, ADDRESS)],
  },
  {
    port: 'election',
    at: 'follower',
    closes: false,
    code: 'ELECTION_DOUBLE',
    name: 'the id of another server, larger than the own',
    steps: [greeting(3, ADDRESS)],
    says: /Server 3 came from .* two servers have 3 in their myid file/,
  },
  {
    port: 'election',
    closes: true,
    code: 'ELECTION_DOUBLE',
    name: 'the id of another server, smaller than the own',
    steps: [greeting(1, ADDRESS)],
    says: /Server 1 came from .* two servers have 1 in their myid file/,
  },
];

const LOOKING = encodeNotification({
  state: 'LOOKING',
  leader: 196,
  zxid: 2 ** 50,
  electionEpoch: 2n ** 40n,
  peerEpoch: 2 ** 20,
  version: 2,
  config: null,
});

const PACKETS: readonly BadCase[] = [
  ...[0, -1, 0x7fffffff, 512 * 1024 + 1].map((length, at): BadCase => ({
    port: 'election',
    closes: true,
    code: 'ELECTION_PACKET',
    name: `a message of ${length} bytes`,
    steps: [greeting(192 + at, ADDRESS), int(length)],
    says: new RegExp(`server ${192 + at} .* claims a length of ${length} bytes`),
  })),
  {
    port: 'election',
    closes: false,
    code: 'ELECTION_NOTIFICATION',
    name: 'notifications that are none',
    steps: [greeting(196, ADDRESS), framed(Buffer.alloc(27)), framed(Buffer.alloc(5)), framed(NOISE)],
    says: /Skipping a notification of 27 bytes from server 196/,
    anonymous: true,
  },
  {
    port: 'election',
    closes: false,
    code: 'ELECTION_CONFIG',
    name: 'a configuration that is none',
    steps: [
      greeting(197, ADDRESS),
      framed(Buffer.concat([LOOKING.subarray(0, 40), framed(Buffer.from('server.x=?'))])),
    ],
    says: /Cannot read the configuration in a notification from server 197/,
    anonymous: true,
  },
  {
    port: 'election',
    closes: false,
    code: null,
    name: 'an unknown server that votes for itself, far ahead',
    steps: [greeting(198, ADDRESS), framed(LOOKING), 'hear', framed(LOOKING)],
  },
];

export const ELECTION_CASES: readonly BadCase[] = [...NO_GREETINGS, ...STRANGERS, ...PACKETS];
