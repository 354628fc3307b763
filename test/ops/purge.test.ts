// Old snapshots go by themselves, unless the configuration says that they stay.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { ask } from '../admin/http.js';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';

const LIMIT_MS = 60_000;
const TAKEN = 6;

it('the purge is on where its key is absent, and off where it is 0', { timeout: LIMIT_MS }, async (t) => {
  const ensemble = await Ensemble.create({
    servers: 1,
    http: true,
    config: { 'autopurge.purgeInterval': 0, 'admin.rateLimiterIntervalInMS': 0 },
  });
  t.after(() => ensemble.remove());
  await ensemble.start();
  const member = ensemble.member(1);
  const snapshots = async (): Promise<string[]> =>
    (await readdir(join(member.dataDir, 'version-2'))).filter((name) => name.startsWith('snapshot.'));
  const client = await WireClient.connect(member.clientPort);
  for (let i = 0; i < TAKEN; i++) {
    await client.create(`/n${i}`, null);
    const path = '/commands/snapshot?streaming=false';
    assert.equal((await ask(member.adminPort, path, { headers: { authorization: 'ip' } })).status, 200);
  }
  await client.close();

  await member.stop();
  await member.start();
  await member.serving();
  const kept = await snapshots();
  assert.ok(kept.length >= TAKEN, kept.join(' '));

  await member.stop();
  await member.configure({ 'autopurge.purgeInterval': null });
  await member.start();
  await member.serving();
  await eventually('the newest three are left', LIMIT_MS, async () => (await snapshots()).length === 3);
  await eventually('it says so', LIMIT_MS, async () => (await member.log()).includes('"PURGED"'));
  await member.stop();
  await member.start();
  await member.serving();
  const back = await WireClient.connect(member.clientPort);
  assert.equal((await back.getChildren('/')).length, TAKEN + 1);
  await back.close();
});
