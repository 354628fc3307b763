// The client with real servers: every operation answers the same at Apache ZooKeeper's server and at ours.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import {
  MultiError,
  OPEN_ACL_UNSAFE,
  type WatchEvent,
  ZooKeeperClient,
  ZooKeeperError,
} from '../../src/zk-client/index.js';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServer } from '../support/java.js';

const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url).pathname;
const PROPERTIES = ['zookeeper.extendedTypesEnabled=true'];

/** The code of the error that a call ends with; `ok` without one. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: unknown) => (error instanceof ZooKeeperError ? error.code : String(error)),
  );
}

async function tour(hosts: string): Promise<unknown[]> {
  const maker = new ZooKeeperClient(hosts);
  const client = new ZooKeeperClient(`${hosts}/tour`);
  try {
    return await everything(maker, client);
  } finally {
    await Promise.all([maker.close(), client.close()]);
  }
}

/** Does everything once, with one client below a chroot, and tells what came of it. */
async function everything(maker: ZooKeeperClient, client: ZooKeeperClient): Promise<unknown[]> {
  const facts: unknown[] = [];
  await maker.create('/tour', 'root');
  const events: string[] = [];
  const watch = ({ type, path }: WatchEvent): void => {
    events.push(`${type} ${path}`);
  };

  facts.push(await client.create('/a', 'data'));
  facts.push(await client.create('/seq-', null, { mode: 'persistentSequential' }));
  facts.push(await client.create('/eph', null, { mode: 'ephemeral' }));
  facts.push(await client.create('/box', null, { mode: 'container' }));
  const { path, stat } = await client.create2('/ttl', Buffer.alloc(3), { mode: 'persistentWithTtl', ttlMs: 600_000 });
  facts.push(path, stat.ephemeralOwner, stat.dataLength);
  facts.push((await client.getData('/a', { watch })).data?.toString());
  facts.push((await client.getData('/box')).data);
  facts.push((await client.exists('/none', { watch })) === null, (await client.exists('/a'))?.version);
  facts.push((await client.getChildren('/', { watch })).children.sort());
  facts.push(await client.getEphemerals(), await client.getAllChildrenNumber('/'));
  facts.push((await client.setData('/a', 'new', { version: 0 })).version);
  facts.push(await codeOf(client.setData('/a', 'x', { version: 7 })), await codeOf(client.delete('/none')));
  facts.push(await codeOf(client.create('/a', null)), await codeOf(client.create('/eph/x', null)));
  await client.create('/none', null);
  await client.sync('/');
  facts.push(events.splice(0));

  await client.addWatch('/a', 'persistent', watch);
  await client.addWatch('/', 'persistentRecursive', watch);
  const results = await client.multi([
    { op: 'check', path: '/a', version: 1 },
    { op: 'create', path: '/m', data: 'm' },
    { op: 'setData', path: '/a', data: 'multi' },
    { op: 'delete', path: '/m' },
  ]);
  facts.push(results.map((result) => ('path' in result ? `${result.op} ${result.path}` : result.op)));
  const failed = await client
    .multi([
      { op: 'create', path: '/never', data: null },
      { op: 'check', path: '/a', version: 77 },
      { op: 'delete', path: '/a' },
    ])
    .catch((error: unknown) => error);
  assert.ok(failed instanceof MultiError);
  facts.push(failed.code, failed.index, failed.path, failed.results);
  const reads = await client.multiRead([
    { op: 'getData', path: '/a' },
    { op: 'getChildren', path: '/box' },
    { op: 'getData', path: '/never' },
  ]);
  facts.push(
    reads.map((read) =>
      'data' in read ? read.data?.toString() : 'children' in read ? read.children : read.error.code,
    ),
  );
  await client.sync('/');
  facts.push(events.splice(0));
  await client.removeWatches('/a');
  await client.removeWatches('/');
  facts.push(await codeOf(client.removeWatches('/a')), events.splice(0));

  await client.addAuth('digest', 'amy:secret');
  facts.push((await client.whoAmI()).map(({ scheme }) => scheme).sort());
  const own = [{ perms: 31, id: { scheme: 'auth', id: '' } }];
  facts.push((await client.setAcl('/box', own)).aversion, (await client.getAcl('/box')).acl);
  facts.push(await codeOf(maker.setData('/tour/box', 'x')), await codeOf(maker.setAcl('/tour', OPEN_ACL_UNSAFE)));
  facts.push(await codeOf(client.reconfig({ leaving: '1' })), await codeOf(client.getConfig()));
  await client.close();
  facts.push(await codeOf(client.getData('/a')), (await maker.exists('/tour/eph')) === null);
  return facts;
}

describe('every operation of the client', () => {
  let ours: Ensemble;
  let java: Ensemble;
  before(async () => {
    ours = await Ensemble.create({ servers: 1, config: { extendedTypesEnabled: 'true' } });
    java = await Ensemble.create({ servers: 1, command: (_index, file) => javaServer(file, PROPERTIES) });
    await Promise.all([ours.start(), java.start()]);
  });
  after(() => Promise.all([ours.remove(), java.remove()]));

  it('answers the same at both servers', async () => {
    const theirs = await tour(java.hosts);
    const own = await tour(ours.hosts);
    assert.ok(theirs.length > 30);
    assert.deepEqual(own, theirs);
  });

  it('lets a program end by itself when the session is closed', async () => {
    const program = `
      import { ZooKeeperClient } from 'zk-server/client';
      const client = new ZooKeeperClient('${ours.hosts}');
      console.log((await client.getChildren('/')).children.length);
      await client.close();`;
    const words = ['--input-type=module', '-e', program];
    const { stdout } = await run(process.execPath, words, { cwd: ROOT, timeout: 30_000 });
    assert.match(stdout, /^[1-9]\d*\n$/);
  });
});

describe('a session of the client at real servers', () => {
  let ensemble: Ensemble;
  before(async () => {
    // Two of ours and one of Apache ZooKeeper: the session goes over from one kind to the other.
    const launcher = `${ROOT}bin/zk-server`;
    ensemble = await Ensemble.create({
      command: (index, file) => (index === 2 ? javaServer(file) : [launcher, 'start', file]),
    });
    await ensemble.start();
  });
  after(() => ensemble.remove());

  it('lives on when its server is killed, with its watches and ephemeral nodes', async () => {
    const client = new ZooKeeperClient(ensemble.hosts, { sessionTimeoutMs: 20_000 });
    const events: string[] = [];
    await client.create('/live', null);
    await client.create('/live/eph', null, { mode: 'ephemeral' });
    await client.addWatch('/live', 'persistentRecursive', ({ type, path }) => events.push(`${type} ${path}`));
    const { sessionId } = client.credentials;
    for (let round = 0; round < 3; round++) {
      const member = ensemble.members.find(({ clientPort }) => clientPort === client.server?.port);
      assert.ok(member !== undefined);
      await member.kill();
      await eventually(`a write in round ${round}`, 60_000, async () => {
        const code = await codeOf(client.setData('/live', `round ${round}`, { timeoutMs: 20_000 }));
        return code === 'ok';
      });
      assert.equal(client.credentials.sessionId, sessionId);
      await member.start();
      await member.serving(60_000);
    }
    assert.deepEqual(await client.getEphemerals(), ['/live/eph']);
    await client.sync('/');
    assert.ok(events.filter((event) => event === 'dataChanged /live').length >= 3, events.join());
    await client.close();
  });
});
