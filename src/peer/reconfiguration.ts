import type { ClientListener } from '../client/index.js';
import type { ServerConfig } from '../config/index.js';
import type { QuorumCnxManager } from '../connection/index.js';
import type { FastLeaderElection } from '../election/index.js';
import { type Endpoint, formatEndpoint, type Logger, NetworkError } from '../host/index.js';
import {
  type ClientAddress,
  isWildcardHost,
  MembershipError,
  type QuorumVerifier,
  sameQuorumAddresses,
} from '../membership/index.js';
import type { Database } from '../storage/index.js';
import type { ReconfigHook } from '../zab/index.js';
import { configNodeText } from './config-node.js';
import type { Configurations } from './configurations.js';

/** The parts of a server that a new configuration reaches. */
export interface ReconfigTargets {
  readonly clients: ClientListener;
  connections(): QuorumCnxManager | null;
  election(): FastLeaderElection | null;
  database(): Database | null;
  /** Whom this server leads, follows or observes; null while it looks. */
  leaderSid(): number | null;
}

/** Who leads next without an election, as the reconfiguration `zxid` says. */
export interface Successor {
  readonly sid: number;
  readonly zxid: number;
}

/**
 * What a new configuration changes on this server: connections for elections, ports, its part, its leader
 * (`QuorumPeer.processReconfig` of ZooKeeper).
 */
export class Reconfiguration implements ReconfigHook {
  /** Who is in no configuration takes part without a vote. */
  isObserver: boolean;
  private successor: Successor | null = null;
  private clientEndpoint: Endpoint | null;
  private moves: Promise<void> = Promise.resolve();

  constructor(
    private readonly config: ServerConfig,
    private readonly log: Logger,
    private readonly configurations: Configurations,
    private readonly targets: ReconfigTargets,
  ) {
    this.isObserver = config.role === 'observer';
    this.clientEndpoint = config.clients.endpoint;
  }

  // --- ReconfigHook

  proposed(configText: string): Promise<void> {
    return this.configurations.propose(this.configurations.parse(configText));
  }

  established(configText: string): boolean {
    return this.take(this.configurations.parse(configText), null);
  }

  activated(configText: string | null, suggestedLeader: number, zxid: number): boolean {
    const text = configText ?? configNodeText(this.targets.database()?.tree);
    return text === null || this.take(this.configurations.parse(text), { sid: suggestedLeader, zxid });
  }

  // --- for the peer

  /** While this server looks it heard of a newer configuration, which is in force elsewhere. */
  learned(verifier: QuorumVerifier, sid: number): void {
    const previous = this.configurations.verifier();
    if (!this.configurations.isChangeable || verifier.version <= previous.version) return;
    this.log.info(
      `Server ${sid} knows configuration ${verifier.version.toString(16)}, which is newer than the own one.`,
      {
        code: 'NEWER_CONFIG',
      },
    );
    this.take(verifier, null);
    // It may be older than what the log has: a server that missed the change told of it. As at the start, that counts as seen.
    const database = this.targets.database();
    if (previous.version === 0 && database !== null) {
      const recalled = this.recall(database);
      this.moves = this.moves.then(() => recalled);
    }
    if (!previous.equals(verifier)) this.targets.election()?.abandon();
  }

  /** The log is applied: what it has of configurations counts as seen. */
  async recall(database: Database): Promise<void> {
    const text = configNodeText(database.tree);
    if (text === null) return;
    try {
      await this.configurations.recall(text);
    } catch (error) {
      if (!(error instanceof MembershipError)) throw error;
      this.log.warn(`/zookeeper/config cannot be read: ${error.message}`, { code: 'CONFIG_NODE' });
    }
  }

  /** Whom the last reconfiguration named; null, and an election decides. Asked once. */
  takeSuccessor(): Successor | null {
    const { successor } = this;
    this.successor = null;
    return successor;
  }

  /** Resolves when files are written and ports are open. */
  async settled(): Promise<void> {
    await Promise.all([this.configurations.settled(), this.moves]);
  }

  // --- inside

  /** False: the role is over. */
  private take(next: QuorumVerifier, suggested: Successor | null): boolean {
    const previous = this.configurations.commit(next);
    if (previous === null || previous.equals(next)) return true;
    this.moves = this.moves.then(() => this.move(previous, next));
    const changesPart = this.changesPart(next);
    const leaderSid = this.targets.leaderSid();
    if (leaderSid === null) return true;
    if (suggested === null) return !changesPart && hasSameLeader(previous, next, leaderSid);
    if (!changesPart && suggested.sid === leaderSid) return true;
    this.successor = suggested;
    return false;
  }

  private changesPart(next: QuorumVerifier): boolean {
    const isObserver = next.observers.has(this.config.myId);
    const changes = isObserver !== this.isObserver;
    this.isObserver = isObserver;
    return changes;
  }

  private async move(previous: QuorumVerifier, next: QuorumVerifier): Promise<void> {
    await this.targets.connections()?.membershipChanged(previous);
    const { myId } = this.config;
    const now = next.members.get(myId);
    if (now === undefined) return;
    const had = previous.members.get(myId)?.client ?? null;
    // A port that only zoo.cfg names is not the list's to close.
    if (now.client === null ? had !== null : true) await this.moveClients(now.client);
  }

  private async moveClients(client: ClientAddress | null): Promise<void> {
    const from = this.clientEndpoint;
    const to = client === null ? null : { host: isWildcardHost(client.host) ? '' : client.host, port: client.port };
    if (from?.host === to?.host && from?.port === to?.port) return;
    const { listenBacklog, portUnification } = this.config.clients;
    const backlog = listenBacklog < 0 ? undefined : listenBacklog;
    try {
      await this.targets.clients.move(from, to, backlog, portUnification ? 'either' : 'plain');
      this.clientEndpoint = to;
      const where = to === null ? 'nowhere' : formatEndpoint(to);
      this.log.info(`Clients are served on ${where}.`, { code: 'CLIENT_PORT_MOVED' });
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      const where = to === null ? '' : ` on ${formatEndpoint(to)}`;
      this.log.error(`Cannot listen for clients${where}, as the new configuration says: ${error.message}`, {
        code: 'CLIENT_PORT_LOST',
      });
    }
  }
}

/** Is the leader a voter of both, to be found at the same addresses? */
function hasSameLeader(previous: QuorumVerifier, next: QuorumVerifier, leaderSid: number): boolean {
  const then = previous.voters.get(leaderSid);
  const now = next.voters.get(leaderSid);
  return then !== undefined && now !== undefined && sameQuorumAddresses(then, now);
}
