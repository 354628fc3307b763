import type { Endpoint, Socket } from '../host/index.js';
import { type Complaints, formatEndpoint } from '../host/index.js';
import { AddressTurns } from '../membership/index.js';
import { encodeInitialMessage } from '../protocol/index.js';
import { distinctEndpoints, findOwn, findServer, greetingAddresses, mainHost } from './addresses.js';
import { DialError, dialFirst } from './dial.js';
import { Knock } from './knock.js';
import { OpenSet } from './open-set.js';
import type { ElectionConnectionDeps, ElectionConnectionOptions } from './options.js';

/** After a knock the server with the larger id gets so long to dial back before it is knocked at again. */
const DIAL_BACK_MS = 100;
/** Who was reached and said nothing for so long is not there; a knock that crosses a dial ends it sooner, and proves nothing. */
const DOUBTED_AFTER_MS = 800;
/** So many servers that are in no configuration are dialled at a time: where they are is only their own word. */
const STRANGERS_DIALLED = 16;

export interface DialOwner {
  /** Connected to a server with a smaller id and greeted it. */
  connected(sid: number, socket: Socket): void;
  /** Each address failed; `refused`: with "nobody listens here". */
  failed(sid: number, refused: boolean, startedAtMs: number): void;
}

/**
 * Dials other servers, one dial at a time for each. Names are resolved anew every time. A connection to a server with a
 * larger id only knocks: the other side dials back.
 */
export class Dialler {
  /** The dial to each server that counts, with the time when it began. */
  private readonly dialling = new Map<number, { readonly startedAtMs: number }>();
  /**
   * Dials of single addresses, losers too. Each can be given up by a signal of its own: of more than ten that listen to one
   * node warns, and there may be more servers.
   */
  private readonly attempts = new OpenSet<AbortController>();
  /** Reached, and busy with proving who this server is. */
  private readonly unproven = new OpenSet<Socket>();
  private readonly knocks = new OpenSet<Knock>();
  private readonly knockedAtMs = new Map<number, number>();
  private readonly turns = new AddressTurns();
  private stopped = false;

  constructor(
    private readonly options: ElectionConnectionOptions,
    private readonly deps: ElectionConnectionDeps,
    private readonly complaints: Complaints,
    private readonly owner: DialOwner,
  ) {}

  /** Dials unless a dial to this server is under way or it has just been knocked at. */
  dial(sid: number, endpoints: readonly Endpoint[]): void {
    const knockedAtMs = this.knockedAtMs.get(sid);
    if (knockedAtMs !== undefined && this.deps.clock.monotonicMs() - knockedAtMs < DIAL_BACK_MS) return;
    if (!this.dialling.has(sid)) this.begin(sid, endpoints, []);
  }

  /**
   * Dials a server that has just knocked. A dial that was under way for some time went where the server was not: a machine
   * that is gone answers nothing, and its successor should not wait until the dial gives up. Where the configuration says
   * that it is counts more than what whoever knocked says.
   */
  dialBack(sid: number, configured: readonly Endpoint[], said: readonly Endpoint[]): void {
    const current = this.dialling.get(sid);
    if (current !== undefined && this.deps.clock.monotonicMs() - current.startedAtMs < DIAL_BACK_MS) return;
    if (this.isStranger(sid) && this.strangersDialled() >= STRANGERS_DIALLED) {
      const message = `Server ${sid}, which is in no configuration, is not dialled: ${STRANGERS_DIALLED} such servers are being dialled`;
      this.complaints.warn('dial strangers', message, { code: 'ELECTION_STRANGERS', sid });
      return;
    }
    this.begin(sid, configured, said);
  }

  private isStranger(sid: number): boolean {
    return findServer(this.deps.view, sid) === null;
  }

  private strangersDialled(): number {
    let count = 0;
    for (const sid of this.dialling.keys()) if (this.isStranger(sid)) count++;
    return count;
  }

  private begin(sid: number, configured: readonly Endpoint[], said: readonly Endpoint[]): void {
    const endpoints = distinctEndpoints([...this.inTurn(sid, configured), ...said]);
    if (this.stopped || endpoints.length === 0) return;
    const dial = { startedAtMs: this.deps.clock.monotonicMs() };
    this.dialling.set(sid, dial);
    /** Is this still the dial that counts? Asked once, when it is over. */
    const counts = (): boolean => this.dialling.get(sid) === dial && this.dialling.delete(sid);
    dialFirst(this.deps.clock, endpoints, (endpoint) => this.attempt(endpoint)).then(
      ({ endpoint, socket }) => {
        if (counts()) this.reached(sid, endpoint, socket);
        else socket.destroy();
      },
      (error: unknown) => {
        if (counts()) this.failed(sid, error, dial.startedAtMs);
      },
    );
  }

  private inTurn(sid: number, configured: readonly Endpoint[]): readonly Endpoint[] {
    this.turns.doubtBefore(sid, this.deps.clock.monotonicMs() - DOUBTED_AFTER_MS);
    const { first, later } = this.turns.next(sid, configured);
    return [...first, ...later];
  }

  /** The server is connected, whoever dialled: the next knock need not wait, the next failure is news. */
  connected(sid: number): void {
    this.knockedAtMs.delete(sid);
    this.complaints.forget(`dial ${sid} `);
  }

  /** Something came from the server: it is where it was dialled. */
  heard(sid: number): void {
    this.turns.heard(sid);
  }

  /** Resolves when no dial is under way and no socket of one is open. */
  async shutdown(): Promise<void> {
    this.stopped = true;
    for (const attempt of this.attempts.list()) attempt.abort();
    for (const socket of this.unproven.list()) socket.destroy();
    for (const knock of this.knocks.list()) knock.abandon();
    await Promise.all([this.attempts.emptied(), this.unproven.emptied(), this.knocks.emptied()]);
  }

  private async attempt(endpoint: Endpoint): Promise<Socket> {
    const attempt = new AbortController();
    if (this.stopped) attempt.abort();
    this.attempts.add(attempt);
    try {
      return await this.deps.network.dial(endpoint, this.options.cnxTimeoutMs, attempt.signal);
    } finally {
      this.attempts.delete(attempt);
    }
  }

  private reached(sid: number, endpoint: Endpoint, socket: Socket): void {
    const server = findOwn(this.deps.view, this.options.myId);
    if (this.stopped || server === null) {
      socket.destroy();
      return;
    }
    // Of strangers nothing is kept.
    if (!this.isStranger(sid)) this.turns.reached(sid, endpoint, this.deps.clock.monotonicMs());
    socket.setNoDelay(true);
    socket.setKeepAlive(this.options.tcpKeepAlive);
    const message = { sid: this.options.myId, addresses: greetingAddresses(server) };
    const greeting = encodeInitialMessage(message, this.options.multiAddress);
    socket.write(greeting);
    const { authenticator } = this.deps;
    if (authenticator === undefined || authenticator === null) {
      this.greeted(sid, socket);
      return;
    }
    const startedAtMs = this.deps.clock.monotonicMs();
    this.unproven.add(socket);
    const host = mainHost(findServer(this.deps.view, sid)) ?? socket.remote.host;
    authenticator.dialled(socket, host, this.options.greetingTimeoutMs).then(
      () => {
        this.unproven.delete(socket);
        if (this.stopped) socket.destroy();
        else this.greeted(sid, socket);
      },
      (error: unknown) => {
        this.unproven.delete(socket);
        this.failed(sid, error, startedAtMs);
      },
    );
  }

  /** The other server knows who this one is. */
  private greeted(sid: number, socket: Socket): void {
    const to = formatEndpoint(socket.remote);
    if (sid > this.options.myId) {
      this.deps.log.debug(`Asked server ${sid} at ${to} to dial back, since its id is larger`, { sid });
      this.knockedAtMs.set(sid, this.deps.clock.monotonicMs());
      const { clock } = this.deps;
      this.knocks.add(
        new Knock(socket, clock, this.options.greetingTimeoutMs, (knock) => {
          this.knocks.delete(knock);
        }),
      );
      return;
    }
    this.deps.log.debug(`Connected to server ${sid} at ${to}`, { sid });
    this.owner.connected(sid, socket);
  }

  private failed(sid: number, error: unknown, startedAtMs: number): void {
    if (this.stopped) return;
    const codes = error instanceof DialError ? error.codes : 'OTHER';
    const message = `Cannot reach server ${sid} for elections: ${(error as Error).message}`;
    const about = this.isStranger(sid) ? 'dial a stranger' : `dial ${sid} ${codes}`;
    this.complaints.warn(about, message, { code: 'ELECTION_DIAL', sid, reason: codes });
    this.owner.failed(sid, error instanceof DialError && error.refused, startedAtMs);
  }
}
