// Snapshots over HTTP between Apache ZooKeeper 3.9 and this server, both ways. Debian's stable release has no 3.9, so this is no
// part of the suite but for those who have its jars; Jetty's and Jackson's are Debian's:
//
//   ZK_JAVA39_CLASS_PATH=zookeeper.jar:zookeeper-jute.jar:... node --import tsx --test test/ops/java-snapshots.ts
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ask } from '../admin/http.js';
import { Ensemble, type EnsembleOptions, type Member } from '../support/ensemble.js';
import { ADMIN_JARS, javaServer } from '../support/java.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';

const LIMIT_MS = 120_000;
const AS_ADMIN = { authorization: 'ip' };
const NODES = 500;
const classPath = process.env['ZK_JAVA39_CLASS_PATH'];
if (classPath === undefined) throw new Error('ZK_JAVA39_CLASS_PATH names no jars of Apache ZooKeeper 3.9');

async function started(t: TestContext, options: EnsembleOptions = {}): Promise<Member> {
  const config = { 'admin.rateLimiterIntervalInMS': 0 };
  const ensemble = await Ensemble.create({ servers: 1, http: true, config, ...options });
  t.after(() => ensemble.remove());
  await ensemble.start();
  const member = ensemble.member(1);
  await eventually('its admin port answers', LIMIT_MS, async () => {
    const reply = await ask(member.adminPort, '/commands/ruok').catch(() => null);
    return reply?.status === 200;
  });
  return member;
}

function startedJava(t: TestContext): Promise<Member> {
  const jars = [classPath, ...ADMIN_JARS].join(':');
  return started(t, { command: (_index, file) => javaServer(file, [], jars) });
}

async function fill(member: Member): Promise<void> {
  const client = await WireClient.connect(member.clientPort);
  await client.addAuth('digest', 'bob:secret');
  await client.create('/n', Buffer.from('räksmörgås'));
  for (let i = 0; i < NODES; i++) await client.create(`/n/${i}`, Buffer.alloc(i, i));
  await client.create2('/container', null, 4);
  await client.create('/secret', Buffer.from('x'), 0, [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
  await client.setData('/n/7', null);
  await client.close();
}

/** Every node with its data, times, versions and ACL. */
async function everything(member: Member): Promise<string[]> {
  const client = await WireClient.connect(member.clientPort);
  await client.addAuth('digest', 'bob:secret');
  const found: string[] = [];
  const walk = async (path: string): Promise<void> => {
    if (path === '/zookeeper') return;
    const { data, stat } = await client.getData(path);
    const { acl } = await client.getAcl(path);
    found.push(
      JSON.stringify({ path, data: data?.toString('hex') ?? null, stat, acl }, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      ),
    );
    for (const name of (await client.getChildren(path)).sort())
      await walk(path === '/' ? `/${name}` : `${path}/${name}`);
  };
  await walk('/');
  await client.close();
  return found;
}

async function move(from: Member, to: Member): Promise<void> {
  await fill(from);
  const before = await everything(from);
  const taken = await fetch(`http://127.0.0.1:${from.adminPort}/commands/snapshot?streaming=true`, {
    headers: AS_ADMIN,
  });
  assert.equal(taken.status, 200);
  const body = Buffer.from(await taken.arrayBuffer());
  const headers = { ...AS_ADMIN, 'content-type': 'application/octet-stream' };
  const reply = await ask(to.adminPort, '/commands/restore', { method: 'POST', headers, body });
  assert.equal(reply.status, 200, reply.text);
  assert.equal((JSON.parse(reply.text) as { error: unknown }).error, null, reply.text);
  await to.serving();
  assert.deepEqual(await eventually('it serves', LIMIT_MS, () => everything(to).catch(() => undefined)), before);
  assert.ok(before.length > NODES);
  const client = await WireClient.connect(to.clientPort);
  await client.create('/after');
  await client.close();
}

describe('snapshots over HTTP between Apache ZooKeeper 3.9 and this server', { timeout: LIMIT_MS }, () => {
  it('go from Apache ZooKeeper to this server', async (t) => {
    await move(await startedJava(t), await started(t));
  });

  it('go from this server to Apache ZooKeeper', async (t) => {
    await move(await started(t), await startedJava(t));
  });

  it('are guarded the same: a password counts in ISO 8859-1 in both, here in UTF-8, too', async (t) => {
    const statuses: number[][] = [];
    for (const member of [await startedJava(t), await started(t)]) {
      const client = await WireClient.connect(member.clientPort);
      await client.addAuth('digest', 'boss:pässwörd');
      await client.setAcl('/', [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
      await client.close();
      const of: number[] = [];
      for (const encoding of ['latin1', 'utf8'] as const) {
        const authorization = Buffer.from('digest boss:pässwörd', encoding).toString('latin1');
        of.push(
          (await ask(member.adminPort, '/commands/snapshot?streaming=false', { headers: { authorization } })).status,
        );
      }
      statuses.push(of);
    }
    assert.deepEqual(statuses, [
      [200, 403],
      [200, 200],
    ]);
  });
});
