// A crash at every single disk operation of a history with everything in it. What comes back must be a state that may be:
// nothing that was acknowledged is lost, nothing is there that was never written.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { World } from '../fakes/index.js';
import type { CrashMode } from './life.js';
import { checkAfter, end, Ledger, live, openWith } from './life.js';
import { Machine } from './support.js';

/** A crash within the recovery from each crash takes its time: the short run has some of them. */
const RECOVERY_STEP = process.env['ZK_TEST_LONG'] === '1' ? 1 : 9;

interface Crash {
  readonly seed: string;
  readonly mode: CrashMode;
  /** The operation that does not happen any more; null: the life ends by itself. */
  readonly at: number | null;
}

/** Lives until the crash; answers how many operations that took. */
async function liveUntil({ mode, at }: Crash, machine: Machine, ledger: Ledger): Promise<number> {
  const { disk } = machine;
  const crashed = crashAt(machine, mode, at);
  const living = live(machine, ledger);
  const life = { over: false };
  const note = () => {
    life.over = true;
  };
  living.then(note, note);
  await machine.world.until(() => life.over || crashed());
  disk.onOperation = null;
  if (!crashed()) await living;
  return disk.operationCount;
}

/** Arms a crash in front of an operation; the answer tells whether it has come. */
function crashAt(machine: Machine, mode: CrashMode, at: number | null): () => boolean {
  let crashed = false;
  machine.disk.onOperation = ({ index }) => {
    if (index !== at) return;
    crashed = true;
    end(machine, mode);
  };
  return () => crashed;
}

async function run(crash: Crash): Promise<number> {
  const machine = new Machine(new World(crash.seed));
  const ledger = new Ledger();
  const operations = await liveUntil(crash, machine, ledger);
  await checkAfter(crash, machine, ledger);
  return operations;
}

describe('a crash at every disk operation', async () => {
  const operations = await run({ seed: 'whole', mode: 'lose', at: null });

  it('has a history with everything in it', () => {
    assert.ok(operations > 200, `${operations} operations`);
  });

  for (const mode of ['lose', 'keep'] as const) {
    it(`of ${operations}, after which unsynced changes are ${mode === 'lose' ? 'lost' : 'kept'}`, async () => {
      for (let at = 0; at < operations; at++) await run({ seed: 'whole', mode, at });
    });
  }

  it(`of ${operations}, after which unsynced changes are torn in two ways`, async () => {
    for (let at = 0; at < operations; at++) {
      for (let way = 0; way < 2; way++) await run({ seed: `torn ${way}`, mode: 'tear', at });
    }
  });

  it('of the recovery from such crashes', async () => {
    for (let at = 0; at < operations; at += RECOVERY_STEP) {
      for (let inside = 0; ; inside++) {
        const crash: Crash = { seed: `again ${at}`, mode: 'tear', at };
        const machine = new Machine(new World(crash.seed));
        const ledger = new Ledger();
        await liveUntil(crash, machine, ledger);
        if (!(await crashInRecovery(machine, inside))) break;
        await checkAfter(crash, machine, ledger);
      }
    }
  });
});

/** False: the recovery has fewer operations. */
async function crashInRecovery(machine: Machine, inside: number): Promise<boolean> {
  const crashed = crashAt(machine, 'tear', machine.disk.operationCount + inside);
  const opened = { done: false };
  const note = () => {
    opened.done = true;
  };
  openWith(machine, new Ledger()).then(note, note);
  await machine.world.until(() => opened.done || crashed());
  machine.disk.onOperation = null;
  if (!crashed()) end(machine, 'lose');
  return crashed();
}
