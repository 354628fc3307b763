import { EpochFiles } from '../../../src/storage/epoch-files.js';
import { Database } from '../../../src/storage/index.js';
import { LogWriter } from '../../../src/storage/log-writer.js';
import { StagedFile } from '../../../src/storage/staged-file.js';
import { LearnerLog } from '../../../src/zab/learner-log.js';
import { Learner } from '../../../src/zab/learner.js';
import { Proposals } from '../../../src/zab/proposals.js';
import { FakeDir, FakeFile } from '../../fakes/fake-file.js';
import { ACK_BEFORE_HISTORY, EPOCH_BEFORE_HISTORY } from './known-bugs/epochs.js';
import { field, type Mutant, mutant, overlay, withField } from './mutant.js';

interface LogPositions {
  readonly lastLoggedZxid: number;
}

/** A history that claims that everything it logged is durable. */
function boastful(history: object): object {
  return overlay(history, { durableZxid: () => (history as LogPositions).lastLoggedZxid });
}

export const ACCEPTED_IN_MEMORY = mutant(
  'acceptedEpoch in memory only',
  'acceptedEpoch is durable before ACKEPOCH',
  EpochFiles.prototype,
  'writeAccepted',
  () => {
    return function (this: object, epoch: unknown) {
      Reflect.set(this, 'acceptedEpoch', epoch);
      return Promise.resolve();
    };
  },
);

export const EPOCH_NOT_NOTED = mutant(
  'epoch not noted before its log',
  'a log ahead of currentEpoch finds its epoch (ZOOKEEPER-4785)',
  Database.prototype,
  'prepareEpoch',
  () => {
    return () => Promise.resolve();
  },
);

/** What is promised before it is durable. */
export const DURABILITY_MUTANTS: readonly Mutant[] = [
  mutant('log without fsync', 'log entries are fsynced before they count', LogWriter.prototype, 'write', (original) => {
    return function (this: object, group: unknown) {
      const options = { ...(field(this, 'options') as object), forceSync: false };
      return withField(this, 'options', options, () => Reflect.apply(original, this, [group]));
    };
  }),
  mutant('disk that lies', 'fsync makes bytes durable', FakeFile.prototype, 'synced', () => () => undefined),
  mutant('folder never fsynced', 'new files are fsynced with their folder', FakeDir.prototype, 'synced', (original) => {
    return function (this: object) {
      // The first one belongs to the making of the disk.
      if ((field(this, 'durable') as ReadonlyMap<string, unknown>).size === 0) Reflect.apply(original, this, []);
    };
  }),
  mutant(
    'follower acks at receipt',
    'ACK follows fsync (ZOOKEEPER-3911, 4643)',
    LearnerLog.prototype,
    'propose',
    (original) => {
      return function (this: object, entry: unknown) {
        Reflect.apply(original, this, [entry]);
        const history = boastful(field(this, 'history') as object);
        withField(this, 'history', history, () => {
          if (field(this, 'acksOpen') === true) Reflect.apply(field(this, 'acknowledge') as () => void, this, []);
        });
      };
    },
  ),
  mutant(
    'leader counts itself before fsync',
    'the own log counts when it is durable',
    Proposals.prototype,
    'newestWithQuorum',
    (original) => {
      return function (this: object) {
        const context = field(this, 'context') as { history: object };
        const changed = { ...context, history: boastful(context.history) };
        return withField(this, 'context', changed, () => Reflect.apply(original, this, []));
      };
    },
  ),
  mutant(
    'NEWLEADER acked before the log',
    'ACK of NEWLEADER follows the fsync of the history (ZOOKEEPER-4646)',
    Learner.prototype,
    'flush',
    () => {
      return () => Promise.resolve();
    },
  ),
  mutant(
    'currentEpoch in memory only',
    'currentEpoch is durable before NEWLEADER is acknowledged (ZOOKEEPER-3023)',
    EpochFiles.prototype,
    'writeCurrent',
    () => {
      return function (this: object, epoch: unknown) {
        Reflect.set(this, 'currentEpoch', epoch);
        return Promise.resolve();
      };
    },
  ),
  ACCEPTED_IN_MEMORY,
  EPOCH_NOT_NOTED,
  EPOCH_BEFORE_HISTORY,
  ACK_BEFORE_HISTORY,
  mutant(
    'staged files not fsynced',
    'snapshots and epochs are fsynced before they get their name',
    StagedFile.prototype,
    'seal',
    () => {
      return async function (this: object) {
        await (field(this, 'file') as { close(): Promise<void> }).close();
      };
    },
  ),
  mutant(
    'memory is not the log',
    'at the end of a role memory becomes what the log says (ZOOKEEPER-2845)',
    Database.prototype,
    'settle',
    () => {
      return () => Promise.resolve();
    },
  ),
];
