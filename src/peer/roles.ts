import type { Clock, Endpoint, Network } from '../host/index.js';
import { type AddressTurns, isWildcardHost, type QuorumVerifier } from '../membership/index.js';
import type { ReconfigGate, RequestPipeline } from '../pipeline/index.js';
import { FollowerPipeline, LeaderPipeline } from '../pipeline/index.js';
import type { ServerState } from '../protocol/index.js';
import type { SessionsStatus } from '../status/index.js';
import type { Database } from '../storage/index.js';
import type { DataTree } from '../tree/index.js';
import type {
  ConfigView,
  LearnerServer,
  LearnerView,
  PhaseTrace,
  ReconfigHook,
  RoleDeps,
  RoleEnd,
  VoterWord,
} from '../zab/index.js';
import { Follower, Leader, Observer } from '../zab/index.js';
import { configNodeText, versionOfText } from './config-node.js';
import type { Configurations } from './configurations.js';
import type { ObservedMasters } from './observed-masters.js';
import { zabOptions } from './options.js';
import { pipelineDeps, type PipelineParts } from './pipelines.js';
import { planReconfig, ReconfigRefusal } from './reconfig-plan.js';

/** What roles are made from. */
export interface RoleContext {
  readonly parts: PipelineParts;
  /** To other servers. */
  readonly network: Network;
  readonly database: Database;
  readonly view: ConfigView;
  readonly configurations: Configurations;
  /** Null: the configuration may not change. */
  readonly reconfigHook: ReconfigHook | null;
  readonly phases: PhaseTrace;
  /** Where an observer goes. */
  readonly masters: ObservedMasters;
  /** Which addresses of leaders and masters led to nobody. */
  readonly turns: AddressTurns;
  /** The role has begun to serve. */
  readonly serving: (pipeline: RequestPipeline) => void;
}

/** One term of leading, following or observing. */
export interface Role {
  /** Null as long as (and when no more) clients are served. */
  readonly pipeline: RequestPipeline | null;
  readonly learners: readonly LearnerView[];
  /** Is its epoch established, and its end not decided? */
  readonly leads: boolean;
  /** Whom an observer learns from: the leader, or a follower. Null for who votes. */
  readonly observedSid: number | null;
  run(): Promise<RoleEnd>;
  shutdown(reason: string): Promise<void>;
  voterLooks(word: VoterWord): void;
  /** Lets another server lead: `run` resolves when that is prepared. False: this one does not lead, or no other can. */
  handOver(reason: string): boolean;
  /** Who should lead after a hand-over; null: an election decides. */
  readonly heir: number | null;
  /** Forgets what was counted of observers' connections. */
  resetObserverStatistics(): void;
  /** Undefined when this role knows no more than the database. */
  sessionsStatus(): SessionsStatus | undefined;
}

/** The role of a server whose election ended in `state` with `leaderSid`. */
export function makeRole(state: ServerState, leaderSid: number, context: RoleContext): Role {
  switch (state) {
    case 'LEADING':
      return new LeadingRole(context);
    case 'FOLLOWING':
    case 'OBSERVING':
      return new LearningRole(context, leaderSid, state === 'OBSERVING');
    case 'LOOKING':
      throw new Error('looking is not a role');
  }
}

function roleDeps({ database, network, parts, phases, view }: RoleContext): RoleDeps {
  const { config, host, metrics } = parts;
  return {
    host: { ...host, network },
    metrics,
    history: database,
    config: view,
    myId: config.myId,
    options: zabOptions(config),
    trace: phases,
  };
}

/**
 * `/zookeeper/config` shows `verifier`, the membership in force; the node is no transaction's (ZOOKEEPER-2819). A newer one
 * that the tree has already is one that the leader is about to commit, or that was logged when it ended.
 */
export function showMembership(tree: DataTree, verifier: QuorumVerifier, clock: Clock): void {
  if (verifier.version > 0 && versionOfText(configNodeText(tree) ?? '') > verifier.version) return;
  showMembershipIn(tree, verifier, clock);
}

/** The tree shows `verifier` as the membership in force, whatever it showed before. */
export function showMembershipIn(tree: DataTree, verifier: QuorumVerifier, clock: Clock): void {
  tree.setConfigNode(Buffer.from(verifier.toText(), 'utf8'), verifier.version, clock.wallMs());
}

class LeadingRole implements Role {
  readonly observedSid = null;
  pipeline: LeaderPipeline | null = null;
  private readonly leader: Leader;

  constructor(context: RoleContext) {
    const { database, parts, reconfigHook } = context;
    const gate = reconfigHook === null ? null : this.reconfigGate(context);
    const pipeline = new LeaderPipeline(pipelineDeps(parts, database, gate));
    this.leader = new Leader({
      ...roleDeps(context),
      listenOn: quorumEndpoints(context),
      reconfigHook,
      server: {
        startLeading: (broadcast) => {
          showMembership(context.database.tree, context.view.verifier(), context.parts.host.clock);
          pipeline.startLeading(broadcast);
          this.pipeline = pipeline;
          context.serving(pipeline);
        },
        forwarded: (request, sid) => {
          pipeline.forwarded(request, sid);
        },
        revalidate: (sessionId, timeoutMs, sid) => pipeline.revalidate(sessionId, timeoutMs, sid),
        touch: (sessionId, timeoutMs) => {
          pipeline.touch(sessionId, timeoutMs);
        },
        committed: (zxid) => {
          pipeline.committed(zxid);
        },
      },
    });
  }

  private reconfigGate({ configurations, parts }: RoleContext): ReconfigGate {
    const { config, host } = parts;
    return {
      plan: (request, zxid) => {
        try {
          const verifier = planReconfig(request, zxid, {
            committed: configurations.verifier(),
            lastSeen: configurations.lastSeenVerifier(),
            options: configurations.options,
            standaloneEnabled: config.values.standaloneEnabled,
            isQuorumSynced: (next) => this.leader.isQuorumSynced(next),
          });
          return Buffer.from(verifier.toText(), 'utf8');
        } catch (error) {
          if (!(error instanceof ReconfigRefusal)) throw error;
          host.log.warn(`A reconfiguration is refused: ${error.message}.`, {
            code: 'RECONFIG_REFUSED',
            err: error.code,
          });
          return error.code;
        }
      },
    };
  }

  get learners(): readonly LearnerView[] {
    return this.leader.learners;
  }

  get leads(): boolean {
    return this.pipeline !== null && !this.leader.isOver;
  }

  async run(): Promise<RoleEnd> {
    const end = await this.leader.run();
    this.pipeline?.stop();
    this.pipeline = null;
    return end;
  }

  shutdown(reason: string): Promise<void> {
    return this.leader.shutdown(reason);
  }

  voterLooks(word: VoterWord): void {
    this.leader.voterLooks(word);
  }

  handOver(reason: string): boolean {
    return this.leader.handOver(reason);
  }

  get heir(): number | null {
    return this.leader.heir;
  }

  resetObserverStatistics(): void {
    this.leader.resetObserverStatistics();
  }

  sessionsStatus(): SessionsStatus | undefined {
    return this.pipeline?.sessionsStatus();
  }
}

class LearningRole implements Role {
  readonly leads = false;
  readonly heir = null;
  readonly observedSid: number | null;
  pipeline: FollowerPipeline | null = null;
  private readonly learner: Follower | Observer;
  private readonly database: Database;
  private readonly logs: boolean;

  constructor(context: RoleContext, leaderSid: number, observes: boolean) {
    this.database = context.database;
    this.logs = !observes || context.parts.config.values.syncEnabled;
    const pipeline = new FollowerPipeline(
      pipelineDeps(context.parts, context.database, null),
      observes ? 'observer' : 'follower',
    );
    const server: LearnerServer = {
      startServing: (link) => {
        showMembership(context.database.tree, context.view.verifier(), context.parts.host.clock);
        pipeline.startServing(link);
        this.pipeline = pipeline;
        context.serving(pipeline);
      },
      committed: (zxid) => {
        pipeline.committed(zxid);
      },
      syncDone: () => {
        pipeline.syncDone();
      },
      revalidated: (sessionId, valid) => {
        pipeline.revalidated(sessionId, valid);
      },
      sessionMoved: (sessionId) => {
        pipeline.sessionMoved(sessionId);
      },
      drainTouched: () => pipeline.drainTouched(),
    };
    const { reconfigHook } = context;
    const { turns } = context;
    const deps = { ...roleDeps(context), server, leaderSid, reconfigHook, turns };
    if (observes) {
      const { master, delayMs } = context.masters.choose(context.view.verifier(), leaderSid);
      this.observedSid = master?.sid ?? leaderSid;
      this.learner = new Observer({ ...deps, master, connectDelayMs: delayMs });
    } else {
      this.observedSid = null;
      this.learner = new Follower({ ...deps, observersOn: observerEndpoints(context) });
    }
  }

  get learners(): readonly LearnerView[] {
    return this.learner instanceof Follower ? this.learner.learners : [];
  }

  async run(): Promise<RoleEnd> {
    if (!this.logs) await this.database.stopLogging();
    const end = await this.learner.run();
    this.pipeline?.stop();
    this.pipeline = null;
    return end;
  }

  shutdown(reason: string): Promise<void> {
    return this.learner.shutdown(reason);
  }

  voterLooks(): void {
    // Only a leader cares who looks.
  }

  handOver(): boolean {
    return false;
  }

  resetObserverStatistics(): void {
    if (this.learner instanceof Follower) this.learner.resetObserverStatistics();
  }

  sessionsStatus(): SessionsStatus | undefined {
    return undefined;
  }
}

/** Where learners are awaited: this server's own quorum addresses, or all addresses with quorumListenOnAllIPs. */
function quorumEndpoints(context: RoleContext): readonly Endpoint[] {
  return context.configurations
    .ownServer()
    .addresses.map(({ host, quorumPort }) => ({ host: listenedHost(host, context), port: quorumPort }));
}

/** Where a follower awaits observers: the same addresses with another port. */
function observerEndpoints(context: RoleContext): readonly Endpoint[] {
  const { observerMasterPort: port } = context.parts.config.values;
  if (port === 0) return [];
  const hosts = context.configurations.ownServer().addresses.map(({ host }) => listenedHost(host, context));
  return [...new Set(hosts)].map((host) => ({ host, port }));
}

function listenedHost(host: string, { parts }: RoleContext): string {
  return parts.config.election.listenOnAllIPs || isWildcardHost(host) ? '' : host;
}
