// A disk that fills under real servers, and is freed again: nobody ends, nothing is torn, and everybody comes back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ask } from '../admin/http.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';

const LIMIT_MS = 120_000;
const DISK_MB = 96;
const STOP_MB = 32;
const MIB = 1024 * 1024;

/** The data folder of each server becomes a small disk of its own. */
function mountDisks(ensemble: Ensemble): void {
  for (const { dataDir, sid } of ensemble.members) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', dataDir]);
    execFileSync('sh', ['-c', `echo ${sid} > ${join(dataDir, 'myid')}`]);
  }
}

async function isReady(member: Member): Promise<boolean> {
  return (await ask(member.adminPort, '/readyz')).status === 200;
}

async function inEnsemble(servers: number, use: (ensemble: Ensemble) => Promise<void>): Promise<void> {
  const config = { preAllocSize: 1024, diskSpaceStopInMb: STOP_MB, diskSpaceWarnInMb: 48 };
  const ensemble = await Ensemble.create({ servers, http: true, config });
  mountDisks(ensemble);
  try {
    await ensemble.start();
    await use(ensemble);
  } finally {
    for (const member of ensemble.members) await member.kill();
    for (const { dataDir } of ensemble.members) execFileSync('umount', [dataDir]);
    await ensemble.remove();
  }
}

async function fill(member: Member): Promise<() => Promise<void>> {
  const path = join(member.dataDir, 'somebody-elses');
  await writeFile(path, Buffer.alloc((DISK_MB - STOP_MB + 8) * MIB));
  return () => rm(path);
}

describe('a full disk', { timeout: LIMIT_MS }, () => {
  it('of the leader hands over to another server, which goes on with everybody’s clients', async () => {
    await inEnsemble(3, async (ensemble) => {
      const leader = await ensemble.leader();
      const client = await WireClient.connect(leader.clientPort, { timeoutMs: 10_000 });
      await client.create('/before', null);
      const free = await fill(leader);
      // Connection loss, and no other news.
      assert.equal((await client.closed)?.message, undefined);
      const next = await eventually('another server leads', LIMIT_MS, async () => {
        for (const member of ensemble.members) {
          if (member !== leader && (await member.mode()) === 'leader') return member;
        }
        return undefined;
      });
      const { sessionId, password } = client;
      const moved = await WireClient.connect(next.clientPort, { sessionId, password, timeoutMs: 10_000 });
      await moved.create('/during', null);
      assert.equal(await isReady(leader), false);
      assert.equal((await ask(leader.adminPort, '/livez')).status, 200);
      assert.equal(leader.running, true);
      assert.match(await leader.log(), /"DISK_FULL"/);
      // It stays away as long as there is no room.
      const [other] = ensemble.members.filter((member) => member !== leader && member !== next);
      assert.ok(other);
      assert.equal(await leader.mode(), '');
      await free();
      await leader.serving(LIMIT_MS);
      await eventually('it is ready', LIMIT_MS, () => isReady(leader));
      const back = await WireClient.connect(leader.clientPort);
      await back.sync('/');
      assert.deepEqual((await back.getChildren('/')).sort(), ['before', 'during', 'zookeeper']);
      await back.close();
      await moved.close();
    });
  });

  it('does not vote: with one of two others gone there is no quorum until there is room', async () => {
    await inEnsemble(3, async (ensemble) => {
      const [full, gone, left] = await ensemble.followers().then(async (followers) => {
        return [followers[0], followers[1], await ensemble.leader()];
      });
      assert.ok(full !== undefined && gone !== undefined && left !== undefined);
      const free = await fill(full);
      await eventually('it pauses', LIMIT_MS, async () => (await full.mode()) === '');
      await gone.kill();
      await eventually('nobody leads', LIMIT_MS, async () => (await left.mode()) === '');
      await free();
      await Promise.all([full.serving(LIMIT_MS), left.serving(LIMIT_MS)]);
    });
  });

  it('of a single server: it serves nobody, and goes on with all that was acknowledged', async () => {
    await inEnsemble(1, async (ensemble) => {
      const member = ensemble.member(1);
      const client = await WireClient.connect(member.clientPort);
      const free = await fill(member);
      let written = 0;
      const writing = (async () => {
        for (;;) {
          await client.create(`/n${written}`, Buffer.alloc(10_000));
          written++;
        }
      })().catch(() => undefined);
      await client.closed;
      await writing;
      assert.equal(await isReady(member), false);
      await free();
      await member.serving(LIMIT_MS);
      const back = await WireClient.connect(member.clientPort);
      assert.ok((await back.getChildren('/')).length - 1 >= written);
      await back.create('/after', null);
      await back.close();
    });
  });
});
