import type { QuorumAuthenticator } from '../connection/index.js';
import {
  type Clock,
  type Endpoint,
  formatEndpoint,
  type Listener,
  type ListenOptions,
  type Logger,
  type Network,
  type SecureOptions,
  sniffTls,
  type Socket,
  type TlsContext,
  type TlsOptions,
} from '../host/index.js';

/** TLS between servers. */
export interface QuorumTls {
  readonly context: TlsContext;
  readonly handshakeTimeoutMs: number;
  /** Does this server dial with TLS? */
  readonly dials: boolean;
  /** Are plain connections accepted, too? */
  readonly acceptsPlain: boolean;
}

export interface QuorumNetworkDeps {
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Logger;
  /** Null: without TLS. */
  readonly tls: QuorumTls | null;
  /** Null: no SASL before the first byte. */
  readonly authenticator: QuorumAuthenticator | null;
  readonly authTimeoutMs: number;
}

/** The same complaint about the same host is told once in so long. */
const QUIET_MS = 60_000;
const MOST_REMEMBERED = 1000;

/** The network between servers: whoever listens or dials through it gets connections that are encrypted and proven. */
export class QuorumNetwork implements Network {
  private readonly quietUntilMs = new Map<string, number>();

  constructor(private readonly deps: QuorumNetworkDeps) {}

  async listen(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Listener> {
    const pending = new Set<Socket>();
    let isClosed = false;
    const listener = await this.deps.network.listen(options, (socket) => {
      pending.add(socket);
      this.admit(socket).then(
        (admitted) => {
          pending.delete(socket);
          if (admitted === null) return;
          if (isClosed) admitted.destroy();
          else onConnection(admitted);
        },
        (error: unknown) => {
          pending.delete(socket);
          if (!isClosed) this.complain(socket, error);
        },
      );
    });
    return {
      endpoint: listener.endpoint,
      close: () => {
        isClosed = true;
        for (const socket of pending) socket.destroy();
        return listener.close();
      },
    };
  }

  async dial(target: Endpoint, timeoutMs: number, cancel?: AbortSignal): Promise<Socket> {
    const { clock, network, tls, authenticator, authTimeoutMs } = this.deps;
    const startedMs = clock.monotonicMs();
    let socket = await network.dial(target, timeoutMs, cancel);
    if (tls?.dials === true) {
      const leftMs = Math.max(1, timeoutMs - (clock.monotonicMs() - startedMs));
      const { context } = tls;
      socket = await network.secure(socket, { context, side: 'dial', timeoutMs: leftMs, peerHost: target.host });
    }
    await authenticator?.dialled(socket, authTimeoutMs);
    return socket;
  }

  loadTls(options: TlsOptions): Promise<TlsContext> {
    return this.deps.network.loadTls(options);
  }

  secure(socket: Socket, options: SecureOptions): Promise<Socket> {
    return this.deps.network.secure(socket, options);
  }

  /** Null: whoever dialled has gone without a word. When this rejects, the socket is closed or about to be. */
  private async admit(socket: Socket): Promise<Socket | null> {
    const secured = await this.secured(socket);
    if (secured !== null) await this.deps.authenticator?.accepted(secured, this.deps.authTimeoutMs);
    return secured;
  }

  private async secured(socket: Socket): Promise<Socket | null> {
    const { network, clock, tls } = this.deps;
    if (tls === null) return socket;
    const { context, handshakeTimeoutMs: timeoutMs } = tls;
    const said = await sniffTls(socket, clock, timeoutMs);
    if (said === 'closed') return null;
    if (said === 'tls') return network.secure(socket, { context, side: 'accept', timeoutMs });
    if (tls.acceptsPlain) return socket;
    socket.destroy();
    throw new Error('it does not speak TLS, which sslQuorum asks for (portUnification=true would take both)');
  }

  private complain(socket: Socket, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    const key = `${socket.remote.host} ${why.replace(/[0-9]+/g, '')}`;
    const nowMs = this.deps.clock.monotonicMs();
    if (nowMs < (this.quietUntilMs.get(key) ?? Number.NEGATIVE_INFINITY)) return;
    if (this.quietUntilMs.size >= MOST_REMEMBERED) this.quietUntilMs.clear();
    this.quietUntilMs.set(key, nowMs + QUIET_MS);
    const remote = formatEndpoint(socket.remote);
    this.deps.log.warn(`Closed a connection from ${remote} to a port for servers: ${why}`, {
      code: 'QUORUM_REFUSED',
      remote,
    });
  }
}
