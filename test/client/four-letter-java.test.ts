import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ClientListener } from '../../src/client/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { createRealHost, type RealHost } from '../../src/platform/index.js';
import { eventually } from '../support/eventually.js';
import { fourLetter, serverMode } from '../support/four-letter.js';
import { javaServer } from '../support/java.js';
import { freePorts } from '../support/ports.js';
import { WireClient } from '../support/wire-client.js';
import { testAccess, testStatus } from './client-world.js';
import { MemoryPipeline } from './memory-pipeline.js';

/** What differs from server to server by its nature: numbers, session ids, the version, folders. */
function shape(text: string): string {
  return text
    .replace(/^Zookeeper version: .*$/m, 'Zookeeper version: V')
    .replace(/(dataDir|dataLogDir)=.*/g, '$1=D')
    .replace(/expire at .*:$/gm, 'expire at T:')
    .replace(/0x[0-9a-f]+/g, 'X')
    .replace(/\d+\.\d+/g, 'F')
    .replace(/-?\d+/g, 'N');
}

/** The same things happen on both servers: a session with every kind of state, and one that was closed. */
async function makeHistory(port: number): Promise<WireClient> {
  const client = await WireClient.connect(port, { timeoutMs: 30_000 });
  await client.create('/a', Buffer.from('data'));
  await client.create('/a/e', Buffer.from('data'), 1);
  await client.getData('/a', true);
  await client.exists('/b', true).catch(() => undefined);
  await client.getChildren('/', true);
  await client.getChildren2('/a');
  const other = await WireClient.connect(port, { timeoutMs: 30_000 });
  await other.getData('/a', true);
  await other.close();
  return client;
}

describe("four-letter words beside Apache ZooKeeper's, on real sockets", () => {
  let folder: string;
  let java: ChildProcess;
  let javaPort: number;
  let ourPort: number;
  let host: RealHost;
  let listener: ClientListener;
  const clients: WireClient[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zk-words-'));
    [javaPort = 0, ourPort = 0] = await freePorts(2);
    const config = [
      'tickTime=2000',
      `dataDir=${join(folder, 'data')}`,
      `clientPort=${javaPort}`,
      '4lw.commands.whitelist=*',
      'admin.enableServer=false',
    ];
    await writeFile(join(folder, 'zoo.cfg'), config.join('\n'));
    const [command = 'java', ...args] = javaServer(join(folder, 'zoo.cfg'));
    java = spawn(command, args, { stdio: 'ignore' });
    host = createRealHost({ log: { level: 'error' } });
    const metrics = new Metrics();
    const status = testStatus(host);
    const options = { commandWhitelist: '*' };
    listener = new ClientListener({ host, metrics, status, access: testAccess(), options });
    listener.serve(new MemoryPipeline(host.clock));
    await listener.listen([{ host: '127.0.0.1', port: ourPort }]);
    await eventually('Apache ZooKeeper serves', 30_000, async () => (await serverMode(javaPort)) !== '');
    for (const port of [javaPort, ourPort]) clients.push(await makeHistory(port));
  });

  after(async () => {
    for (const client of clients) client.destroy();
    await listener.close();
    await host.close();
    const gone = once(java, 'exit');
    java.kill('SIGKILL');
    await gone;
    await rm(folder, { recursive: true, force: true });
  });

  for (const word of ['ruok', 'isro', 'srvr', 'stat', 'conf', 'dirs', 'wchs', 'wchc', 'wchp', 'gtmk', 'crst', 'srst']) {
    it(word, async () => {
      const [theirs, ours] = [await fourLetter(javaPort, word), await fourLetter(ourPort, word)];
      assert.equal(linesInOrder(word, shape(ours)), linesInOrder(word, shape(theirs)));
    });
  }

  it('cons', async () => {
    for (const client of clients) await client.getData('/a');
    const [theirs, ours] = [await fourLetter(javaPort, 'cons'), await fourLetter(ourPort, 'cons')];
    assert.equal(linesInOrder('cons', shape(ours)), linesInOrder('cons', shape(theirs)));
  });

  it('dump, but for sessions (which others know) and sets that ran empty', async () => {
    const [theirs, ours] = [await fourLetter(javaPort, 'dump'), await fourLetter(ourPort, 'dump')];
    const rest = (text: string): string =>
      shape(text.replace(/^0 expire at .*\n/gm, ''))
        .replace(/^Session Sets[^]*?(?=ephemeral nodes)/m, 'Sessions\n')
        .replace(/Connections Sets \(N\)/, 'Connections Sets (S)')
        .split('\n')
        .filter((line) => !line.startsWith('N expire'))
        .sort()
        .join('\n');
    assert.equal(rest(ours), rest(theirs));
  });

  it('envi begins with the version', async () => {
    for (const port of [javaPort, ourPort]) {
      assert.match(await fourLetter(port, 'envi'), /^Environment:\nzookeeper\.version=.*, built on .*\nhost\.name=/);
    }
  });

  it('mntr has all names of theirs, and values of the same kind', async () => {
    const parse = (text: string): Map<string, string> =>
      new Map(
        text
          .trim()
          .split('\n')
          .map((line) => line.split('\t') as [string, string]),
      );
    const [theirs, ours] = [parse(await fourLetter(javaPort, 'mntr')), parse(await fourLetter(ourPort, 'mntr'))];
    // These are the operating system's, and known to whoever puts the server together.
    const elsewhere = ['zk_max_file_descriptor_count', 'zk_open_file_descriptor_count'];
    for (const [name, value] of theirs) {
      if (elsewhere.includes(name) || name === 'zk_version' || name.endsWith('_per_namespace')) continue;
      assert.equal(shape(ours.get(name) ?? 'absent'), shape(value), name);
    }
    for (const name of ['zk_znode_count', 'zk_watch_count', 'zk_ephemerals_count', 'zk_approximate_data_size']) {
      assert.equal(ours.get(name), theirs.get(name), name);
    }
  });

  it('stmk', async () => {
    const word = 'stmk\0\0\0\0\0\0\0\x09';
    assert.equal(await fourLetter(javaPort, word), await fourLetter(ourPort, word));
  });
});

/** Connections and watches come in no particular order from a Java hash table. */
function linesInOrder(word: string, text: string): string {
  return ['stat', 'cons', 'wchc', 'wchp'].includes(word) ? text.split('\n').sort().join('\n') : text;
}
