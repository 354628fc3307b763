// An error at every single disk operation of a history with everything in it: afterwards nothing is acknowledged that is
// not durable, and a restart finds a state that may be.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DiskError } from '../../src/host/index.js';
import { Database } from '../../src/storage/index.js';
import type { DiskOperation } from '../fakes/index.js';
import { World } from '../fakes/index.js';
import { checkAfter, end, Ledger, live, OPTIONS } from './life.js';
import { fails, Machine, Story, TEST_OPTIONS } from './support.js';

/** What a whole life does to its disk. */
async function operationsOfALife(): Promise<readonly DiskOperation[]> {
  const machine = new Machine(new World('errors'));
  const operations: DiskOperation[] = [];
  machine.disk.onOperation = (operation) => operations.push(operation);
  await machine.settle(live(machine, new Ledger()));
  return operations;
}

/** Lives with one error; says whether that was noticed. */
async function liveWithError(code: 'IO' | 'NO_SPACE', operation: DiskOperation): Promise<boolean> {
  const { index: at, kind, path } = operation;
  const machine = new Machine(new World('errors'));
  const ledger = new Ledger();
  machine.disk.onOperation = ({ index }) => {
    if (index === at) throw new DiskError(code, path, `injected ${code} at ${kind} ${path}`);
  };
  const noticed = await machine.settle(
    live(machine, ledger).then(
      () => false,
      () => true,
    ),
  );
  machine.disk.onOperation = null;
  // What still runs must not acknowledge anything behind the error.
  await machine.world.run(100);
  end(machine, 'tear');
  await checkAfter({ code, at, kind, path }, machine, ledger);
  return noticed;
}

describe('an error at every disk operation', async () => {
  const operations = await operationsOfALife();
  const writes = ['create', 'write', 'append', 'sync'];
  const turns = [
    ['IO', operations],
    ['NO_SPACE', operations.filter(({ kind }) => writes.includes(kind))],
  ] as const;
  for (const [code, chosen] of turns) {
    it(`(${code} at ${chosen.length} of them) harms nothing that was acknowledged`, async () => {
      let noticed = 0;
      for (const operation of chosen) if (await liveWithError(code, operation)) noticed++;
      assert.ok(noticed > chosen.length * 0.7, `${noticed} were noticed`);
    });
  }
});

describe('a full disk', () => {
  it('ends the promises where it is full, and what was promised is found again', async () => {
    for (const roomBytes of [100, 1000, 5000, 20_000]) {
      const machine = new Machine();
      const database = await machine.open({ ...OPTIONS, snapCount: 1000 });
      const story = new Story();
      await machine.commit(database, story.grow(2));
      machine.disk.capacityBytes = machine.disk.usedBytes() + roomBytes;
      for (;;) {
        for (const entry of story.grow(3, 'd'.repeat(200))) database.append(entry);
        const end = await machine.settle(database.settle().catch((error: unknown) => error));
        if (end !== undefined) {
          fails('IO', /log\.1$/)(end);
          break;
        }
      }
      const promised = database.durableZxid;
      machine.world.kill('local');
      machine.disk.capacityBytes = Number.POSITIVE_INFINITY;
      const again = await machine.open();
      assert.ok(again.lastAppliedZxid >= promised, `room for ${roomBytes}: ${again.lastAppliedZxid} of ${promised}`);
    }
  });

  it('is told at a start by file', async () => {
    const machine = new Machine();
    machine.disk.capacityBytes = 10;
    await assert.rejects(
      machine.settle(Database.open(machine.host, machine.metrics, TEST_OPTIONS)),
      fails('IO', 'staged-saving-snapshot.0'),
    );
  });
});
