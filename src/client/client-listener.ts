import type { Access } from '../auth/index.js';
import { type Endpoint, formatEndpoint, type Host, type Listener, sleep, type Socket } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import type { RequestPipeline } from '../pipeline/index.js';
import type { ServerStatus } from '../status/index.js';
import { ClientHub } from './client-hub.js';
import { ClientConnection } from './connection.js';
import type { CommandContext } from './four-letter/index.js';
import { type Admit, type ClientTls, SecureAccept, type Transport } from './secure-accept.js';
import { type ClientOptions, DEFAULT_CLIENT_OPTIONS, type TunableOptions } from './options.js';

/** What is under way when this server stops gets so long to be answered; mostly it is at once. */
const DRAIN_MS = 1000;
/** Clients get so long to read their last answers and close their side; mostly they do at once. */
const LINGER_MS = 500;
const LOOK_MS = 5;

export interface ClientListenerDeps {
  readonly host: Host;
  readonly metrics: Metrics;
  readonly status: ServerStatus;
  readonly access: Access;
  /** What is absent is as in `DEFAULT_CLIENT_OPTIONS`. */
  readonly options?: Partial<ClientOptions>;
}

/**
 * The client port: accepts connections, and serves them from the pipeline of the role that this server has. Without one,
 * four-letter words are answered and sessions are refused.
 */
export class ClientListener {
  private readonly host: Host;
  private readonly hub: ClientHub;
  private listeners: Listener[] = [];
  private secureAccept: SecureAccept | null = null;
  private isClosed = false;
  private isDraining = false;

  constructor(deps: ClientListenerDeps) {
    this.host = deps.host;
    const options = { ...DEFAULT_CLIENT_OPTIONS, ...deps.options };
    this.hub = new ClientHub(deps.host, deps.metrics, deps.status, deps.access, options);
  }

  /** Where it listens. */
  get endpoints(): readonly Endpoint[] {
    return this.listeners.map((listener) => listener.endpoint);
  }

  /** The keys and rules of ports that speak TLS; to be called before one is opened. */
  useTls(tls: ClientTls): void {
    this.secureAccept = new SecureAccept(this.hub, this.host.network, tls);
  }

  /**
   * Listens on every endpoint; fails with a `NetworkError` (and listens on none) when one cannot be had.
   * `backlog` is the system's default when absent.
   */
  async listen(endpoints: readonly Endpoint[], backlog?: number, transport: Transport = 'plain'): Promise<void> {
    const opened: Listener[] = [];
    try {
      for (const endpoint of endpoints) {
        const options = backlog === undefined ? { endpoint } : { endpoint, backlog };
        opened.push(await this.host.network.listen(options, (socket) => this.accept(socket, transport)));
      }
    } catch (error) {
      await Promise.all(opened.map((listener) => listener.close()));
      throw error;
    }
    if (this.isClosed || this.isDraining) await Promise.all(opened.map((listener) => listener.close()));
    else this.listeners.push(...opened);
  }

  /**
   * Stops listening at `from` and listens at `to` instead (null: nowhere). Connections that are open stay. When `to` cannot
   * be had it fails with a `NetworkError` and, if it can, listens at `from` as before.
   */
  async move(
    from: Endpoint | null,
    to: Endpoint | null,
    backlog?: number,
    transport: Transport = 'plain',
  ): Promise<void> {
    const isLeft = ({ endpoint }: Listener): boolean => from !== null && endpoint.port === from.port;
    const leaving = this.listeners.filter(isLeft);
    this.listeners = this.listeners.filter((listener) => !isLeft(listener));
    await Promise.all(leaving.map((listener) => listener.close()));
    if (to === null || this.isClosed) return;
    try {
      await this.listen([to], backlog, transport);
    } catch (error) {
      if (from !== null) await this.listen([from], backlog, transport);
      throw error;
    }
  }

  /**
   * Serves from this pipeline from now on; null: not at all. Sessions of the pipeline before are closed, so that their
   * clients look for a server that serves.
   */
  serve(pipeline: RequestPipeline | null): void {
    if (pipeline === this.hub.pipeline) return;
    this.hub.pipeline = pipeline;
    this.hub.closeSessions('the role of this server changed');
    this.hub.flush();
  }

  /** Limits and whitelist for what comes from now on. */
  retune(options: TunableOptions): void {
    this.hub.retune(options);
  }

  /** What four-letter words see of the clients, for others who tell of them. */
  get commands(): CommandContext {
    return this.hub;
  }

  get isServing(): boolean {
    return this.hub.pipeline !== null;
  }

  /** Sends at once what was gathered for the end of the turn: to be called when a batch of commits is applied. */
  flush(): void {
    this.hub.flush();
  }

  /**
   * Takes no one in and nothing on any more, gives the answers that are under way a moment, and ends the connections of all
   * sessions, so that their clients go to another server at once. What they send meanwhile is not done, and not answered.
   */
  async drain(): Promise<void> {
    this.isDraining = true;
    const { listeners } = this;
    this.listeners = [];
    await Promise.all(listeners.map((listener) => listener.close()));
    this.hub.holdBack();
    await this.atMost(DRAIN_MS, () => this.hub.traffic.outstanding === 0);
    this.serve(null);
  }

  /** Closes the port and every connection, which may first be read to its end by its client. */
  async close(): Promise<void> {
    this.isClosed = true;
    const listeners = this.listeners;
    this.listeners = [];
    this.secureAccept?.stop();
    this.hub.closeAll('the server stops');
    await Promise.all(listeners.map((listener) => listener.close()));
    await this.atMost(LINGER_MS, () => this.hub.areAllGone);
    this.hub.stop();
  }

  private async atMost(limitMs: number, isDone: () => boolean): Promise<void> {
    const { clock } = this.host;
    const endMs = clock.monotonicMs() + limitMs;
    while (!isDone() && clock.monotonicMs() < endMs) await sleep(clock, LOOK_MS);
  }

  private accept(socket: Socket, transport: Transport): void {
    const { host } = socket.remote;
    // ZooKeeper counts the connections of each of its ports by themselves.
    const limitKey = transport === 'tls' ? `tls ${host}` : host;
    const refusal = this.isClosed ? 'this server stops' : this.hub.limits.add(limitKey, host);
    if (refusal !== null) {
      this.hub.traffic.connectionsRejected.add();
      this.hub.complaints.warn(`refused ${host}`, `Error accepting new connection: ${refusal}`, {
        code: 'CONNECTION_REFUSED',
        remote: formatEndpoint(socket.remote),
      });
      // Nobody listens: what the client may have sent is thrown away with the socket.
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    if (this.hub.options.tcpKeepAlive) socket.setKeepAlive(true);
    const gone = (): void => this.hub.limits.remove(limitKey);
    const admit: Admit = (admitted, ids) => {
      if (this.isClosed) {
        admitted.destroy();
        gone();
        return;
      }
      const connection = new ClientConnection(this.hub, admitted, limitKey, ids);
      this.hub.came(connection);
      admitted.start(connection);
    };
    if (transport === 'plain') admit(socket, []);
    else if (this.secureAccept !== null) this.secureAccept.accept(socket, transport, admit, gone);
    else throw new Error('a port with TLS is open, but useTls was not called');
  }
}
