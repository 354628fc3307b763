import { AsyncQueue, Complaints, type Endpoint, formatEndpoint, type Socket } from '../host/index.js';
import { OBSERVER_ID } from '../protocol/index.js';
import { Acceptor } from './acceptor.js';
import { dialEndpoints, findServer } from './addresses.js';
import { type QuorumVerifier, sameElectionAddresses } from '../membership/index.js';
import { Dialler } from './dialler.js';
import type { DialOwner } from './dialler.js';
import { ElectionConnection } from './election-connection.js';
import type { ConnectionOwner } from './election-connection.js';
import { OpenSet } from './open-set.js';
import type { ElectionConnectionDeps, ElectionConnectionOptions } from './options.js';
import { Outbox } from './outbox.js';
import { PacketError } from './recv-worker.js';

/** One message of another server, or of this one to itself. */
export interface ReceivedMessage {
  readonly sid: number;
  readonly bytes: Buffer;
}

/** As many received messages wait at most; then the oldest goes. */
const RECEIVED_CAPACITY = 100;
/**
 * A server with several addresses that was dialled and asked says something within this time. Otherwise its next address is
 * tried: this one took the connection, but it may not lead to the server.
 */
const HEARD_WITHIN_MS = 2000;
/** So many connections of servers that are in no configuration, and of observers without id, are kept. */
const MAX_STRANGERS = 128;

/** What is known of one other server. */
interface Link {
  readonly outbox: Outbox;
  connection: ElectionConnection | null;
  /** When the last connection was made, or something came over it. */
  heardAtMs: number;
  /** When the last dial began that was refused, if nothing else happened since. */
  refusedAtMs: number;
}

/**
 * Connections for elections: exactly one between any two servers, dialled by the one with the larger id. A server that has
 * something to say to one with a larger id dials it all the same; the other side closes that connection and dials back.
 */
export class QuorumCnxManager implements ConnectionOwner, DialOwner {
  readonly received: AsyncQueue<ReceivedMessage>;
  /** Called when the connection to a server ended or a dial was refused. */
  onPeerDown: ((sid: number) => void) | null = null;
  private readonly links = new Map<number, Link>();
  /** Connections whose socket is open, replaced ones too. */
  private readonly connections = new OpenSet<ElectionConnection>();
  private readonly complaints: Complaints;
  private readonly acceptor: Acceptor;
  private readonly dialler: Dialler;
  /** Connected, and in no configuration when they came; the first has been here longest. */
  private readonly strangers = new Set<number>();
  private nextObserverSid = -1;
  private stopped = false;

  constructor(
    private readonly options: ElectionConnectionOptions,
    private readonly deps: ElectionConnectionDeps,
  ) {
    this.received = new AsyncQueue(deps.clock);
    this.complaints = new Complaints(deps.clock, deps.log);
    this.dialler = new Dialler(options, deps, this.complaints, this);
    this.acceptor = new Acceptor(options, deps, this.complaints, (sid, socket, rest, dialBack) => {
      this.arrived(sid, socket, rest, dialBack);
    });
  }

  /**
   * Begins to listen; resolves when each election address was tried once. What failed is tried again on its own, and
   * `onElectionPortLost` comes when the last address is given up. Throws when this server is in no configuration.
   */
  async start(): Promise<void> {
    await this.acceptor.start();
  }

  /** Sends to a server; only the newest message waits for it. To this server's own id: delivers at once. */
  send(sid: number, bytes: Buffer): void {
    if (this.stopped) return;
    if (sid === this.options.myId) {
      this.deliver(sid, bytes);
      return;
    }
    // A stranger or nameless observer that has gone away gets no link again.
    if (this.links.has(sid) || findServer(this.deps.view, sid) !== null) {
      const link = this.linkOf(sid);
      link.outbox.put(bytes);
      link.connection?.wake();
    }
    this.connectOne(sid);
  }

  /** Dials a server unless it is connected or being dialled. Called when there is something to ask it. */
  connectOne(sid: number): void {
    if (sid === this.options.myId) return;
    if (this.leadsNowhere(sid)) this.disconnect(this.links.get(sid));
    if (this.isConnected(sid)) return;
    const endpoints = dialEndpoints(this.deps.view, sid);
    if (endpoints.length > 0) {
      this.dialler.dial(sid, endpoints);
      return;
    }
    this.complaints.warn(`unknown ${sid}`, `Cannot reach server ${sid}: no configuration says where it is`, {
      code: 'ELECTION_UNKNOWN_SERVER',
      sid,
    });
  }

  /** As `connectOne`; a connection over which nothing has come since `sinceMs` (monotonic) is closed first. */
  renew(sid: number, sinceMs: number): void {
    const link = this.links.get(sid);
    if (link !== undefined && link.heardAtMs < sinceMs) this.disconnect(link);
    this.connectOne(sid);
  }

  private leadsNowhere(sid: number): boolean {
    const link = this.links.get(sid);
    // Those with larger ids have dialled, and shown by it who they are.
    if (link === undefined || sid > this.options.myId || link.connection === null || link.connection.isHeard)
      return false;
    const isOld = this.deps.clock.monotonicMs() - link.heardAtMs >= HEARD_WITHIN_MS;
    return isOld && (findServer(this.deps.view, sid)?.addresses.length ?? 1) > 1;
  }

  private disconnect(link: Link | undefined): void {
    if (link === undefined) return;
    link.connection?.finish();
    link.connection = null;
  }

  /** Dials every server that there was anything to do with and that is not connected. */
  connectAll(): void {
    for (const sid of [...this.links.keys()]) this.connectOne(sid);
  }

  /**
   * Another configuration is in force. Connections to servers that are in no configuration any more, or moved, are closed
   * (who is still there may come back as a stranger), new servers are dialled, and when this server's own election
   * addresses changed it listens on the new ones.
   */
  async membershipChanged(previous: QuorumVerifier): Promise<void> {
    if (this.stopped) return;
    const { view } = this.deps;
    for (const [sid, link] of [...this.links]) {
      const then = previous.members.get(sid);
      const now = findServer(view, sid);
      if (then === undefined || (now !== null && sameElectionAddresses(then, now))) continue;
      if (now === null) this.links.delete(sid);
      this.disconnect(link);
    }
    for (const sid of view.verifier().members.keys()) {
      this.strangers.delete(sid);
      if (!previous.members.has(sid)) this.connectOne(sid);
    }
    await this.acceptor.relisten();
  }

  /** Is the last message to any server on its way? False: nobody can be reached. */
  allDelivered(): boolean {
    for (const link of this.links.values()) {
      if (link.outbox.isEmpty) return true;
    }
    return false;
  }

  isConnected(sid: number): boolean {
    const link = this.links.get(sid);
    return link !== undefined && link.connection !== null;
  }

  /**
   * Is a server's process certainly not there: not connected, and a dial that began at `sinceMs` (monotonic) or later was
   * refused at each of its addresses?
   */
  refused(sid: number, sinceMs: number): boolean {
    const link = this.links.get(sid);
    return link !== undefined && link.connection === null && link.refusedAtMs >= sinceMs;
  }

  /** Resolves when the ports are free and no timer, dial or socket is left. */
  async shutdown(): Promise<void> {
    this.stopped = true;
    this.received.close();
    for (const connection of this.connections.list()) connection.finish();
    await Promise.all([this.acceptor.shutdown(), this.dialler.shutdown(), this.connections.emptied()]);
    this.links.clear();
  }

  /** For connections: a message came. */
  deliver(sid: number, bytes: Buffer): void {
    const link = this.links.get(sid);
    if (link !== undefined) link.heardAtMs = this.deps.clock.monotonicMs();
    this.dialler.heard(sid);
    while (this.received.length >= RECEIVED_CAPACITY) this.received.take();
    this.received.push({ sid, bytes });
  }

  /** For connections: this one is over. */
  closed(connection: ElectionConnection, reason: Error | undefined): void {
    this.connections.delete(connection);
    const { sid } = connection;
    const link = this.links.get(sid);
    if (link === undefined || link.connection !== connection || this.stopped) return;
    link.connection = null;
    const isStranger = this.strangers.delete(sid);
    const at = formatEndpoint(connection.remote);
    const message = `The election connection to ${nameOf(sid)} at ${at} ended: ${reason?.message ?? 'closed here'}`;
    const about = isStranger ? `stranger ${connection.remote.host}` : `${sid}`;
    if (reason instanceof PacketError) {
      this.complaints.warn(`packet ${about}`, message, { code: 'ELECTION_PACKET', sid });
    } else {
      this.complaints.info(`ended ${about}`, message, { code: 'ELECTION_DISCONNECTED', sid });
    }
    // Of strangers and nameless observers nothing is kept: they come with a new id or may never come back.
    if (findServer(this.deps.view, sid) === null) this.links.delete(sid);
    this.onPeerDown?.(sid);
  }

  /** For the dialler: a server with a smaller id was reached and greeted. */
  connected(sid: number, socket: Socket): void {
    this.adopt(sid, socket, Buffer.alloc(0));
  }

  /** For the dialler: no address of the server could be reached. */
  failed(sid: number, refused: boolean, startedAtMs: number): void {
    const link = this.links.get(sid);
    if (link === undefined) return;
    link.refusedAtMs = refused ? startedAtMs : Number.NEGATIVE_INFINITY;
    if (refused) this.onPeerDown?.(sid);
  }

  private linkOf(sid: number): Link {
    let link = this.links.get(sid);
    if (link === undefined) {
      link = {
        outbox: new Outbox(),
        connection: null,
        heardAtMs: Number.NEGATIVE_INFINITY,
        refusedAtMs: Number.NEGATIVE_INFINITY,
      };
      this.links.set(sid, link);
    }
    return link;
  }

  /** Somebody dialled this server and said who it is. */
  private arrived(sid: number, socket: Socket, rest: Buffer, dialBack: readonly Endpoint[]): void {
    if (sid === this.options.myId) {
      this.reportOwnId(socket);
      socket.destroy();
    } else if (sid === OBSERVER_ID) {
      // It has no id that could be dialled back: its own connection stands.
      this.adopt(this.nextObserverSid--, socket, rest);
    } else if (sid < this.options.myId) {
      // That server may have been restarted, and what looks like a connection to it be dead.
      const link = this.links.get(sid);
      if (link !== undefined) {
        this.reportDouble(sid, link, socket);
        this.disconnect(link);
      }
      socket.destroy();
      this.dialler.dialBack(sid, dialEndpoints(this.deps.view, sid), dialBack);
    } else {
      // Knocked at, it has dialled back.
      this.dialler.heard(sid);
      this.adopt(sid, socket, rest);
    }
  }

  private adopt(sid: number, socket: Socket, rest: Buffer): void {
    const link = this.linkOf(sid);
    this.reportDouble(sid, link, socket);
    link.connection?.finish();
    this.noteStranger(sid);
    const connection = new ElectionConnection(sid, socket, link.outbox, this);
    link.connection = connection;
    link.heardAtMs = this.deps.clock.monotonicMs();
    link.refusedAtMs = Number.NEGATIVE_INFINITY;
    this.dialler.connected(sid);
    this.connections.add(connection);
    this.acceptor.release(socket);
    this.sayConnected(sid, socket.remote);
    connection.start(rest);
  }

  private sayConnected(sid: number, remote: Endpoint): void {
    const isStranger = this.strangers.has(sid);
    const about = isStranger ? `stranger ${remote.host}` : `connected ${sid}`;
    const message = `Connected to ${nameOf(sid)} at ${formatEndpoint(remote)} for elections`;
    const fields = { code: 'ELECTION_CONNECTED', sid };
    this.complaints.info(about, isStranger ? `${message}; it is in no configuration` : message, fields);
  }

  /** Anybody can claim any id that is in no configuration: when there are too many, the oldest one makes room. */
  private noteStranger(sid: number): void {
    if (findServer(this.deps.view, sid) !== null) return;
    this.strangers.delete(sid);
    const [oldest] = this.strangers;
    if (oldest !== undefined && this.strangers.size >= MAX_STRANGERS) {
      this.strangers.delete(oldest);
      const isListed = findServer(this.deps.view, oldest) !== null;
      if (!isListed) {
        const link = this.links.get(oldest);
        this.links.delete(oldest);
        link?.connection?.finish();
        const message = `More than ${MAX_STRANGERS} servers that are in no configuration are connected; the oldest connection is closed`;
        this.complaints.warn('strangers', message, { code: 'ELECTION_STRANGERS', sid: oldest });
      }
    }
    this.strangers.add(sid);
  }

  /** A server seldom moves while its connection is open; but it may come from any of several addresses. */
  private reportDouble(sid: number, link: Link, socket: Socket): void {
    const { connection } = link;
    if (connection === null || connection.remote.host === socket.remote.host) return;
    if ((findServer(this.deps.view, sid)?.addresses.length ?? 1) > 1) return;
    const from = formatEndpoint(socket.remote);
    this.complaints.warn(
      `double ${sid}`,
      `Server ${sid} came from ${from} for elections while its connection with ${formatEndpoint(connection.remote)} is open, ` +
        `which is closed now. If it has not moved, two servers have ${sid} in their myid file`,
      { code: 'ELECTION_DOUBLE', sid, remote: from },
    );
  }

  private reportOwnId(socket: Socket): void {
    const { myId } = this.options;
    const from = formatEndpoint(socket.remote);
    this.complaints.error(
      `own id ${socket.remote.host}`,
      `A server at ${from} says that it is server ${myId}, as this one is. Either two servers have ${myId} in their myid ` +
        `file, or the address of another server in this server's configuration leads back to itself`,
      { code: 'ELECTION_OWN_ID', remote: from },
    );
  }
}

function nameOf(sid: number): string {
  return sid < 0 ? `observer ${sid}` : `server ${sid}`;
}
