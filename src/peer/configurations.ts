import type { ServerConfig } from '../config/index.js';
import type { Disk, Logger } from '../host/index.js';
import {
  type MembershipOptions,
  parseMembershipText,
  type QuorumServer,
  type QuorumVerifier,
} from '../membership/index.js';
import { ConfigFiles } from './config-files.js';

/**
 * The configuration in force and the last seen one, in memory and on disk (`quorumVerifier` and `lastSeenQuorumVerifier` of
 * ZooKeeper's QuorumPeer). Without `reconfigEnabled` both are what the server was started with, for ever.
 */
export class Configurations {
  readonly options: MembershipOptions;
  private readonly files: ConfigFiles | null;
  private committed: QuorumVerifier;
  /** Seen and not in force; null when there is none. */
  private proposed: QuorumVerifier | null = null;
  private own: QuorumServer | null;

  constructor(
    disk: Disk,
    private readonly log: Logger,
    private readonly config: ServerConfig,
    /** Says whether this one of two servers may go on alone; null: it never may. */
    oracle: (() => boolean) | null = null,
  ) {
    const { configFile, myId, values } = config;
    const multiAddress = values['multiAddress.enabled'];
    this.options = oracle === null ? { multiAddress } : { multiAddress, oracle };
    const withOracle = (verifier: QuorumVerifier): QuorumVerifier =>
      oracle === null ? verifier : parseMembershipText(verifier.toText(), this.options);
    const membership = withOracle(config.membership);
    const nextMembership = config.nextMembership === null ? null : withOracle(config.nextMembership);
    this.committed = membership;
    this.files = values.reconfigEnabled ? new ConfigFiles(disk, log, configFile) : null;
    if (this.files !== null && nextMembership !== null && nextMembership.version > membership.version) {
      this.proposed = nextMembership;
    }
    this.own = membership.members.get(myId) ?? null;
  }

  get isChangeable(): boolean {
    return this.files !== null;
  }

  verifier(): QuorumVerifier {
    return this.committed;
  }

  lastSeenVerifier(): QuorumVerifier | null {
    return this.proposed;
  }

  /** The servers of both. */
  known(): readonly QuorumServer[] {
    return [this.committed, this.proposed].flatMap((verifier) => [...(verifier?.members.values() ?? [])]);
  }

  /** This server's line in the last configuration that had one. */
  ownServer(): QuorumServer {
    if (this.own === null) throw new Error(`server ${this.config.myId} was never in the list`);
    return this.own;
  }

  /** Throws a `MembershipError`. */
  parse(text: string): QuorumVerifier {
    return parseMembershipText(text, this.options);
  }

  /**
   * From this call on it is the last seen one, even when it is older than what was seen before: a new leader knows best
   * what became of that. Resolves when it is on disk.
   */
  propose(verifier: QuorumVerifier): Promise<void> {
    const { files } = this;
    if (files === null) return Promise.resolve();
    if (verifier.version === (this.proposed ?? this.committed).version) return files.idle();
    if (verifier.version <= this.committed.version) {
      this.proposed = null;
      return files.forget();
    }
    this.proposed = verifier;
    this.log.info(`Configuration ${verifier.version.toString(16)} is proposed.`, { code: 'RECONFIG_PROPOSED' });
    return files.remember(verifier);
  }

  /**
   * What the tree says when everything logged is applied: a reconfiguration that is in the log counts as seen, even when a
   * crash came before its file was written. A list without version has never been established, and what the tree says may be
   * of another ensemble.
   */
  async recall(text: string): Promise<void> {
    if (this.files === null || this.committed.version === 0) return;
    const verifier = this.parse(text);
    if (verifier.version > (this.proposed ?? this.committed).version) await this.propose(verifier);
  }

  /** It is in force; returns the one before, or null when this one is not newer. The files follow. */
  commit(verifier: QuorumVerifier): QuorumVerifier | null {
    const { files, committed: previous, config } = this;
    if (files === null || verifier.version <= previous.version) return null;
    this.committed = verifier;
    if (this.proposed !== null && this.proposed.version <= verifier.version) this.proposed = null;
    const own = verifier.members.get(config.myId);
    if (own !== undefined) this.own = own;
    const text = verifier.toText().replaceAll('\n', ', ');
    this.log.info(`Configuration ${verifier.version.toString(16)} is in force: ${text}`, { code: 'RECONFIG' });
    // Who was never a member and waits for being added keeps the list that it was started with, to start with it again.
    const waits = own === undefined && previous.version === 0;
    if (!waits) files.commit(verifier, (own?.client ?? null) !== null, this.proposed === null);
    return previous;
  }

  /** Resolves when the files are written. */
  async settled(): Promise<void> {
    await this.files?.idle();
  }
}
