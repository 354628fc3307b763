import type { Access } from '../auth/index.js';
import { type Clock, Complaints, type Host, type Logger, Slice, type Timer } from '../host/index.js';
import { JuteReader } from '../jute/index.js';
import { type Metrics, NamespaceSizes } from '../metrics/index.js';
import type { RequestPipeline } from '../pipeline/index.js';
import { REQUEST_HEADER_BYTES } from '../protocol/index.js';
import type { ServerStatus } from '../status/index.js';
import { BodyCopies } from './body-copies.js';
import type { ClientConnection } from './connection.js';
import { AuditTrail } from './audit-trail.js';
import { ConnectionLimits } from './connection-limits.js';
import { ConnectionThrottle } from './connection-throttle.js';
import { EventFrames } from './event-frames.js';
import { type AnyWord, answerWord, type CommandContext, mayAsk, parseWhitelist } from './four-letter/index.js';
import { LargeRequests } from './large-requests.js';
import type { ClientOptions, TunableOptions } from './options.js';
import { WriterPool } from './outbox.js';
import { complainOfReply, type LargeReply } from './oversize.js';
import { publishQuotas } from './quota-gauges.js';
import { Reads } from './reads.js';
import { RequestThrottle } from './request-throttle.js';
import { Roster } from './roster.js';
import { ClientTraffic } from './traffic.js';
import { WatchSweeper } from './watch-sweeper.js';

/** How often connections without a sign of life are looked for, at most. */
const SWEEP_MS = 1000;
/** A connection that said its last word is waited for so long. */
const GRACE_MS = 2000;
/** Bodies of unanswered requests: from here on connections that have some are not read. */
const OUTSTANDING_BYTES = 100 * 1024 * 1024;
/** ZooKeeper's mask, which nothing here depends on: requests, server packets, sessions, warnings. */
const TRACE_MASK = 0x132n;

/** What all connections of a server share. */
export class ClientHub implements CommandContext {
  readonly clock: Clock;
  readonly log: Logger;
  /** About clients that misbehave. */
  readonly complaints: Complaints;
  readonly traffic: ClientTraffic;
  readonly limits: ConnectionLimits;
  readonly watchSweeper: WatchSweeper;
  readonly connectionThrottle: ConnectionThrottle;
  readonly largeRequests: LargeRequests;
  /** Null: no request is held back. */
  readonly requestThrottle: RequestThrottle | null;
  readonly writers = new WriterPool();
  readonly bodies = new BodyCopies();
  readonly events = new EventFrames();
  readonly reads: Reads;
  /** For frames in a chunk, and for the bodies of reads that waited. */
  readonly reader = new JuteReader(Buffer.alloc(0));
  readonly waitingReader = new JuteReader(Buffer.alloc(0));
  readonly connections = new Roster<ClientConnection>();
  readonly truthfulRuok: boolean;
  /** Null: nothing is audited. */
  readonly audit: AuditTrail | null;
  traceMask = TRACE_MASK;
  /** TLS handshakes that are under way. */
  outstandingHandshakes = 0;
  /** Null while this server does not serve. */
  pipeline: RequestPipeline | null = null;
  /** This server stops: connections take nothing on any more. */
  isHeldBack = false;
  private readonly leaving = new Roster<ClientConnection>();
  private allowedWords: ReadonlySet<string>;
  private dueConnections: ClientConnection[] = [];
  private isDeferred = false;
  private sweepTimer: Timer | null = null;
  private nextSweepMs = 0;
  /** Monotonic; NaN: not read in this turn. */
  private turnMs = Number.NaN;

  constructor(
    host: Host,
    readonly metrics: Metrics,
    readonly status: ServerStatus,
    readonly access: Access,
    public options: ClientOptions,
  ) {
    this.clock = host.clock;
    this.log = host.log;
    this.complaints = new Complaints(host.clock, host.log);
    this.audit = host.audit === undefined ? null : new AuditTrail(host.audit, access);
    this.traffic = new ClientTraffic(metrics);
    this.watchSweeper = new WatchSweeper(host.clock);
    this.limits = new ConnectionLimits(options.maxClientCnxns, options.maxCnxns);
    this.connectionThrottle = new ConnectionThrottle(options.connectionThrottle, host.random, host.clock.monotonicMs());
    this.largeRequests = new LargeRequests(options.largeRequestThresholdBytes, options.largeRequestMaxBytes, metrics);
    this.requestThrottle =
      options.requestThrottle.maxRequests > 0
        ? new RequestThrottle(options.requestThrottle, host.clock, metrics, () => this.traffic.outstanding)
        : null;
    const tell = (reply: LargeReply): void => {
      complainOfReply(this.complaints, reply);
    };
    const sizes = new NamespaceSizes(metrics, 'read_per_namespace');
    this.reads = new Reads(access, host.log, options.juteMaxBufferBytes, tell, sizes);
    this.allowedWords = parseWhitelist(options.commandWhitelist, options.readOnlyMode);
    this.truthfulRuok = options.truthfulRuok;
    this.registerGauges();
  }

  /** Takes the limits and the whitelist of `options` for what comes from now on; the rest stays as it is. */
  retune(options: TunableOptions): void {
    const { maxClientCnxns, maxCnxns, globalOutstandingLimit, commandWhitelist } = options;
    this.options = { ...this.options, maxClientCnxns, maxCnxns, globalOutstandingLimit, commandWhitelist };
    this.limits.change(maxClientCnxns, maxCnxns);
    this.allowedWords = parseWhitelist(commandWhitelist, this.options.readOnlyMode);
  }

  /** Too much is under way: connections with unanswered requests are not read until some of it is done. */
  get isOverloaded(): boolean {
    const { outstanding, outstandingBytes } = this.traffic;
    return outstanding > this.options.globalOutstandingLimit || outstandingBytes > OUTSTANDING_BYTES;
  }

  /** A request (its body is so long) is under way. */
  requestCame(bodyBytes: number): void {
    this.traffic.requestCame(bodyBytes);
    this.largeRequests.came(REQUEST_HEADER_BYTES + bodyBytes);
  }

  /** It is answered, or nobody waits for it any more. */
  requestDone(bodyBytes: number): void {
    this.traffic.requestDone(bodyBytes);
    this.largeRequests.done(REQUEST_HEADER_BYTES + bodyBytes);
    this.requestThrottle?.wakeSoon();
  }

  // ----- connections

  came(connection: ClientConnection): void {
    this.connections.add(connection);
    this.sweepTimer ??= this.armSweep();
  }

  /** It says its last words; it does not count as a connection any more. */
  left(connection: ClientConnection): void {
    if (this.connections.delete(connection)) this.leaving.add(connection);
  }

  /** Its socket is closed. */
  gone(connection: ClientConnection): void {
    this.left(connection);
    if (this.leaving.delete(connection)) this.limits.remove(connection.limitKey);
  }

  /** Ends every connection that has (or waits for) a session. */
  closeSessions(why: string): void {
    for (const connection of [...this.connections]) if (connection.isTalking) connection.leave(why);
  }

  /** No connection takes further requests, and no session begins. It is not taken back. */
  holdBack(): void {
    this.isHeldBack = true;
    for (const connection of this.connections) connection.holdBack();
  }

  /** Every connection says its last words. */
  closeAll(why: string): void {
    for (const connection of [...this.connections]) connection.leave(why);
    this.flush();
  }

  /** Neither open nor on their way out. */
  get areAllGone(): boolean {
    return this.connections.size + this.leaving.size === 0;
  }

  /** Nothing of the hub's may happen after this. */
  stop(): void {
    for (const connection of [...this.connections, ...this.leaving]) connection.destroy('the server stops');
    this.requestThrottle?.stop();
    this.watchSweeper.stop();
    this.sweepTimer?.cancel();
    this.sweepTimer = null;
  }

  // ----- turns

  /** The clock, read once for all requests that are answered until `flush`. */
  get nowMs(): number {
    if (Number.isNaN(this.turnMs)) this.turnMs = this.clock.monotonicMs();
    return this.turnMs;
  }

  /** Lets the connection send what it has, and go on, at the end of this turn. */
  later(connection: ClientConnection): void {
    if (connection.isDue) return;
    connection.isDue = true;
    this.dueConnections.push(connection);
    this.defer();
  }

  private readonly onDeferred = (): void => {
    this.isDeferred = false;
    this.flush();
  };

  /** Does at once what was left for the end of the turn; when it is very much, the rest in the next ones. */
  flush(): void {
    this.turnMs = Number.NaN;
    const due = this.dueConnections;
    if (due.length === 0) return;
    this.dueConnections = [];
    const slice = new Slice(this.clock);
    let ended = 0;
    for (const connection of due) {
      if (slice.isOver()) break;
      ended++;
      connection.isDue = false;
      connection.endTurn();
    }
    if (ended === due.length) return;
    this.dueConnections = [...due.slice(ended), ...this.dueConnections];
    this.defer();
  }

  private defer(): void {
    if (this.isDeferred) return;
    this.isDeferred = true;
    this.clock.defer(this.onDeferred);
  }

  // ----- four-letter words

  answerCommand(
    word: AnyWord,
    argument: Buffer,
    client: { readonly isLocal: boolean; readonly remoteText: string },
    done: (text: string) => void,
  ): void {
    this.log.debug(`The client ${client.remoteText} asks ${word}.`, { code: 'FOUR_LETTER_WORD' });
    const isAllowed = mayAsk(word, client.isLocal, this.allowedWords);
    answerWord(word, argument, isAllowed, this).then(done, (error: unknown) => {
      this.log.error(`The answer to ${word} could not be made.`, { code: 'FOUR_LETTER_WORD', error });
      done('');
    });
  }

  // ----- time

  private armSweep(): Timer {
    const everyMs = Math.min(SWEEP_MS, this.options.sessionlessTimeoutMs / 2);
    this.nextSweepMs = this.clock.monotonicMs() + everyMs;
    return this.clock.after(everyMs, () => {
      this.sweepTimer = null;
      this.sweep(everyMs);
      if (this.connections.size + this.leaving.size > 0) this.sweepTimer = this.armSweep();
    });
  }

  private sweep(everyMs: number): void {
    const nowMs = this.clock.monotonicMs();
    // When this process stood still, what came meanwhile has not been read yet: it is no sign of silence.
    if (nowMs > this.nextSweepMs + everyMs) return;
    for (const connection of [...this.connections]) {
      if (nowMs <= connection.idleDeadlineMs) continue;
      this.traffic.sessionlessExpired.add();
      connection.leaveSilently();
    }
    for (const connection of [...this.leaving]) {
      if (connection.isAbandoned(nowMs, GRACE_MS)) connection.destroy('the client does not close it');
    }
  }

  // ----- figures

  private registerGauges(): void {
    const { metrics } = this;
    const whileServing = (name: string, read: (pipeline: RequestPipeline) => number): void => {
      metrics.gauge(name, () => (this.pipeline === null ? Number.NaN : read(this.pipeline)));
    };
    metrics.gauge('num_alive_connections', () => this.connections.size);
    metrics.gauge('connection_drop_probability', () => this.connectionThrottle.dropProbability);
    metrics.gauge('outstanding_tls_handshake', () => this.outstandingHandshakes);
    metrics.gauge('non_mtls_local_conn_count', () => 0);
    metrics.gauge('non_mtls_remote_conn_count', () => 0);
    metrics.gauge('uptime', () => Math.floor(this.status.uptimeMs()));
    whileServing('znode_count', ({ tree }) => tree.nodeCount);
    whileServing('watch_count', ({ tree }) => tree.watchCount);
    whileServing('ephemerals_count', ({ tree }) => tree.ephemeralCount);
    whileServing('approximate_data_size', ({ tree }) => tree.approximateDataSize);
    whileServing('global_sessions', ({ stats }) => stats.globalSessions);
    whileServing('local_sessions', ({ stats }) => stats.localSessions);
    publishQuotas(metrics, () => this.pipeline?.tree ?? null);
  }
}
