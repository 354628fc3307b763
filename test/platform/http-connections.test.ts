// Who keeps a place at an HTTP port, and who loses it.
import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { HEAD_MS, HttpConnections } from '../../src/platform/http-connections.js';

type Counted = Socket & { bytesRead: number };

/** A socket that says it has read as much as it is told to. */
function connection(): Counted {
  return Object.defineProperty(new Socket(), 'bytesRead', { value: 0, writable: true });
}

describe('connections of an HTTP port', () => {
  it('make room for a new one: the one that has been idle longest goes', () => {
    const connections = new HttpConnections(3);
    const [a, b, c, d, e] = [connection(), connection(), connection(), connection(), connection()];
    for (const one of [a, b, c]) assert.equal(connections.admit(one, 0), null);
    connections.asked(a);
    connections.answered(a);
    assert.equal(connections.admit(d, 1), b);
    assert.equal(connections.admit(e, 2), c);
    assert.deepEqual([...connections.all()], [a, d, e]);
  });

  it('keep their place while they wait for an answer, and then nobody new is taken', () => {
    const connections = new HttpConnections(2);
    const [a, b, c] = [connection(), connection(), connection()];
    for (const one of [a, b]) {
      connections.admit(one, 0);
      connections.asked(one);
    }
    assert.equal(connections.admit(c, 0), c);
    assert.equal(connections.size, 2);
    connections.answered(b);
    assert.equal(connections.admit(c, 0), b);
    connections.gone(a);
    assert.equal(connections.admit(b, 0), null);
  });

  it('are overdue when a request has begun and does not come to the end of its head', () => {
    const connections = new HttpConnections(8);
    const [silent, slow, kept, waiting] = [connection(), connection(), connection(), connection()];
    for (const one of [silent, slow, kept, waiting]) connections.admit(one, 0);
    for (const one of [kept, waiting]) connections.asked(one);
    kept.bytesRead = 100;
    connections.answered(kept);
    slow.bytesRead = 5;
    assert.deepEqual([...connections.overdue(HEAD_MS)], []);
    assert.deepEqual([...connections.overdue(HEAD_MS + 1)], [silent, slow]);
    // Between two requests it may be idle; from the first byte of the next one on the time runs again.
    assert.ok(![...connections.overdue(10 * HEAD_MS)].includes(kept));
    kept.bytesRead = 101;
    assert.ok(![...connections.overdue(10 * HEAD_MS)].includes(kept));
    assert.ok([...connections.overdue(11 * HEAD_MS + 1)].includes(kept));
    assert.ok(![...connections.overdue(99 * HEAD_MS)].includes(waiting));
  });
});
