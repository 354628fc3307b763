// Kerberos between servers on the fake network, with an exchange that MIT's library had with a real KDC: who is let through.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { GssapiClient, readKeyTab, SaslError, type TicketHolder } from '../../src/auth/index.js';
import { QuorumAuthenticator } from '../../src/connection/index.js';
import type { Socket } from '../../src/host/index.js';
import { World } from '../fakes/index.js';

const LIMIT_MS = 1000;
const PRINCIPAL = 'zookeeper/localhost@ZK.TEST';
const NOTHING = Buffer.alloc(0);

type Part = 'keyTab' | 'request' | 'reply' | 'offer' | 'choice';
const [FIRST] = JSON.parse(readFileSync(new URL('../auth/fixtures/kerberos.json', import.meta.url), 'utf8')) as Record<
  Part,
  string
>[];

function recorded(part: Part): Buffer {
  return Buffer.from(FIRST?.[part] ?? '', 'base64');
}

/** Plays the library: what it said then it says again. Tells whom tickets were asked for. */
function holder(asked: string[], layers = 1, offerBytes = 4): TicketHolder {
  return {
    principal: 'zkquorum/one@ZK.TEST',
    open(service, host) {
      asked.push(`${service}@${host}`);
      let isEstablished = false;
      return Promise.resolve({
        get isEstablished() {
          return isEstablished;
        },
        step(token: Buffer) {
          if (token.length === 0) return Promise.resolve(recorded('request'));
          assert.deepEqual(token, recorded('reply'));
          isEstablished = true;
          return Promise.resolve(null);
        },
        unwrap(message: Buffer) {
          if (!message.equals(recorded('offer'))) return Promise.reject(new Error('a bad signature'));
          return Promise.resolve(Buffer.alloc(offerBytes).fill(layers, 0, 1));
        },
        wrap(message: Buffer) {
          assert.equal(message.toString('latin1'), '\u0001\0\0\0zkquorum/one@ZK.TEST');
          return Promise.resolve(recorded('choice'));
        },
      });
    },
  };
}

interface Case {
  readonly principal: string;
  readonly hosts: readonly string[];
  readonly refusal: RegExp | null;
}

const CASES: readonly Case[] = [
  { principal: 'zkquorum/one@ZK.TEST', hosts: ['two', 'one'], refusal: null },
  { principal: 'zkquorum/one@ZK.TEST', hosts: ['ONE'], refusal: null },
  { principal: 'zkquorum/nine@ZK.TEST', hosts: ['one'], refusal: /zkquorum\/nine@ZK\.TEST may not take part/ },
  { principal: 'one@ZK.TEST', hosts: ['one'], refusal: /one@ZK\.TEST may not take part/ },
  { principal: 'zkquorum/one', hosts: ['one'], refusal: /zkquorum\/one may not take part/ },
];

async function outcome(done: Promise<void>): Promise<string> {
  return done.then(
    () => 'let through',
    (error: unknown) => (error as Error).message,
  );
}

/** What both sides say in the end, and whom the ticket was for. */
async function meet({ principal, hosts }: Case, servicePrincipal: string) {
  const world = new World(1);
  const one = world.host('one');
  const other = world.host('other');
  const asked: string[] = [];
  const dialling = new QuorumAuthenticator(
    { login: { tickets: holder(asked), servicePrincipal }, proof: { users: new Map() }, serverRequires: false },
    one.clock,
    one.random,
  );
  const kerberos = {
    principal: PRINCIPAL,
    keys: () => Promise.resolve(readKeyTab(recorded('keyTab'))),
    defaultRealm: 'ZK.TEST',
    verifier: {
      accept: () => Promise.resolve({ reply: recorded('reply'), client: principal, service: PRINCIPAL }),
    },
  };
  const accepting = new QuorumAuthenticator(
    { login: null, proof: { kerberos, hosts: () => hosts }, serverRequires: true },
    other.clock,
    other.random,
  );
  const accepted = new Promise<Socket>((resolve) => {
    other.network.listen({ endpoint: { host: '', port: 2888 } }, resolve).catch(() => undefined);
  });
  const ends = async (): Promise<string[]> => {
    const near = await one.network.dial({ host: 'other', port: 2888 }, LIMIT_MS);
    const far = await accepted;
    return Promise.all([
      outcome(dialling.dialled(near, 'Other.Example', LIMIT_MS)),
      outcome(accepting.accepted(far, LIMIT_MS)),
    ]);
  };
  return { ends: await world.settle(ends()), asked };
}

describe('Kerberos between servers', () => {
  for (const one of CASES) {
    it(`${one.principal} is ${one.refusal === null ? 'let through' : 'refused'} by ${one.hosts.join(', ')}`, async () => {
      const { ends, asked } = await meet(one, 'zkquorum/_HOST');
      assert.deepEqual(asked, ['zkquorum@other.example']);
      if (one.refusal === null) assert.deepEqual(ends, ['let through', 'let through']);
      else {
        assert.match(ends[1] ?? '', one.refusal);
        assert.match(ends[0] ?? '', /refuses this one/);
      }
    });
  }

  it('waits for a ticket as long as for anything else', async () => {
    const world = new World(1);
    const one = world.host('one');
    const tickets: TicketHolder = { principal: 'zkquorum/one@ZK.TEST', open: () => new Promise(() => undefined) };
    const login = { tickets, servicePrincipal: 'zkquorum/_HOST' };
    const dialling = new QuorumAuthenticator(
      { login, proof: { users: new Map() }, serverRequires: false },
      one.clock,
      one.random,
    );
    await world.settle(
      (async () => {
        await world.host('other').network.listen({ endpoint: { host: '', port: 2888 } }, () => undefined);
        const near = await one.network.dial({ host: 'other', port: 2888 }, LIMIT_MS);
        assert.match(await outcome(dialling.dialled(near, 'other', LIMIT_MS)), /gave no ticket within 1000 ms/);
      })(),
    );
  });

  it('asks for tickets for the host that is written down', async () => {
    const [first] = CASES;
    assert.ok(first);
    assert.deepEqual((await meet(first, 'zkquorum/localhost')).asked, ['zkquorum@localhost']);
    assert.deepEqual((await meet(first, 'zkquorum/_HOST@ZK.TEST')).asked, ['zkquorum@other.example']);
  });
});

describe('the dialling side of GSSAPI', () => {
  const REFUSED: readonly (readonly [what: string, client: TicketHolder, offer: Buffer, message: RegExp])[] = [
    ['an offer that is not signed well', holder([]), Buffer.of(1), /a bad signature/],
    ['an offer with layers only', holder([], 6), recorded('offer'), /wants a security layer/],
    ['an offer of another length', holder([], 1, 5), recorded('offer'), /another length/],
  ];
  for (const [what, tickets, offer, message] of REFUSED) {
    it(`refuses ${what}`, async () => {
      const client = new GssapiClient(tickets, 'zkquorum', 'other');
      assert.deepEqual(await client.first(), recorded('request'));
      assert.deepEqual(await client.step(recorded('reply')), { token: NOTHING, isDone: false });
      await assert.rejects(client.step(offer), { name: 'SaslError', message });
      await assert.rejects(client.step(NOTHING), /out of turn/);
    });
  }

  it('tells when there is no ticket', async () => {
    const tickets = { ...holder([]), open: () => Promise.reject(new Error('Cannot contact any KDC')) };
    await assert.rejects(new GssapiClient(tickets, 'zkquorum', 'other').first(), (error: unknown) => {
      assert.ok(error instanceof SaslError);
      assert.match(error.message, /no ticket for zkquorum\/other .*Cannot contact any KDC/);
      return true;
    });
  });
});
