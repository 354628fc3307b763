// zk-bench as a program against a real server.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { PROFILES } from '../../src/load/index.js';
import { ZooKeeperClient } from '../../src/zk-client/index.js';
import { Ensemble, type EnsembleOptions } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServer } from '../support/java.js';

const run = promisify(execFile);
const BENCH = new URL('../../bin/zk-bench', import.meta.url).pathname;
const COMPARE = new URL('../../scripts/bench-generators', import.meta.url).pathname;
const ROOT = new URL('../../', import.meta.url).pathname;

interface Report {
  readonly targets: readonly {
    readonly ops: number;
    readonly errors: number;
    readonly latencyUs: Readonly<Record<string, number>>;
    readonly kinds: Readonly<Record<string, { readonly ops: number }>>;
  }[];
  readonly comparison?: { readonly opsPerSecond: number };
}

const SERVERS: Readonly<Record<string, EnsembleOptions>> = {
  'zk-server': {},
  'Apache ZooKeeper': { command: (_index, file) => javaServer(file) },
};

for (const [kind, options] of Object.entries(SERVERS))
  describe(`zk-bench at ${kind}`, () => {
    let ensemble: Ensemble;
    let server = '';
    before(async () => {
      ensemble = await Ensemble.create({ servers: 1, ...options });
      await ensemble.start();
      server = `127.0.0.1:${ensemble.member(1).clientPort}`;
    });
    after(() => ensemble.remove());

    async function bench(...words: readonly string[]): Promise<Report> {
      const short = ['--server', server, '--json', '--warm-up', '0.2', '--seconds', '0.7', '--keys', '20'];
      const { stdout } = await run(BENCH, [...short, ...words], { timeout: 60_000 });
      return JSON.parse(stdout) as Report;
    }

    async function leftOver(): Promise<string[]> {
      const client = new ZooKeeperClient(server);
      const { children } = await client.getChildren('/').finally(() => client.close());
      return children;
    }

    for (const profile of Object.keys(PROFILES)) {
      it(`measures the profile ${profile} and leaves nothing behind`, async () => {
        const { targets } = await bench('--profile', profile, '--sessions', '6');
        const [target] = targets;
        assert.ok(target !== undefined && target.ops > 5, JSON.stringify(target));
        assert.equal(target.errors, 0);
        const { p50 = 0, p99 = 0, max = 0 } = target.latencyUs;
        assert.ok(p50 > 0 && p50 <= p99 && p99 <= max);
        assert.deepEqual(await leftOver(), ['zookeeper']);
      });
    }

    it('does every operation, in two threads, at a rate', async () => {
      const mix = 'get,set,exists,children,create,delete,sync,multi';
      const { targets } = await bench('--mix', mix, '--workers', '2', '--rate', '2000', '--sessions', '4');
      assert.equal(targets[0]?.errors, 0);
      assert.deepEqual(Object.keys(targets[0].kinds).sort(), mix.split(',').sort());
      assert.ok(Math.abs(targets[0].ops - 1400) < 20, `${targets[0].ops}`);
    });

    it('compares two targets', async () => {
      const { targets, comparison } = await bench('--compare', server, '--rounds', '2', '--profile', 'reads');
      assert.equal(targets.length, 2);
      assert.ok((comparison?.opsPerSecond ?? 0) > 0.1);
    });

    it('prints a table', async () => {
      const words = ['--server', server, '--warm-up', '0', '--seconds', '0.3', '--keys', '5', '--mix', 'get'];
      const { stdout } = await run(BENCH, words, { timeout: 60_000 });
      assert.match(stdout, /per second +mean +p50 +p90 +p99 +p99\.9 +max\nall +\d+/);
      assert.match(stdout, /^0 errors$/m);
    });

    for (const more of [[], ['--workers', '2'], ['--profile', 'locks'], ['--profile', 'sessions']]) {
      it(`removes its nodes at Ctrl-C${more.map((word) => ` ${word}`).join('')}`, async () => {
        const child = spawn(BENCH, ['--server', server, '--seconds', '60', '--keys', '50', ...more], { stdio: 'pipe' });
        let said = '';
        child.stderr.on('data', (chunk: Buffer) => (said += String(chunk)));
        await eventually('the load has begun', 30_000, async () => (await leftOver()).length > 1);
        child.kill('SIGINT');
        assert.deepEqual(await once(child, 'exit'), [130, null]);
        assert.match(said, /interrupted/);
        assert.deepEqual(await leftOver(), ['zookeeper']);
      });
    }

    it('says why it cannot', async () => {
      await assert.rejects(run(BENCH, ['--server', '127.0.0.1:1', '--seconds', '1']), { code: 1 });
      await assert.rejects(run(BENCH, ['--profile', 'x']), { code: 2 });
    });

    it('goes on without one of its servers that is away, says so, and ends in time', async () => {
      const load = ['--seconds', '1', '--warm-up', '0', '--sessions', '4', '--json', '--quiet'];
      const args = ['--server', `${server},127.0.0.1:1`, ...load];
      const failed = await run(BENCH, args, { timeout: 20_000 }).then(
        () => assert.fail('an error makes the exit code'),
        (error: unknown) => error as { code: number; signal: string | null; stdout: string },
      );
      assert.deepEqual([failed.code, failed.signal], [1, null]);
      const [target] = (JSON.parse(failed.stdout) as { targets: { ops: number; lostConnections: number }[] }).targets;
      assert.ok(target !== undefined && target.ops > 10 && target.lostConnections >= 2, failed.stdout);
    });
  });

if (process.env['ZK_TEST_LONG'] !== undefined) {
  describe('beside a load generator in C', () => {
    it('saturates a server, too: its rate is more than half of that', async () => {
      // zkload is not part of this repository (docs/benchmarks.md).
      const folder = process.env['BENCH_DIR'] ?? `${ROOT}../shared/bench`;
      const compared = run(COMPARE, ['--rounds', '3', '--seconds', '2', '--json'], { timeout: 280_000 });
      if (!existsSync(`${folder}/zkload.c`)) {
        await assert.rejects(compared, /zkload\.c/);
        return;
      }
      const rows = JSON.parse((await compared).stdout) as Readonly<Record<string, { readonly ratio: number }>>;
      for (const [row, { ratio }] of Object.entries(rows)) assert.ok(ratio > 0.5, `${row}: ${ratio}`);
    });
  });
}
