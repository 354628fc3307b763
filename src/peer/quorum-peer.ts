import type { AdminControl, AdminTarget } from '../admin/index.js';
import { ClientListener } from '../client/index.js';
import type { ServerConfig } from '../config/index.js';
import type { ElectionResult, ElectionSelf, VoterWord } from '../election/index.js';
import { FastLeaderElection } from '../election/index.js';
import { QuorumCnxManager } from '../connection/index.js';
import type { Host } from '../host/index.js';
import { sleep } from '../host/index.js';
import { AddressTurns, type QuorumServer, type QuorumVerifier } from '../membership/index.js';
import type { Metrics } from '../metrics/index.js';
import type { RequestPipeline } from '../pipeline/index.js';
import { SessionIds } from '../pipeline/index.js';
import type { ServerState } from '../protocol/index.js';
import type { ElectionStatus, QuorumStatus, SessionsStatus, SizeRange } from '../status/index.js';
import type { Database } from '../storage/index.js';
import type { LearnerView, RoleEnd } from '../zab/index.js';
import { PhaseTrace } from '../zab/index.js';
import { adminTarget } from './admin-target.js';
import { viewElections } from './election-view.js';
import { closeDatabase, endsInTime, endsWithin, listenForClients, openDatabase } from './foundation.js';
import { AbsentMembers } from './absent-members.js';
import { Configurations } from './configurations.js';
import { Reconfiguration } from './reconfiguration.js';
import { ObservedMasters } from './observed-masters.js';
import { clientOptions, connectionOptions, electionOptions } from './options.js';
import { OracleFile } from './oracle-file.js';
import { type AuthPlugins, makeAccess, NO_PLUGINS } from './access.js';
import type { PipelineParts } from './pipelines.js';
import { ReadOnlyService } from './read-only-service.js';
import { Rest } from './rest.js';
import { publishLearnerGauges } from './learner-gauges.js';
import { openQuorumTransport, type QuorumTransport } from './quorum-transport.js';
import type { Role, RoleContext } from './roles.js';
import { makeRole, showMembership, showMembershipIn } from './roles.js';
import { type Environment, ServerFacts } from './server-facts.js';
import { SilentTransport } from './silent-transport.js';
import { PeerExit, type Server, type ServerEnd, StartError } from './start-error.js';
import type { TlsFileWatch } from './tls-files.js';
import { prepareReload } from './reload.js';
import { Upkeep } from './upkeep.js';

/** After a role that ended at once, the next election waits so long: a fault that lasts must not spin. */
const RESTART_DELAY_MS = 20;

/**
 * A leader of too old an epoch is there for good, until an election: who comes to it in vain waits longer each time, for
 * less than the last of these. Not longer, for the election that mends it may need this server.
 */
const OLD_EPOCH_RESTS_MS: readonly number[] = [0, 250, 500, 1000, 2000];

/** A leader that stops, or has no room left, waits so long for the writes that are under way. */
const LAST_WRITES_MS = 2000;

/**
 * A member of an ensemble: looks for a leader, then leads, follows or observes until that is over, and looks again
 * (ZooKeeper's `QuorumPeer`).
 *
 * A role's objects live from the end of one election to the beginning of the next. Between them memory is made what the log
 * says, so that the vote cast next is for what is on disk.
 */
export class QuorumPeer implements Server, ElectionSelf {
  readonly myId: number;
  readonly status: ServerFacts;
  readonly finished: Promise<ServerEnd>;
  readonly phases: PhaseTrace;
  private readonly clients: ClientListener;
  private readonly parts: PipelineParts;
  private readonly readOnly: ReadOnlyService;
  private finish: (end: ServerEnd) => void = () => undefined;
  private readonly configurations: Configurations;
  private readonly reconfiguration: Reconfiguration;
  private readonly oracle: OracleFile | null;
  private readonly masters: ObservedMasters;
  private readonly turns = new AddressTurns();
  private readonly rest: Rest;
  private readonly absent: AbsentMembers;
  private database: Database | null = null;
  private readonly upkeep: Upkeep;
  private tlsWatch: TlsFileWatch | null = null;
  private transport: QuorumTransport | null = null;
  private connections: QuorumCnxManager | null = null;
  private fastLeaderElection: FastLeaderElection | null = null;
  private role: Role | null = null;
  private roleEnd: Promise<unknown> = Promise.resolve();
  /** Whom this server proposes in its own place in the next election. */
  private nominee: number | null = null;
  /** When this server was asked to hand the leadership over (monotonic); null: it was not. */
  private handOverMs: number | null = null;
  /** So often in a row the leader's epoch was too old. */
  private oldEpochs = 0;
  private serverState: ServerState = 'LOOKING';
  private unavailableSinceMs: number;
  private leaderSid: number | null = null;
  private loop: Promise<void> = Promise.resolve();
  private starting: Promise<void> = Promise.resolve();
  private stopping: Promise<void> | null = null;

  constructor(
    private readonly host: Host,
    private readonly config: ServerConfig,
    private readonly metrics: Metrics,
    environment: Environment = [],
    private readonly plugins: AuthPlugins = NO_PLUGINS,
  ) {
    this.myId = config.myId;
    this.phases = new PhaseTrace(host.clock);
    this.unavailableSinceMs = host.clock.monotonicMs();
    this.finished = new Promise((resolve) => {
      this.finish = resolve;
    });
    this.status = new ServerFacts(host.clock, host.disk, config, environment, {
      database: () => this.database,
      pipeline: () => this.pipeline,
      quorum: () => this.quorumStatus(),
      elections: () => this.electionStatus(),
      proposalSizes: () => this.proposalSizes(),
      sessions: () => this.sessionsStatus(),
      own: () => this.configurations.ownServer(),
    });
    const access = makeAccess(config, host, plugins, metrics);
    this.parts = { host, metrics, config, access, sessionIds: new SessionIds(host.clock, config.myId) };
    this.clients = new ClientListener({ host, metrics, status: this.status, access, options: clientOptions(config) });
    const { oraclePath } = config.values;
    this.oracle = oraclePath === null ? null : new OracleFile(host.clock, host.disk, host.log, oraclePath);
    this.configurations = new Configurations(host.disk, host.log, config, this.oracle?.allows ?? null);
    this.rest = new Rest(host.clock, host.random);
    const { maxNotificationIntervalMs } = electionOptions(config);
    this.absent = new AbsentMembers(host.clock, config.tickTimeMs, maxNotificationIntervalMs, {
      members: () => (this.role?.leads === true ? this.ownLearners() : []),
      present: () => [this.myId, ...this.learners.map(({ sid }) => sid)],
      dial: (sid, sinceMs) => this.connections?.renew(sid, sinceMs),
      tell: (sid) => this.fastLeaderElection?.tell(sid),
    });
    this.masters = new ObservedMasters(host.random, {
      port: config.values.observerMasterPort,
      reconnectDelayMs: config.values['observer.reconnectDelayMs'],
    });
    this.reconfiguration = new Reconfiguration(config, host.log, this.configurations, {
      clients: this.clients,
      connections: () => this.connections,
      election: () => this.fastLeaderElection,
      database: () => this.database,
      leaderSid: () => this.leaderSid,
    });
    this.readOnly = new ReadOnlyService(
      this.parts,
      (pipeline) => {
        this.clients.serve(pipeline);
      },
      (tree) => {
        showMembership(tree, this.verifier(), this.host.clock);
      },
    );
    this.upkeep = new Upkeep(host, config, metrics, {
      end: (why) => {
        this.endRole(why);
      },
      yield: (why) => {
        this.yieldRole(why);
      },
    });
    metrics.gauge('quorum_size', () => this.verifier().voters.size);
    metrics.gauge('election_rounds', () => Number(this.fastLeaderElection?.round ?? 0));
    if (config.role === 'observer') metrics.gauge('observer_master_id', () => this.role?.observedSid ?? -1);
    if (config.quorumSecurity.dialsPlainToo) metrics.gauge('quorum_plain_dials_allowed', () => 1);
    publishLearnerGauges(metrics, this);
  }

  /** The elections so far; null before `start`. */
  get election(): FastLeaderElection | null {
    return this.fastLeaderElection;
  }

  // --- Server

  start(): Promise<void> {
    this.starting = this.begin();
    return this.starting;
  }

  private async begin(): Promise<void> {
    const { config, host, metrics } = this;
    if (!config.membership.members.has(this.myId)) {
      throw new StartError(PeerExit.unexpected, `myid is ${this.myId}, but the server list has no server.${this.myId}`);
    }
    let database: Database;
    try {
      // The port first, as ZooKeeper does: who started this server twice is told so before the data is touched.
      this.tlsWatch = await listenForClients(this.clients, config, host);
      this.transport = await openQuorumTransport(host, config, this.plugins.quorumKerberos, () =>
        this.configurations.known(),
      );
      database = await openDatabase(host, metrics, config);
      this.database = database;
      database.onFatal = (error) => {
        this.fail(PeerExit.unexpected, error.message);
      };
      await this.reconfiguration.recall(database);
      await this.oracle?.start();
      if (this.isStopping()) return;
      await this.upkeep.start(database);
      await this.startElection(this.transport);
    } catch (error) {
      await this.release();
      throw error;
    }
    this.loop = this.run(database);
  }

  handOver(reason: string): boolean {
    if (this.isStopping() || this.role?.handOver(reason) !== true) return false;
    this.handOverMs = this.host.clock.monotonicMs();
    return true;
  }

  stop(): Promise<void> {
    this.stopping ??= this.end({ exitCode: PeerExit.ok, reason: 'stopped' });
    return this.stopping;
  }

  prepareReload(next: ServerConfig): Promise<() => void> {
    return prepareReload(next, {
      clients: this.clients,
      status: this.status,
      access: this.parts.access,
      certificates: [this.tlsWatch, this.transport?.tlsWatch ?? null],
      authenticator: this.transport?.authenticator ?? null,
    });
  }

  adminTarget(initialConfiguration: string, control: AdminControl): AdminTarget {
    return adminTarget(this.parts, this.clients.commands, {
      initialConfiguration,
      control,
      pipeline: () => this.pipeline,
      database: () => this.database,
      verifier: () => this.verifier(),
      learners: () => this.learners,
      resetObserverStatistics: () => this.role?.resetObserverStatistics(),
      restore: (bytes) =>
        this.upkeep.restore(this.database, bytes, (tree) => {
          showMembershipIn(tree, this.verifier(), this.host.clock);
        }),
    });
  }

  private fail(exitCode: number, reason: string): void {
    if (this.stopping !== null) return;
    this.host.log.fatal(`This server ends: ${reason}`, { code: 'SERVER_FAILED' });
    this.stopping = this.end({ exitCode, reason });
  }

  private async end(end: ServerEnd): Promise<void> {
    const { clock, log } = this.host;
    if (await endsInTime(clock, log, this.tearDown(end.exitCode === PeerExit.ok))) {
      this.finish(end);
      return;
    }
    await Promise.all([this.connections?.shutdown(), this.clients.close()]);
    this.finish({ exitCode: end.exitCode || PeerExit.unexpected, reason: `${end.reason}; the disk does not answer` });
  }

  private async tearDown(isGraceful: boolean): Promise<void> {
    // What is half started could not be ended; how starting went is told to whoever called it.
    await this.starting.catch(() => undefined);
    this.upkeep.release();
    // A leader answers what it has taken before it goes; whoever leads next serves its clients.
    if (isGraceful && this.role?.handOver('this server stops') === true) {
      await endsWithin(this.host.clock, this.roleEnd, LAST_WRITES_MS);
    }
    this.readOnly.lookingEnded();
    // Clients before the role, so that they are elsewhere when it ends.
    await this.clients.drain();
    this.rest.end();
    await this.role?.shutdown('this server stops');
    await this.fastLeaderElection?.shutdown();
    await this.loop;
    await this.release(isGraceful);
  }

  private async release(isGraceful = false): Promise<void> {
    await this.upkeep.stop();
    await this.oracle?.stop();
    await this.connections?.shutdown();
    await this.reconfiguration.settled();
    this.tlsWatch?.stop();
    this.transport?.stop();
    await this.clients.close();
    const saveWithinMs = isGraceful ? this.upkeep.lastSnapshotLimitMs : 0;
    if (this.database !== null) await closeDatabase(this.database, this.host, saveWithinMs);
  }

  private async startElection({ election, authenticator }: QuorumTransport): Promise<void> {
    const { clock, log } = this.host;
    this.connections = new QuorumCnxManager(connectionOptions(this.config), {
      clock,
      network: election,
      log,
      view: this,
      authenticator,
      onElectionPortLost: () => {
        this.fail(PeerExit.electionPort, 'no election address can be listened on');
      },
    });
    await this.connections.start();
    this.fastLeaderElection = new FastLeaderElection({
      clock,
      log,
      metrics: this.metrics,
      self: this,
      transport: new SilentTransport(this.connections, () => this.upkeep.isPaused),
      options: electionOptions(this.config),
    });
    this.fastLeaderElection.start();
  }

  // --- the loop of states

  private async run(database: Database): Promise<void> {
    try {
      while (!this.isStopping()) {
        // Who was to follow this server as leader has another history by then.
        if (this.upkeep.needsPause) this.nominee = null;
        await this.upkeep.betweenRoles(database);
        if (this.isStopping()) return;
        // Nobody votes for what an observer had in memory only.
        if (this.isParticipant()) await database.resumeLogging();
        const leader = this.takeSuccessor() ?? (await this.look(database));
        if (leader === null || this.isStopping()) continue;
        if (this.upkeep.needsPause) {
          this.serverState = 'LOOKING';
          continue;
        }
        const end = await this.playRole(database, leader);
        await this.backToLooking(database, end);
      }
    } catch (error) {
      this.fail(PeerExit.unexpected, error instanceof Error ? error.message : String(error));
    }
  }

  /** Null: the election was abandoned, or this server stops. */
  private async look(database: Database): Promise<number | null> {
    this.readOnly.lookingBegan(database);
    const { nominee } = this;
    this.nominee = null;
    const vote = await this.fastLeaderElection?.lookForLeader(nominee);
    this.readOnly.lookingEnded();
    return vote?.leader ?? null;
  }

  /** The leader whom a reconfiguration named, and the part that this server has with it; null: an election decides. */
  private takeSuccessor(): number | null {
    const successor = this.reconfiguration.takeSuccessor();
    if (successor === null) return null;
    const { sid, zxid } = successor;
    this.fastLeaderElection?.appoint(sid, zxid);
    this.serverState = sid === this.myId ? 'LEADING' : this.isParticipant() ? 'FOLLOWING' : 'OBSERVING';
    this.host.log.info(`${this.serverState}: the reconfiguration names server ${sid} as leader.`, {
      code: 'LEADER_APPOINTED',
      leader: sid,
    });
    return sid;
  }

  private async playRole(database: Database, leaderSid: number): Promise<RoleEnd> {
    const role = makeRole(this.serverState, leaderSid, this.roleContext(database));
    this.role = role;
    this.leaderSid = leaderSid;
    const startedMs = this.host.clock.monotonicMs();
    const run = role.run();
    this.roleEnd = run;
    const end = await run.finally(() => {
      this.absent.rest();
    });
    this.nominee = role.heir;
    this.clients.serve(null);
    this.unavailableSinceMs = this.host.clock.monotonicMs();
    const lastedMs = this.host.clock.monotonicMs() - startedMs;
    if (lastedMs < RESTART_DELAY_MS) await sleep(this.host.clock, RESTART_DELAY_MS);
    return end;
  }

  private async backToLooking(database: Database, end: RoleEnd): Promise<void> {
    this.role = null;
    this.leaderSid = null;
    this.host.log.info(`Looking for a leader: ${end.reason}`, { code: 'LOOKING', end: end.code });
    if (this.isStopping()) return;
    await database.settle();
    await this.reconfiguration.recall(database);
    if (end.code === 'EPOCH_TOO_OLD') await this.rest.take(OLD_EPOCH_RESTS_MS[this.oldEpochs] ?? 0);
    this.oldEpochs = end.code === 'EPOCH_TOO_OLD' ? Math.min(this.oldEpochs + 1, OLD_EPOCH_RESTS_MS.length - 1) : 0;
    if (this.serverState === 'OBSERVING') await this.rest.take(this.config.values['observer.election.DelayMs']);
    this.serverState = 'LOOKING';
  }

  /** Something has to be done without a role, or against having one: `betweenRoles` does it. */
  private endRole(why: string): void {
    this.fastLeaderElection?.abandon();
    this.role?.shutdown(why).catch((error: unknown) => {
      this.fail(PeerExit.unexpected, error instanceof Error ? error.message : String(error));
    });
  }

  /** As `endRole`, but a leader answers what it has taken first, and ends when another server has all of it. */
  private yieldRole(why: string): void {
    const { role } = this;
    if (role?.handOver(why) !== true) {
      this.endRole(why);
      return;
    }
    endsWithin(this.host.clock, this.roleEnd, LAST_WRITES_MS).then(
      (inTime) => {
        if (!inTime) this.endRole(why);
      },
      // Whoever plays the role sees that, too.
      () => undefined,
    );
  }

  private roleContext(database: Database): RoleContext {
    const { configurations, reconfiguration } = this;
    return {
      configurations,
      reconfigHook: configurations.isChangeable ? reconfiguration : null,
      parts: this.parts,
      network: this.transport?.quorum ?? this.host.network,
      database,
      view: this,
      phases: this.phases,
      masters: this.masters,
      turns: this.turns,
      serving: (pipeline) => {
        this.serve(pipeline);
      },
    };
  }

  /** Who should follow or observe this server itself, were it to lead: observers may have other masters. */
  private ownLearners(): Iterable<number> {
    const { members, voters } = this.verifier();
    return (this.config.values.observerMasterPort > 0 ? voters : members).keys();
  }

  /** How long it took from losing the last role (or from the start) to serving again. */
  private measureUnavailability(): void {
    const tookMs = this.host.clock.monotonicMs() - this.unavailableSinceMs;
    this.metrics.summary('unavailable_time').record(tookMs);
    if (this.serverState === 'LEADING') this.metrics.summary('leader_unavailable_time').record(tookMs);
  }

  private isStopping(): boolean {
    return this.stopping !== null;
  }

  /** The epoch is established and clients may come. */
  private serve(pipeline: RequestPipeline): void {
    this.measureUnavailability();
    this.fastLeaderElection?.updateElectionVote(this.database?.epochs.current ?? 0);
    const leadsOnly = this.serverState === 'LEADING' && !this.config.learner.leaderServes;
    this.clients.serve(leadsOnly ? null : pipeline);
    this.phases.serving();
    if (this.serverState === 'LEADING') this.absent.seek();
    if (this.handOverMs === null) return;
    const tookMs = Math.round(this.host.clock.monotonicMs() - this.handOverMs);
    this.handOverMs = null;
    this.host.log.info(
      `The leadership was handed over to server ${this.leaderSid}; this server serves again after ${tookMs} ms.`,
      {
        code: 'HANDED_OVER',
        leader: this.leaderSid,
        tookMs,
      },
    );
  }

  // --- ElectionSelf and the view of the membership

  isParticipant(): boolean {
    return !this.reconfiguration.isObserver;
  }

  state(): ServerState {
    return this.serverState;
  }

  verifier(): QuorumVerifier {
    return this.configurations.verifier();
  }

  lastSeenVerifier(): QuorumVerifier | null {
    return this.configurations.lastSeenVerifier();
  }

  ownServer(): QuorumServer {
    return this.configurations.ownServer();
  }

  lastLoggedZxid(): number {
    return this.database?.lastLoggedZxid ?? -1;
  }

  currentEpoch(): number {
    return this.database?.epochs.current ?? 0;
  }

  elected(result: ElectionResult): void {
    this.serverState = result.state;
  }

  reportVoter(word: VoterWord): void {
    this.role?.voterLooks(word);
  }

  newerConfig(verifier: QuorumVerifier, sid: number): void {
    if (this.serverState === 'LOOKING') this.reconfiguration.learned(verifier, sid);
  }

  // --- status

  private get pipeline(): RequestPipeline | null {
    return this.role?.pipeline ?? this.readOnly.pipeline;
  }

  get learners(): readonly LearnerView[] {
    return this.role?.learners ?? [];
  }

  private quorumStatus(): QuorumStatus {
    const synced = new Set(this.learners.filter(({ isLive }) => isLive).map(({ sid }) => sid));
    const leads = this.serverState === 'LEADING';
    return {
      peerState: this.peerState(),
      leaderSid: this.leaderSid,
      epoch: this.currentEpoch(),
      members: [...this.verifier().members.values()].map(({ sid, role }) => ({
        sid,
        role,
        synced: sid === this.myId ? (this.role?.pipeline ?? null) !== null : leads ? synced.has(sid) : null,
      })),
      membershipText: this.verifier().toText(),
    };
  }

  private electionStatus(): ElectionStatus {
    return {
      sid: this.myId,
      state: this.serverState,
      leader: this.leaderSid,
      epoch: this.currentEpoch(),
      peerState: this.peerState(),
      serving: this.clients.isServing,
      elections: viewElections(this.fastLeaderElection?.trace.elections ?? [], this.phases.records, (sid) =>
        this.verifier().voters.has(sid),
      ),
    };
  }

  private peerState(): string {
    if (this.serverState === 'LOOKING') return 'looking';
    const phase = this.phases.records.at(-1);
    const name = this.serverState.toLowerCase();
    return phase === undefined || phase.durationMs !== null ? name : `${name} - ${phase.phase}`;
  }

  private proposalSizes(): SizeRange | null {
    const { gauges } = this.metrics;
    const read = (name: string): number => gauges.get(name)?.() ?? -1;
    if (this.serverState !== 'LEADING') return null;
    return { last: read('last_proposal_size'), min: read('min_proposal_size'), max: read('max_proposal_size') };
  }

  private sessionsStatus(): SessionsStatus {
    const own = this.role?.sessionsStatus();
    if (own !== undefined) return own;
    const sessions = this.database?.sessions ?? new Map<bigint, number>();
    return { kind: 'known', timeoutsMs: sessions, count: sessions.size };
  }
}
