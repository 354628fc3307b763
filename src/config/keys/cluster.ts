import {
  bool,
  int,
  path,
  propertyBool,
  propertyInt,
  propertyLong,
  port,
  type ValueType,
  yesNo,
} from '../value-types.js';
import { bareKey, fileKey, propertyKey } from './definition.js';

/** Releases up to 3.5 had three more; 3.9 refuses those, but a file that names one shall still start. */
function electionAlgorithm(): ValueType<number> {
  return {
    ...int({ min: 0, max: 3 }),
    expects: '3, the only election since 3.6',
    read(text) {
      const reading = int({ min: 0, max: 3 }).read(text);
      if (reading.kind === 'bad' || reading.value === 3) return reading;
      return { kind: 'value', value: 3, adjusted: `${text} is an election of old releases, 3 is used` };
    },
  };
}

/** Elections, leading and following. The server list itself is in `families.ts`. */
export const cluster = {
  initLimit: fileKey(int({ min: 0 }), 0, {
    unit: 'ticks',
    effect: 'How long a server may take to find its leader and be synchronized.',
    defaultText: 'none: an ensemble must set it',
  }),
  syncLimit: fileKey(int({ min: 0 }), 0, {
    unit: 'ticks',
    effect: 'How long leader and learner may hear nothing of each other.',
    defaultText: 'none: an ensemble must set it',
  }),
  connectToLearnerMasterLimit: fileKey(int({ min: 0 }), 0, {
    unit: 'ticks',
    effect: 'How long a learner may take to connect to its leader.',
    defaultText: 'initLimit',
  }),
  standaloneEnabled: fileKey(bool(), true, {
    since: '3.5.0',
    effect: 'Runs a list of one server without elections; false: as a quorum of one, which others can join.',
  }),
  reconfigEnabled: fileKey(bool(), false, {
    since: '3.5.3',
    effect: 'Allows changes of the server list while it runs.',
  }),
  dynamicConfigFile: fileKey(path(), null, {
    since: '3.5.0',
    effect: 'File with the server list, which then must not be in zoo.cfg.',
    defaultText: 'none: the server list is in zoo.cfg',
  }),
  electionAlg: fileKey(electionAlgorithm(), 3, {
    effect: 'Which election is held: 3, since the others left with release 3.6.',
  }),
  cnxTimeout: propertyKey(int({ min: 1 }), 5000, {
    unit: 'ms',
    effect: 'How long connecting to the election port of a server may take.',
  }),
  quorumCnxnTimeoutMs: propertyKey(propertyInt(), -1, {
    unit: 'ms',
    support: 'missing',
    effect: 'Silence after which a connection between election ports is closed; -1: the kernel decides.',
  }),
  electionPortBindRetry: propertyKey(propertyInt({ min: 0 }), 3, {
    effect: 'How often a busy election port is tried, a second apart; 0: for ever.',
  }),
  quorumListenOnAllIPs: fileKey(bool(), false, {
    effect: 'Opens quorum and election port on all addresses, not only on the one in the server list.',
  }),
  tcpKeepAlive: propertyKey(propertyBool(), false, {
    since: '3.5.4',
    effect: 'TCP keep-alive on connections between election ports.',
  }),
  'fastleader.minNotificationInterval': propertyKey(propertyInt({ min: 1 }), 200, {
    unit: 'ms',
    effect: 'First time that an election waits for votes before it sends its own again.',
  }),
  'fastleader.maxNotificationInterval': propertyKey(propertyInt({ min: 1 }), 60_000, {
    unit: 'ms',
    effect: 'Time up to which that waiting grows.',
  }),
  'multiAddress.enabled': propertyKey(bool(), false, {
    since: '3.6.0',
    effect: 'Allows several addresses a server; servers before 3.6 cannot be in the ensemble then.',
  }),
  'multiAddress.reachabilityCheckEnabled': propertyKey(bool(), true, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Looks for the reachable ones among several addresses before they are used.',
  }),
  'multiAddress.reachabilityCheckTimeoutMs': propertyKey(int(), 1000, {
    since: '3.6.0',
    unit: 'ms',
    support: 'moot',
    effect: 'How long the search for reachable addresses may take.',
  }),
  leaderServes: propertyKey(yesNo('yes'), true, {
    effect: 'Lets clients connect to the leader.',
  }),
  'leader.nodelay': bareKey(propertyBool(), true, {
    support: 'moot',
    effect: 'Sends packets to learners at once (TCP_NODELAY); always so here.',
  }),
  'follower.nodelay': bareKey(propertyBool(), true, {
    support: 'moot',
    effect: 'Sends packets to the leader at once (TCP_NODELAY); always so here.',
  }),
  'leader.maxTimeToWaitForEpoch': propertyKey(propertyInt(), -1, {
    since: '3.6.0',
    unit: 'ms',
    guideName: 'maxTimeToWaitForEpoch',
    effect:
      'How long a new leader waits for the epochs of its voters while one of them looks for another leader; -1: as this server has it.',
  }),
  'leader.maxConcurrentSnapSyncs': propertyKey(propertyInt({ min: 1 }), 10, {
    guideName: 'maxConcurrentSnapSyncs',
    effect: 'Learners that are sent a snapshot at the same time.',
    // Release 3.5 had other names.
    names: [
      { kind: 'file', name: 'leader.maxConcurrentSnapSyncs' },
      { kind: 'property', name: 'zookeeper.leader.maxConcurrentSnapSyncs' },
      { kind: 'file', name: 'leader.maxConcurrentSnapshots' },
      { kind: 'property', name: 'zookeeper.leader.maxConcurrentSnapshots' },
      { kind: 'file', name: 'maxConcurrentSnapSyncs' },
    ],
  }),
  'leader.maxConcurrentSnapshotTimeout': propertyKey(propertyLong(), 5, {
    unit: 'ms',
    support: 'moot',
    effect: 'How long release 3.5 let a snapshot wait for others that were being sent.',
  }),
  ipReachableTimeout: propertyKey(propertyInt(), 0, {
    since: '3.4.11',
    unit: 'ms',
    support: 'moot',
    effect: 'How long release 3.4 looked for the reachable one among the addresses of a host.',
  }),
  'leader.maxConcurrentDiffSyncs': propertyKey(propertyInt({ min: 1 }), 100, {
    guideName: 'maxConcurrentDiffSyncs',
    effect: 'Learners that are sent missing transactions at the same time.',
  }),
  'leader.closeSocketAsync': propertyKey(propertyBool(), false, {
    since: '3.7.0',
    support: 'moot',
    otherProperties: ['leader.closeSocketAsync'],
    effect: 'Closes connections to learners without waiting; always so here.',
  }),
  'learner.closeSocketAsync': propertyKey(propertyBool(), false, {
    since: '3.7.0',
    support: 'moot',
    otherProperties: ['learner.closeSocketAsync'],
    effect: 'Closes the connection to the leader without waiting; always so here.',
  }),
  'learner.asyncSending': propertyKey(propertyBool(), false, {
    since: '3.7.0',
    support: 'moot',
    otherProperties: ['learner.asyncSending'],
    effect: 'Sends to the leader without blocking; always so here.',
  }),
  'leader.ackLoggingFrequency': propertyKey(propertyInt(), 1000, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Every how many acknowledgements one is logged.',
  }),
  leaderConnectDelayDuringRetryMs: propertyKey(propertyInt({ min: 0 }), 100, {
    since: '3.6.0',
    unit: 'ms',
    effect: 'Time between two attempts of a learner to connect to its leader.',
  }),
  forceSnapshotSync: propertyKey(propertyBool(), false, {
    since: '3.5.0',
    effect: 'Sends every learner a snapshot; for tests of ZooKeeper itself.',
  }),
  forward_learner_requests_to_commit_processor_disabled: propertyKey(propertyBool(), false, {
    since: '3.7.0',
    support: 'moot',
    effect: "Keeps requests of learners out of one of the leader's queues.",
  }),
  'follower.skipLearnerRequestToNextProcessor': propertyKey(propertyBool(), false, {
    since: '3.7.0',
    support: 'moot',
    effect: "Keeps requests of observers out of one of a follower's queues.",
  }),
  observerMasterPort: fileKey(port(), 0, {
    since: '3.6.0',
    effect: 'Port on which followers serve observers, and where an observer goes instead of to the leader; 0: none.',
  }),
  'observerMaster.sizeLimit': propertyKey(propertyInt(), 32 * 1024 * 1024, {
    since: '3.6.0',
    unit: 'bytes',
    support: 'moot',
    effect: 'Transactions that a follower keeps for its observers; here its committed log has them.',
  }),
  'observer.reconnectDelayMs': propertyKey(propertyLong({ min: 0 }), 0, {
    since: '3.6.0',
    unit: 'ms',
    effect: 'Longest time (it is random) that an observer waits before it connects again.',
  }),
  'observer.election.DelayMs': propertyKey(propertyLong({ min: 0 }), 200, {
    since: '3.6.0',
    unit: 'ms',
    effect: 'Longest time (it is random) that an observer which lost its leader waits before it asks who leads.',
  }),
  oraclePath: fileKey(path(), null, {
    since: '3.7.0',
    effect: 'File that decides for one of two servers when they have lost each other.',
    defaultText: 'none',
  }),
  'quorum.cnxn.threads.size': fileKey(int(), 20, {
    since: '3.4.10',
    support: 'moot',
    effect: 'Threads that accept election connections.',
  }),
  'messageTracker.BufferSize': propertyKey(propertyInt(), 10, {
    since: '3.6.0',
    support: 'missing',
    effect: 'Last messages between leader and learner that are kept.',
  }),
  'messageTracker.Enabled': propertyKey(propertyBool(), false, {
    since: '3.6.0',
    support: 'missing',
    effect: 'Logs the last messages when a learner and its leader part.',
  }),
  'test.allowDiscontinuousProposals': propertyKey(propertyBool(), false, {
    support: 'moot',
    effect: 'For tests of ZooKeeper itself.',
  }),
  controllerPort: propertyKey(propertyInt(), -1, {
    support: 'moot',
    effect: 'For tests of ZooKeeper itself.',
  }),
  'testingonly.initialZxid': propertyKey(propertyLong({ min: 0, max: 0xffff_ff00 }), 0, {
    effect:
      'For tests: so many zxids fewer may be used in each epoch that this server leads, as if counting began there.',
  }),
};
