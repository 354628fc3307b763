// The audit log tells what was done, also of those who did not wait for the answer.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AuditEvent } from '../../src/host/index.js';
import { ClientWorld } from './client-world.js';

describe('audit log', () => {
  for (const hangsUp of [false, true]) {
    it(`tells of a change whose client ${hangsUp ? 'hangs up before' : 'hears'} the answer`, async () => {
      const events: AuditEvent[] = [];
      const audit = { serverUser: 'server', record: (event: AuditEvent) => events.push(event) };
      const c = await ClientWorld.make({ audit });
      const client = await c.connect();
      c.pipeline.isHolding = true;
      const answer = client.create('/a', Buffer.from('x')).catch(() => null);
      await c.world.until(() => c.pipeline.waiting.length === 1);
      if (hangsUp) {
        client.destroy();
        await c.world.until(() => c.connectionCount() === 0);
      }
      c.pipeline.release();
      await c.get(answer);
      assert.deepEqual(
        events.map(({ operation, znode, result }) => [operation, znode, result]),
        [['create', '/a', 'success']],
      );
      assert.equal(c.metrics.counter('stale_replies').value, hangsUp ? 1 : 0);
    });
  }
});
