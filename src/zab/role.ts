import type { Endpoint, Host } from '../host/index.js';
import type { AddressTurns } from '../membership/index.js';
import type { Metrics } from '../metrics/index.js';
import type { ConfigView, History, LeaderServer, LearnerServer, ReconfigHook } from './needs.js';
import type { ZabOptions } from './options.js';
import type { PhaseTrace } from './phase-trace.js';

/** What every role is given. */
export interface RoleDeps {
  readonly host: Host;
  readonly metrics: Metrics;
  readonly history: History;
  readonly config: ConfigView;
  readonly myId: number;
  readonly options: ZabOptions;
  readonly trace: PhaseTrace;
}

export interface LeaderDeps extends RoleDeps {
  readonly server: LeaderServer;
  /** Where learners are awaited; it is enough when one of them can be listened on. */
  readonly listenOn: readonly Endpoint[];
  /** Null or absent: the configuration may not change. */
  readonly reconfigHook?: ReconfigHook | null;
}

/** Another server than the leader, from which an observer learns. */
export interface ObservedMaster {
  readonly sid: number;
  readonly addresses: readonly Endpoint[];
}

export interface LearnerDeps extends RoleDeps {
  readonly server: LearnerServer;
  readonly leaderSid: number;
  /** Whom to dial instead of the leader at its addresses of the configuration. */
  readonly master?: ObservedMaster | null;
  /** What earlier roles found out about the addresses of leaders and masters. */
  readonly turns: AddressTurns;
  /** How long to wait before the master is dialled. */
  readonly connectDelayMs?: number;
  /** Where a follower serves observers; absent or empty: nowhere. */
  readonly observersOn?: readonly Endpoint[];
  readonly reconfigHook: ReconfigHook | null;
}
