// A sync among the writes of its client: what is read behind it is the state between them, on the leader and on a follower.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Ensemble } from '../support/ensemble.js';
import { WireClient } from '../support/wire-client.js';

const ROUNDS = 100;

describe('a sync between two writes that are sent together', () => {
  let ensemble: Ensemble;
  before(async () => {
    ensemble = await Ensemble.create();
    await ensemble.start();
  });
  after(() => ensemble.remove());

  for (const role of ['leader', 'follower'] as const) {
    it(`shows the first and not the second to the reads behind it (${role})`, async () => {
      const leader = await ensemble.leader();
      const member = role === 'leader' ? leader : (await ensemble.followers())[0];
      const client = await WireClient.connect(member?.clientPort ?? 0);
      for (let round = 0; round < ROUNDS; round++) {
        const path = `/${role}${round}`;
        const [, , read] = await Promise.all([
          client.create(path, Buffer.from('x')),
          client.sync(path),
          client.getData(path),
          client.delete(path),
        ]);
        assert.equal(String(read.data), 'x');
      }
      await client.close();
    });
  }
});
