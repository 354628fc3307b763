// A data directory written by Apache ZooKeeper opens in ours with the same tree, every Stat field included, and the other
// way round: after a clean stop and after a kill -9, on one server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Member } from '../support/ensemble.js';
import { Ensemble } from '../support/ensemble.js';
import { javaServer } from '../support/java.js';
import { LineProcess } from '../support/line-process.js';

const run = promisify(execFile);
const here = new URL('.', import.meta.url).pathname;

type Kind = 'Apache ZooKeeper' | 'zk-server';

async function dump(member: Member): Promise<string[]> {
  const { stdout } = await run('/usr/bin/python3', [`${here}dump.py`, `127.0.0.1:${member.clientPort}`], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.trimEnd().split('\n');
}

/** Fills the running server and leaves a client with live ephemerals attached. */
async function fill(member: Member, seed: number): Promise<LineProcess> {
  const client = new LineProcess('/usr/bin/python3', [
    `${here}fill.py`,
    `127.0.0.1:${member.clientPort}`,
    String(seed),
  ]);
  await client.expect(/^filled$/, 60_000);
  return client;
}

async function zkCli(member: Member, ...words: string[]): Promise<void> {
  await run('/usr/share/zookeeper/bin/zkCli.sh', ['-server', `127.0.0.1:${member.clientPort}`, ...words]);
}

describe('data directories go both ways between Apache ZooKeeper and zk-server', () => {
  const turns: readonly (readonly [first: Kind, second: Kind, end: 'stop' | 'kill'])[] = [
    ['Apache ZooKeeper', 'zk-server', 'stop'],
    ['Apache ZooKeeper', 'zk-server', 'kill'],
    ['zk-server', 'Apache ZooKeeper', 'stop'],
    ['zk-server', 'Apache ZooKeeper', 'kill'],
  ];
  for (const [first, second, end] of turns) {
    it(`${first}, ${end}, then ${second}, and back`, async () => {
      let running: Kind = first;
      const ensemble = await Ensemble.create({
        servers: 1,
        // A small snapCount, so that snapshots are taken in the middle of the writes.
        config: { snapCount: 50, extendedTypesEnabled: 'true', tickTime: 2000 },
        command: (_index, configFile) =>
          running === 'zk-server'
            ? [new URL('../../bin/zk-server', import.meta.url).pathname, 'start', configFile]
            : javaServer(configFile, ['zookeeper.extendedTypesEnabled=true']),
      });
      const member = ensemble.member(1);
      const clients: LineProcess[] = [];
      try {
        await member.start();
        await member.serving();
        clients.push(await fill(member, 1));
        await zkCli(member, 'create', '-c', '/a-container', 'c');
        await zkCli(member, 'create', '-t', '86400000', '/a-ttl', 't');
        const before = await dump(member);
        assert.ok(before.length > 60, 'the tree has been filled');

        await member[end]();
        running = second;
        await member.start();
        await member.serving();
        assert.deepEqual(await dump(member), before, `${second} shows what ${first} wrote`);

        clients.push(await fill(member, 2));
        const more = await dump(member);
        await member[end]();
        running = first;
        await member.start();
        await member.serving();
        assert.deepEqual(await dump(member), more, `${first} shows what ${second} added`);
      } finally {
        await Promise.all(clients.map((client) => client.kill()));
        await ensemble.remove();
      }
    });
  }
});
