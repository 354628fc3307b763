// A disk that fills: a warning, then a pause until there is room again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpaceWatch } from '../../src/peer/space-watch.js';
import { fakeHost } from '../fakes/index.js';

const MIB = 1024 * 1024;

async function watched(capacityMib: number) {
  const { world, host } = fakeHost();
  const disk = world.disk('local');
  disk.installDir('/data');
  disk.capacityBytes = capacityMib * MIB;
  const pauses: string[] = [];
  const options = { folders: ['/data'], warnBytes: 100 * MIB, stopBytes: 40 * MIB };
  const watch = new SpaceWatch(host.clock, host.disk, host.log, options, (why) => pauses.push(why));
  await world.settle(watch.start());
  const setFree = async (mib: number): Promise<void> => {
    disk.capacityBytes = mib * MIB;
    await world.run(1500);
  };
  const codes = (): unknown[] => host.log.entries.map(({ fields }) => fields['code']);
  return { world, watch, pauses, setFree, codes };
}

describe('the space on the disk', () => {
  it('is warned of once, and again after it was mended', async () => {
    const { setFree, codes, watch, pauses } = await watched(500);
    for (const mib of [99, 90, 110, 99, 126, 99]) await setFree(mib);
    assert.deepEqual(codes(), ['DISK_FILLING', 'DISK_FILLING']);
    assert.deepEqual([watch.isLow, pauses.length], [false, 0]);
  });

  it('pauses the server below the mark, until there is a quarter more than that', async () => {
    const { world, setFree, codes, watch, pauses } = await watched(500);
    await setFree(39);
    assert.deepEqual([watch.isLow, pauses.length, codes().at(-1)], [true, 1, 'DISK_FULL']);
    let goesOn = false;
    watch.room().then(
      () => (goesOn = true),
      () => undefined,
    );
    await setFree(45);
    assert.deepEqual([watch.isLow, goesOn], [true, false]);
    await setFree(50);
    await world.run(1);
    assert.deepEqual([watch.isLow, goesOn, codes().at(-1)], [false, true, 'DISK_ROOM']);
    await setFree(10);
    assert.equal(pauses.length, 2);
  });

  it('is known before the server begins', async () => {
    const { watch, pauses } = await watched(20);
    assert.deepEqual([watch.isLow, pauses.length], [true, 1]);
  });

  it('nobody waits for once the watch is stopped', async () => {
    const { watch } = await watched(20);
    const room = watch.room();
    watch.stop();
    await room;
    await watch.room();
  });
});
