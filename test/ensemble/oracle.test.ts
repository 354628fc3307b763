// Two servers and the oracle (oraclePath): one of them goes on alone when it is told that it may, and only then.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';
import { writesThrough } from '../support/writes-through.js';

const LIMIT_MS = 30_000;

describe('two servers with an oracle', { timeout: 120_000 }, () => {
  let ensemble: Ensemble;

  function oracleOf(member: Member): string {
    return join(member.folder, 'oracle');
  }

  before(async () => {
    ensemble = await Ensemble.create({ servers: 2, config: { tickTime: 200, syncLimit: 10 } });
    for (const member of ensemble.members) {
      await writeFile(oracleOf(member), '0');
      await member.configure({ oraclePath: oracleOf(member) });
    }
    await ensemble.start();
  });
  after(() => ensemble.remove());

  it('stand still without each other as long as it says no', async () => {
    const [one, two] = [ensemble.member(1), ensemble.member(2)];
    await writesThrough(one, '/both', LIMIT_MS);
    await two.kill();
    await eventually('server 1 serves no more', LIMIT_MS, async () => (await one.mode()) === '');
    await two.start();
    await Promise.all([one.serving(), two.serving()]);
  });

  it('go on alone when it says yes, and together again afterwards', async () => {
    const [one, two] = [ensemble.member(1), ensemble.member(2)];
    await two.kill();
    await eventually('server 1 serves no more', LIMIT_MS, async () => (await one.mode()) === '');
    await writeFile(oracleOf(one), '1');
    await eventually('server 1 leads alone', LIMIT_MS, async () => (await one.mode()) === 'leader');
    await writesThrough(one, '/alone', LIMIT_MS);
    await two.start();
    assert.equal(await two.serving(), 'follower');
    const client = await WireClient.connect(two.clientPort);
    await client.sync('/alone');
    await client.exists('/alone');
    await client.close();
    await writesThrough(two, '/together', LIMIT_MS);
  });
});
