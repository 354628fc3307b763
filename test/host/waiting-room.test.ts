import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WaitingRoom } from '../../src/host/index.js';

describe('WaitingRoom', () => {
  it('lets in until it is full, then the machine with the most guests loses its oldest', () => {
    const room = new WaitingRoom<string>(4);
    assert.equal(room.enter('good 1', 'good'), null);
    for (const guest of ['bad 1', 'bad 2', 'bad 3']) assert.equal(room.enter(guest, 'bad'), null);
    assert.equal(room.enter('bad 4', 'bad'), 'bad 1');
    assert.equal(room.enter('good 2', 'good'), 'bad 2');
    assert.equal(room.size, 4);
    assert.equal(room.enter('third 1', 'third'), 'good 1');
  });

  it('has room again when a guest has left, however often', () => {
    const room = new WaitingRoom<string>(2);
    room.enter('a', 'x');
    room.enter('b', 'x');
    room.leave('a');
    room.leave('a');
    room.leave('never here');
    assert.equal(room.enter('c', 'y'), null);
    assert.equal(room.size, 2);
    for (const guest of ['b', 'c']) room.leave(guest);
    assert.equal(room.size, 0);
    assert.equal(room.enter('d', 'x'), null);
  });

  it('sends away whoever waited longest when each machine has as many', () => {
    const room = new WaitingRoom<number>(3);
    for (const guest of [1, 2, 3]) room.enter(guest, `host ${guest}`);
    assert.equal(room.enter(4, 'host 4'), 1);
    assert.equal(room.enter(5, 'host 5'), 2);
  });
});
