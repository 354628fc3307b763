import {
  DigestMd5Client,
  DigestMd5Server,
  QUORUM_SERVICE,
  type SaslClient,
  SaslError,
  type SaslServerStep,
} from '../auth/index.js';
import type { Clock, Random, Socket } from '../host/index.js';
import {
  encodeQuorumAuth,
  QUORUM_AUTH_MAGIC,
  QUORUM_AUTH_MAGIC_BYTES,
  type QuorumAuthPacket,
  QuorumAuthStatus,
  readQuorumAuth,
} from '../protocol/index.js';
import { readOne, SocketEnded } from './read-one.js';

export interface QuorumAuthOptions {
  /** As whom this server logs in where it dials; null: it does not. */
  readonly client: { readonly user: string; readonly password: string } | null;
  /** Who may log in here. */
  readonly users: ReadonlyMap<string, string>;
  /** Are those refused who do not log in? */
  readonly serverRequires: boolean;
}

/** A server that did not prove itself, or did not believe this one. */
export class QuorumAuthError extends Error {
  override readonly name = 'QuorumAuthError';
}

const NO_TOKEN = Buffer.alloc(0);
/** The other side gets so long to close a connection that is refused. */
const FAREWELL_MS = 500;

/**
 * SASL between servers (ZOOKEEPER-1045): on the quorum port before anything else, on the election port behind the greeting.
 * Each call takes the socket over for a while; when it resolves, the next `start` goes on with what comes behind.
 */
export class QuorumAuthenticator {
  constructor(
    private options: QuorumAuthOptions,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** Who may log in from now on. */
  setUsers(users: ReadonlyMap<string, string>): void {
    this.options = { ...this.options, users };
  }

  /** Logs in at the server that was dialled. Rejects, with the socket closed, when that fails. */
  async dialled(socket: Socket, timeoutMs: number): Promise<void> {
    const { client } = this.options;
    if (client === null) return;
    try {
      await this.logIn(
        socket,
        new DigestMd5Client(QUORUM_SERVICE, client.user, client.password, this.random),
        timeoutMs,
      );
    } catch (error) {
      socket.destroy();
      throw asAuthError(error);
    }
  }

  private async logIn(socket: Socket, sasl: SaslClient, timeoutMs: number): Promise<void> {
    let token: Buffer | null = NO_TOKEN;
    for (;;) {
      if (token !== null) send(socket, QuorumAuthStatus.inProgress, token);
      const packet = await this.receive(socket, timeoutMs);
      if (packet.status === QuorumAuthStatus.error) throw new QuorumAuthError('the other server refuses this one');
      const step = sasl.step(packet.token);
      if (step.isDone && packet.status === QuorumAuthStatus.success) return;
      if (step.isDone || packet.status === QuorumAuthStatus.success) {
        throw new QuorumAuthError('the other server ended the authentication too early or too late');
      }
      token = step.token;
    }
  }

  /** Proves who dialled. Rejects when it is nobody, or nobody is not good enough; the socket is then being closed. */
  async accepted(socket: Socket, timeoutMs: number): Promise<void> {
    try {
      if (await this.isAuthNext(socket, timeoutMs)) await this.prove(socket, timeoutMs);
      else if (this.options.serverRequires)
        throw new QuorumAuthError('it does not authenticate, which is required here');
    } catch (error) {
      this.partFrom(socket);
      throw asAuthError(error);
    }
  }

  /** Lets the last word go out, then closes. */
  private partFrom(socket: Socket): void {
    const timer = this.clock.after(FAREWELL_MS, () => socket.destroy());
    socket.start({
      onData: () => undefined,
      onEnd: () => socket.destroy(),
      onDrain: () => undefined,
      onClose: () => timer.cancel(),
    });
    socket.end();
  }

  private async isAuthNext(socket: Socket, timeoutMs: number): Promise<boolean> {
    try {
      return await readOne(socket, this.clock, timeoutMs, (bytes) => {
        if (bytes.length < QUORUM_AUTH_MAGIC_BYTES) return null;
        return { value: bytes.readBigInt64BE() === QUORUM_AUTH_MAGIC, length: 0 };
      });
    } catch (error) {
      // Whoever ended without a word is no authenticating server; it is for the next owner to see.
      if (error instanceof SocketEnded) return false;
      throw error;
    }
  }

  private async prove(socket: Socket, timeoutMs: number): Promise<void> {
    const sasl = new DigestMd5Server(QUORUM_SERVICE, this.options.users, this.random);
    for (;;) {
      const { token } = await this.receive(socket, timeoutMs);
      let step: SaslServerStep;
      try {
        step = sasl.step(token);
      } catch (error) {
        send(socket, QuorumAuthStatus.error, NO_TOKEN);
        throw error;
      }
      const isDone = step.user !== null;
      send(socket, isDone ? QuorumAuthStatus.success : QuorumAuthStatus.inProgress, step.token ?? NO_TOKEN);
      if (isDone) return;
    }
  }

  private receive(socket: Socket, timeoutMs: number): Promise<QuorumAuthPacket> {
    return readOne(socket, this.clock, timeoutMs, readQuorumAuth);
  }
}

function send(socket: Socket, status: number, token: Buffer): void {
  socket.write(encodeQuorumAuth({ status, token }));
}

function asAuthError(error: unknown): QuorumAuthError {
  if (error instanceof QuorumAuthError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const what = error instanceof SaslError ? 'SASL authentication failed' : 'SASL authentication broke off';
  return new QuorumAuthError(`${what}: ${why}`, { cause: error });
}
