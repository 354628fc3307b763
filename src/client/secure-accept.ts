import type { Id } from '../protocol/index.js';
import { formatEndpoint, type Network, sniffTls, type Socket, type TlsContext } from '../host/index.js';
import { ID_LIMITS, withIds } from './auth-ids.js';
import type { ClientHub } from './client-hub.js';

/** What a client port speaks; `either`: the first byte of a connection tells. */
export type Transport = 'plain' | 'tls' | 'either';

/** TLS of the client ports. */
export interface ClientTls {
  readonly context: TlsContext;
  readonly handshakeTimeoutMs: number;
  /** `netty.server.outstandingHandshake.limit`: at the same time; 0 or less: no limit. */
  readonly maxHandshakes: number;
  /** `netty.server.earlyDropSecureConnectionHandshakes`: is nobody let in while this server does not serve? */
  readonly dropsEarly: boolean;
}

/** A connection may begin: `ids` are the client's from its certificate. */
export type Admit = (socket: Socket, ids: readonly Id[]) => void;

/** The way of an accepted socket through its handshake. */
export class SecureAccept {
  private readonly pending = new Set<Socket>();

  constructor(
    private readonly hub: ClientHub,
    private readonly network: Network,
    private readonly tls: ClientTls,
  ) {}

  /** Calls `admit`, or closes the socket and calls `gone`. */
  accept(socket: Socket, transport: 'tls' | 'either', admit: Admit, gone: () => void): void {
    const refusal = this.refusal();
    if (refusal !== null) {
      refusal.add();
      socket.destroy();
      gone();
      return;
    }
    this.pending.add(socket);
    this.hub.outstandingHandshakes++;
    this.begin(socket, transport).then(
      (result) => {
        this.leave(socket);
        if (result === null) gone();
        else admit(result.socket, result.ids);
      },
      (error: unknown) => {
        this.leave(socket);
        this.tellFailure(socket, error);
        gone();
      },
    );
  }

  /** Ends the handshakes that are under way. */
  stop(): void {
    for (const socket of this.pending) socket.destroy();
  }

  private refusal(): { add(): void } | null {
    const { hub, tls } = this;
    if (tls.dropsEarly && hub.pipeline === null) return hub.traffic.refusedWhileNotServing;
    if (tls.maxHandshakes > 0 && hub.outstandingHandshakes >= tls.maxHandshakes) return hub.traffic.handshakesExceeded;
    return null;
  }

  private leave(socket: Socket): void {
    this.pending.delete(socket);
    this.hub.outstandingHandshakes--;
  }

  private async begin(
    socket: Socket,
    transport: 'tls' | 'either',
  ): Promise<{ socket: Socket; ids: readonly Id[] } | null> {
    const { hub, network, tls } = this;
    if (transport === 'either') {
      const said = await sniffTls(socket, hub.clock, hub.options.sessionlessTimeoutMs);
      if (said === 'closed') return null;
      if (said === 'plain') return { socket, ids: [] };
    }
    const { context, handshakeTimeoutMs: timeoutMs } = tls;
    const secured = await network.secure(socket, { context, side: 'accept', timeoutMs });
    return { socket: secured, ids: this.idsOf(secured) };
  }

  private idsOf(socket: Socket): readonly Id[] {
    const certificates = socket.security?.peerCertificates ?? [];
    if (certificates.length === 0) return [];
    const outcome = this.hub.access.authenticateCertificate({ remoteHost: socket.remote.host, certificates });
    if (outcome.kind !== 'accepted') {
      socket.destroy();
      throw new Error('its certificate is nobody’s that the scheme of ssl.authProvider knows');
    }
    const ids = withIds([], outcome.ids);
    if (ids !== null) return ids;
    socket.destroy();
    throw new Error(`its certificate gives it too many ids, or too long ones: ${ID_LIMITS}`);
  }

  private tellFailure(socket: Socket, error: unknown): void {
    const { hub } = this;
    hub.traffic.authFailures++;
    hub.traffic.handshakesFailed.add();
    const why = error instanceof Error ? error.message : String(error);
    const remote = formatEndpoint(socket.remote);
    hub.complaints.warn(`handshake ${socket.remote.host}`, `The client ${remote} is not let in: ${why}`, {
      code: 'TLS_HANDSHAKE',
      remote,
    });
  }
}
