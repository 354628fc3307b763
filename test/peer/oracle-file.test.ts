// The file that allows one of two servers to go on alone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OracleFile } from '../../src/peer/oracle-file.js';
import { fakeHost } from '../fakes/index.js';

const PATH = '/oracle';

async function started(content: string) {
  const { world, host } = fakeHost();
  const disk = world.disk('local');
  disk.install(PATH, Buffer.from(content));
  let hangs = false;
  const hangingDisk = Object.assign(Object.create(host.disk) as typeof host.disk, {
    readFile: (path: string) => (hangs ? new Promise<Buffer>(() => undefined) : host.disk.readFile(path)),
  });
  const oracle = new OracleFile(host.clock, hangingDisk, host.log, PATH);
  await world.settle(oracle.start());
  const hang = (): void => {
    hangs = true;
  };
  return { world, disk, oracle, hang };
}

describe('the oracle file', () => {
  it('is asked again and again', async () => {
    const { world, disk, oracle } = await started('0');
    for (const [content, allows] of [
      ['1', true],
      ['0\n', false],
      ['1\n', true],
      ['', false],
    ] as const) {
      disk.install(PATH, Buffer.from(content));
      await world.run(200);
      assert.equal(oracle.allows(), allows, JSON.stringify(content));
    }
    await world.settle(oracle.stop());
  });

  it('allows nothing when it cannot be read', async () => {
    const { world, disk, oracle } = await started('1');
    assert.ok(oracle.allows());
    disk.deny(PATH, 'read');
    await world.run(200);
    assert.ok(!oracle.allows());
    await world.settle(oracle.stop());
  });

  it('allows nothing any more when its disk hangs: what was read once may not be true now', async () => {
    const { world, oracle, hang } = await started('1');
    hang();
    await world.run(1000);
    assert.ok(!oracle.allows());
  });
});
