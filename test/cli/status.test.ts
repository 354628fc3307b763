import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { freePorts } from '../support/ports.js';
import { cli, scratch } from './harness.js';

/** A server that knows nothing but the answers to four-letter words. */
async function answering(t: TestContext, port: number, answers: Readonly<Record<string, string>>): Promise<void> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (word) => socket.end(answers[word.toString('utf8')] ?? ''));
  });
  await new Promise<void>((resolve) => {
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  t.after(() => server.close());
}

function srvr(mode: string, zxid = '0x500000007'): string {
  return [
    'Zookeeper version: 3.9.5-test, built on 11/24/2026 00:00 GMT',
    'Latency min/avg/max: 0/0.5/9',
    'Received: 12',
    'Sent: 11',
    'Connections: 2',
    'Outstanding: 0',
    `Zxid: ${zxid}`,
    `Mode: ${mode}`,
    'Node count: 5',
    '',
  ].join('\n');
}

const REFUSED = 'mntr is not executed because it is not in the whitelist.\n';

async function ensemble(t: TestContext): Promise<{ folder: string; ports: readonly number[] }> {
  const folder = await scratch(t);
  const ports = await freePorts(3);
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data', 'myid'), '1\n');
  const lines = ports.map((port, i) => `server.${i + 1}=127.0.0.1:${2888 + i}:${3888 + i};${port}`);
  await writeFile(join(folder, 'zoo.cfg'), ['dataDir=./data', 'initLimit=5', 'syncLimit=2', ...lines, ''].join('\n'));
  return { folder, ports };
}

describe('status', () => {
  it('tells role, leader, epoch, zxid and peers of a follower', async (t) => {
    const { folder, ports } = await ensemble(t);
    await answering(t, ports[0] ?? 0, { srvr: srvr('follower'), mntr: REFUSED });
    await answering(t, ports[1] ?? 0, { srvr: srvr('leader') });
    const { exitCode, out } = await cli(['status', 'zoo.cfg'], { workingDir: folder });
    assert.equal(exitCode, 0);
    assert.match(out, new RegExp(`^Server 1 at 127\\.0\\.0\\.1:${ports[0] ?? 0}: follower\\.$`, 'm'));
    assert.match(out, /^ {2}leader +server 2$/m);
    assert.match(out, /^ {2}epoch +5$/m);
    assert.match(out, /^ {2}zxid +0x500000007$/m);
    assert.match(out, new RegExp(`^ {2}peer 2 +leader, 127\\.0\\.0\\.1:${ports[1] ?? 0}$`, 'm'));
    assert.match(out, new RegExp(`^ {2}peer 3 +no answer, 127\\.0\\.0\\.1:${ports[2] ?? 0}$`, 'm'));
  });

  it('knows the epoch before its first write', async (t) => {
    const { folder, ports } = await ensemble(t);
    await answering(t, ports[0] ?? 0, { srvr: srvr('follower', '0x500000000') });
    await mkdir(join(folder, 'data', 'version-2'));
    await writeFile(join(folder, 'data', 'version-2', 'currentEpoch'), '6');
    const { out } = await cli(['status', 'zoo.cfg'], { workingDir: folder });
    assert.match(out, /^ {2}epoch +6$/m);
  });

  it('--json has the same', async (t) => {
    const { folder, ports } = await ensemble(t);
    const mntr = 'zk_version\t3.9.5\nzk_learners\t2\nzk_synced_followers\t1\n';
    await answering(t, ports[0] ?? 0, { srvr: srvr('leader'), mntr });
    const { exitCode, out } = await cli(['status', 'zoo.cfg', '--json'], { workingDir: folder });
    assert.equal(exitCode, 0);
    assert.deepEqual(JSON.parse(out), {
      sid: 1,
      address: `127.0.0.1:${ports[0] ?? 0}`,
      healthy: true,
      mode: 'leader',
      version: '3.9.5-test, built on 11/24/2026 00:00 GMT',
      epoch: 5,
      zxid: '0x500000007',
      leader: 1,
      peers: [2, 3].map((sid) => ({
        sid,
        role: 'participant',
        address: `127.0.0.1:${ports[sid - 1] ?? 0}`,
        mode: null,
      })),
      connections: 2,
      outstanding: 0,
      znodes: 5,
      followers: { connected: 2, synced: 1 },
    });
  });

  it('asks any server by its address', async (t) => {
    const [port = 0] = await freePorts(1);
    await answering(t, port, { srvr: srvr('standalone', '0x12') });
    const { exitCode, out } = await cli(['status', '--server', `127.0.0.1:${port}`]);
    assert.equal(exitCode, 0);
    assert.match(out, /^The server at .*: standalone\.$/m);
    assert.match(out, /^ {2}epoch +0$/m);
  });

  const UNHEALTHY: readonly (readonly [what: string, srvr: string | null, says: RegExp])[] = [
    ['does not run', null, /does not answer/],
    ['does not serve', 'This ZooKeeper instance is not currently serving requests\n', /does not answer|does not serve/],
    ['serves reads only', srvr('read-only'), /read-only, not healthy/],
  ];
  for (const [what, answer, says] of UNHEALTHY) {
    it(`exits with 1 when the server ${what}`, async (t) => {
      const [port = 0] = await freePorts(1);
      if (answer !== null) await answering(t, port, { srvr: answer });
      const { exitCode, out } = await cli(['status', '--server', `127.0.0.1:${port}`]);
      assert.equal(exitCode, 1);
      assert.match(out, says);
    });
  }

  it('gives up on a server that is silent', async (t) => {
    const [port = 0] = await freePorts(1);
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => {
      silent.listen({ host: '127.0.0.1', port }, resolve);
    });
    t.after(() => silent.close());
    const { exitCode } = await cli(['status', '--server', `127.0.0.1:${port}`, '--timeout', '0.05']);
    assert.equal(exitCode, 1);
  });
});
