import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metrics } from '../../src/metrics/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { OpCode } from '../../src/protocol/index.js';
import { Database } from '../../src/storage/index.js';
import { Story, TEST_OPTIONS } from '../storage/support.js';
import { startJava } from '../support/java-server.js';
import { WireClient } from '../support/wire-client.js';

/** A folder with the files of a server. */
export interface Sample {
  readonly folder: string;
  /** Paths, oldest first. */
  readonly logs: readonly string[];
  readonly snapshots: readonly string[];
  remove(): Promise<void>;
}

async function sampleOf(folder: string, remove: () => Promise<void>): Promise<Sample> {
  const names = await readdir(folder);
  const paths = (kind: string) =>
    names
      .filter((name) => name.startsWith(`${kind}.`))
      .sort((a, b) => zxidOf(a) - zxidOf(b))
      .map((name) => join(folder, name));
  return { folder, logs: paths('log'), snapshots: paths('snapshot'), remove };
}

function zxidOf(name: string): number {
  return Number.parseInt(name.split('.')[1] ?? '', 16);
}

/** Every kind of transaction, some nodes and a live session. */
async function work(client: WireClient): Promise<void> {
  await client.create('/a', Buffer.from('first'));
  await client.create('/a/b', Buffer.from([0, 1, 2, 255]));
  await client.create('/a/b/c', null);
  await client.create('/a/quoted,}%', Buffer.from('line\nfeed'));
  await client.create('/é中', Buffer.from('é中'));
  await client.create('/a/seq-', Buffer.alloc(10, 'x'), 2);
  await client.create('/live', Buffer.from('e'), 1);
  await client.create2('/container', Buffer.from('c'), 4);
  await client.create2('/ttl', Buffer.from('t'), 5, undefined, 86_400_000);
  await client.setData('/a', Buffer.from('second'));
  await client.setAcl('/a/b', [
    { perms: 31, id: { scheme: 'world', id: 'anyone' } },
    { perms: 1, id: { scheme: 'ip', id: '127.0.0.1' } },
  ]);
  await client.create('/gone', null);
  await client.delete('/gone');
  await client.delete('/absent').catch(() => undefined);
  await client.multi([
    { op: 'create', path: '/m', data: Buffer.from('1') },
    { op: 'set', path: '/m', data: Buffer.from('2') },
  ]);
}

/** Files that Apache ZooKeeper has written. `properties`: more system properties. */
export async function javaSample(properties: readonly string[] = []): Promise<Sample> {
  const java = await startJava({
    config: { snapCount: 12 },
    properties: ['zookeeper.extendedTypesEnabled=true', 'zookeeper.preAllocSize=64', ...properties],
  });
  try {
    const short = await WireClient.connect(java.only.port);
    await short.create('/brief', null, 1);
    await short.close();
    const client = await WireClient.connect(java.only.port);
    await work(client);
    for (let i = 0; i < 15; i++) await client.create(`/a/n${i}`, Buffer.alloc(i, 'y'));
    await java.only.kill();
    client.destroy();
    return await sampleOf(join(java.only.dataDir, 'version-2'), () => java.remove());
  } catch (error) {
    await java.remove();
    throw error;
  }
}

/** Files that this server's storage has written. */
export async function ourSample(): Promise<Sample> {
  const dataDir = await mkdtemp(join(tmpdir(), 'zk-toolkit-test-'));
  const host = createRealHost({ log: { level: 'error', fd: 2 } });
  try {
    const options = { ...TEST_OPTIONS, keepEpochs: false, dataDir, dataLogDir: dataDir, preAllocBytes: 65_536 };
    const database = await Database.open(host, new Metrics(), options);
    const story = new Story();
    const commit = async (entries: typeof story.entries) => {
      for (const entry of entries) database.append(entry);
      await database.settle();
    };
    await commit([...story.variety()]);
    await database.takeSnapshot();
    story.add({ type: OpCode.createSession, timeoutMs: 60_000 }, 0x77n);
    story.add({ type: OpCode.create, path: '/live', data: null, acl: [], ephemeral: true, parentCVersion: -1 }, 0x77n);
    await commit(story.entries.slice(-2));
    await commit([...story.grow(10)]);
    await database.takeSnapshot();
    await database.close();
    return await sampleOf(join(dataDir, 'version-2'), () => rm(dataDir, { recursive: true, force: true }));
  } finally {
    await host.close();
  }
}

/** The largest of these files, and what is in it up to its padding. */
export async function largest(paths: readonly string[]): Promise<{ path: string; bytes: Buffer; usedBytes: number }> {
  const files = await Promise.all(paths.map(async (path) => ({ path, bytes: await readFile(path) })));
  const used = (bytes: Buffer) => bytes.findLastIndex((byte) => byte !== 0) + 1;
  const [found] = files
    .map((file) => ({ ...file, usedBytes: used(file.bytes) }))
    .sort((a, b) => b.usedBytes - a.usedBytes);
  if (found === undefined) throw new Error('no files');
  return found;
}
