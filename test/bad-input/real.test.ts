// The same cases on real sockets against three real servers, all at once, while a client writes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type BadCase, CASES, type PortName } from './cases.js';
import { type Footprint, RealEnsemble, RealLine } from './real-ensemble.js';
import { NOISE } from './speech.js';
import { type Line, play } from './stage.js';

const FLOOD = process.env['ZK_TEST_LONG'] ? 40_000 : 1200;
const AT_ONCE = 50;
const ALLOWED_BYTES = 40 * 1024 * 1024;

/** Cases that need no answer, and end at once. */
const QUICK = CASES.filter(({ at, closes, name, steps }) => {
  const isSpoken = steps.every((step) => Buffer.isBuffer(step) || step === 'end');
  return at === undefined && closes && steps.length > 0 && isSpoken && !/silence|never/.test(name);
});

async function dialFrom(real: RealEnsemble, port: PortName, address: string): Promise<Line> {
  return RealLine.dial(await real.portOf(real.ensemble.member(3), port), address);
}

/** So many bad connections to server 3, some at a time, from some machines. */
async function flood(real: RealEnsemble, count: number): Promise<void> {
  const ports = { client: 0, quorum: 0, election: 0 };
  for (const port of ['client', 'quorum', 'election'] as const) {
    ports[port] = await real.portOf(real.ensemble.member(3), port);
  }
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const at = next++;
      const bad = QUICK[at % QUICK.length] as BadCase;
      const line = await RealLine.dial(ports[bad.port], `127.0.3.${1 + (at % 200)}`);
      for (const step of bad.steps) {
        if (step === 'end') line.end();
        else line.send(step as Buffer);
      }
      // Some do not wait for the answer.
      if (at % 5 !== 0) await real.until('closed', () => line.closed);
      line.destroy();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** What each server holds when all strangers are gone. */
async function settled(real: RealEnsemble): Promise<Map<number, Footprint>> {
  await real.until('no strangers are connected', async () => (await real.metric(3, 'num_alive_connections')) <= 1);
  await real.pause(3000);
  const found = new Map<number, Footprint>();
  for (const sid of [1, 2, 3]) found.set(sid, await real.footprint(sid));
  return found;
}

describe('bad input, real', () => {
  let real: RealEnsemble;

  before(async () => {
    real = await RealEnsemble.start();
  });
  after(() => real.stop());

  it(`${CASES.length} cases at once harm nobody else`, async () => {
    const results = await Promise.allSettled(CASES.map((bad) => play(bad, real)));
    const failed = results.flatMap((result, at) =>
      result.status === 'rejected' ? [`${CASES[at]?.port} port: ${CASES[at]?.name}: ${String(result.reason)}`] : [],
    );
    assert.deepEqual(failed, []);
    await real.assertUnharmed();
  });

  it(`${FLOOD} bad connections leave no memory and no socket behind`, async () => {
    // What is made once only (buffers, compiled code) is there after the first ones.
    await flood(real, FLOOD / 4);
    const before = await settled(real);
    await flood(real, FLOOD);
    const after = await settled(real);
    for (const [sid, { residentBytes, openFiles }] of before) {
      const now = after.get(sid) ?? assert.fail();
      const grownBytes = now.residentBytes - residentBytes;
      assert.ok(grownBytes < ALLOWED_BYTES, `server ${sid} has grown by ${grownBytes} bytes`);
      assert.ok(
        Math.abs(now.openFiles - openFiles) <= 2,
        `server ${sid}: ${openFiles} open files, now ${now.openFiles}`,
      );
    }
    await real.assertUnharmed();
  });

  it('those who never close their own side are not waited for', async () => {
    const before = await settled(real);
    const lines: Line[] = [];
    for (const port of ['client', 'quorum', 'election'] as const) {
      for (let i = 0; i < 30; i++) {
        const line = await dialFrom(real, port, `127.0.2.${i + 1}`);
        line.send(NOISE);
        lines.push(line);
      }
    }
    await real.until('all are closed', () => lines.every((line) => line.closed));
    // They do not answer the end of the connection, as machines that are gone do not.
    await real.until('their sockets are gone', async () => {
      const { openFiles } = await real.footprint(3);
      return openFiles <= (before.get(3)?.openFiles ?? 0) + 2;
    });
    for (const line of lines) line.destroy();
  });

  it('elects another leader afterwards', async () => {
    await real.ensemble.member(3).stop();
    await real.until('another leader', async () => {
      const modes = await Promise.all([1, 2].map((sid) => real.ensemble.member(sid).mode()));
      return modes.toSorted().join() === 'follower,leader';
    });
  });
});
