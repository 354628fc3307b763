import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { serverMode } from '../support/four-letter.js';
import { freePorts } from '../support/ports.js';

const SCRIPT = new URL('../../scripts/quickstart', import.meta.url).pathname;
const LIMIT_MS = 120_000;

/** A number from which on the ports that quickstart takes are free. */
async function freeBase(): Promise<number> {
  for (;;) {
    const ports = await freePorts(43);
    const [first = 0, last = 0] = [ports[0], ports.at(-1)];
    if (last - first === ports.length - 1) return first;
  }
}

describe('scripts/quickstart', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`runs three servers and stops them on ${signal}`, { timeout: LIMIT_MS }, async (t) => {
      const base = await freeBase();
      const child = spawn(SCRIPT, [], {
        env: { ...process.env, PORT_BASE: String(base) },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      t.after(() => child.kill('SIGTERM'));
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
      child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
      while (!out.includes('Ctrl-C stops them')) {
        const gone = once(child, 'exit').then(() => assert.fail(`it ended:\n${out}`));
        await Promise.race([once(child.stdout, 'data'), gone]);
      }
      assert.match(out, /Three servers run; server [123] leads\./);
      const folder = /data, logs +(\S+)/.exec(out)?.[1] ?? '';
      const modes = await Promise.all([0, 1, 2].map((i) => serverMode(base + i)));
      assert.deepEqual(modes.sort(), ['follower', 'follower', 'leader']);
      for (const [what, expected] of [
        ['health', 'readyz check passed'],
        ['dashboard', '<title>zk-server</title>'],
        ['commands', '/commands/monitor'],
        ['metrics', 'znode_count 5'],
      ] as const) {
        const [, url = ''] = new RegExp(`^ +${what} +(\\S+)`, 'm').exec(out) ?? [];
        assert.ok((await (await fetch(url)).text()).includes(expected), `${what} at ${url}`);
      }
      const exit = once(child, 'exit');
      child.kill(signal);
      assert.deepEqual(await exit, [0, null]);
      assert.match(out, /All three are stopped\./);
      assert.deepEqual(await Promise.all([0, 1, 2].map((i) => serverMode(base + i))), ['', '', '']);
      assert.ok(folder !== '' && !existsSync(folder));
    });
  }

  it('says which ports are taken and how to choose others', async (t) => {
    const base = await freeBase();
    const other = createServer().listen({ host: '127.0.0.1', port: base + 11 });
    t.after(() => other.close());
    await once(other, 'listening');
    const child = spawn(SCRIPT, [], {
      env: { ...process.env, PORT_BASE: String(base) },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 1);
    assert.match(
      err,
      new RegExp(`other programs have port ${base + 11}\\. Choose others: PORT_BASE=\\d+ scripts/quickstart`),
    );
  });
});
