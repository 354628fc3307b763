// Two servers of both kinds and the oracle (oraclePath): whichever is left goes on alone when it is told that it may.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { atServer } from '../support/at-server.js';
import { type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { writesThrough } from '../support/writes-through.js';
import { type Kind, MixedEnsemble, otherKind } from './mixed-ensemble.js';

const LIMIT_MS = 60_000;

if (process.env['ZK_TEST_LONG'] !== undefined) {
  for (const kind of ['zk-server', 'Apache ZooKeeper'] satisfies Kind[]) {
    describe(`two servers with an oracle, ${kind} left alone`, { timeout: 240_000 }, () => {
      it('stands still, goes on when the oracle says yes, and takes the other one back', async () => {
        const mixed = await MixedEnsemble.create([kind, otherKind(kind)], {
          config: { tickTime: 200, initLimit: 40, syncLimit: 20 },
        });
        try {
          const [left, gone] = [mixed.member(1), mixed.member(2)];
          const oracleOf = (member: Member): string => join(member.folder, 'oracle');
          for (const member of mixed.members) {
            await writeFile(oracleOf(member), '0');
            await member.configure({ oraclePath: oracleOf(member) });
          }
          await mixed.start();
          await writesThrough(left, '/both', LIMIT_MS);
          await gone.kill();
          await eventually('it serves no more', LIMIT_MS, async () => (await left.mode()) === '');
          await writeFile(oracleOf(left), '1');
          await eventually('it leads alone', LIMIT_MS, async () => (await left.mode()) === 'leader');
          await writesThrough(left, '/alone', LIMIT_MS);
          await gone.start();
          assert.equal(await gone.serving(LIMIT_MS), 'follower');
          await writesThrough(gone, '/together', LIMIT_MS);
          for (const path of ['/both', '/alone', '/together']) {
            await atServer(gone, (client) => client.exists(path));
          }
        } finally {
          await mixed.ensemble.remove();
        }
      });
    });
  }
}
