import { QuorumTally } from '../../../src/membership/index.js';
import { SnapshotBody } from '../../../src/storage/snapshot-body.js';
import { Discovery } from '../../../src/zab/discovery.js';
import { LearnerHandler } from '../../../src/zab/learner-handler.js';
import { LearnerLog } from '../../../src/zab/learner-log.js';
import { Leader } from '../../../src/zab/leader.js';
import { Learner } from '../../../src/zab/learner.js';
import { Milestone } from '../../../src/zab/life.js';
import { Proposals } from '../../../src/zab/proposals.js';
import { Synchronizer } from '../../../src/zab/synchronizer.js';
import { Ballot } from '../../../src/election/ballot.js';
import { field, type Mutant, mutant, part, replace, together, withField } from './mutant.js';

type Entries = readonly { readonly header: { readonly zxid: number } }[];

export const SKIP_TRUNC = mutant('skip TRUNC', 'a dead tail is cut off', Learner.prototype, 'truncate', () => {
  return () => Promise.resolve();
});

/** Makes the log believe that everything before this transaction is there. */
function takeHole(log: object, { header }: Entries[number]): void {
  const history = field(log, 'history') as object;
  const last = header.zxid - 1;
  if (Number(field(history, 'lastLoggedZxid')) < last) {
    Reflect.set(field(history, 'writer') as object, 'lastAppended', last);
  }
}

/** Elections, discovery, synchronization, broadcast. */
export const ZAB_MUTANTS: readonly Mutant[] = [
  mutant('commit without quorum', 'a commit needs a quorum', Proposals.prototype, 'newestWithQuorum', () => {
    return function (this: object) {
      return Math.max(Number(field(this, 'lastCommitted')), Number(field(this, 'lastProposed')));
    };
  }),
  mutant('commit with one ack', 'a commit needs a quorum', Proposals.prototype, 'newestWithQuorum', () => {
    return function (this: object) {
      const learners = field(this, 'learners') as ReadonlyMap<{ isObserver: boolean; ackedZxid: number }, number>;
      const acked = [...learners.keys()].filter(({ isObserver }) => !isObserver).map(({ ackedZxid }) => ackedZxid);
      const newest = Math.min(Number(field(this, 'lastProposed')), Math.max(-1, ...acked));
      return Math.max(Number(field(this, 'lastCommitted')), newest);
    };
  }),
  SKIP_TRUNC,
  mutant(
    'DIFF forgets the first',
    'DIFF has everything the learner lacks',
    Synchronizer.prototype,
    'startDiff',
    (original) => {
      return function (this: object, target: unknown, plan: unknown, committed: unknown) {
        const changed = { ...(plan as { committedFrom: number }) };
        if (changed.committedFrom < (committed as Entries).length) changed.committedFrom++;
        return Reflect.apply(original, this, [target, changed, committed]);
      };
    },
  ),
  // That they are not forwarded alone breaks no promise: the hole, or a commit of what was never proposed, ends the
  // connection, and the next synchronization brings what was missed. So that rule is off here, too.
  together(
    'proposals under way get lost unnoticed',
    'a learner gets what is under way when it joins, and notices when it does not',
    part(Proposals.prototype, 'startForwarding', (original) => {
      return function (this: object, ...args: unknown[]) {
        return withField(this, 'outstanding', [], () => Reflect.apply(original, this, args));
      };
    }),
    part(LearnerLog.prototype, 'append', (original) => {
      return function (this: object, ...args: unknown[]) {
        takeHole(this, args[0] as Entries[number]);
        return Reflect.apply(original, this, args);
      };
    }),
    part(LearnerLog.prototype, 'commit', (original) => {
      return function (this: object, zxid: unknown) {
        const history = field(this, 'history') as { lastLoggedZxid: number };
        if (Number(zxid) <= history.lastLoggedZxid) Reflect.apply(original, this, [zxid]);
      };
    }),
  ),
  mutant(
    'holes are accepted',
    'a hole within an epoch ends the connection (ZOOKEEPER-4925)',
    LearnerLog.prototype,
    'append',
    (original) => {
      return function (this: object, ...args: unknown[]) {
        const [entry] = args as [Entries[number]];
        // Every 40th proposal gets lost on the way.
        if (entry.header.zxid % 40 === 39) return false;
        takeHole(this, entry);
        return Reflect.apply(original, this, args);
      };
    },
  ),
  mutant(
    'apply before commit',
    'only what is committed is applied',
    LearnerLog.prototype,
    'applyDurable',
    (original) => {
      return function (this: object) {
        const history = field(this, 'history') as { lastLoggedZxid: number };
        Reflect.set(this, 'committed', Math.max(Number(field(this, 'committed')), history.lastLoggedZxid));
        return Reflect.apply(original, this, []);
      };
    },
  ),
  mutant('established by one', 'a quorum acknowledges NEWLEADER', Leader.prototype, 'countNewLeaderAck', () => {
    return function (this: object) {
      (field(this, 'newLeaderQuorum') as Milestone).reach();
    };
  }),
  mutant('the same epoch again', 'each leader has an epoch of its own', Discovery.prototype, 'arrived', (original) => {
    return function (this: object, sid: unknown, accepted: unknown) {
      return Reflect.apply(original, this, [sid, Math.max(0, Number(accepted) - 1)]);
    };
  }),
  // Counting promises alone is masked: who acknowledges NEWLEADER has promised the epoch before, and a quorum of those is
  // needed, too. What discovery compares on top of elections is off in "accept a stale vote".
  mutant(
    'an ACK speaks for all that was sent',
    'an ACK counts for its own proposal and those before it',
    LearnerHandler.prototype,
    'acked',
    (original) => {
      return function (this: object, zxid: unknown) {
        const { zxid: sent } = field(this, 'lastSent') as { zxid: number };
        return Reflect.apply(original, this, [Math.max(Number(zxid), sent)]);
      };
    },
  ),
  {
    name: 'accept a stale vote',
    switchesOff: 'the newest history leads: in elections, and once more in discovery',
    install: () => {
      const vote = replace(Ballot.prototype, 'isBetter', () => (candidate, current) => {
        const [one, other] = [candidate, current] as { leader: number }[];
        return { wins: (one?.leader ?? 0) > (other?.leader ?? 0), by: one?.leader === other?.leader ? 'same' : 'sid' };
      });
      const check = replace(Discovery.prototype, 'promise', (original) => {
        return function (this: object, sid: unknown) {
          return Reflect.apply(original, this, [sid, { currentEpoch: 0, lastZxid: 0 }]);
        };
      });
      return () => {
        vote();
        check();
      };
    },
  },
  mutant('elected by less than a quorum', 'a quorum of votes elects', QuorumTally.prototype, 'hasAllQuorums', () => {
    return function (this: object) {
      const [first] = field(this, 'counts') as readonly { agreed: ReadonlySet<number> }[];
      return (first?.agreed.size ?? 0) >= 1;
    };
  }),
  mutant(
    'UPTODATE before a quorum',
    'nobody serves before the epoch is established (ZOOKEEPER-1154)',
    LearnerHandler.prototype,
    'synchronize',
    (original) => {
      return function (this: object, peerZxid: unknown) {
        const master = field(this, 'master') as { established: Milestone };
        const reached = new Milestone();
        reached.reach();
        const changed = Object.create(master, { established: { value: reached } }) as object;
        Reflect.set(this, 'master', changed);
        return Reflect.apply(original, this, [peerZxid]);
      };
    },
  ),
  mutant('no check for a quorum', 'a leader without followers steps down', Leader.prototype, 'beat', (original) => {
    return function (this: object) {
      const config = field(this, 'config') as { verifier(): object };
      const always = { containsQuorum: () => true };
      const verifier = Object.create(config.verifier(), { containsQuorum: { value: always.containsQuorum } }) as object;
      const changed = { verifier: () => verifier, lastSeenVerifier: () => null };
      return withField(this, 'config', changed, () => Reflect.apply(original, this, []));
    };
  }),
  mutant('snapshot without sessions', 'SNAP carries the sessions', SnapshotBody.prototype, 'write', (original) => {
    return function (this: object, ...args: unknown[]) {
      if (field(this, 'nextSession') === -1) {
        Reflect.set(this, 'ids', []);
        Reflect.set(this, 'timeoutsMs', []);
      }
      return Reflect.apply(original, this, args);
    };
  }),
];
