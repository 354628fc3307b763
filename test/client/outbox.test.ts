import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Outbox, WriterPool } from '../../src/client/outbox.js';
import { ClientTraffic } from '../../src/client/traffic.js';
import { Metrics } from '../../src/metrics/index.js';

const LARGE_BYTES = 3_000_000;
const KEPT_BYTES = 256 * 1024;

/** Ways in which a writer that grew comes back to the pool. */
const ENDS: Readonly<Record<string, (outbox: Outbox) => void>> = {
  'its reply is sent': (outbox) => void outbox.take(),
  'its reply is dropped, and a small one sent': (outbox) => {
    outbox.abandon(0);
    outbox.end(outbox.begin(1, 1, -5));
    outbox.take();
  },
  'its connection ends': (outbox) => {
    outbox.clear();
  },
};

describe('the pool of writers', () => {
  for (const [name, end] of Object.entries(ENDS)) {
    it(`keeps no memory of a large reply when ${name}`, () => {
      const pool = new WriterPool();
      const traffic = new ClientTraffic(new Metrics());
      const outbox = new Outbox(pool, traffic);
      const frame = outbox.begin(1, 1, 0);
      outbox.open().raw(Buffer.alloc(LARGE_BYTES));
      outbox.end(frame);
      end(outbox);
      const kept = pool.take().capacity;
      assert.ok(kept <= KEPT_BYTES, `${kept} bytes`);
    });
  }

  it('leaves what was taken out of a large writer as it is', () => {
    const pool = new WriterPool();
    const outbox = new Outbox(pool, new ClientTraffic(new Metrics()));
    outbox.open().raw(Buffer.alloc(LARGE_BYTES, 7));
    const sent = outbox.take();
    outbox.open().raw(Buffer.alloc(LARGE_BYTES, 9));
    assert.ok(sent.equals(Buffer.alloc(LARGE_BYTES, 7)));
  });
});
