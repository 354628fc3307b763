// A disk that hangs under a real server: a log file that is a named pipe never opens, as on a dead network mount.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';

describe('a leader whose log hangs', () => {
  let ensemble: Ensemble;

  before(async () => {
    ensemble = await Ensemble.create({ config: { tickTime: 300 } });
    await ensemble.start();
  });
  after(() => ensemble.remove());

  it('steps down, loses nothing that was acknowledged, and can be stopped all the same', async () => {
    const hung = await ensemble.leader();
    const [follower] = await ensemble.followers();
    assert.ok(follower);
    // As what a new log begins its life.
    await promisify(execFile)('mkfifo', [`${hung.dataDir}/version-2/staged-log`]);

    // Its session and its node are committed by the other two.
    const client = await WireClient.connect(follower.clientPort);
    await client.create('/acknowledged', Buffer.from('kept'));
    client.destroy();
    await eventually(
      'it steps down',
      30_000,
      async () => /waiting for the disk for/.test(await hung.log()) || undefined,
    );

    const next = await eventually('another leader', 30_000, async () => {
      for (const member of ensemble.members) {
        if (member !== hung && (await member.mode()) === 'leader') return member;
      }
      return undefined;
    });
    const again = await WireClient.connect(next.clientPort);
    assert.equal(String((await again.getData('/acknowledged')).data), 'kept');
    await again.create('/later', Buffer.from('too'));
    await again.close();

    // Not even process.exit ends a process one of whose threads waits for the disk.
    assert.equal(await hung.mode(), '', 'it serves nobody meanwhile');
    await hung.stop();
    assert.match(await hung.log(), /the disk does not answer|The disk does not answer/);
  });
});
