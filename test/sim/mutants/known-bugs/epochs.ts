import { PacketType, makeZxid } from '../../../../src/protocol/index.js';
import { EpochFiles } from '../../../../src/storage/epoch-files.js';
import type { LearnerLog } from '../../../../src/zab/learner-log.js';
import { Learner } from '../../../../src/zab/learner.js';
import type { History } from '../../../../src/zab/needs.js';
import { type Mutant, call, field, mutant } from '../mutant.js';

/*
 * What is promised, and what is durable when it is. Each makes our classes do what ZooKeeper's did; the histories
 * of test/known-bugs show what comes of it.
 */

type Step = 'flush' | 'epoch' | 'ack';

/** What a learner does at NEWLEADER, in another order than: flush, epoch, ack. */
function atNewLeader(name: string, switchesOff: string, ...steps: readonly Step[]): Mutant {
  return mutant(name, switchesOff, Learner.prototype, 'acceptNewLeader', () => {
    return async function (this: object, ...args: unknown[]) {
      const [, stream, epoch, log] = args as [
        unknown,
        { send(...a: unknown[]): void; flush(): void },
        number,
        LearnerLog,
      ];
      const { history } = field(this, 'deps') as { history: History };
      history.trustDigestAfter(log.committedZxid);
      const doing: Readonly<Record<Step, () => unknown>> = {
        flush: () => call(this, 'flush', log),
        epoch: () => history.epochs.setCurrent(epoch),
        ack: () => {
          stream.send(PacketType.ack, makeZxid(epoch, 0));
          stream.flush();
        },
      };
      for (const step of steps) await doing[step]();
      log.openAcks();
    };
  });
}

export const EPOCH_BEFORE_HISTORY = atNewLeader(
  'epoch before transactions',
  'transactions of a DIFF are durable before currentEpoch (ZOOKEEPER-4643)',
  'epoch',
  'flush',
  'ack',
);

export const ACK_BEFORE_HISTORY = atNewLeader(
  'NEWLEADER acked before transactions',
  'transactions of a DIFF are durable before NEWLEADER is acknowledged (ZOOKEEPER-4646)',
  'epoch',
  'ack',
  'flush',
);

export const HISTORY_NOT_AWAITED = atNewLeader(
  'the log of a DIFF is not awaited',
  'what a DIFF brings is logged durably before it is acknowledged and served (ZOOKEEPER-3911)',
  'epoch',
  'ack',
);

export const ACK_IN_A_RACE = atNewLeader(
  'NEWLEADER acked while the log is written',
  'the log is durable before the epoch and the acknowledgement (ZOOKEEPER-4785)',
  'ack',
  'epoch',
  'flush',
);

export const ACK_BEFORE_EPOCH = atNewLeader(
  'NEWLEADER acked before the epoch',
  'currentEpoch is durable before NEWLEADER is acknowledged (ZOOKEEPER-3023)',
  'flush',
  'ack',
  'epoch',
);

export const EPOCH_FILE_REMOVED_FIRST = mutant(
  'an epoch file is removed before the new one is renamed',
  'an epoch file is replaced in one step (ZOOKEEPER-4269)',
  EpochFiles.prototype,
  'writeWhole',
  (original) => {
    return async function (this: object, ...args: unknown[]) {
      const { disk } = field(this, 'host') as { disk: { remove(path: string): Promise<void> } };
      await disk.remove(String(args[2])).catch(() => undefined);
      await Reflect.apply(original, this, args);
    };
  },
);
