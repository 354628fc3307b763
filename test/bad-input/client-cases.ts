import type { BadCase } from './cases.js';
import { connectRequest, framed, greeting, hex, HTTP_GET, info, int, NOISE, SSH_HELLO, TLS_HELLO } from './speech.js';

type Base = Omit<BadCase, 'name' | 'steps'>;

const PLAIN: Base = { port: 'client', closes: true, code: 'CLIENT_LENGTH' };
const NO_REQUEST: Base = { port: 'client', closes: true, code: 'CLIENT_MALFORMED' };
const SILENT: Base = { port: 'client', closes: true, code: 'CLIENT_SILENT' };
const CUT: Base = { port: 'client', closes: true, code: 'CLIENT_CUT_SHORT' };

export const CLIENT_CASES: readonly BadCase[] = [
  { ...PLAIN, name: 'garbage', steps: [NOISE], says: /Len error.*advertised length of 1717859169/ },
  { ...PLAIN, name: 'a negative length', steps: [int(-5)], says: /advertised length of -5 / },
  { ...PLAIN, name: 'the smallest length', steps: [int(-0x80000000)], says: /-2147483648/ },
  { ...PLAIN, name: 'the largest length', steps: [int(0x7fffffff)], says: /2147483647.*jute\.maxbuffer=1048575/ },
  { ...PLAIN, name: 'one byte more than jute.maxbuffer', steps: [int(0x100000)], says: /1048576/ },
  { ...PLAIN, name: 'TLS', steps: [TLS_HELLO], says: /begins like TLS.*secureClientPort/ },
  { ...PLAIN, name: 'HTTP', steps: [HTTP_GET], says: /begins like HTTP.*admin\.serverPort/ },
  { ...PLAIN, name: 'SSH', steps: [SSH_HELLO], says: /begins like SSH/ },
  {
    ...PLAIN,
    name: "a server's greeting",
    steps: [greeting(2, 's2:3888')],
    says: /a server that looks for a leader.*server line/,
  },
  { ...NO_REQUEST, name: "a learner's FOLLOWERINFO", steps: [info(2)], says: /follower or an observer.*server line/ },
  { ...NO_REQUEST, name: 'an empty frame', steps: [int(0)] },
  { ...NO_REQUEST, name: 'a connect request cut short', steps: [framed(connectRequest().subarray(4, 30))] },
  {
    ...NO_REQUEST,
    name: 'a connect request whose password claims more than there is',
    steps: [framed(Buffer.concat([Buffer.alloc(24), int(100), Buffer.alloc(10)]))],
  },
  { ...SILENT, name: 'silence', steps: [], says: /said nothing for \d+ ms \(nio\.sessionlessCnxnTimeout\)/ },
  { ...SILENT, name: 'half a length, then silence', steps: [hex('0000')], says: /no whole message/ },
  { ...SILENT, name: 'half a request, then silence', steps: [connectRequest().subarray(0, 20)] },
  { ...SILENT, name: 'a length that is never lived up to', steps: [int(1_000_000), Buffer.alloc(1000)] },
  { ...SILENT, name: 'three letters of a four-letter word', steps: [Buffer.from('ruo')] },
  {
    ...CUT,
    name: 'half a request, then the end',
    steps: [connectRequest().subarray(0, 20), 'end'],
    says: /after 20 bytes/,
  },
  { ...CUT, name: 'the end within a frame of a session', steps: [connectRequest(), 'hear', int(100), 'end'] },
  { port: 'client', closes: true, code: null, name: 'the end without a word', steps: ['end'] },
  {
    port: 'client',
    closes: true,
    code: 'SESSION_REFUSED',
    name: 'a client that has seen the future',
    steps: [connectRequest({ lastZxidSeen: 2 ** 52 })],
    says: /has seen zxid 0x10000000000000 .* must try another server/,
  },
  {
    port: 'client',
    closes: true,
    code: null,
    name: 'a session that never was',
    steps: [connectRequest({ sessionId: 0x7777n })],
  },
  { ...PLAIN, name: 'a lying length in a session', steps: [connectRequest(), 'hear', int(-2)], says: /of session 0x/ },
  {
    ...PLAIN,
    name: 'a four-letter word in a session',
    steps: [connectRequest(), 'hear', Buffer.from('ruok')],
    says: /advertised length of 1920298859/,
  },
  {
    ...NO_REQUEST,
    says: /a request of 3 bytes has no room for its header/,
    name: 'a request without a header in a session',
    steps: [connectRequest(), 'hear', framed(hex('000001'))],
  },
  {
    ...NO_REQUEST,
    says: /it sent a request that clients may not send/,
    name: 'a request of a type that does not exist',
    steps: [connectRequest(), 'hear', framed(Buffer.concat([int(1), int(99)]))],
  },
  {
    ...NO_REQUEST,
    says: /its auth request is malformed/,
    name: 'an auth request that is none',
    steps: [connectRequest(), 'hear', framed(Buffer.concat([int(-4), int(100), int(0), int(70_000)]))],
  },
  {
    port: 'client',
    closes: false,
    code: null,
    name: 'requests whose bodies are none',
    steps: [
      connectRequest(),
      'hear',
      framed(Buffer.concat([int(2), int(1), int(0x7fffffff)])),
      framed(Buffer.concat([int(3), int(14), hex('0000000100ffffffff'), int(-7)])),
      framed(Buffer.concat([int(4), int(5), int(-3)])),
      'hear',
    ],
  },
];
