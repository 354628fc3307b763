// Real client programs, each with a session of its own, live through the death of the leader: watches and ephemerals too.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { LineProcess } from '../support/line-process.js';

const here = new URL('.', import.meta.url).pathname;

interface ClientProgram {
  readonly name: string;
  readonly start: (hosts: string) => LineProcess;
  /** The line that tells of changed data at `path`. */
  readonly changed: (path: string) => RegExp;
  /** kazoo drops its watches when it loses its connection, and tells who watched so; the C client sets them anew. */
  readonly keepsWatches: boolean;
}

/** Asks until the program has a connection again; an answer other than a connection loss fails. */
function answered(client: LineProcess, command: string): Promise<string> {
  return eventually(`an answer to ${command}`, 60_000, async () => {
    const answer = await client.ask(command, 60_000);
    if (/^error (-4|ConnectionLoss)/.test(answer)) return undefined;
    assert.match(answer, /^ok/);
    return answer;
  });
}

describe('real clients on three nodes', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'zk-server-clients-'));
  const cClient = join(scratch, 'session');
  let ensemble: Ensemble;

  before(async () => {
    execFileSync('cc', ['-DTHREADED', '-O1', '-o', cClient, join(here, 'session.c'), '-lzookeeper_mt']);
    ensemble = await Ensemble.create();
    await ensemble.start();
  });
  after(async () => {
    await ensemble.remove();
    rmSync(scratch, { recursive: true, force: true });
  });

  const programs: readonly ClientProgram[] = [
    {
      name: 'python3-kazoo',
      start: (hosts) => new LineProcess('/usr/bin/python3', [join(here, 'session.py'), hosts]),
      changed: (path) => new RegExp(`^event CHANGED ${path}$`),
      keepsWatches: false,
    },
    {
      name: 'the C client',
      start: (hosts) => new LineProcess(cClient, [hosts]),
      changed: (path) => new RegExp(`^event 3 3 ${path}$`),
      keepsWatches: true,
    },
  ];

  for (const program of programs) {
    it(`${program.name}: data, watches and ephemerals across a failover`, async () => {
      const root = `/${program.name.replaceAll(/\W/g, '')}`;
      const client = program.start(ensemble.hosts);
      const other = program.start(ensemble.hosts);
      try {
        assert.equal(await client.ask(`create ${root} first`), `ok ${root}`);
        assert.equal(await client.ask(`ephemeral ${root}/mine`), `ok ${root}/mine`);
        assert.equal(await client.ask(`watch ${root}`), 'ok first');

        const leader = await ensemble.leader();
        await leader.kill();
        // The session and what hangs on it move to a server that is left.
        if (!program.keepsWatches) await answered(client, `watch ${root}`);
        await answered(other, `set ${root} second`);
        await client.expect(program.changed(root), 60_000);
        assert.equal(await answered(client, `get ${root}`), 'ok second');
        assert.equal(await answered(other, `children ${root}`), 'ok 1', 'the ephemeral lives on with its session');

        await leader.start();
        await leader.serving();
        await client.quit();
        await eventually('the ephemeral goes with its session', 10_000, async () => {
          return (await other.ask(`children ${root}`)) === 'ok 0';
        });
      } finally {
        await client.kill();
        await other.kill();
      }
    });
  }
});
