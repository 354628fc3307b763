import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RequestLine } from '../../src/client/request-line.js';
import { SeededRandom } from '../fakes/index.js';

describe('RequestLine', () => {
  it('is first in, first out, over many turns of the ring', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed);
      const line = new RequestLine();
      const model: { xid: number; isRead: boolean; body: string; ms: number }[] = [];
      for (let step = 0; step < 500; step++) {
        if (random.below(100) < (step < 250 ? 60 : 40)) {
          const body = random.bytes(random.below(9));
          const isRead = random.oneIn(2);
          if (isRead) line.pushRead(step, 4, step / 2, body, [{ scheme: 'ip', id: String(step) }]);
          else line.pushWrite(step, 5, step / 2, body);
          model.push({ xid: step, isRead, body: body.toString('hex'), ms: step / 2 });
        } else if (model.length > 0) {
          const expected = model.shift();
          assert.deepEqual(
            { xid: line.xid, isRead: line.startsWithRead, body: line.body?.toString('hex'), ms: line.receivedMs },
            expected,
          );
          assert.equal(line.type, expected?.isRead === true ? 4 : 5);
          assert.equal(line.auth?.[0]?.id, expected?.isRead === true ? String(expected.xid) : undefined);
          line.shift();
        }
        assert.equal(line.size, model.length);
        assert.equal(line.isEmpty, model.length === 0);
      }
    }
  });
});
