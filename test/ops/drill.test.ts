// Day two: what an operator does to three servers while clients write, one thing after the other, and what is left of it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { ask } from '../admin/http.js';
import { cli } from '../cli/harness.js';
import { progress } from '../ensemble/nothing-lost.js';
import { RecordingWriter } from '../ensemble/recording-writer.js';
import { Authority } from '../support/certificates.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { WireClient } from '../support/wire-client.js';

const LIMIT_MS = 300_000;
const DISK_MB = 256;
const STOP_MB = 64;
const MIB = 1024 * 1024;
/** Rolling restarts must not keep clients from writing for longer; the measured pause is printed. */
const MOST_PAUSE_MS = 10_000;

class Drill {
  private constructor(
    readonly ensemble: Ensemble,
    readonly authority: Authority,
    readonly writers: readonly RecordingWriter[],
  ) {}

  static async begin(): Promise<Drill> {
    const ensemble = await Ensemble.create({
      http: true,
      config: {
        preAllocSize: 1024,
        snapCount: 2000,
        diskSpaceStopInMb: STOP_MB,
        diskSpaceWarnInMb: STOP_MB + 16,
        'admin.portUnification': 'true',
        sslQuorum: 'true',
        'ssl.quorum.hostnameVerification': 'false',
        'ssl.quorum.keyStore.location': 'CERTIFICATE',
        'ssl.quorum.trustStore.location': 'AUTHORITY',
        'ssl.quorum.trustStore.type': 'PEM',
      },
    });
    const authority = Authority.create(ensemble.folder);
    for (const name of ['first', 'second']) authority.issue({ name, altNames: 'IP:127.0.0.1' });
    for (const member of ensemble.members) {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', member.dataDir]);
      await writeFile(join(member.dataDir, 'myid'), `${member.sid}\n`);
      execFileSync('sed', [
        '-i',
        `s#CERTIFICATE#${join(ensemble.folder, 'in-use.pem')}#;s#AUTHORITY#${authority.certificate}#`,
        member.configFile,
      ]);
    }
    authority.copy('first.pem', 'in-use.pem');
    await ensemble.start();
    const client = await WireClient.connect((await ensemble.leader()).clientPort);
    const writers: RecordingWriter[] = [];
    for (let i = 0; i < 3; i++) {
      await client.create(`/w${i}`, null);
      writers.push(new RecordingWriter(`/w${i}`, ensemble.members, i, { depth: 2, pauseMs: 5 }));
    }
    await client.close();
    return new Drill(ensemble, authority, writers);
  }

  async end(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.stop()));
    for (const member of this.ensemble.members) await member.kill();
    for (const { dataDir } of this.ensemble.members) execFileSync('umount', [dataDir]);
    await this.ensemble.remove();
  }

  ready(member: Member): Promise<boolean> {
    return eventually(`server ${member.sid} is ready`, 60_000, async () => {
      if (!member.running) throw new Error(`server ${member.sid} ended:\n${(await member.log()).slice(-2000)}`);
      return (await ask(member.adminPort, '/readyz').catch(() => null))?.status === 200;
    });
  }

  /** The longest time without a single acknowledgement while `work` goes on. */
  async longestPauseMs(work: () => Promise<void>): Promise<number> {
    let longestMs = 0;
    let lastMs = performance.now();
    let seen = this.acknowledged();
    const state = { over: false };
    const watching = (async () => {
      while (!state.over) {
        await delay(5);
        const now = this.acknowledged();
        const nowMs = performance.now();
        longestMs = Math.max(longestMs, nowMs - lastMs);
        if (now > seen) lastMs = nowMs;
        seen = now;
      }
    })();
    await work();
    state.over = true;
    await watching;
    return longestMs;
  }

  private acknowledged(): number {
    return this.writers.reduce((sum, writer) => sum + writer.acknowledged.length, 0);
  }

  post(member: Member, name: string, body = '') {
    return ask(member.adminPort, `/commands/${name}`, { method: 'POST', headers: { authorization: 'ip' }, body });
  }
}

async function rollingRestart(drill: Drill): Promise<void> {
  for (const member of drill.ensemble.members) {
    await member.stop();
    await member.start();
    await drill.ready(member);
    await progress(drill.writers, 20);
  }
}

async function fillAndFree(drill: Drill): Promise<void> {
  const leader = await drill.ensemble.leader();
  const path = join(leader.dataDir, 'somebody-elses');
  await writeFile(path, Buffer.alloc((DISK_MB - STOP_MB) * MIB));
  await eventually('it pauses', 60_000, async () => (await leader.mode()) === '');
  await progress(drill.writers, 20);
  assert.equal(leader.running, true);
  await rm(path);
  await drill.ready(leader);
}

async function rollCertificates(drill: Drill): Promise<void> {
  drill.authority.copy('second.pem', 'in-use.pem');
  for (const member of drill.ensemble.members) {
    assert.equal((await drill.post(member, 'reload')).status, 200);
  }
  // New connections between servers are made with the new ones.
  const [follower] = await drill.ensemble.followers();
  assert.ok(follower);
  await follower.stop();
  await follower.start();
  await drill.ready(follower);
  for (const member of drill.ensemble.members) assert.match(await member.log(), /"TLS_RELOADED"/);
}

async function changeLogLevel(drill: Drill): Promise<void> {
  for (const level of ['debug', 'info']) {
    for (const member of drill.ensemble.members) {
      assert.equal((await drill.post(member, 'log_level', JSON.stringify({ level }))).status, 200);
    }
  }
}

/** Answers what was acknowledged before the backup was begun. */
async function backUp(drill: Drill, to: string): Promise<ReadonlyMap<RecordingWriter, readonly number[]>> {
  const leader = await drill.ensemble.leader();
  const before = new Map(drill.writers.map((writer) => [writer, [...writer.acknowledged]]));
  const { exitCode, err } = await cli(['backup', leader.configFile, '--to', to]);
  assert.equal(exitCode, 0, err);
  return before;
}

async function loseEverything(drill: Drill): Promise<void> {
  await Promise.all(drill.writers.map((writer) => writer.stop()));
  for (const member of drill.ensemble.members) await member.kill();
  for (const { dataDir } of drill.ensemble.members) await rm(join(dataDir, 'version-2'), { recursive: true });
}

async function restoreAll(drill: Drill, from: string): Promise<void> {
  for (const member of drill.ensemble.members) {
    const { exitCode, err } = await cli(['restore', member.configFile, '--from', from]);
    assert.equal(exitCode, 0, err);
  }
  await drill.ensemble.start();
}

async function assertHas(drill: Drill, wanted: ReadonlyMap<RecordingWriter, readonly number[]>): Promise<void> {
  for (const member of drill.ensemble.members) {
    const client = await WireClient.connect(member.clientPort);
    for (const [writer, numbers] of wanted) {
      assert.ok(numbers.length > 50, `${writer.folder} wrote ${numbers.length}`);
      await client.sync(writer.folder);
      const there = new Set(await client.getChildren(writer.folder));
      const lost = numbers.filter((number) => !there.has(writer.nodeOf(number)));
      assert.deepEqual(lost, [], `server ${member.sid}`);
    }
    await client.create(`/after-${member.sid}`, null);
    await client.close();
  }
}

if (process.env['ZK_TEST_LONG'] !== undefined) {
  describe('a day-two drill', { timeout: LIMIT_MS }, () => {
    it('loses nothing that was acknowledged before the backup', async (t) => {
      const drill = await Drill.begin();
      const backups = join(drill.ensemble.folder, 'backups');
      try {
        await progress(drill.writers, 50);
        const restartMs = await drill.longestPauseMs(() => rollingRestart(drill));
        t.diagnostic(`rolling restart: the longest client-visible pause was ${Math.round(restartMs)} ms`);
        assert.ok(restartMs < MOST_PAUSE_MS);
        const fullMs = await drill.longestPauseMs(() => fillAndFree(drill));
        t.diagnostic(`full disk of the leader: ${Math.round(fullMs)} ms`);
        await rollCertificates(drill);
        await changeLogLevel(drill);
        await progress(drill.writers, 50);
        const before = await backUp(drill, backups);
        await progress(drill.writers, 20);
        await loseEverything(drill);
        await restoreAll(drill, backups);
        await assertHas(drill, before);
      } finally {
        await drill.end();
      }
    });
  });
}
