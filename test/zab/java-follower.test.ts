// Our follower and observer under an Apache ZooKeeper leader: SNAP, DIFF, TRUNC, live proposals, its vote, and its data
// directory given to a Java server afterwards. Elections are passed over: two Java voters of three elect one of them, and
// ours dials that one.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { parseMembershipText } from '../../src/membership/index.js';
import { createRealHost } from '../../src/platform/index.js';
import type { NodeRef } from '../../src/tree/index.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServer } from '../support/java.js';
import type { LineProcess } from '../support/line-process.js';
import { ZabServer } from './harness.js';
import { difference, dump, fill } from './java-dump.js';
import { createEntry } from './zxids.js';

const OURS = 3;
const SETTINGS = { tickTimeMs: 500, initLimit: 10, syncLimit: 5 };

/** The same lines from our tree. */
function dumpOurs(server: ZabServer): string[] {
  const { tree } = server.database;
  const found: string[] = [];
  const walk = (path: string, ref: NodeRef): void => {
    const stat = tree.stat(ref);
    const numbers = [stat.czxid, stat.mzxid, stat.ctime, stat.mtime, stat.version, stat.cversion, stat.aversion];
    const acl = tree.acl(ref).map(({ perms, id }) => [perms, id.scheme, id.id]);
    const data = tree.data(ref)?.toString('hex') ?? null;
    const fields = [...numbers, stat.ephemeralOwner, stat.dataLength, stat.numChildren, stat.pzxid]
      .map(String)
      .join(', ');
    found.push(
      `{"acl": ${pythonText(acl)}, "data": ${JSON.stringify(data)}, "path": ${JSON.stringify(path)}, "stat": [${fields}]}`,
    );
    for (const name of tree.children(ref)) {
      const child = path === '/' ? `/${name}` : `${path}/${name}`;
      walk(child, tree.find(child));
    }
  };
  walk('/', tree.find('/'));
  return found.filter((line) => !line.includes('"path": "/zookeeper/config"')).sort();
}

/** As Python's json writes it. */
function pythonText(value: unknown): string {
  return JSON.stringify(value).replaceAll(',', ', ');
}

describe('an Apache ZooKeeper leader', { timeout: 240_000 }, () => {
  const host = createRealHost({ log: { level: 'fatal' } });
  const clients: LineProcess[] = [];
  let ensemble: Ensemble;
  let leader: Member;
  let server: ZabServer;

  async function open(): Promise<ZabServer> {
    const member = ensemble.member(OURS);
    const text = (await readFile(member.configFile, 'utf8')).split('\n').filter((line) => line.startsWith('server.'));
    const storage = { dataDir: member.dataDir, dataLogDir: member.dataDir };
    return ZabServer.open(host, OURS, parseMembershipText(text.join('\n')), SETTINGS, storage);
  }

  async function follow(): Promise<string> {
    server.follow(leader.sid).catch((error: unknown) => assert.fail(String(error)));
    await eventually('serving', 20_000, () => {
      assert.equal(server.lastEnd, null, server.lastEnd?.reason);
      return Promise.resolve(server.isServing);
    });
    return server.trace.records.map((record) => record.note).findLast((note) => note !== '') ?? '';
  }

  async function sameTree(): Promise<void> {
    const theirs = await dump(leader);
    await eventually('the same tree', 5000, () => Promise.resolve(dumpOurs(server).join() === theirs.join())).catch(
      () => {
        assert.fail(difference(dumpOurs(server), theirs));
      },
    );
  }

  before(async () => {
    ensemble = await Ensemble.create({ command: (_index, file) => javaServer(file) });
    await ensemble.member(1).start();
    await ensemble.member(2).start();
    leader = await ensemble.leader(60_000);
    clients.push(await fill(leader, 1));
    server = await open();
  });

  after(async () => {
    await server.stop();
    await server.database.close();
    await Promise.all(clients.map((client) => client.kill()));
    await ensemble.remove();
    await host.close();
  });

  it('sends us its image, and we have its tree', async () => {
    assert.match(await follow(), /SNAP/);
    await sameTree();
  });

  it('proposes, and we log, acknowledge and apply', async () => {
    clients.push(await fill(leader, 2));
    await sameTree();
    const { counters } = server.metrics;
    assert.ok((counters.get('learner_proposal_received_count')?.value ?? 0) > 50);
    assert.equal(
      counters.get('learner_proposal_received_count')?.value,
      counters.get('learner_commit_received_count')?.value,
    );
  });

  it('sends us a DIFF when we come back', async () => {
    await server.stop();
    server.lastEnd = null;
    clients.push(await fill(leader, 4));
    assert.match(await follow(), /DIFF/);
    await sameTree();
  });

  it('sends us a TRUNC when we have more than it', async () => {
    await server.stop();
    server.lastEnd = null;
    const { database } = server;
    for (let n = 1; n <= 3; n++) database.append(createEntry(database.lastLoggedZxid + 1, `/dead${n}`));
    await database.settle();
    assert.match(await follow(), /TRUNC/);
    assert.ok(!dumpOurs(server).some((line) => line.includes('/dead')));
    await sameTree();
  });

  it('counts our acknowledgements: with us alone it has a quorum', async () => {
    const other = ensemble.members.find((member) => member !== leader && member.running);
    await other?.kill();
    clients.push(await fill(leader, 3));
    await sameTree();
    let synced = false;
    server.pipeline.sync(() => {
      synced = true;
    });
    await eventually('the sync', 10_000, () => Promise.resolve(synced));
  });

  it('is left when it dies', async () => {
    await leader.kill();
    await eventually('the end', 5000, () => Promise.resolve(server.lastEnd ?? undefined));
    assert.equal(server.lastEnd?.code, 'CONNECTION_LOST');
  });

  it('takes over our data directory', async () => {
    const ours = dumpOurs(server);
    await server.database.close();
    const successor = ensemble.member(OURS);
    await successor.start();
    await leader.start();
    await successor.serving();
    assert.equal(difference(ours, await dump(successor)), '');
    await successor.kill();
    server = await open();
  });
});
