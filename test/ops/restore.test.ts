// Snapshot and restore over HTTP, while servers run.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { ask, command } from '../admin/http.js';
import { Ensemble, type EnsembleOptions, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { startJava } from '../support/java-server.js';
import { WireClient } from '../support/wire-client.js';

const LIMIT_MS = 120_000;
const AS_ADMIN = { authorization: 'ip' };

async function started(t: TestContext, options: EnsembleOptions): Promise<Ensemble> {
  const ensemble = await Ensemble.create({ http: true, ...options });
  t.after(() => ensemble.remove());
  await ensemble.start();
  return ensemble;
}

async function takeSnapshot(member: Member): Promise<{ readonly bytes: Buffer; readonly zxid: string }> {
  const response = await fetch(`http://127.0.0.1:${member.adminPort}/commands/snapshot`, { headers: AS_ADMIN });
  assert.equal(response.status, 200);
  return { bytes: Buffer.from(await response.arrayBuffer()), zxid: response.headers.get('last_zxid') ?? '' };
}

async function restore(member: Member, bytes: Buffer) {
  const reply = await ask(member.adminPort, '/commands/restore', { method: 'POST', headers: AS_ADMIN, body: bytes });
  return { status: reply.status, fields: JSON.parse(reply.text) as Record<string, unknown> };
}

/** The children of the root, as clients of that server see them. */
async function children(member: Member): Promise<string[]> {
  await member.serving();
  return eventually('a session', LIMIT_MS, async () => {
    try {
      const client = await WireClient.connect(member.clientPort);
      const names = await client.getChildren('/');
      await client.close();
      return names.filter((name) => name !== 'zookeeper').sort();
    } catch {
      return undefined;
    }
  });
}

async function create(member: Member, ...paths: readonly string[]): Promise<void> {
  const client = await WireClient.connect(member.clientPort);
  for (const path of paths) await client.create(path, Buffer.from(path));
  await client.close();
}

describe('restore', { timeout: LIMIT_MS }, () => {
  it('brings a single server back to its snapshot, also after a restart', async (t) => {
    const member = (await started(t, { servers: 1 })).member(1);
    await create(member, '/old');
    const { bytes, zxid } = await takeSnapshot(member);
    await create(member, '/new');
    const { status, fields } = await restore(member, bytes);
    assert.equal(status, 200);
    assert.deepEqual(fields, { last_zxid: Number(zxid), command: 'restore', error: null });
    assert.deepEqual(await children(member), ['old']);
    await create(member, '/later');
    await member.kill();
    await member.start();
    assert.deepEqual(await children(member), ['later', 'old']);
    const client = await WireClient.connect(member.clientPort);
    assert.equal((await client.getData('/old')).stat.version, 0);
    await client.close();
    assert.equal((await command(member.adminPort, 'monitor'))['restore_rate_limited_count'], 0);
  });

  it('is made once in a while, and can be switched off', async (t) => {
    const member = (await started(t, { servers: 1 })).member(1);
    const { bytes } = await takeSnapshot(member);
    assert.equal((await ask(member.adminPort, '/commands/restore', { method: 'POST', body: bytes })).status, 401);
    assert.equal((await restore(member, bytes)).status, 200);
    assert.equal((await restore(member, bytes)).status, 429);
    const monitor = await command(member.adminPort, 'monitor');
    assert.deepEqual([monitor['restore_rate_limited_count'], monitor['cnt_restore_time']], [1, 1]);
    for (const [key, status] of [
      ['admin.restore.enabled', 503],
      ['serializeLastProcessedZxid.enabled', 500],
    ] as const) {
      const other = (await started(t, { servers: 1, config: { [key]: 'false' } })).member(1);
      assert.equal((await restore(other, bytes)).status, status, key);
    }
  });

  it('refuses a damaged file, and serves on', async (t) => {
    const member = (await started(t, { servers: 1 })).member(1);
    await create(member, '/old');
    const { bytes } = await takeSnapshot(member);
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(60) ^ 1, 60);
    const client = await WireClient.connect(member.clientPort);
    const { status, fields } = await restore(member, damaged);
    assert.equal(status, 500);
    assert.match(String(fields['error']), /nothing was changed.*damaged/);
    assert.equal((await client.getData('/old')).data?.toString(), '/old');
    await client.close();
    assert.equal((await command(member.adminPort, 'monitor'))['restore_error_count'], 1);
  });

  it('takes an ensemble back, server by server, and the state outlives a restart of all', async (t) => {
    const ensemble = await started(t, {});
    const leader = await ensemble.leader();
    await create(leader, '/old', '/gone');
    const { bytes } = await takeSnapshot(leader);
    const client = await WireClient.connect(leader.clientPort);
    await client.delete('/gone');
    await client.create('/new', null);
    await client.close();
    for (const member of ensemble.members) {
      assert.equal((await restore(member, bytes)).status, 200, `server ${member.sid}`);
      await member.serving();
    }
    for (const member of ensemble.members) assert.deepEqual(await children(member), ['gone', 'old']);
    await create(await ensemble.leader(), '/later');
    for (const member of ensemble.members) await member.stop();
    await ensemble.start();
    for (const member of ensemble.members) assert.deepEqual(await children(member), ['gone', 'later', 'old']);
    for (const member of ensemble.members) {
      assert.equal((await command(member.adminPort, 'monitor'))['digest_mismatches_count'], 0);
    }
  });

  it('fills a new ensemble with what another one had', async (t) => {
    const old = await started(t, { servers: 1 });
    await create(old.member(1), '/a', '/b');
    const { bytes } = await takeSnapshot(old.member(1));
    const ensemble = await started(t, {});
    for (const member of ensemble.members) {
      assert.equal((await restore(member, bytes)).status, 200);
      await member.serving();
    }
    for (const member of ensemble.members) assert.deepEqual(await children(member), ['a', 'b']);
    const client = await WireClient.connect((await ensemble.leader()).clientPort);
    assert.match((await client.getData('/zookeeper/config')).data?.toString() ?? '', /server\.3=/);
    await client.close();
  });

  it('takes a snapshot of Apache ZooKeeper', async (t) => {
    const java = await startJava();
    t.after(() => java.remove());
    const client = await WireClient.connect(java.only.port);
    await client.create('/from-java', Buffer.from('j'));
    await client.close();
    await java.only.stop();
    await java.only.start();
    await java.only.serving();
    const name = await eventually('a snapshot', LIMIT_MS, async () => {
      const names = await readdir(join(java.only.dataDir, 'version-2'));
      return names.find((one) => one.startsWith('snapshot.') && one !== 'snapshot.0');
    });
    const bytes = await readFile(join(java.only.dataDir, 'version-2', name));
    const member = (await started(t, { servers: 1 })).member(1);
    assert.equal((await restore(member, bytes)).status, 200);
    assert.deepEqual(await children(member), ['from-java']);
  });
});
