import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Fifo } from '../../src/host/index.js';

describe('Fifo', () => {
  it('gives back what came, in order, whatever comes and goes', () => {
    const steps = fc.array(fc.oneof({ weight: 4, arbitrary: fc.integer({ min: -9, max: 9 }) }, fc.constant('clear')));
    fc.assert(
      fc.property(steps, (all) => {
        const fifo = new Fifo<number>();
        const model: number[] = [];
        let next = 0;
        for (const step of all) {
          if (step === 'clear') {
            fifo.clear();
            model.length = 0;
            continue;
          }
          // As many come as the number says, or as many go.
          for (let i = 0; i < step; i++) {
            fifo.push(next);
            model.push(next++);
          }
          for (let i = 0; i > step; i--) assert.equal(fifo.shift(), model.shift());
          assert.equal(fifo.length, model.length);
          assert.equal(fifo.first, model[0]);
          for (let at = 0; at <= model.length; at++) assert.equal(fifo.at(at), model[at]);
        }
      }),
    );
  });

  it('gives back its memory when a crowd has gone', () => {
    const fifo = new Fifo<number>();
    for (let i = 0; i < 20_000; i++) fifo.push(i);
    for (let i = 0; i < 20_000; i++) assert.equal(fifo.shift(), i);
    assert.equal(fifo.shift(), undefined);
    fifo.push(7);
    assert.deepEqual([fifo.length, fifo.first, fifo.at(0), fifo.at(1)], [1, 7, 7, undefined]);
  });
});
