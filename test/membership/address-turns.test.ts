import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AddressTurns } from '../../src/membership/index.js';

const [a, b, c] = ['a', 'b', 'c'].map((host) => ({ host, port: 2888 })) as [Address, Address, Address];
interface Address {
  readonly host: string;
  readonly port: number;
}

describe('the turns of a server’s addresses', () => {
  it('are as configured as long as each that was reached was heard', () => {
    const turns = new AddressTurns();
    for (const address of [a, b, c]) {
      assert.deepEqual(turns.next(1, [a, b, c]), { first: [a, b, c], later: [] });
      turns.reached(1, address, 0);
      turns.heard(1);
    }
  });

  it('go round while nobody is heard: the one that was tried longest ago comes first', () => {
    const turns = new AddressTurns();
    const tried: string[] = [];
    for (let i = 0; i < 7; i++) {
      const first = turns.next(1, [a, b, c]).first[0] ?? assert.fail('there is none');
      tried.push(first.host);
      turns.reached(1, first, 0);
      turns.doubt(1);
    }
    assert.equal(tried.join(''), 'abcabca');
    assert.deepEqual(turns.next(1, [a, b, c]), { first: [b], later: [c, a] });
  });

  it('leave an address behind that led to nobody until the server was heard just there', () => {
    const turns = new AddressTurns();
    turns.reached(1, a, 0);
    turns.doubt(1);
    assert.deepEqual(turns.next(1, [a, b]), { first: [b], later: [a] });
    turns.reached(1, b, 0);
    turns.heard(1);
    turns.doubt(1);
    assert.deepEqual(turns.next(1, [a, b]), { first: [b], later: [a] });
    turns.reached(1, a, 0);
    turns.heard(1);
    assert.deepEqual(turns.next(1, [a, b]), { first: [a, b], later: [] });
  });

  it('are of each server, and forget addresses that it has no more', () => {
    const turns = new AddressTurns();
    turns.reached(1, a, 0);
    turns.doubt(1);
    assert.deepEqual(turns.next(2, [a, b]), { first: [a, b], later: [] });
    assert.deepEqual(turns.next(1, [b, c]), { first: [b, c], later: [] });
    assert.deepEqual(turns.next(1, [a, b]), { first: [a, b], later: [] });
    assert.deepEqual(turns.next(1, []), { first: [], later: [] });
  });

  it('change when an address had its time, counted from the first time that it was reached', () => {
    const turns = new AddressTurns();
    turns.reached(1, a, 100);
    turns.reached(1, a, 200);
    turns.doubtBefore(1, 99);
    assert.deepEqual(turns.next(1, [a, b]), { first: [a, b], later: [] });
    turns.doubtBefore(1, 100);
    assert.deepEqual(turns.next(1, [a, b]), { first: [b], later: [a] });
  });

  it('do not change when an address had no time to answer', () => {
    const turns = new AddressTurns();
    turns.reached(1, a, 0);
    turns.forgive(1);
    turns.doubt(1);
    assert.deepEqual(turns.next(1, [a, b]), { first: [a, b], later: [] });
  });

  it('try the only address again and again', () => {
    const turns = new AddressTurns();
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(turns.next(1, [a]).first, [a]);
      turns.reached(1, a, 0);
      turns.doubt(1);
    }
  });
});
