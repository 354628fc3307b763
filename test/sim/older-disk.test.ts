// A disk that goes back to an older copy, or was exchanged, breaks what its server has acknowledged. The leader that has
// these acknowledgements must say so; a server that lost nothing it promised must not be accused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { machineName } from './settings.js';
import { type Files, WholeServers } from './whole-servers.js';

const ALL = [1, 2, 3] as const;

async function write(servers: WholeServers, sid: number, prefix: string): Promise<void> {
  const client = await servers.client(sid);
  for (let n = 0; n < 5; n++) await servers.world.settle(client.create(`/${prefix}${n}`));
  await servers.world.settle(client.close());
}

/** What the leader says of a follower that comes back with the disk that `change` makes of the one before and the last. */
async function alarmsOf(seed: string, change: (older: Files, last: Files) => Files): Promise<string[]> {
  const servers = new WholeServers(seed);
  for (const sid of ALL) await servers.boot(sid);
  await servers.serving(...ALL);
  const leader = ALL.find((sid) => servers.isLeader(sid)) ?? 0;
  const follower = ALL.find((sid) => sid !== leader) ?? 0;
  await write(servers, leader, 'first');
  const older = servers.files(follower);
  await write(servers, leader, 'second');
  await servers.world.run(100);
  servers.crash(follower, 'lose');
  servers.install(follower, change(older, servers.files(follower)));
  await servers.world.run(100);
  await servers.boot(follower);
  await servers.serving(...ALL);
  await servers.world.until(
    () => servers.database(follower).lastAppliedZxid === servers.database(leader).lastAppliedZxid,
    10_000,
  );
  assert.ok(servers.isLeader(leader), 'the leader has gone on');
  const { log } = servers.world.host(machineName(leader));
  return log.withCode('ZAB_DISK_WENT_BACK').map(({ message }) => message);
}

describe('a follower that comes back', () => {
  it('with an older copy of its disk is named, with what it lost', async () => {
    const [alarm, ...more] = await alarmsOf('older disk', (older) => older);
    assert.match(
      alarm ?? '',
      /The disk of server \d at .* went back: it acknowledged 0x1\w+, and now .* ends at 0x1\w+\./,
    );
    assert.deepEqual(more, []);
  });

  it('with an empty disk is named, with the epoch that it forgot', async () => {
    const [alarm] = await alarmsOf('empty disk', () => new Map());
    assert.match(alarm ?? '', /now its history ends at 0x0; it promised epoch 1, and now says that it accepted 0/);
  });

  it('with everything that it acknowledged is not', async () => {
    assert.deepEqual(await alarmsOf('intact disk', (_older, last) => last), []);
  });
});
