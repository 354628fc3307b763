// Apache ZooKeeper followers under our leader: discovery, DIFF, SNAP, TRUNC with DIFF behind it, forwarded writes.
import assert from 'node:assert/strict';
import { readFile, rm, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ErrorCode } from '../../src/protocol/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { Database, STORAGE_DEFAULTS } from '../../src/storage/index.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServer } from '../support/java.js';
import type { LineProcess } from '../support/line-process.js';
import { ownProgram } from '../support/own-program.js';
import { WireClient } from '../support/wire-client.js';
import { difference, dump, fill } from './java-dump.js';
import { createEntry } from './zxids.js';

const MAIN = ownProgram(new URL('../../src/cli/main.ts', import.meta.url));
const OURS = 3;

describe('Apache ZooKeeper followers under our leader', { timeout: 300_000 }, () => {
  const clients: LineProcess[] = [];
  let ensemble: Ensemble;
  let ours: Member;
  let follower: Member;

  /** Asked anew each time: sessions of clients that lost their server expire meanwhile. */
  async function sameTrees(): Promise<void> {
    for (const member of ensemble.members) {
      let differs = '';
      await eventually('the same tree', 15_000, async () => {
        differs = difference(await dump(ours), await dump(member));
        return differs === '';
      }).catch(() => {
        assert.fail(`server ${member.sid}:\n${differs}`);
      });
    }
  }

  async function syncPlans(): Promise<string[]> {
    const log = await ours.log();
    return [...log.matchAll(/Server 1 at \S+ is synchronized by (\w+)/g)].map((match) => match[1] ?? '');
  }

  async function restartFollower(change: () => Promise<void>): Promise<void> {
    await follower.kill();
    await change();
    await follower.start();
    assert.equal(await follower.serving(), 'follower');
  }

  /** Transactions on the follower's disk that nobody else has, behind its last one. */
  async function addDeadTail(): Promise<void> {
    const host = createRealHost({ log: { level: 'fatal' } });
    const folders = { dataDir: follower.dataDir, dataLogDir: follower.dataDir };
    const database = await Database.open(host, new Metrics(), { ...STORAGE_DEFAULTS, ...folders, preAllocBytes: 4096 });
    for (let n = 1; n <= 3; n++) database.append(createEntry(database.lastLoggedZxid + 1, `/dead${n}`));
    await database.settle();
    await database.close();
    await host.close();
  }

  before(async () => {
    ensemble = await Ensemble.create({
      command: (index, file) => (index === OURS - 1 ? [process.execPath, ...MAIN, 'start', file] : javaServer(file)),
    });
    ours = ensemble.member(OURS);
    follower = ensemble.member(1);
    // With one Java server only, so that ours is the one with the highest id in the first election.
    await ours.start();
    await follower.start();
    assert.equal(await ours.serving(), 'leader');
    await ensemble.member(2).start();
    await ensemble.member(2).serving();
  });

  after(async () => {
    await Promise.all(clients.map((client) => client.kill()));
    await ensemble.remove();
  });

  it('follow us from the start', async () => {
    clients.push(await fill(ours, 1));
    await sameTrees();
  });

  it('forward the writes of their clients', async () => {
    clients.push(await fill(follower, 2));
    await sameTrees();
  });

  it('stay when a client of theirs has more ids than a leader judges by', async () => {
    const plans = (await syncPlans()).length;
    const client = await WireClient.connect(follower.clientPort);
    const ids = Array.from({ length: 2000 }, (_, n) => `user${n}:secret`);
    await Promise.all(ids.map((id) => client.addAuth('digest', id)));
    await assert.rejects(client.create('/of-many'), { code: ErrorCode.marshallingError });
    const other = await WireClient.connect(follower.clientPort);
    await other.create('/of-one');
    await client.close();
    await other.close();
    assert.equal((await syncPlans()).length, plans);
  });

  it('come back by DIFF', async () => {
    await restartFollower(async () => {
      clients.push(await fill(ours, 3));
    });
    assert.equal((await syncPlans()).at(-1), 'DIFF');
    await sameTrees();
  });

  it('come back with nothing and get our image', async () => {
    await restartFollower(async () => {
      await rm(join(follower.dataDir, 'version-2'), { recursive: true });
      await mkdir(join(follower.dataDir, 'version-2'));
      await writeFile(join(follower.dataDir, 'myid'), '1\n');
    });
    assert.equal((await syncPlans()).at(-1), 'SNAP');
    await sameTrees();
  });

  it('come back with a dead tail, which is cut off before what they missed', async () => {
    await restartFollower(async () => {
      await addDeadTail();
      await ours.kill();
      await ours.start();
      await ours.serving();
      assert.equal(await ours.mode(), 'leader');
      clients.push(await fill(ours, 4));
    });
    assert.equal((await syncPlans()).at(-1), 'TRUNC');
    assert.ok(!(await dump(follower)).some((line) => line.includes('/dead')));
    await sameTrees();
    const epochOf = (member: Member) => readFile(join(member.dataDir, 'version-2', 'currentEpoch'), 'utf8');
    assert.equal((await epochOf(follower)).trim(), (await epochOf(ours)).trim());
  });
});
