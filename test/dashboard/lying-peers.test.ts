// What answers at another server's admin port may be anything: it is shown as a problem of that server, and nothing breaks.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { EnsembleElections, EnsembleView, ServerSummary } from '../../src/status/index.js';
import { isElectionStatus, isServerSummary } from '../../src/admin/dashboard/shapes.js';
import { ask } from '../admin/http.js';
import { Ensemble, type Member } from '../support/ensemble.js';

const LIMIT_MS = 60_000;
const SID = 3;

describe('a peer that lies', { timeout: LIMIT_MS }, () => {
  let ensemble: Ensemble;
  let honest: Member;
  let truth: ServerSummary;
  /** What the liar answers to everything. */
  let body = '';
  const liar = createServer((_request, response) => response.end(body));

  before(async () => {
    liar.listen(0, '127.0.0.1');
    await once(liar, 'listening');
    const { port } = liar.address() as AddressInfo;
    ensemble = await Ensemble.create({ http: true });
    honest = ensemble.member(1);
    await honest.configure({
      'admin.peerAddresses': `2=127.0.0.1:${ensemble.member(2).adminPort},3=127.0.0.1:${port}`,
    });
    await ensemble.start();
    truth = JSON.parse((await ask(ensemble.member(SID).adminPort, '/dashboard/api/server')).text) as ServerSummary;
  });
  after(async () => {
    liar.close();
    await ensemble.remove();
  });

  async function get<T>(page: string): Promise<T> {
    const { status, text } = await ask(honest.adminPort, `/dashboard/api/${page}`);
    assert.equal(status, 200, text);
    return JSON.parse(text) as T;
  }

  /** Asks until the answer is about what the liar says now: one is good for 400 ms. */
  async function untilFresh<T>(page: string, isFresh: (value: T) => boolean): Promise<T> {
    for (;;) {
      const value = await get<T>(page);
      if (isFresh(value)) return value;
    }
  }

  const problemOf = ({ members }: EnsembleView | EnsembleElections): string =>
    members.find(({ sid }) => sid === SID)?.problem ?? '';

  it('is shown when it tells the truth', async () => {
    body = JSON.stringify(truth);
    const view = await untilFresh<EnsembleView>('ensemble', (one) => problemOf(one) === '');
    assert.equal(view.members.find(({ sid }) => sid === SID)?.source, 'admin');
  });

  it('is not believed, and its leader is not asked for learners', async () => {
    body = JSON.stringify({ sid: SID, mode: 'leader' });
    for (const page of ['ensemble', 'ensemble-elections']) {
      const view = await untilFresh<EnsembleView | EnsembleElections>(page, (one) => problemOf(one) !== '');
      assert.match(problemOf(view), /answers something else/);
      assert.equal(view.members.length, 3);
    }
  });

  it('is known by any value that has another kind than it should', async () => {
    const elections: unknown = JSON.parse((await ask(ensemble.member(SID).adminPort, '/dashboard/api/elections')).text);
    const leader = await ensemble.leader();
    const leading: unknown = JSON.parse((await ask(leader.adminPort, '/dashboard/api/server')).text);
    let changes = 0;
    for (const [isRight, right] of [
      [isServerSummary, truth],
      [isServerSummary, leading],
      [isElectionStatus, elections],
    ] as const) {
      assert.ok(isRight(right));
      for (const wrong of [null, 3, [], 'text', {}, { sid: SID, mode: 'leader' }]) assert.equal(isRight(wrong), false);
      for (const changed of twisted(right)) {
        assert.equal(isRight(changed), false, JSON.stringify(changed));
        changes++;
      }
    }
    assert.ok(changes > 100, `${changes}`);
  });
});

/** Copies of a value in each of which one part that is not null became something of another kind. */
function* twisted(value: unknown): Generator {
  if (Array.isArray(value)) {
    yield 'no list';
    for (const [i, item] of value.entries()) for (const bad of twisted(item)) yield value.with(i, bad);
  } else if (typeof value === 'object' && value !== null) {
    yield 'no object';
    for (const [name, part] of Object.entries(value)) {
      for (const bad of twisted(part)) yield { ...value, [name]: bad };
    }
  } else if (value !== null) {
    yield typeof value === 'number' ? 'no number' : 3;
    yield undefined;
  }
}
