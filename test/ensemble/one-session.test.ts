// Two clients that fight over one session, on the servers of an ensemble, while strangers try wrong passwords.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Ensemble } from '../support/ensemble.js';
import { WireClient, WireClosed, WireError } from '../support/wire-client.js';

const TURNS = 24;
const SESSION_MS = 20_000;

/** `sequential`, in a folder that shows which of the writes took place. */
const SEQUENTIAL = 2;

describe('a session that two clients want', () => {
  let ensemble: Ensemble;
  before(async () => {
    ensemble = await Ensemble.create({ config: { maxSessionTimeout: SESSION_MS } });
    await ensemble.start();
  });
  after(() => ensemble.remove());

  const portOf = (turn: number): number => ensemble.member((turn % 3) + 1).clientPort;

  async function wrongPasswords(holder: WireClient): Promise<void> {
    const { sessionId } = holder;
    await Promise.all(
      ensemble.members.map(async ({ clientPort }) => {
        const refused = WireClient.connect(clientPort, { sessionId, password: Buffer.alloc(16, 3) });
        await assert.rejects(refused, (error) => error instanceof WireError && error.code === -112);
      }),
    );
    assert.equal(holder.isClosed, false);
  }

  it('belongs to who came last, and nothing is written in its name by who lost it', async () => {
    let holder = await WireClient.connect(portOf(0), { timeoutMs: SESSION_MS });
    await holder.create('/fought');
    await holder.create('/fought/mine', null, 1);
    const { sessionId, password } = holder;
    let written = 0;
    for (let turn = 1; turn <= TURNS; turn++) {
      // Every third turn stays on one server. A client of 3.4 leaves the readOnly byte out.
      const place = turn % 3 === 0 ? turn - 1 : turn;
      const next = await WireClient.connect(portOf(place), {
        sessionId,
        password,
        timeoutMs: SESSION_MS,
        hasReadOnly: turn % 4 !== 0,
      });
      assert.equal(next.sessionId, sessionId);
      const [late, own] = await Promise.allSettled([
        holder.create('/fought/w-', null, SEQUENTIAL),
        next.create('/fought/w-', null, SEQUENTIAL),
      ]);
      assert.ok(
        late.status === 'rejected' && late.reason instanceof WireClosed,
        `turn ${turn}: the loser was answered`,
      );
      assert.equal(own.status, 'fulfilled', `turn ${turn}: ${String(own.status === 'rejected' && own.reason)}`);
      written++;
      assert.equal(holder.isClosed, true);
      if (turn % 6 === 0) await wrongPasswords(next);
      holder = next;
    }
    const names = await holder.getChildren('/fought');
    assert.equal(names.filter((name) => name.startsWith('w-')).length, written);
    assert.equal((await holder.exists('/fought/mine')).ephemeralOwner, sessionId);
    await holder.close();
    const reader = await WireClient.connect(portOf(1));
    await reader.sync('/fought');
    assert.ok(!(await reader.getChildren('/fought')).includes('mine'), 'the ephemeral goes once, at the end');
    await reader.close();
  });
});
