import { type Complaints, type Endpoint, formatEndpoint, type Socket, WaitingRoom } from '../host/index.js';
import type { InitialMessage } from '../protocol/index.js';
import { findOwn, listenEndpoints, parseGreetingAddresses } from './addresses.js';
import { ElectionListener } from './election-listener.js';
import { GreetingReader } from './greeting-reader.js';
import type { GreetingFault, GreetingOwner } from './greeting-reader.js';
import { OpenSet } from './open-set.js';
import type { ElectionConnectionDeps, ElectionConnectionOptions } from './options.js';

/** So many connections may wait at a time for their greeting to come. */
const WAITING_LIMIT = 256;
const NOTHING = Buffer.alloc(0);

/** A server has said who it is on an accepted connection. */
export type ServerArrived = (sid: number, socket: Socket, rest: Buffer, dialBack: readonly Endpoint[]) => void;

/**
 * Listens on the server's election addresses and reads greetings. Who does not greet properly loses that one connection,
 * and the log says once who it was and why.
 */
export class Acceptor implements GreetingOwner {
  private listeners: ElectionListener[] = [];
  private readonly readers = new OpenSet<GreetingReader>();
  private readonly readerOf = new Map<Socket, GreetingReader>();
  private readonly waiting = new WaitingRoom<GreetingReader>(WAITING_LIMIT);
  private stopped = false;

  constructor(
    private readonly options: ElectionConnectionOptions,
    private readonly deps: ElectionConnectionDeps,
    private readonly complaints: Complaints,
    private readonly onServer: ServerArrived,
  ) {}

  /** Resolves when each address was tried once; what failed is tried again on its own. */
  async start(): Promise<void> {
    this.listeners = this.wanted().map((endpoint) => this.listenerOf(endpoint));
    await Promise.all(this.listeners.map((listener) => listener.start()));
  }

  /** Listens where the server's line says now; what it did not say before is opened when the rest is closed. */
  async relisten(): Promise<void> {
    const wanted = this.wanted();
    const isAt = (endpoint: Endpoint, { endpoint: at }: ElectionListener): boolean =>
      at.host === endpoint.host && at.port === endpoint.port;
    const leaving = this.listeners.filter((listener) => !wanted.some((endpoint) => isAt(endpoint, listener)));
    const fresh = wanted.filter((endpoint) => !this.listeners.some((listener) => isAt(endpoint, listener)));
    const coming = fresh.map((endpoint) => this.listenerOf(endpoint));
    this.listeners = [...this.listeners.filter((listener) => !leaving.includes(listener)), ...coming];
    await Promise.all(leaving.map((listener) => listener.close()));
    if (!this.stopped) await Promise.all(coming.map((listener) => listener.start()));
  }

  private wanted(): Endpoint[] {
    const { deps, options } = this;
    const server = findOwn(deps.view, options.myId);
    if (server === null) throw new Error(`server ${options.myId} is not in the list of servers`);
    return listenEndpoints(server, options.listenOnAllIPs);
  }

  private listenerOf(endpoint: Endpoint): ElectionListener {
    const { deps, options } = this;
    return new ElectionListener(endpoint, {
      clock: deps.clock,
      network: deps.network,
      log: deps.log,
      maxAttempts: options.electionPortBindRetry,
      onConnection: (socket) => {
        this.accept(socket);
      },
      onFailed: () => {
        if (this.listeners.every(({ state }) => state === 'failed')) deps.onElectionPortLost();
      },
    });
  }

  /** Resolves when the ports are free and no ungreeted connection is left. */
  async shutdown(): Promise<void> {
    this.stopped = true;
    const closing = this.listeners.map((listener) => listener.close());
    for (const reader of this.readers.list()) reader.abandon();
    await Promise.all([...closing, this.readers.emptied()]);
  }

  private accept(socket: Socket): void {
    if (this.stopped) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(this.options.tcpKeepAlive);
    const reader = new GreetingReader(socket, this, this.deps.clock, this.options.greetingTimeoutMs);
    this.readers.add(reader);
    this.readerOf.set(socket, reader);
    const leaving = this.waiting.enter(reader, socket.remote.host);
    leaving?.reject('CROWDED', `more than ${WAITING_LIMIT} connections have not said who they are`);
  }

  greeted(reader: GreetingReader, message: InitialMessage, rest: Buffer): void {
    this.waiting.leave(reader);
    const { socket } = reader;
    const endpoints = parseGreetingAddresses(message.addresses);
    if (endpoints === null) {
      const reason = `server ${message.sid} says it is at "${message.addresses.join('|')}", which is no list of addresses`;
      this.rejected(socket, 'GARBAGE', reason);
      socket.destroy();
      return;
    }
    const { authenticator } = this.deps;
    if (authenticator === undefined || authenticator === null) {
      this.onServer(message.sid, socket, rest, endpoints);
      return;
    }
    socket.unread(rest);
    authenticator.accepted(socket, this.options.greetingTimeoutMs).then(
      () => {
        if (this.stopped) socket.destroy();
        else this.onServer(message.sid, socket, NOTHING, endpoints);
        // Not the reader but the authenticator hears of its end now.
        this.release(socket);
      },
      (error: unknown) => {
        this.rejected(socket, 'UNPROVEN', `server ${message.sid}: ${(error as Error).message}`);
        this.release(socket);
      },
    );
  }

  rejected(socket: Socket, fault: GreetingFault, reason: string): void {
    const from = formatEndpoint(socket.remote);
    const message = `Closed a connection to the election port from ${from}: ${reason}`;
    const fields = { code: 'ELECTION_GREETING', fault, remote: from };
    // Load balancers and port probes close without a word, over and over.
    if (fault === 'SILENT') this.deps.log.debug(message, fields);
    else this.complaints.warn(`greeting ${socket.remote.host} ${fault}`, message, fields);
  }

  closed(socket: Socket): void {
    this.release(socket);
  }

  /** The socket belongs to somebody else now, or is closed. */
  release(socket: Socket): void {
    const reader = this.readerOf.get(socket);
    if (reader === undefined) return;
    this.readerOf.delete(socket);
    this.readers.delete(reader);
    this.waiting.leave(reader);
  }
}
