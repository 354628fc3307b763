// Counters at the end of 32 bits: sequence numbers and versions, through a follower and after restarts; the numbers of
// sequential nodes beside Apache ZooKeeper's on the same files, which never go on behind the highest one.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Metrics } from '../../src/metrics/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { ErrorCode, makeTxnEntry, OPEN_ACL_UNSAFE, OpCode, type Txn } from '../../src/protocol/index.js';
import { Database, STORAGE_DEFAULTS } from '../../src/storage/index.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { startJava } from '../support/java-server.js';
import { WireClient, WireError } from '../support/wire-client.js';

const SEQUENTIAL = 2;
const HIGHEST = 0x7fff_ffff;
/** What four sequential nodes under /p are called. */
const NAMES = ['/p/s-2147483646', '/p/s-2147483647', '/p/s--2147483648', '/p/s--2147483647'];

/** A log after which the counters are about to wrap. */
async function prepare(dataDir: string): Promise<void> {
  const host = createRealHost({ log: { level: 'error', fd: 2 } });
  const database = await Database.open(host, new Metrics(), {
    ...STORAGE_DEFAULTS,
    dataDir,
    dataLogDir: dataDir,
    keepEpochs: false,
  });
  const create = (path: string, parentCVersion: number): Txn => {
    return { type: OpCode.create, path, data: null, acl: OPEN_ACL_UNSAFE, ephemeral: false, parentCVersion };
  };
  const txns: Txn[] = [
    create('/p', 1),
    create('/p/first', HIGHEST - 1),
    create('/skips', 2),
    { type: OpCode.setData, path: '/skips', data: null, version: -2 },
    create('/wraps', 3),
    { type: OpCode.setData, path: '/wraps', data: null, version: HIGHEST },
    { type: OpCode.setACL, path: '/skips', acl: OPEN_ACL_UNSAFE, version: -2 },
  ];
  for (const [at, txn] of txns.entries()) {
    const header = { clientId: 1n, cxid: at, zxid: at + 1, time: 1_700_000_000_000, type: txn.type };
    database.append(makeTxnEntry(header, txn, null));
  }
  await database.settle();
  // Apache ZooKeeper starts from no log without a snapshot.
  await database.takeSnapshot();
  await database.close();
  await host.close();
}

async function sequence(client: WireClient, count: number): Promise<string[]> {
  const names: string[] = [];
  for (let i = 0; i < count; i++) names.push(await client.create('/p/s-', null, SEQUENTIAL));
  return names;
}

describe('an ensemble whose counters wrap', () => {
  let ensemble: Ensemble | undefined;
  after(() => ensemble?.remove());

  async function followerClient(): Promise<WireClient> {
    const [follower] = (await ensemble?.followers()) ?? [];
    assert.ok(follower);
    return WireClient.connect(follower.clientPort);
  }

  it('counts on, and goes on there after all were killed', async () => {
    ensemble = await Ensemble.create();
    for (const { dataDir } of ensemble.members) await prepare(dataDir);
    await ensemble.start();
    const client = await followerClient();
    assert.deepEqual(await sequence(client, 3), NAMES.slice(0, 3));
    assert.equal((await client.setData('/skips', null, -2)).version, 0, '-1 would fit every version');
    assert.equal((await client.setData('/wraps', null, HIGHEST)).version, -HIGHEST - 1);
    assert.equal((await client.setAcl('/skips', OPEN_ACL_UNSAFE, -2)).aversion, 0);
    client.destroy();

    await Promise.all(ensemble.members.map((member: Member) => member.kill()));
    await ensemble.start();
    const again = await followerClient();
    assert.deepEqual(await sequence(again, 1), NAMES.slice(3));
    assert.equal((await again.setData('/wraps', null, -HIGHEST - 1)).version, -HIGHEST);
    await again.close();
    for (const { clientPort } of ensemble.members) {
      const reader = await WireClient.connect(clientPort);
      await reader.sync('/');
      const versions = await Promise.all(['/p', '/skips', '/wraps'].map((path) => reader.exists(path)));
      assert.deepEqual(
        versions.map(({ version, cversion }) => [version, cversion]),
        [
          // What clients see of it is twice the counter less the children.
          [0, -1],
          [0, 0],
          [-HIGHEST, 0],
        ],
      );
      await reader.close();
    }
  });

  it('names nodes as Apache ZooKeeper does up to the highest number, where that one stays', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'zk-server-wraps-'));
    await prepare(dataDir);
    const java = await startJava({ dataDirs: [dataDir] });
    try {
      const client = await WireClient.connect(java.only.port);
      assert.deepEqual(await sequence(client, 2), NAMES.slice(0, 2));
      const stuck = (error: unknown): boolean => error instanceof WireError && error.code === ErrorCode.nodeExists;
      await assert.rejects(sequence(client, 1), stuck);
      await client.close();
    } finally {
      await java.remove();
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});
