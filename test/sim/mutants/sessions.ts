import { ExpiryQueue } from '../../../src/pipeline/expiry-queue.js';
import { FollowerPipeline, LeaderPipeline } from '../../../src/pipeline/index.js';
import { PendingChanges } from '../../../src/pipeline/pending-changes.js';
import { SessionTracker } from '../../../src/pipeline/session-tracker.js';
import { TxnApplier } from '../../../src/tree/txn-applier.js';
import { SessionHolders } from '../../../src/zab/session-holders.js';
import { field, type Mutant, mutant } from './mutant.js';

/** Sessions and what belongs to them. */
export const SESSION_MUTANTS: readonly Mutant[] = [
  mutant(
    'lose an ephemeral',
    'a closing session names all its ephemerals',
    PendingChanges.prototype,
    'ephemeralsOf',
    (original) => {
      return function (this: object, ...args: unknown[]) {
        const paths = Reflect.apply(original, this, args) as Set<string>;
        const [first] = paths;
        if (first !== undefined) paths.delete(first);
        return paths;
      };
    },
  ),
  mutant(
    'ephemerals outlive sessions',
    'ephemerals die with their session',
    TxnApplier.prototype,
    'closeSession',
    () => () => undefined,
  ),
  mutant('sessions never expire', 'silent sessions expire', ExpiryQueue.prototype, 'takeExpired', () => () => []),
  mutant('sessions expire early', 'a session has its whole time-out', ExpiryQueue.prototype, 'update', (original) => {
    return function (this: object, item: unknown, timeoutMs: unknown, nowMs: unknown) {
      return Reflect.apply(original, this, [item, Number(timeoutMs) / 5, nowMs]);
    };
  }),
  mutant(
    'pings are not passed on',
    'a learner tells whom it heard of',
    FollowerPipeline.prototype,
    'drainTouched',
    () => () => [],
  ),
  mutant(
    'a new leader forgets the time-outs',
    'after a change of leaders each session has its whole time-out',
    SessionTracker.prototype,
    'start',
    (original) => {
      return function (this: object, committed: unknown) {
        Reflect.apply(original, this, [
          new Map([...(committed as ReadonlyMap<bigint, number>)].map(([id]) => [id, 1])),
        ]);
      };
    },
  ),
  mutant(
    'a new leader forgets the sessions',
    'sessions live on under a new leader',
    SessionTracker.prototype,
    'start',
    (original) => {
      return function (this: object) {
        Reflect.apply(original, this, [new Map()]);
      };
    },
  ),
  mutant(
    'closed sessions write on',
    'a session that closes changes nothing any more',
    SessionTracker.prototype,
    'check',
    () => () => 0,
  ),
  mutant(
    'local sessions move',
    'a local session is known to its own server alone',
    LeaderPipeline.prototype,
    'revalidate',
    (original) => {
      return function (this: object, ...args: unknown[]) {
        const isLocal = (field(field(this, 'deps') as object, 'options') as { localSessions: boolean }).localSessions;
        return Reflect.apply(original, this, args) === true || isLocal;
      };
    },
  ),
  mutant(
    'observers pass on what is late',
    'a session that moved among a follower and its observers speaks through one of them',
    SessionHolders.prototype,
    'otherHolder',
    () => () => null,
  ),
  mutant(
    'sessions are not written down',
    'closeSession ends the session everywhere',
    SessionTracker.prototype,
    'remove',
    () => {
      return function (this: object, sessionId: unknown) {
        const session = (field(this, 'byId') as Map<unknown, { isClosing: boolean }>).get(sessionId);
        if (session !== undefined) session.isClosing = false;
      };
    },
  ),
];
