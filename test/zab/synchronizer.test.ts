// What a leader says when its log on disk does not reach back to a learner.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StorageError } from '../../src/storage/index.js';
import { DEFAULT_ZAB_OPTIONS } from '../../src/zab/options.js';
import { Life } from '../../src/zab/life.js';
import { Synchronizer, type SynchronizerContext, type SyncTarget } from '../../src/zab/synchronizer.js';
import { MemoryLogger, World } from '../fakes/index.js';

const APPLIED = 2 ** 32 + 5;

/** Synchronizes an empty learner with a leader whose log cannot be read for `error`; the lines that are logged. */
async function linesFor(error: Error): Promise<MemoryLogger['entries']> {
  const world = new World(1);
  const { clock } = world.host('a');
  const log = new MemoryLogger('leader', clock);
  const throttle = { begin: () => () => undefined };
  const snapshot = { zxid: APPLIED, digest: null, write: () => false, close: () => undefined };
  const context = {
    clock,
    log,
    history: {
      lastAppliedZxid: APPLIED,
      committedLog: { entries: [] },
      syncSizes: () => Promise.resolve({ snapshotBytes: 0 }),
      readLog: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }),
      beginSnapshotSend: () => snapshot,
    },
    metrics: { snapCount: { add: () => undefined } },
    options: DEFAULT_ZAB_OPTIONS,
    feed: () => ({ epoch: 1, lastProposed: APPLIED, startForwarding: () => undefined }),
    snapThrottle: throttle,
    diffThrottle: throttle,
  };
  const stream = { send: () => undefined, sendRaw: () => undefined, drained: () => Promise.resolve() };
  const target = { sid: 4, stream, life: new Life(clock), canComeAgain: true };
  const synchronizer = new Synchronizer(context as unknown as SynchronizerContext);
  const done = synchronizer.synchronize(target as unknown as SyncTarget, 0);
  assert.equal((await world.settle(done)).how, 'SNAP');
  return log.entries.filter(({ fields }) => fields['code'] === 'ZAB_LOG_UNUSABLE');
}

describe('a log on disk that cannot serve a learner', () => {
  it('is said in one line when it only begins behind the learner', async () => {
    const [line, ...more] = await linesFor(new StorageError('LOG_GAP', 'It begins at 0x100000003.'));
    assert.equal(line?.message, 'The log on disk cannot serve a learner at 0x0: It begins at 0x100000003.');
    assert.deepEqual([line.level, line.fields, more], ['info', { code: 'ZAB_LOG_UNUSABLE' }, []]);
  });

  it('is said with the error when that is of the disk, or the log is damaged', async () => {
    for (const code of ['IO', 'LOG_CORRUPT'] as const) {
      const error = new StorageError(code, 'It broke.');
      const [line] = await linesFor(error);
      assert.equal(line?.fields['error'], error);
    }
  });
});
