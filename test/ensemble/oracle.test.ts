// Two servers and the oracle (oraclePath): one of them goes on alone when it is told that it may, and only then.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient, WireClosed } from '../support/wire-client.js';

const LIMIT_MS = 30_000;

describe('two servers with an oracle', { timeout: 120_000 }, () => {
  let ensemble: Ensemble;

  function oracleOf(member: Member): string {
    return join(member.folder, 'oracle');
  }

  /** Through this server; roles may still change while it is asked. */
  async function writes(member: Member, path: string): Promise<void> {
    await eventually(`a write of ${path}`, LIMIT_MS, async () => {
      try {
        const client = await WireClient.connect(member.clientPort);
        await client.create(path);
        await client.close();
        return true;
      } catch (error) {
        if (error instanceof WireClosed) return false;
        throw error;
      }
    });
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
    await writes(one, '/both');
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
    await writes(one, '/alone');
    await two.start();
    assert.equal(await two.serving(), 'follower');
    const client = await WireClient.connect(two.clientPort);
    await client.sync('/alone');
    await client.exists('/alone');
    await client.close();
    await writes(two, '/together');
  });
});
