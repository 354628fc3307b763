// What the settings of schemes, ACLs and node types do, at this server and at Apache ZooKeeper with the same lines.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { digestId } from '../../src/auth/index.js';
import { type Acl, errorName, OPEN_ACL_UNSAFE } from '../../src/protocol/index.js';
import { Ensemble } from '../support/ensemble.js';
import { javaServer } from '../support/java.js';
import { WireClient, WireClosed, WireError } from '../support/wire-client.js';

const AUTH = 'org.apache.zookeeper.server.auth';
const READ = 1;
const ALL = 31;
const CONTAINER = 4;
const PERSISTENT_WITH_TTL = 5;

/** What a request comes to, as text. */
async function said(what: Promise<unknown>, instead?: string): Promise<string> {
  try {
    const value = await what;
    return instead ?? String(value);
  } catch (error) {
    if (error instanceof WireError) return errorName(error.code);
    if (error instanceof WireClosed) return 'closed';
    throw error;
  }
}

function auth(client: WireClient, scheme: string, proof: string): Promise<string> {
  return said(client.addAuth(scheme, proof), 'ok');
}

/** A client of its own says everything that is in `talk`. */
async function talking(port: number, talk: (client: WireClient) => Promise<string[]>): Promise<string[]> {
  const client = await WireClient.connect(port);
  try {
    return await talk(client);
  } finally {
    client.destroy();
  }
}

function acl(perms: number, scheme: string, id: string): Acl[] {
  return [{ perms, id: { scheme, id } }];
}

function aclOf(client: WireClient, path: string): Promise<string> {
  const list = client.getAcl(path).then((answer) => answer.acl);
  return said(list.then((entries) => entries.map(({ perms, id }) => `${perms} ${id.scheme}:${id.id}`).join(', ')));
}

function makeContainer(client: WireClient, path: string): Promise<string> {
  return said(client.create2(path, null, CONTAINER), 'ok');
}

function makeWithTtl(client: WireClient, path: string, ttlMs: number): Promise<string> {
  return said(client.create2(path, null, PERSISTENT_WITH_TTL, OPEN_ACL_UNSAFE, ttlMs), 'ok');
}

interface Case {
  readonly title: string;
  readonly config: Readonly<Record<string, string>>;
  readonly talk: (port: number) => Promise<readonly string[]>;
  readonly says: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: 'another digest algorithm makes other ids, also that of the super user',
    config: {
      'DigestAuthenticationProvider.digestAlg': 'SHA-256',
      'DigestAuthenticationProvider.superDigest': digestId('super:secret', 'SHA-256'),
    },
    talk: async (port) => [
      ...(await talking(port, async (client) => [
        await auth(client, 'digest', 'amy:secret'),
        await said(client.create('/amy', null, 0, acl(ALL, 'auth', ''))),
        await aclOf(client, '/amy'),
      ])),
      ...(await talking(port, async (client) => [
        await said(client.getData('/amy'), 'seen'),
        await auth(client, 'digest', 'super:secret'),
        await said(client.getData('/amy'), 'seen'),
      ])),
    ],
    says: ['ok', '/amy', `31 digest:${digestId('amy:secret', 'SHA-256')}`, 'noAuth', 'ok', 'seen'],
  },
  {
    title: 'the scheme ensemble sends away who looks for another',
    config: { 'authProvider.1': `${AUTH}.EnsembleAuthenticationProvider`, ensembleAuthName: 'prod,backup' },
    talk: async (port) => [
      ...(await talking(port, async (client) => [
        await auth(client, 'ensemble', 'prod'),
        await auth(client, 'ensemble', 'backup'),
        await said(client.exists('/'), 'seen'),
        await said(client.create('/e', null, 0, acl(ALL, 'ensemble', 'prod'))),
      ])),
      ...(await talking(port, async (client) => [await auth(client, 'ensemble', 'test')])),
    ],
    says: ['ok', 'ok', 'seen', 'invalidACL', 'closed'],
  },
  {
    title: 'skipACL lets everybody do everything, and keeps the lists',
    config: { skipACL: 'yes' },
    talk: (port) =>
      talking(port, async (client) => [
        await said(client.create('/locked', Buffer.from('x'), 0, acl(READ, 'digest', 'amy:none'))),
        await said(client.setData('/locked', Buffer.from('y')), 'set'),
        await said(client.setAcl('/locked', acl(0, 'digest', 'amy:none')), 'set'),
        await said(client.getData('/locked').then(({ data }) => String(data))),
        await aclOf(client, '/locked'),
        await said(client.delete('/locked'), 'gone'),
      ]),
    says: ['/locked', 'set', 'set', 'y', '0 digest:amy:none', 'gone'],
  },
  {
    title: 'without extended types there are no nodes with a TTL, and those of containers all the same',
    config: { extendedTypesEnabled: 'false' },
    talk: (port) =>
      talking(port, async (client) => [
        await makeContainer(client, '/c'),
        await makeWithTtl(client, '/t', 1000),
        await said(client.exists('/c'), 'seen'),
      ]),
    says: ['ok', 'unimplemented', 'seen'],
  },
  {
    title: 'a TTL is from 1 to 2^40 - 1',
    config: { extendedTypesEnabled: 'true' },
    talk: (port) =>
      talking(port, async (client) => {
        const answers: string[] = [];
        for (const [at, ttlMs] of [0, 1, 2 ** 40 - 1, 2 ** 40].entries()) {
          answers.push(await makeWithTtl(client, `/t${at}`, ttlMs));
        }
        return answers;
      }),
    says: ['badArguments', 'ok', 'ok', 'badArguments'],
  },
];

describe('settings of schemes and node types', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zk-server-schemes-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Ours, or Apache ZooKeeper, which takes these lines of zoo.cfg as properties, too. */
  async function talked(
    config: Readonly<Record<string, string>>,
    talk: Case['talk'],
    isJava: boolean,
  ): Promise<readonly string[]> {
    const command = (_index: number, file: string): string[] => javaServer(file);
    const ensemble = await Ensemble.create({ servers: 1, config, ...(isJava ? { command } : {}) });
    try {
      await ensemble.start();
      return await talk(ensemble.member(1).clientPort);
    } finally {
      await ensemble.remove();
    }
  }

  for (const { title, config, talk, says } of CASES) {
    it(`${title}: here`, async () => assert.deepEqual(await talked(config, talk, false), says));
    it(`${title}: at Apache ZooKeeper`, async () => assert.deepEqual(await talked(config, talk, true), says));
  }

  it('a scheme of a module of one’s own proves who somebody is, and its ids stand in ACLs', async () => {
    const path = join(folder, 'token.mjs');
    writeFileSync(
      path,
      `export default async (properties) => ({
        scheme: 'token',
        identifiesUser: true,
        authenticate: (data) =>
          data.toString() === properties.get('zookeeper.my.token')
            ? { kind: 'accepted', ids: [{ scheme: 'token', id: 'holder' }] }
            : { kind: 'refused' },
        isValidId: (id) => id === 'holder',
        matches: ({ id, expression }) => id === expression,
        userName: (id) => id,
      });
      `,
    );
    const talk = async (port: number): Promise<string[]> => [
      ...(await talking(port, async (client) => [
        await auth(client, 'token', 'open sesame'),
        await said(client.create('/mine', Buffer.from('x'), 0, acl(ALL, 'auth', ''))),
        await aclOf(client, '/mine'),
        await said(client.create('/other', null, 0, acl(ALL, 'token', 'stranger'))),
        await said(
          client.whoAmI().then((users) =>
            users
              .map(({ scheme, user }) => `${scheme}:${user}`)
              .sort()
              .join(' '),
          ),
        ),
      ])),
      ...(await talking(port, async (client) => [
        await said(client.getData('/mine')),
        await auth(client, 'token', 'open barley'),
        await said(client.exists('/'), 'seen'),
      ])),
    ];
    const config = { 'authProvider.1': path, 'my.token': 'open sesame' };
    const says = [
      'ok',
      '/mine',
      '31 token:holder',
      'invalidACL',
      'ip:127.0.0.1 token:holder',
      'noAuth',
      'authFailed',
      'closed',
    ];
    assert.deepEqual(await talked(config, talk, false), says);
  });
});
