// Several addresses a server, in ensembles of both kinds: servers tell each other theirs, and find each other by them, also when
// nothing comes through at one of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { canIsolate } from '../chaos/lab.js';
import { run } from '../cli/harness.js';
import { Ensemble } from '../support/ensemble.js';
import { ownProgram } from '../support/own-program.js';
import { writesThrough } from '../support/writes-through.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';

const LIMIT_MS = 60_000;
const MIXES: readonly (readonly [leader: Kind, kinds: readonly Kind[]])[] = [
  ['zk-server', ['zk-server', 'Apache ZooKeeper', 'zk-server']],
  ['Apache ZooKeeper', ['zk-server', 'zk-server', 'Apache ZooKeeper']],
];
const IS_LONG = process.env['ZK_TEST_LONG'] !== undefined;
const DROPPED_ADDRESS = ownProgram(new URL('dropped-address.ts', import.meta.url));
type Dropped = readonly [what: string, kinds: readonly Kind[]];
const DROPPED: readonly Dropped[] = [
  ['all of zk-server', ['zk-server', 'zk-server', 'zk-server']],
  ...MIXES.map(([leader, kinds]): Dropped => [`led by ${leader} first`, kinds]).slice(IS_LONG ? 0 : -1),
];

for (const [kind, kinds] of MIXES) {
  describe(`servers with two addresses each, led by ${kind}`, { timeout: 180_000 }, () => {
    it('find each other, and again after a restart', async () => {
      // Java's servers of 3.8.0 do not find it in zoo.cfg.
      const mixed = await MixedEnsemble.create(kinds, { config: { 'multiAddress.enabled': 'true' } }, [
        'zookeeper.multiAddress.enabled=true',
      ]);
      try {
        const lines: Record<string, string> = {};
        for (const { sid } of mixed.members) {
          const [, ports = ''] =
            new RegExp(`^server\\.${sid}=127\\.0\\.0\\.1:(.*)$`, 'm').exec(await mixed.member(sid).config()) ?? [];
          lines[`server.${sid}`] = `127.0.0.1:${ports}|127.0.1.${sid}:${ports}`;
        }
        for (const member of mixed.members) await member.configure(lines);
        await mixed.start();
        const leader = await mixed.ensemble.leader();
        assert.equal(leader.sid, 3);
        for (const member of mixed.members) await writesThrough(member, `/by-${member.sid}`, LIMIT_MS);
        await leader.kill();
        await Promise.all([1, 2].map((sid) => mixed.member(sid).serving(LIMIT_MS)));
        await mixed.restart(leader.sid);
        await writesThrough(leader, '/back', LIMIT_MS);
        await mixed.sameTrees();
        await mixed.noQuarrels();
      } finally {
        await mixed.remove();
      }
    });
  });
}

describe('servers with two addresses each, of which the first is dropped', { timeout: 300_000 }, () => {
  // Name spaces want a right that root has.
  if (!canIsolate()) return;

  for (const [what, kinds] of DROPPED) {
    it(`start by the second, and go on by it when the first is lost: ${what}`, async () => {
      const { exitCode, out, err } = await run(process.execPath, [...DROPPED_ADDRESS, ...kinds]);
      assert.equal(exitCode, 0, out + err);
    });
  }
});

/** Takes an election address and a quorum address of a server for somebody else, until `close`. */
async function occupy(host: string, ports: readonly number[], answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const servers = ports.map(() =>
    createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      answer(socket);
    }),
  );
  await Promise.all(servers.map((server, i) => once(server.listen(ports[i], host), 'listening')));
  return {
    taken: () => sockets.size,
    close: () => {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const STRANGE: Readonly<Record<string, (socket: Socket) => void>> = {
  'says nothing': (socket) => socket.resume(),
  'talks of other things': (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
};

describe('a leader with two addresses, at the first of which somebody else listens', { timeout: 180_000 }, () => {
  for (const [what, answer] of Object.entries(STRANGE)) {
    it(`is followed by the second: somebody ${what}`, async () => {
      const ensemble = await Ensemble.create({
        config: { tickTime: 250, initLimit: 12, syncLimit: 8, 'multiAddress.enabled': 'true' },
      });
      const [, ...ports] = /^server\.3=127\.0\.0\.1:(\d+):(\d+)/m.exec(await ensemble.member(3).config()) ?? [];
      const first = await occupy('127.0.2.3', ports.map(Number), answer);
      try {
        const line = ports.join(':');
        for (const member of ensemble.members) {
          await member.configure({ 'server.3': `127.0.2.3:${line}|127.0.1.3:${line}` });
        }
        // Two alone can but elect the one with the larger id.
        for (const sids of [[2, 3], [1]]) {
          for (const sid of sids) await ensemble.member(sid).start();
          await Promise.all(sids.map((sid) => ensemble.member(sid).serving(LIMIT_MS)));
        }
        assert.equal((await ensemble.leader()).sid, 3);
        for (const member of ensemble.members) await writesThrough(member, `/by-${member.sid}`, LIMIT_MS);
        assert.ok(first.taken() > 0, 'nobody was at the first address');
      } finally {
        first.close();
        await ensemble.remove();
      }
    });
  }
});
