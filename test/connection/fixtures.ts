import type { Socket, SocketHandler } from '../../src/host/index.js';
import type { ElectionConnectionOptions, ElectionView } from '../../src/connection/index.js';
import { type QuorumAuthenticator, QuorumCnxManager } from '../../src/connection/index.js';
import type { QuorumVerifier } from '../../src/membership/index.js';
import { parseMembership } from '../../src/membership/index.js';
import type { FakeHost, World } from '../fakes/index.js';

/** Servers `s1`, `s2`, ... with election port 3888. */
export function members(...sids: number[]): QuorumVerifier {
  return parseMembership(sids.map((sid) => [`server.${sid}`, `s${sid}:2888:3888`] as const));
}

export interface TestManager {
  readonly manager: QuorumCnxManager;
  readonly host: FakeHost;
  /** Calls of `onElectionPortLost`. */
  lost: number;
}

/** A connection manager on machine `s<myId>`, not started. */
export function managerOn(
  world: World,
  myId: number,
  view: Partial<ElectionView> & { verifier(): QuorumVerifier },
  options: Partial<ElectionConnectionOptions> = {},
  authenticatorOf: (host: FakeHost) => QuorumAuthenticator | null = () => null,
): TestManager {
  const host = world.host(`s${myId}`);
  const test: { manager: QuorumCnxManager; host: FakeHost; lost: number } = {
    host,
    lost: 0,
    manager: new QuorumCnxManager(
      {
        myId,
        cnxTimeoutMs: 5000,
        greetingTimeoutMs: 4000,
        electionPortBindRetry: 3,
        listenOnAllIPs: false,
        multiAddress: false,
        tcpKeepAlive: false,
        ...options,
      },
      {
        clock: host.clock,
        network: host.network,
        log: host.log,
        view: { lastSeenVerifier: () => null, ...view },
        authenticator: authenticatorOf(host),
        onElectionPortLost: () => {
          test.lost++;
        },
      },
    ),
  };
  return test;
}

/** Starts managers for all of `sids`, one a machine. */
export async function startAll(world: World, sids: readonly number[]): Promise<Map<number, TestManager>> {
  const verifier = members(...sids);
  const managers = new Map(sids.map((sid) => [sid, managerOn(world, sid, { verifier: () => verifier })]));
  for (const { manager } of managers.values()) await world.settle(manager.start());
  return managers;
}

/** What a manager received and nobody has taken, as text. */
export function takeAll(manager: QuorumCnxManager): string[] {
  const all: string[] = [];
  for (let next = manager.received.take(); next !== undefined; next = manager.received.take()) {
    all.push(`${next.sid}: ${next.bytes.toString()}`);
  }
  return all;
}

/** One end of a connection that a test plays itself. */
export class Player implements SocketHandler {
  bytes = Buffer.alloc(0);
  ended = false;
  closed = false;

  constructor(readonly socket: Socket) {
    socket.start(this);
  }

  onData(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
  }

  onEnd(): void {
    this.ended = true;
    this.socket.end();
  }

  onDrain(): void {
    // Tests write little.
  }

  onClose(): void {
    this.closed = true;
  }

  /** The framed messages that came, as text. */
  messages(): string[] {
    const messages: string[] = [];
    let at = 0;
    while (this.bytes.length - at >= 4) {
      const end = at + 4 + this.bytes.readInt32BE(at);
      messages.push(this.bytes.toString('utf8', at + 4, end));
      at = end;
    }
    return messages;
  }
}

export async function dialAs(world: World, machine: string, target: string, port = 3888): Promise<Player> {
  const socket = await world.settle(world.host(machine).network.dial({ host: target, port }, 1000));
  return new Player(socket);
}

export function frame(message: string | Buffer): Buffer {
  const bytes = Buffer.from(message);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
