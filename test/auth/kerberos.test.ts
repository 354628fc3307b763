// GSSAPI with Kerberos against exchanges that MIT's library had with a real KDC (fixtures/capture-kerberos.ts).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type AcceptedTicket,
  ClientSasl,
  GssapiServer,
  type KerberosService,
  KeyTabError,
  NameRuleError,
  NameRules,
  readKeyTab,
  SaslError,
  type SaslErrorCode,
  type ServiceKey,
} from '../../src/auth/index.js';
import { fold } from '../../src/auth/kerberos/encryption-types.js';
import { SeededRandom } from '../fakes/index.js';

interface Exchange {
  readonly type: string;
  readonly keyTab: Buffer;
  readonly request: Buffer;
  /** Null: the client did not ask for a proof of the server. */
  readonly reply: Buffer | null;
  readonly offer: Buffer;
  readonly choice: Buffer;
}

function bytesOf(text: string | null | undefined): Buffer {
  return Buffer.from(text ?? '', 'base64');
}

function readExchanges(): Exchange[] {
  const text = readFileSync(new URL('fixtures/kerberos.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as Record<string, string | null>[]).map((one) => ({
    type: one['type'] ?? '',
    keyTab: bytesOf(one['keyTab']),
    request: bytesOf(one['request']),
    reply: one['reply'] === null ? null : bytesOf(one['reply']),
    offer: bytesOf(one['offer']),
    choice: bytesOf(one['choice']),
  }));
}

const EXCHANGES = readExchanges();
const PRINCIPAL = 'zookeeper/localhost@ZK.TEST';
const EMPTY = Buffer.alloc(0);
/** Turning by 256 bytes more changes nothing where 16 are turned. */
const TURN_BYTE = 6;

/** The service of an exchange, with a verifier that finds every ticket as good as MIT's library did. */
function serviceOf({ keyTab, reply }: Exchange, ticket: Partial<AcceptedTicket> = {}): KerberosService {
  return {
    principal: PRINCIPAL,
    keys: () => Promise.resolve(readKeyTab(keyTab)),
    defaultRealm: 'ZK.TEST',
    verifier: { accept: () => Promise.resolve({ reply, client: 'bob@ZK.TEST', service: PRINCIPAL, ...ticket }) },
  };
}

/** Goes up to where the client chooses a layer; the last token of the server. */
async function untilOffer(server: GssapiServer, { request, reply }: Exchange): Promise<Buffer | null> {
  const first = await server.step(request);
  if (reply === null) return first.token;
  assert.deepEqual(first, { token: reply, user: null });
  return (await server.step(EMPTY)).token;
}

function fails(code: SaslErrorCode, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SaslError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}

function exchangeOf(at: number): Exchange {
  const found = EXCHANGES[at];
  assert.ok(found !== undefined);
  return found;
}

describe('GSSAPI', () => {
  for (const exchange of EXCHANGES) {
    const proof = exchange.reply === null ? 'without' : 'with';
    it(`goes as with MIT's library, ${exchange.type}, ${proof} the server's proof`, async () => {
      const server = new GssapiServer(serviceOf(exchange));
      assert.deepEqual(await untilOffer(server, exchange), exchange.offer);
      assert.deepEqual(await server.step(exchange.choice), { token: null, user: 'bob@ZK.TEST' });
      await assert.rejects(server.step(EMPTY), fails('MALFORMED', /behind the end/));
    });

    it(`finds a choice that was changed, ${exchange.type}, ${proof} the server's proof`, async () => {
      for (let at = 0; at < exchange.choice.length; at++) {
        if (at === TURN_BYTE) continue;
        const server = new GssapiServer(serviceOf(exchange));
        await untilOffer(server, exchange);
        const changed = Buffer.from(exchange.choice);
        changed[at] = (changed[at] ?? 0) ^ 1;
        await assert.rejects(server.step(changed), SaslError, `byte ${at}`);
      }
    });
  }

  it('covers all encryption types, with and without the proof', () => {
    assert.equal(new Set(EXCHANGES.map(({ type, reply }) => `${type} ${reply === null}`)).size, 8);
  });

  it('begins with an empty challenge when the client waits for one', async () => {
    const exchange = exchangeOf(0);
    const server = new GssapiServer(serviceOf(exchange));
    assert.deepEqual(await server.step(EMPTY), { token: EMPTY, user: null });
    assert.deepEqual(await untilOffer(server, exchange), exchange.offer);
  });

  it('refuses what the library refuses, and tells why', async () => {
    const verifier = { accept: () => Promise.reject(new Error('Clock skew too great')) };
    const server = new GssapiServer({ ...serviceOf(exchangeOf(0)), verifier });
    await assert.rejects(server.step(exchangeOf(0).request), fails('WRONG_PROOF', /Clock skew too great/));
    await assert.rejects(server.step(exchangeOf(0).request), fails('MALFORMED', /behind the end/));
  });

  it('refuses a ticket for another service that has a key in the same table', async () => {
    const server = new GssapiServer(serviceOf(exchangeOf(0), { service: 'nfs/localhost@ZK.TEST' }));
    await assert.rejects(server.step(exchangeOf(0).request), fails('WRONG_PROOF', /is for nfs\/localhost@ZK\.TEST/));
  });

  it('tells which key the table lacks', async () => {
    const service = serviceOf(exchangeOf(0));
    const now = await service.keys();
    const newer = now.map((key): ServiceKey => ({ ...key, version: key.version + 1 }));
    const server = new GssapiServer({ ...service, keys: () => Promise.resolve(newer) });
    await assert.rejects(server.step(exchangeOf(0).request), fails('WRONG_PROOF', /no key of type 18 and version \d+/));
  });

  it('refuses when its keys cannot be read any more', async () => {
    const keys = () => Promise.reject(new Error('EACCES'));
    const server = new GssapiServer({ ...serviceOf(exchangeOf(0)), keys });
    await assert.rejects(server.step(exchangeOf(0).request), fails('WRONG_PROOF', /EACCES/));
  });

  it('refuses an answer to its proof that says something', async () => {
    const server = new GssapiServer(serviceOf(exchangeOf(0)));
    await server.step(exchangeOf(0).request);
    await assert.rejects(server.step(Buffer.of(1)), fails('MALFORMED', /answered/));
  });

  it('survives every first token', async () => {
    const exchange = exchangeOf(0);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(exchange.request.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        fc.nat(exchange.request.length),
        async (at, bytes, cut) => {
          const token = Buffer.from(exchange.request);
          Buffer.from(bytes).copy(token, at);
          const server = new GssapiServer(serviceOf(exchange));
          await server.step(token.subarray(0, cut)).catch((error: unknown) => {
            assert.ok(error instanceof SaslError, String(error));
          });
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('n-fold', () => {
  // RFC 3961, A.1.
  const VECTORS = [
    ['012345', 8, 'be072631276b1955'],
    ['password', 7, '78a07b6caf85fa'],
    ['Rough Consensus, and Running Code', 8, 'bb6ed30870b7f0e0'],
    ['password', 21, '59e4a8ca7c0385c3c37b3f6d2000247cb6e6bd5b3e'],
    ['kerberos', 8, '6b65726265726f73'],
    ['kerberos', 16, '6b65726265726f737b9b5b2b93132b93'],
  ] as const;
  for (const [text, length, hex] of VECTORS) {
    it(`${length * 8}-fold(${text})`, () => {
      assert.equal(fold(Buffer.from(text), length).toString('hex'), hex);
    });
  }
});

describe('key tables', () => {
  it('are read with versions, types and holes', () => {
    const { keyTab } = exchangeOf(0);
    const hole = Buffer.from('fffffffc00000000', 'hex');
    const keys = readKeyTab(Buffer.concat([keyTab.subarray(0, 2), hole, keyTab.subarray(2)]));
    assert.deepEqual(keys, readKeyTab(keyTab));
    assert.deepEqual(
      keys.map(({ principal, type, bytes }) => [principal, type, bytes.length]),
      [[PRINCIPAL, 18, 32]],
    );
  });

  it('that are cut short are named so', () => {
    const { keyTab } = exchangeOf(0);
    for (let length = 6; length < keyTab.length; length++) {
      assert.throws(() => readKeyTab(keyTab.subarray(0, length)), KeyTabError, `${length} bytes`);
    }
    assert.throws(() => readKeyTab(Buffer.from('[libdefaults]')), /it is no key table/);
  });
});

describe('names of Kerberos users', () => {
  const CASES: readonly (readonly [rules: string, user: string, id: string])[] = [
    ['DEFAULT', 'bob@ZK.TEST', 'bob'],
    ['DEFAULT', 'zk/host@ZK.TEST', 'zk'],
    // No rule fits a stranger, so nothing is dropped.
    ['DEFAULT', 'bob@ELSEWHERE', 'bob@ELSEWHERE'],
    ['DEFAULT', 'zk/host@ELSEWHERE', 'zk/host@ELSEWHERE'],
    ['RULE:[1:$1-$0]', 'bob@ELSEWHERE', 'bob-ELSEWHERE'],
    ['RULE:[1:$1@$0](.*@ELSEWHERE)s/@.*//', 'bob@ELSEWHERE', 'bob'],
    ['RULE:[1:$1@$0](.*@ELSEWHERE)s/@.*//', 'bob@THIRD', 'bob@THIRD'],
    ['RULE:[2:$2$1]s/o/0/g DEFAULT', 'zoo/host@ZK.TEST', 'h0stz00'],
    ['RULE:[2:$2$1]s/o/0/ DEFAULT', 'zoo/host@ZK.TEST', 'h0stzoo'],
    ['RULE:[2:$2] DEFAULT', 'bob@ZK.TEST', 'bob'],
    // What is no simple name does not count.
    ['RULE:[1:$1@$0]', 'bob@ZK.TEST', 'bob@ZK.TEST'],
    ['DEFAULT', 'bob', 'bob'],
  ];
  for (const [rules, user, id] of CASES) {
    it(`${user} is ${id} by ${rules}`, () => {
      const sasl = new ClientSasl({
        users: new Map(),
        superUsers: new Set(),
        dropsHost: true,
        dropsRealm: true,
        random: new SeededRandom(1),
        kerberos: serviceOf(exchangeOf(0)),
        nameRules: NameRules.parse(rules),
      });
      assert.deepEqual(sasl.idsOf(user), [{ scheme: 'sasl', id }]);
      assert.ok(sasl.begin() instanceof GssapiServer);
    });
  }

  for (const rules of ['RULE', 'RULE:[x:$1]', 'DEFAULT nonsense', 'RULE:[1:$1](()', 'RULE:[1:$1]s/(/x/']) {
    it(`${rules} cannot be read`, () => {
      assert.throws(() => NameRules.parse(rules), NameRuleError);
    });
  }
});
