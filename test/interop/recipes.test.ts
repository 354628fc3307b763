import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { Ensemble } from '../support/ensemble.js';

const SCRIPT = new URL('recipes.py', import.meta.url).pathname;
const RECIPES = [
  ...[
    'lock',
    'semaphore',
    'election',
    'barrier',
    'double_barrier',
    'queue',
    'locking_queue',
    'party',
    'counter',
    'lease',
  ],
  ...['watchers', 'tree_cache'],
];

describe("kazoo's recipes on an ensemble, four clients each", () => {
  let ensemble: Ensemble;
  before(async () => {
    ensemble = await Ensemble.create();
    await ensemble.start();
  });
  after(() => ensemble.remove());

  it('do what they promise', async () => {
    const program = spawn('/usr/bin/python3', [SCRIPT, ensemble.hosts], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    for (const stream of [program.stdout, program.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    const [exitCode] = (await once(program, 'close')) as [number | null];
    const text = Buffer.concat(said).toString('utf8');
    const lines = text.split('\n').filter((line) => /^(ok|failed) /.test(line));
    assert.deepEqual(
      lines,
      RECIPES.map((name) => `ok ${name}`),
      text,
    );
    assert.equal(exitCode, 0);
  });
});
