import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { freePorts } from '../support/ports.js';
import { cli, fakeServer, scratch } from './harness.js';

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

/** A server list in which the first server's line ends in `client`. */
function list(client: string): string {
  return [1, 2, 3]
    .map((sid) => `server.${sid}=127.0.0.1:${2887 + sid}:${3887 + sid}${sid === 1 ? client : ''}\n`)
    .join('');
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
      condition: 'serving',
      why: null,
      pid: null,
      mode: 'leader',
      peerState: null,
      lookingMs: null,
      heard: null,
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
      checks: null,
      checksProblem: null,
      dialsPlain: false,
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

  const LOOKING = {
    sid: 1,
    state: 'LOOKING',
    leader: null,
    epoch: 5,
    peerState: 'looking',
    serving: false,
    elections: [
      {
        startedWallMs: Date.now() - 90_500,
        rounds: [
          { round: 6, votes: [{ voter: 1 }, { voter: 3 }] },
          { round: 7, votes: [{ voter: 1 }] },
        ],
      },
    ],
  };
  const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests\n';
  const UNHEALTHY: readonly {
    readonly what: string;
    readonly answers: Readonly<Record<string, string>> | null;
    readonly condition: string;
    readonly says: RegExp;
  }[] = [
    { what: 'does not run', answers: null, condition: 'nothing listens', says: /does not answer: nothing listens on/ },
    {
      what: 'does not serve',
      answers: { srvr: NOT_SERVING },
      condition: 'not serving',
      says: /^The server at \S+ runs but does not serve\.$/m,
    },
    {
      what: 'looks for a leader',
      answers: { srvr: NOT_SERVING, elec: `${JSON.stringify(LOOKING)}\n` },
      condition: 'not serving',
      says: /runs but does not serve: it has looked for a leader for 9\d s, heard of 1, 3\.$/m,
    },
    {
      what: 'synchronizes',
      answers: {
        srvr: NOT_SERVING,
        elec: `${JSON.stringify({ ...LOOKING, state: 'FOLLOWING', peerState: 'following - synchronization' })}\n`,
      },
      condition: 'not serving',
      says: /runs but does not serve \(following - synchronization\)\.$/m,
    },
    {
      what: 'serves reads only',
      answers: { srvr: srvr('read-only') },
      condition: 'serving',
      says: /read-only, not healthy/,
    },
    {
      what: 'is no ZooKeeper',
      answers: { srvr: 'HTTP/1.1 400 Bad Request\r\n' },
      condition: 'strange',
      says: /does not answer as a ZooKeeper server/,
    },
  ];
  for (const { what, answers, condition, says } of UNHEALTHY) {
    it(`exits with 1 when the server ${what}`, async (t) => {
      const [port = 0] = await freePorts(1);
      if (answers !== null) await answering(t, port, answers);
      const { exitCode, out } = await cli(['status', '--server', `127.0.0.1:${port}`]);
      assert.equal(exitCode, 1);
      assert.match(out, says);
      const json = await cli(['status', '--server', `127.0.0.1:${port}`, '--json']);
      assert.equal(json.exitCode, 1);
      const told = JSON.parse(json.out) as Record<string, unknown>;
      assert.deepEqual([told['condition'], told['healthy']], [condition, false]);
    });
  }

  it('tells a server that does not run from one that does not listen', async (t) => {
    const { folder } = await ensemble(t);
    const absent = await cli(['status', 'zoo.cfg'], { workingDir: folder });
    assert.equal(absent.exitCode, 1);
    assert.match(absent.out, /^Server 1 does not run: nothing listens on \S+, and its pid file names no server\.$/m);
    const server = await fakeServer(t, join(folder, 'mark'));
    await writeFile(join(folder, 'data', 'zookeeper_server.pid'), `${server.pid ?? 0}\n`);
    const starting = await cli(['status', 'zoo.cfg'], { workingDir: folder });
    assert.equal(starting.exitCode, 1);
    assert.match(starting.out, new RegExp(`^Server 1 runs \\(pid ${server.pid ?? 0}\\) but does not listen on `, 'm'));
  });

  const PLACES: readonly (readonly [place: string, files: (port: number) => Readonly<Record<string, string>>])[] = [
    ['clientPort', (port) => ({ 'zoo.cfg': `clientPort=${port}\nclientPortAddress=127.0.0.1\n${list('')}` })],
    ['the server’s line', (port) => ({ 'zoo.cfg': list(`;127.0.0.1:${port}`) })],
    ['the server’s line without address', (port) => ({ 'zoo.cfg': list(`;${port}`) })],
    [
      'the dynamic file',
      (port) => ({
        'zoo.cfg': 'dynamicConfigFile=./zoo.cfg.dynamic.100000000\n',
        'zoo.cfg.dynamic.100000000': list(`;127.0.0.1:${port}`),
      }),
    ],
  ];
  for (const [place, files] of PLACES) {
    it(`finds the client port in ${place}`, async (t) => {
      const folder = await scratch(t);
      const [port = 0] = await freePorts(1);
      await mkdir(join(folder, 'data'));
      await writeFile(join(folder, 'data', 'myid'), '1\n');
      for (const [name, text] of Object.entries(files(port))) {
        const head = name === 'zoo.cfg' ? 'dataDir=./data\ninitLimit=5\nsyncLimit=2\n' : '';
        await writeFile(join(folder, name), `${head}${text}`);
      }
      await answering(t, port, { srvr: srvr('follower') });
      const { exitCode, out } = await cli(['status', 'zoo.cfg', '--timeout', '0.5'], { workingDir: folder });
      assert.equal(exitCode, 0, out);
      assert.match(out, new RegExp(`^Server 1 at 127\\.0\\.0\\.1:${port}: follower\\.$`, 'm'));
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
