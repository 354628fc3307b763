// `status --election` of real servers: leader, follower, observer, and one that has lost the others.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import type { ElectionStatus, ElectionView } from '../../src/status/index.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { cli, type CliResult } from './harness.js';

const OBSERVER = 3;

describe('status --election', () => {
  let ensemble: Ensemble;

  before(async () => {
    // Nobody has to allow the word on the server's own machine.
    ensemble = await Ensemble.create({ config: { '4lw.commands.whitelist': 'srvr' } });
    for (const member of ensemble.members) {
      const text = await readFile(member.configFile, 'utf8');
      await writeFile(member.configFile, text.replace(/^server\.3=.*$/m, '$&:observer'));
    }
    await ensemble.start();
  });

  after(() => ensemble.remove());

  function ask(member: Member, ...options: string[]): Promise<CliResult> {
    return cli(['status', member.configFile, '--election', ...options]);
  }

  async function elections(member: Member): Promise<{ status: ElectionStatus; last: ElectionView }> {
    const { out } = await ask(member, '--json');
    const { election } = JSON.parse(out) as { election: ElectionStatus };
    const last = election.elections.at(-1);
    assert.ok(last);
    return { status: election, last };
  }

  it('of every server names the leader, the quorum, and how long each phase took', async () => {
    const leader = await ensemble.leader();
    for (const member of ensemble.members) {
      const { status, last } = await elections(member);
      const state = member === leader ? 'LEADING' : member.sid === OBSERVER ? 'OBSERVING' : 'FOLLOWING';
      assert.equal(status.sid, member.sid);
      assert.equal(status.state, state);
      assert.equal(status.leader, leader.sid);
      assert.equal(status.serving, true);
      assert.equal(last.outcome?.state, state);
      assert.equal(last.outcome.leader, leader.sid);
      assert.deepEqual(last.rounds.at(-1)?.quorum?.agreed, [[1, 2]]);
      assert.equal(last.rounds.at(-1)?.round, last.outcome.round);
      const zab = last.phases.filter(({ name }) => name !== 'voting' && name !== 'finalizing');
      assert.deepEqual(
        zab.map(({ name }) => name),
        ['discovery', 'synchronization', 'broadcast'],
      );
      for (const { name, durationMs } of zab) assert.equal(durationMs === null, name === 'broadcast');
      assert.ok((last.servedAfterMs ?? -1) >= (last.durationMs ?? Infinity));
    }
  });

  it('tells votes, notifications and the comparison that decided', async () => {
    const leader = await ensemble.leader();
    const other = ensemble.member(leader.sid === 1 ? 2 : 1);
    const views = await Promise.all([leader, other].map(elections));
    for (const { last } of views) {
      const round = last.rounds.at(-1);
      assert.ok(round);
      for (const { leader: wanted } of round.votes) assert.equal(wanted, leader.sid);
      for (const direction of ['sent', 'received']) {
        assert.ok(round.notifications.some((each) => each.direction === direction));
      }
    }
    // Who looked later may have met a settled leader, and then compared nothing.
    const decisions = views.flatMap(({ last }) => last.rounds.flatMap(({ decision }) => decision ?? []));
    assert.ok(decisions.length > 0);
    for (const { candidate, current, wins } of decisions) {
      assert.equal((wins ? candidate : current).leader, leader.sid);
    }
  });

  it('is there for people, too', async () => {
    const leader = await ensemble.leader();
    const { exitCode, out } = await ask(leader);
    assert.equal(exitCode, 0);
    assert.match(
      out,
      new RegExp(`^ {2}\\d{4}-\\S+Z LEADING, the leader is server ${leader.sid} \\(round \\d+, by `, 'm'),
    );
    assert.match(
      out,
      /^ {4}took {6}election [\d.]+ ms, discovery [\d.]+ ms, synchronization [\d.]+ ms, broadcast from /m,
    );
    assert.match(
      out,
      new RegExp(`^ {6}vote of [12] +leader ${leader.sid} \\(zxid 0x0, epoch \\d+\\), round \\d+, `, 'm'),
    );
    // Only one of the two may have had something to compare.
    const texts = await Promise.all([1, 2].map(async (sid) => (await ask(ensemble.member(sid))).out));
    const decision =
      /^ {6}decision +leader \d \(.*\) before leader \d \(.*\): (higher server id|later zxid|later epoch)$/m;
    assert.match(texts.join('\n'), decision);
    assert.match(out, /^ {6}quorum +1, 2$/m);
    assert.match(out, /^ {8}\+[\d.]+ ms +sent to 1, 2: leader /m);
  });

  it('works while a server looks, and status says so with exit code 1', async () => {
    const leader = await ensemble.leader();
    const follower = ensemble.member(leader.sid === 1 ? 2 : 1);
    await leader.kill();
    const { last, status } = await eventually('the follower looks', 30_000, async () => {
      const found = await elections(follower);
      return found.status.state === 'LOOKING' ? found : undefined;
    });
    assert.equal(status.serving, false);
    assert.equal(status.leader, null);
    assert.equal(last.outcome, null);
    assert.equal(last.durationMs, null);
    const [before] = status.elections;
    assert.notEqual(before?.phases.at(-1)?.durationMs, null);
    const { exitCode, out } = await ask(follower);
    assert.equal(exitCode, 1);
    assert.match(out, /does not serve: it has looked for a leader for \d+ s/);
    assert.match(out, /^ {2}\d{4}-\S+Z still going on$/m);
  });
});

describe('status --election of a server that is alone', () => {
  it('says that there are none', async (t) => {
    const ensemble = await Ensemble.create({ servers: 1 });
    t.after(() => ensemble.remove());
    await ensemble.start();
    const { err, exitCode } = await cli(['status', ensemble.member(1).configFile, '--election']);
    assert.equal(exitCode, 0);
    assert.equal(err, 'It is alone, so there are no elections.');
  });
});
