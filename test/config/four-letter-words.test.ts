// What is said of a whitelist that names words which are none.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FOUR_LETTER_WORDS, LOCAL_WORDS } from '../../src/client/four-letter/words.js';
import { KNOWN_WORDS } from '../../src/config/four-letter-words.js';
import { formatFault } from '../../src/config/index.js';
import { loadText } from './memory-files.js';

const WORDS = `The words are ${KNOWN_WORDS.join(', ')}; * stands for all.`;

async function said(whitelist: string): Promise<string[]> {
  const { config, faults } = await loadText(`dataDir=/data\nclientPort=2181\n4lw.commands.whitelist=${whitelist}\n`);
  assert.ok(config);
  return faults.map(formatFault);
}

describe('4lw.commands.whitelist', () => {
  it('knows every word that is answered', () => {
    assert.deepEqual([...KNOWN_WORDS], [...FOUR_LETTER_WORDS, ...LOCAL_WORDS].sort());
  });

  for (const whitelist of ['*', 'ruok, *', '', 'stat,ruok , elec', 'stat ruok', 'telnet close', KNOWN_WORDS.join()]) {
    it(`is well as "${whitelist}"`, async () => {
      assert.deepEqual(await said(whitelist), []);
    });
  }

  it('tells a word that is none, the one that was meant, and those there are', async () => {
    assert.deepEqual(await said('srvr,ruko,mntr'), [
      `zoo.cfg:3: warning: 4lw.commands.whitelist: there is no four-letter word ruko. Did you mean ruok? ${WORDS}`,
    ]);
  });

  it('tells all of them at once, beside * too', async () => {
    assert.deepEqual(await said('MNTR,*,kill,kill,stat all'), [
      `zoo.cfg:3: warning: 4lw.commands.whitelist: there is no four-letter word MNTR, kill, all. ${WORDS}`,
    ]);
  });
});
