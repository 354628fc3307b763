// Real client programs, each with a session of its own, live through the death of their server and of the leader: watches
// and ephemerals too.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { atServer } from '../support/at-server.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { ClientPrograms } from './programs.js';
import { answered } from './session-program.js';

const ANSWER_MS = 60_000;

describe('real clients on three nodes', () => {
  const programs = new ClientPrograms();
  const { kazoo, c, zkCli, node, curator } = programs;
  let ensemble: Ensemble;

  before(async () => {
    ensemble = await Ensemble.create();
    await ensemble.start();
  });
  after(async () => {
    await ensemble.remove();
    programs.remove();
  });

  /** Whose session made the ephemeral node, as a server with a quorum tells. */
  async function ownerOf(path: string): Promise<bigint> {
    return atServer(await ensemble.leader(), async (client) => {
      await client.sync(path);
      return (await client.exists(path)).ephemeralOwner;
    });
  }

  /** The server to which the session is connected. */
  function homeOf(sessionId: bigint): Promise<Member> {
    return eventually('the server of the session', ANSWER_MS, async () => {
      for (const member of ensemble.members) {
        const text = member.running ? await fourLetter(member.clientPort, 'cons') : '';
        if (text.includes(`sid=0x${sessionId.toString(16)},`)) return member;
      }
      return undefined;
    });
  }

  for (const program of [kazoo, c, zkCli, node, curator]) {
    it(`${program.name}: data, watches and ephemerals across two failovers`, async () => {
      const root = `/${program.name.replaceAll(/\W/g, '')}`;
      const client = program.start(ensemble.hosts);
      const other = program.start(ensemble.hosts);
      try {
        assert.equal(await answered(client, `create ${root}a first`), `ok ${root}a`);
        assert.equal(await answered(client, `create ${root}b first`), `ok ${root}b`);
        assert.equal(await answered(client, `ephemeral ${root}a/mine`), `ok ${root}a/mine`);
        const session = await ownerOf(`${root}a/mine`);

        const victims = [() => homeOf(session), () => ensemble.leader()];
        for (const [turn, choose] of victims.entries()) {
          const path = `${root}${turn === 0 ? 'a' : 'b'}`;
          assert.equal(await answered(client, `watch ${path}`), 'ok first');
          const victim = await choose();
          await victim.kill();
          // The session and what hangs on it move to a server that is left.
          if (!program.keepsWatches) await answered(client, `watch ${path}`);
          await answered(other, `set ${path} second`);
          await client.expect(program.changed(path), ANSWER_MS);
          assert.equal(await answered(client, `get ${path}`), 'ok second');
          assert.equal(await answered(other, `children ${root}a`), 'ok 1', 'the ephemeral lives on');
          assert.equal(await ownerOf(`${root}a/mine`), session, 'with the same session');
          await victim.start();
          await victim.serving();
        }

        await client.quit();
        await eventually('the ephemeral goes with its session', 10_000, async () => {
          return (await answered(other, `children ${root}a`)) === 'ok 0';
        });
      } finally {
        await client.kill();
        await other.kill();
      }
    });
  }

  it("Curator's lock and cache across the death of the holder's server", async () => {
    const [holder, waiting] = [curator.start(ensemble.hosts), curator.start(ensemble.hosts)];
    try {
      assert.equal(await holder.ask('create /recipes x'), 'ok /recipes');
      assert.match(await waiting.ask('cache /recipes'), /^ok/);
      await waiting.expect(/^cache NODE_CREATED \/recipes$/);
      assert.equal(await holder.ask('lock /recipes/lock 10000'), 'ok true');
      assert.equal(await waiting.ask('lock /recipes/lock 200'), 'ok false');
      assert.equal(await holder.ask('ephemeral /recipes/mark'), 'ok /recipes/mark');
      const home = await homeOf(await ownerOf('/recipes/mark'));
      await home.kill();
      assert.equal(await waiting.ask('lock /recipes/lock 1500', ANSWER_MS), 'ok false', 'the holder has it still');
      assert.match(await holder.ask('create /recipes/after x', ANSWER_MS), /^ok/);
      await waiting.expect(/^cache NODE_CREATED \/recipes\/after$/, ANSWER_MS);
      const taken = waiting.ask('lock /recipes/lock 60000', ANSWER_MS);
      assert.match(await holder.ask('unlock /recipes/lock', ANSWER_MS), /^ok/);
      assert.equal(await taken, 'ok true');
      await home.start();
      await home.serving();
      await waiting.quit();
    } finally {
      await holder.kill();
      await waiting.kill();
    }
  });
});
