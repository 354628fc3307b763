// DIGEST-MD5 on both sides: the example of RFC 2831, whole exchanges, and what is refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestResponse, parseDirectives } from '../../src/auth/digest-md5.js';
import {
  CLIENT_SERVICE,
  DigestMd5Client,
  DigestMd5Server,
  QUORUM_SERVICE,
  type SaslError,
} from '../../src/auth/index.js';
import { SeededRandom } from '../fakes/seeded-random.js';

const USERS = new Map([
  ['bob', 'secret'],
  ['zoë', 'pässword'],
  ['日本', '語"\\'],
]);

function server(seed = 1): DigestMd5Server {
  return new DigestMd5Server(CLIENT_SERVICE, USERS, new SeededRandom(seed));
}

function client(user: string, password: string): DigestMd5Client {
  return new DigestMd5Client(CLIENT_SERVICE, user, password, new SeededRandom(2));
}

/** The client's response to the challenge of a server. */
function response(from: DigestMd5Client, challenge: Buffer): Buffer {
  return from.step(challenge).token ?? assert.fail('no response');
}

function challengeOf(one: DigestMd5Server): Buffer {
  return one.step(Buffer.alloc(0)).token ?? assert.fail('no challenge');
}

describe('DIGEST-MD5', () => {
  it('reckons as the example of RFC 2831, section 4', () => {
    const material = {
      user: 'chris',
      password: 'secret',
      realm: 'elwood.innosoft.com',
      nonce: 'OA6MG9tEQGm2hh',
      cnonce: 'OA6MHXh6VqTrRk',
      nonceCount: '00000001',
      uri: 'imap/elwood.innosoft.com',
      authorizationId: null,
      isUtf8: true,
    };
    assert.equal(digestResponse(material, 'client'), 'd388dad90d4bbd760a152321f2143af7');
    assert.equal(digestResponse(material, 'server'), 'ea40f60335c427b5527b84dbabcdfffd');
  });

  for (const [user, password] of USERS) {
    it(`proves ${user} and the server to each other`, () => {
      const there = server();
      const here = client(user, password);
      const step = there.step(response(here, challengeOf(there)));
      assert.equal(step.user, user);
      assert.deepEqual(here.step(step.token ?? Buffer.alloc(0)), { token: null, isDone: true });
    });
  }

  const REFUSED: readonly {
    readonly what: string;
    readonly code: SaslError['code'];
    readonly token: (challenge: Buffer) => Buffer;
  }[] = [
    { what: 'another password', code: 'WRONG_PROOF', token: (c) => response(client('bob', 'Secret'), c) },
    { what: 'an unknown user', code: 'UNKNOWN_USER', token: (c) => response(client('eve', 'secret'), c) },
    {
      what: 'a response to the challenge of another exchange',
      code: 'MALFORMED',
      token: () => response(client('bob', 'secret'), challengeOf(server(7))),
    },
    {
      what: 'a response for another service',
      code: 'MALFORMED',
      token: (c) => response(new DigestMd5Client(QUORUM_SERVICE, 'bob', 'secret', new SeededRandom(1)), c),
    },
    { what: 'no directives', code: 'MALFORMED', token: () => Buffer.from('hello there') },
    { what: 'an open quote', code: 'MALFORMED', token: () => Buffer.from('username="bob') },
    { what: 'nothing', code: 'MALFORMED', token: () => Buffer.alloc(0) },
    { what: 'a directive twice', code: 'MALFORMED', token: () => Buffer.from('username="bob",username="bob"') },
    { what: 'another charset', code: 'MALFORMED', token: () => Buffer.from('charset=latin1,username="bob"') },
    { what: 'a huge token', code: 'MALFORMED', token: () => Buffer.alloc(5000, 'a=b,') },
  ];
  for (const { what, code, token } of REFUSED) {
    it(`refuses ${what}, and goes on with nothing after it`, () => {
      const there = server();
      const bad = token(challengeOf(there));
      assert.throws(() => there.step(bad), { name: 'SaslError', code });
      assert.throws(() => there.step(bad), { name: 'SaslError', code: 'MALFORMED' });
    });
  }

  it('refuses a response before the challenge', () => {
    assert.throws(() => server().step(Buffer.from('username="bob"')), { code: 'MALFORMED' });
  });

  it('finds out a server that does not know the password', () => {
    const there = server();
    const here = client('bob', 'secret');
    response(here, challengeOf(there));
    assert.throws(() => here.step(Buffer.from('rspauth=00000000000000000000000000000000')), { code: 'WRONG_PROOF' });
  });

  it('takes blanks, empty elements and escapes as RFC 2831 writes lists', () => {
    const directives = parseDirectives(Buffer.from(' realm = "a\\"b\\\\" , ,nonce="x=,y",qop=auth,'));
    assert.deepEqual(
      [...directives],
      [
        ['realm', 'a"b\\'],
        ['nonce', 'x=,y'],
        ['qop', 'auth'],
      ],
    );
  });
});
