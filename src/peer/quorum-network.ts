import type { QuorumAuthenticator } from '../connection/index.js';
import {
  type Clock,
  type Endpoint,
  formatEndpoint,
  type Listener,
  type ListenOptions,
  type Logger,
  type Network,
  NetworkError,
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
  /** And plainly where the other one does not speak TLS? */
  readonly dialsPlainToo: boolean;
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
  /** By which host the server at this address is known. */
  readonly hostOf: (endpoint: Endpoint) => string;
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
    const { network, tls, authenticator, authTimeoutMs, hostOf } = this.deps;
    const socket =
      tls?.dials === true
        ? await this.dialSecurely(target, timeoutMs, tls, cancel)
        : await network.dial(target, timeoutMs, cancel);
    if (authenticator === null) return socket;
    const giveUp = (): void => {
      socket.destroy();
    };
    cancel?.addEventListener('abort', giveUp);
    try {
      await authenticator.dialled(socket, hostOf(target), authTimeoutMs);
    } finally {
      cancel?.removeEventListener('abort', giveUp);
    }
    return socket;
  }

  private async dialSecurely(
    target: Endpoint,
    timeoutMs: number,
    { context, dialsPlainToo }: QuorumTls,
    cancel: AbortSignal | undefined,
  ): Promise<Socket> {
    const { clock, network } = this.deps;
    const startedMs = clock.monotonicMs();
    const leftMs = (): number => Math.max(1, timeoutMs - (clock.monotonicMs() - startedMs));
    const socket = await network.dial(target, timeoutMs, cancel);
    try {
      return await network.secure(socket, { context, side: 'dial', timeoutMs: leftMs(), peerHost: target.host });
    } catch (error) {
      if (!dialsPlainToo || !(error instanceof NetworkError) || error.code !== 'NOT_TLS') throw error;
      this.tellOfPlainDial(target);
      return network.dial(target, leftMs(), cancel);
    }
  }

  private tellOfPlainDial(target: Endpoint): void {
    const where = formatEndpoint(target);
    if (!this.mayComplain(`plain ${where}`)) return;
    const message = `${where} does not speak TLS and is dialled plainly, as sslQuorumPlainDials says.`;
    this.deps.log.warn(message, { code: 'QUORUM_DIALLED_PLAIN', remote: where });
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
    if (!this.mayComplain(key)) return;
    const remote = formatEndpoint(socket.remote);
    this.deps.log.warn(`Closed a connection from ${remote} to a port for servers: ${why}`, {
      code: 'QUORUM_REFUSED',
      remote,
    });
  }

  private mayComplain(key: string): boolean {
    const nowMs = this.deps.clock.monotonicMs();
    if (nowMs < (this.quietUntilMs.get(key) ?? Number.NEGATIVE_INFINITY)) return false;
    if (this.quietUntilMs.size >= MOST_REMEMBERED) this.quietUntilMs.clear();
    this.quietUntilMs.set(key, nowMs + QUIET_MS);
    return true;
  }
}
