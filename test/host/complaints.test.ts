import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Complaints } from '../../src/host/index.js';
import { fakeHost } from '../fakes/index.js';

const FIELDS = { code: 'TEST' };

function setUp() {
  const { world, host } = fakeHost(1, { logLevel: 'debug' });
  return { world, log: host.log, complaints: new Complaints(host.clock, host.log) };
}

describe('Complaints', () => {
  it('tell once a minute, then how often it happened meanwhile', async () => {
    const { world, log, complaints } = setUp();
    for (let i = 0; i < 5; i++) complaints.warn('a', `a ${i}`, FIELDS);
    complaints.error('b', 'b', FIELDS);
    await world.run(59_999);
    complaints.warn('a', 'a 5', FIELDS);
    await world.run(2);
    complaints.warn('a', 'a 6', FIELDS);
    assert.deepEqual(
      log.atLeast('info').map(({ level, message, fields }) => [level, message, fields['timesSinceLastSaid']]),
      [
        ['warn', 'a 0', undefined],
        ['error', 'b', undefined],
        ['warn', 'a 6', 5],
      ],
    );
    assert.equal(log.entries.filter(({ level }) => level === 'debug').length, 5);
  });

  it('tell again what was forgotten', () => {
    const { log, complaints } = setUp();
    complaints.info('dial 3 REFUSED', 'one', FIELDS);
    complaints.info('dial 4 REFUSED', 'two', FIELDS);
    complaints.forget('dial 3 ');
    complaints.info('dial 3 REFUSED', 'three', FIELDS);
    complaints.info('dial 4 REFUSED', 'four', FIELDS);
    assert.deepEqual(
      log.atLeast('info').map(({ message }) => message),
      ['one', 'two', 'three'],
    );
  });

  it('have a bound, however many different things there are, and say so', async () => {
    const { world, log, complaints } = setUp();
    for (let i = 0; i < 1000; i++) complaints.warn(`from 10.0.${i}`, `garbage ${i}`, FIELDS);
    assert.equal(log.atLeast('info').length, 257);
    assert.match(log.atLeast('info').at(-1)?.message ?? '', /More than 256 different complaints came within a minute/);
    await world.run(60_001);
    complaints.warn('from elsewhere', 'news', FIELDS);
    assert.equal(log.atLeast('info').at(-1)?.message, 'news');
  });
});
