import {
  DigestMd5Client,
  DigestMd5Server,
  GssapiClient,
  GssapiServer,
  type KerberosService,
  QUORUM_SERVICE,
  type SaslClient,
  SaslError,
  type SaslServer,
  type SaslServerStep,
  type TicketHolder,
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

/** As whom a server logs in: with a password, or with tickets for the service that the other server is. */
export type QuorumLogin =
  | { readonly user: string; readonly password: string }
  | { readonly tickets: TicketHolder; readonly servicePrincipal: string };

/** How others prove who they are: by the passwords of users, or with tickets for this server. */
export type QuorumProof =
  | { readonly users: ReadonlyMap<string, string> }
  | {
      readonly kerberos: KerberosService;
      /** Hosts of the ensemble's servers now; the principal of a server has one of them. */
      readonly hosts: () => Iterable<string>;
    };

export interface QuorumAuthOptions {
  /** Null: it does not log in where it dials. */
  readonly login: QuorumLogin | null;
  readonly proof: QuorumProof;
  /** Are those refused who do not log in? */
  readonly serverRequires: boolean;
}

/** Stands in `servicePrincipal` for the host of the server that is dialled. */
const ANY_HOST = '_HOST';

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

  /** Who may log in from now on, where passwords count. */
  setUsers(users: ReadonlyMap<string, string>): void {
    if ('users' in this.options.proof) this.options = { ...this.options, proof: { users } };
  }

  /** Logs in at the server that was dialled, whose line says `host`. Rejects, with the socket closed, when that fails. */
  async dialled(socket: Socket, host: string, timeoutMs: number): Promise<void> {
    const { login } = this.options;
    if (login === null) return;
    try {
      await this.logIn(socket, this.client(login, host), timeoutMs);
    } catch (error) {
      socket.destroy();
      throw asAuthError(error);
    }
  }

  private client(login: QuorumLogin, host: string): SaslClient {
    if ('user' in login) return new DigestMd5Client(QUORUM_SERVICE, login.user, login.password, this.random);
    // The realm is found by the Kerberos library, as with ZooKeeper.
    const [service = '', named = ''] = login.servicePrincipal.split(/[/@]/);
    return new GssapiClient(login.tickets, service, named === ANY_HOST ? host.toLowerCase() : named);
  }

  private async logIn(socket: Socket, sasl: SaslClient, timeoutMs: number): Promise<void> {
    let token: Buffer | null = await this.within(timeoutMs, sasl.first());
    for (;;) {
      if (token !== null) send(socket, QuorumAuthStatus.inProgress, token);
      const packet = await this.receive(socket, timeoutMs);
      if (packet.status === QuorumAuthStatus.error) throw new QuorumAuthError('the other server refuses this one');
      const step = await this.within(timeoutMs, sasl.step(packet.token));
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
    const { proof } = this.options;
    const sasl: SaslServer =
      'users' in proof
        ? new DigestMd5Server(QUORUM_SERVICE, proof.users, this.random)
        : new GssapiServer(proof.kerberos);
    for (;;) {
      const { token } = await this.receive(socket, timeoutMs);
      let step: SaslServerStep;
      try {
        step = await sasl.step(token);
        if (step.user !== null && !('users' in proof)) checkHost(step.user, proof.hosts());
      } catch (error) {
        send(socket, QuorumAuthStatus.error, NO_TOKEN);
        throw error;
      }
      const isDone = step.user !== null;
      send(socket, isDone ? QuorumAuthStatus.success : QuorumAuthStatus.inProgress, step.token ?? NO_TOKEN);
      if (isDone) return;
    }
  }

  /** Whoever gives out tickets may keep quiet for long. */
  private within<T>(limitMs: number, work: T | Promise<T>): Promise<T> {
    if (!(work instanceof Promise)) return Promise.resolve(work);
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(limitMs, () => {
        reject(new SaslError('WRONG_PROOF', `Kerberos gave no ticket within ${limitMs} ms`));
      });
      work.finally(() => timer.cancel()).then(resolve, reject);
    });
  }

  private receive(socket: Socket, timeoutMs: number): Promise<QuorumAuthPacket> {
    return readOne(socket, this.clock, timeoutMs, readQuorumAuth);
  }
}

function send(socket: Socket, status: number, token: Buffer): void {
  socket.write(encodeQuorumAuth({ status, token }));
}

/** ZooKeeper's rule: tickets of users and of servers elsewhere are good tickets, too. */
function checkHost(principal: string, hosts: Iterable<string>): void {
  const [, host, realm] = principal.split(/[/@]/);
  if (host !== undefined && realm !== undefined) {
    for (const one of hosts) if (one.toLowerCase() === host.toLowerCase()) return;
  }
  throw new QuorumAuthError(`${principal} may not take part: no server of the ensemble has that host in its line`);
}

function asAuthError(error: unknown): QuorumAuthError {
  if (error instanceof QuorumAuthError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const what = error instanceof SaslError ? 'SASL authentication failed' : 'SASL authentication broke off';
  return new QuorumAuthError(`${what}: ${why}`, { cause: error });
}
