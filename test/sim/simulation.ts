import type { TxnEntry } from '../../src/protocol/index.js';
import { formatSessionId } from '../../src/protocol/index.js';
import { checkFinalState } from './checks/final-state.js';
import { ReplyChecks } from './checks/reply-checks.js';
import { Crowd } from './client/crowd.js';
import { Probe } from './client/probe.js';
import type { ReconfigWish } from './client/requests.js';
import { type ClientSurroundings, SimClient } from './client/sim-client.js';
import { Workload } from './client/workload.js';
import { Ensemble } from './ensemble.js';
import { FAULT_KINDS, type PlannedFault } from './faults/index.js';
import type { HistoryLine } from './history.js';
import { checkSequential } from './linearizability/sequential.js';
import { checkZooKeeperHistory, describePartition } from './linearizability/zookeeper.js';
import { CommitOrder } from './model/commit-order.js';
import type { Mutant } from './mutants/index.js';
import { FAULTS_UNTIL_MS, type Plan } from './plan.js';
import { type Problem, Problems } from './problems.js';
import type { SimServer } from './server.js';
import { INIT_LIMIT, serverConfigs } from './settings.js';
import { installTaps } from './taps.js';

/** What a run came to. */
export interface Outcome {
  readonly plan: Plan;
  readonly problems: readonly Problem[];
  /** Equal for equal runs. */
  readonly fingerprint: number;
  readonly virtualMs: number;
  readonly events: readonly string[];
  readonly history: readonly HistoryLine[];
  readonly figures: Figures;
  /** All log lines of all servers with what happened, in the order of time. */
  readonly log: () => readonly string[];
}

export interface Figures {
  readonly leaders: number;
  readonly ackedWrites: number;
  readonly reads: number;
  /** Those that were answered. */
  readonly oddRequests: number;
  readonly watchEvents: number;
  readonly transactions: number;
  readonly sessionsOpened: number;
  readonly sessionsExpired: number;
  /** Nodes whose history the linearizability checker gave up on. */
  readonly undecidedPartitions: number;
  /** Servers that would not start on what was left of their disk. */
  readonly damageDetected: number;
  /** Servers whose leader noticed that they came back with less than they had acknowledged. */
  readonly olderDisksDetected: number;
  readonly reconfigurations: number;
  readonly simulatedEvents: number;
  /** Kinds of faults that happened, and how often. */
  readonly faults: Readonly<Record<string, number>>;
  /** How learners were synchronized, and how often. */
  readonly syncs: Readonly<Record<string, number>>;
}

const RESULTS: Readonly<Record<string, string>> = { false: ' (cannot happen now)', laid: ' (laid out)' };

/** After faults stop, all servers must serve again within so many initLimits, and be in step. */
const RECOVERY_INIT_LIMITS = 6;
const CALM_MS = 3000;
/** A newcomer's session, write and sync take some fsyncs and messages; it may meet a server that is just about to go. */
const PROBE_MS = 3000;
/** In calm a transaction is with everybody after so long: an fsync and six messages take 50 ms at most. */
const SETTLE_MS = 500;
/** One seed in so many ends with a power loss of everybody. */
const BLACKOUT_ONE_IN = 3;
const LINEARIZABILITY_STEPS = 50_000;
/** What histories alone are held to. */
export const HISTORY_RULES = ['writes and fresh reads linearize', 'reads are sequentially consistent'] as const;

/** One run: an ensemble, its clients, the faults of the plan, and all checkers. */
export class Simulation {
  private readonly problems: Problems;
  private readonly order: CommitOrder;
  private readonly checks: ReplyChecks;
  private readonly history: HistoryLine[] = [];
  private readonly clients: SimClient[] = [];
  private readonly workloads: Workload[] = [];
  private readonly faultCounts: Record<string, number> = {};
  private undecided = 0;
  private diskAlarms = 0;
  private isOver = false;

  private constructor(
    private readonly plan: Plan,
    private readonly ensemble: Ensemble,
    order: CommitOrder,
    problems: Problems,
  ) {
    this.order = order;
    this.problems = problems;
    this.checks = new ReplyChecks(order, problems);
    problems.onProblem = () => {
      this.isOver = true;
    };
    order.onSessionClosed = (entry) => this.sessionClosed(entry);
    ensemble.askReconfig = (wish, answered) => this.reconfigure(wish, answered);
    ensemble.crowd = new Crowd(this.workloads);
  }

  /**
   * Runs a plan to its end, or to the first problem; with a mutant, to see whether that is found. `rules`: only what breaks
   * one of these is a problem.
   */
  static async run(plan: Plan, mutant?: Mutant, rules?: readonly string[]): Promise<Outcome> {
    const configs = plan.settings.spares === null ? await serverConfigs(plan.settings) : new Map<number, never>();
    const clock = { nowMs: () => 0 };
    const counts = (rule: string): boolean => rules?.includes(rule) ?? true;
    const problems = new Problems(() => clock.nowMs(), counts);
    const order = new CommitOrder(problems);
    order.hasLocalSessions = plan.settings.localSessions;
    const ensemble = new Ensemble(plan, configs, order, problems);
    clock.nowMs = () => ensemble.world.nowMs;
    const simulation = new Simulation(plan, ensemble, order, problems);
    const removeMutant = mutant?.install();
    const removeTaps = installTaps(ensemble);
    const uncaught = (error: unknown): void => problems.report('no uncaught errors', textOf(error));
    process.on('unhandledRejection', uncaught);
    try {
      await simulation.play();
    } catch (error) {
      uncaught(error);
    } finally {
      process.off('unhandledRejection', uncaught);
      removeTaps();
      removeMutant?.();
    }
    return simulation.outcome();
  }

  private async play(): Promise<void> {
    for (const name of this.ensemble.names) this.ensemble.boot(name);
    this.startClients();
    for (const fault of this.plan.faults) {
      this.ensemble.after(fault.atMs, () => this.strike(fault));
    }
    await this.runFor(FAULTS_UNTIL_MS + 2000);
    this.ensemble.mend();
    await this.recover();
    await this.runFor(CALM_MS);
    await this.endClients();
    await this.checkServers();
    if (this.plan.seed % BLACKOUT_ONE_IN === 0) await this.blackout();
    this.diskAlarms = this.ensemble.checkDiskAlarms();
    this.checkHistory();
  }

  private async recover(): Promise<void> {
    const limitMs = RECOVERY_INIT_LIMITS * INIT_LIMIT * this.plan.settings.tickTimeMs;
    let isServing = await this.until(() => this.isServing(), limitMs);
    if (!isServing && this.ensemble.helpLost() > 0) isServing = await this.until(() => this.isServing(), limitMs);
    if (!isServing) this.report('the ensemble recovers', `not all servers serve ${limitMs} ms after the last fault`);
    await this.askAll();
  }

  /** Whether a server serves is for clients to say: one comes to each. */
  private async askAll(): Promise<void> {
    if (this.isOver) return;
    const probes = this.ensemble.members.map(({ name }) => {
      const client = `probe-${name}`;
      return new Probe(client, name, this.around(client));
    });
    for (const probe of probes) probe.start();
    await this.until(() => probes.every(({ isDone }) => isDone), PROBE_MS);
    for (const { isDone, server, state } of probes) {
      if (isDone) continue;
      this.report('every server serves its clients', `who came to ${server} waits since ${PROBE_MS} ms: ${state}`);
    }
  }

  private around(client: string): Omit<ClientSurroundings, 'servers'> {
    const { checks, ensemble, history, order, problems } = this;
    const { sessionTimeoutMs } = this.plan.settings;
    const quietForMs = (): number => ensemble.quietForMs;
    return { host: ensemble.world.host(client), order, checks, problems, history, sessionTimeoutMs, quietForMs };
  }

  /** All power goes at once, unsynced bytes with it: what was acknowledged is on the disks alone. */
  private async blackout(): Promise<void> {
    const { ensemble } = this;
    if (this.isOver) return;
    for (const name of ensemble.names) ensemble.crash(name, 'lose', 100);
    await this.recover();
    await this.checkServers();
  }

  /** Servers delete containers and old nodes by themselves at any time: what is under way arrives before they are compared. */
  private async checkServers(): Promise<void> {
    const { ensemble, order } = this;
    const isSettled = ({ database }: SimServer): boolean =>
      database?.lastLoggedZxid === order.lastZxid && database.lastAppliedZxid === order.lastZxid;
    await this.until(() => ensemble.members.every(isSettled), SETTLE_MS);
    if (!this.isOver) checkFinalState(ensemble, order, this.problems);
  }

  /** What the clients alone can tell, without a look into the servers. */
  private checkHistory(): void {
    if (this.isOver) return;
    for (const partition of checkZooKeeperHistory(this.history, LINEARIZABILITY_STEPS)) {
      const fault = describePartition(partition);
      if (fault !== undefined) this.problems.report(HISTORY_RULES[0], fault);
      if (partition.verdict.kind === 'undecided') this.undecided++;
    }
    for (const fault of checkSequential(this.history)) {
      this.problems.report(HISTORY_RULES[1], fault);
    }
  }

  private startClients(): void {
    const { burst, oddRequests, pipelined, readers, spares, thinkMs } = this.plan.settings;
    const { ensemble, order } = this;
    for (const [at, name] of ensemble.clientNames.entries()) {
      const around = this.around(name);
      const countsAnew = at === ensemble.clientNames.length - 1;
      const client = new SimClient(name, { ...around, servers: ensemble.names, countsAnew });
      const workload = new Workload(client, around.host, order.tree, {
        thinkMs,
        burst,
        pipelined,
        onlyReads: at < readers,
        odd: oddRequests ? { mayReconfigure: spares !== null } : null,
      });
      this.clients.push(client);
      this.workloads.push(workload);
      workload.start();
    }
  }

  private strike(fault: PlannedFault): void {
    const { ensemble } = this;
    const kind = FAULT_KINDS.find(({ name }) => name === fault.kind);
    const name = ensemble.find(fault.target);
    const other = ensemble.find(fault.other);
    let isCounted = false;
    const happened = (): void => {
      ensemble.disturbed();
      if (isCounted) return;
      isCounted = true;
      this.faultCounts[fault.kind] = (this.faultCounts[fault.kind] ?? 0) + 1;
    };
    const random = ensemble.random(fault.salt);
    const result = kind?.strike({ ensemble, fault, name, other, random, happened }) ?? false;
    ensemble.note(`fault: ${fault.kind} of ${name}${RESULTS[String(result)] ?? ''}`);
    if (result === true) happened();
    // What is laid out may disturb before it strikes: a disk that fills up, a server that is enrolled.
    else if (result === 'laid') ensemble.disturbed();
  }

  private reconfigure(wish: ReconfigWish, answered: (err: number) => void): boolean {
    const client = this.clients.find(({ isConnected }) => isConnected);
    client?.reconfigure(wish, answered);
    return client !== undefined;
  }

  private isServing(): boolean {
    const { lastZxid } = this.order;
    return this.ensemble.members.every(
      (server) => server.pipeline !== null && server.pipeline.lastAppliedZxid >= lastZxid,
    );
  }

  /** Half of the sessions are closed, the others left to expire; then every server must know of all that. */
  private async endClients(): Promise<void> {
    const { sessionTimeoutMs, tickTimeMs } = this.plan.settings;
    for (const workload of this.workloads) workload.stop();
    await this.runFor(SETTLE_MS);
    for (const { name, oldestUnansweredMs, server, wasHeardInCalm } of this.clients) {
      if (oldestUnansweredMs < SETTLE_MS * 0.9 || !wasHeardInCalm) continue;
      this.report(
        'requests are answered',
        `${name} waits on ${server} for ${Math.round(oldestUnansweredMs)} ms, in calm`,
      );
    }
    const [kept, ...others] = this.clients;
    for (const [at, client] of others.entries()) {
      if (at % 2 === 0) client.abandon();
      else client.closeSession();
    }
    await this.runFor(500);
    for (const client of others) client.abandon();
    await this.runFor(sessionTimeoutMs + 4 * tickTimeMs);
    const left = [...this.order.sessions.keys()].filter((id) => id !== kept?.sessionId);
    if (left.length > 0) {
      const names = left.map(formatSessionId).join(' ');
      this.report('sessions expire in time', `nobody is there any more, but these live on: ${names}`);
    }
    if (kept !== undefined && !this.order.sessions.has(kept.sessionId) && !this.order.isLocal(kept.sessionId)) {
      this.report('sessions do not expire early', `${kept.name} is connected in calm, and its session is gone`);
    }
  }

  /** A session of a client that is being answered, in calm, must not expire. */
  private sessionClosed({ header }: TxnEntry): void {
    if (header.cxid !== 0) return;
    const client = this.clients.find(({ sessionId }) => sessionId === header.clientId);
    if (client?.isConnected !== true) return;
    const timeoutMs = client.negotiatedTimeoutMs;
    const silentMs = this.ensemble.world.nowMs - client.lastAnsweredSentMs;
    if (this.ensemble.quietForMs < timeoutMs * 2 || silentMs >= timeoutMs) return;
    const text = `${client.name} on ${client.server} was answered ${Math.round(silentMs)} ms ago; its time-out is ${timeoutMs} ms`;
    this.report('sessions do not expire early', text);
  }

  private report(rule: string, text: string): void {
    if (!this.isOver) this.problems.report(rule, text);
  }

  private async runFor(virtualMs: number): Promise<void> {
    const { scheduler } = this.ensemble.world;
    const untilMs = scheduler.nowMs + virtualMs;
    await scheduler.drive(untilMs, () => this.isOver);
    if (!this.isOver) scheduler.nowMs = untilMs;
  }

  /** False: it did not come to hold in time. */
  private async until(condition: () => boolean, limitMs: number): Promise<boolean> {
    const { scheduler } = this.ensemble.world;
    const untilMs = scheduler.nowMs + limitMs;
    await scheduler.drive(untilMs, () => this.isOver || condition());
    return this.isOver || condition();
  }

  private log(): string[] {
    const { ensemble } = this;
    const lines: { atMs: number; text: string }[] = [];
    for (const name of ensemble.names) {
      for (const { atMs, level, message } of ensemble.world.host(name).log.entries) {
        lines.push({ atMs, text: `${(atMs / 1000).toFixed(6)} ${name} ${level} ${message}` });
      }
    }
    lines.push(...ensemble.events.map((text) => ({ atMs: Number.parseFloat(text) * 1000, text })));
    return lines.sort((a, b) => a.atMs - b.atMs).map(({ text }) => text);
  }

  private outcome(): Outcome {
    const { ensemble } = this;
    const { world } = ensemble;
    const sum = (of: (client: SimClient) => number) => this.clients.reduce((total, client) => total + of(client), 0);
    return {
      plan: this.plan,
      problems: this.problems.found,
      fingerprint: world.fingerprint,
      virtualMs: world.nowMs,
      events: ensemble.events,
      history: this.history,
      log: () => this.log(),
      figures: {
        leaders: this.order.epochCount,
        ackedWrites: this.checks.ackedWrites,
        reads: this.checks.reads,
        oddRequests: this.checks.oddRequests,
        watchEvents: sum((client) => client.watches.eventCount),
        transactions: this.order.size,
        sessionsOpened: sum((client) => client.sessionsOpened),
        sessionsExpired: sum((client) => client.sessionsExpired),
        undecidedPartitions: this.undecided,
        damageDetected: ensemble.damageDetected,
        olderDisksDetected: this.diskAlarms,
        simulatedEvents: world.scheduler.eventCount,
        faults: this.faultCounts,
        reconfigurations: ensemble.configurations.changes,
        syncs: ensemble.syncs,
      },
    };
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
