// Many connections at the admin port that say nothing, or never come to the end: probes are answered, and memory stays flat.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { it } from 'node:test';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { ask } from './http.js';

const LIMIT_MS = 60_000;
const MOST = 256;
const WAVE = 300;
const WAVES = 3;
const BEGINNINGS = ['', 'G', 'GET /readyz HTTP/1.1\r\n', 'GET /readyz HTTP/1.1\r\nHost: x\r\nX-Slow: a'];
/** Of the process, between the first full house and the last. */
const MOST_GROWTH_KB = 32 * 1024;

async function residentKb({ process }: Member): Promise<number> {
  const status = await readFile(`/proc/${process?.pid ?? 0}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
}

async function openMany(port: number, open: Set<Socket>): Promise<void> {
  for (let i = 0; i < WAVE; i++) {
    const socket = connect({ host: '127.0.0.1', port });
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    await once(socket, 'connect');
    socket.write(BEGINNINGS[i % BEGINNINGS.length] ?? '');
  }
}

it('an admin port full of idle connections', { timeout: LIMIT_MS }, async (t) => {
  const ensemble = await Ensemble.create({ servers: 1, http: true });
  t.after(() => ensemble.remove());
  await ensemble.start();
  const member = ensemble.member(1);
  const open = new Set<Socket>();
  t.after(() => {
    for (const socket of open) socket.destroy();
  });
  const sizes: number[] = [];
  for (let wave = 0; wave < WAVES; wave++) {
    await openMany(member.adminPort, open);
    const began = performance.now();
    assert.equal((await ask(member.adminPort, '/readyz', { headers: { connection: 'close' } })).status, 200);
    assert.ok(performance.now() - began < 5000);
    await eventually('the others were closed', LIMIT_MS, () => Promise.resolve(open.size <= MOST));
    sizes.push(await residentKb(member));
  }
  t.diagnostic(`${WAVES * WAVE} connections, ${open.size} at a time; resident KiB: ${sizes.join(', ')}`);
  assert.ok((sizes.at(-1) ?? 0) - (sizes[0] ?? 0) < MOST_GROWTH_KB, sizes.join(', '));
  const told = (await member.log()).split('\n').filter((line) => line.includes('"HTTP_FULL"'));
  assert.equal(told.length, 1);
  assert.match(await member.mode(), /standalone/);
});
