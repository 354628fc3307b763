import { MajorityVerifier } from './majority.js';
import type { QuorumServer } from './server.js';
import type { QuorumOracle, QuorumVerifier } from './verifier.js';

/**
 * Majority, but of two servers one alone is a quorum while it has no follower and an oracle outside allows it
 * (ZooKeeper's `oraclePath`: a file that somebody trusted keeps; it holds `1` for at most one of the two).
 */
export class OracleVerifier extends MajorityVerifier {
  override readonly kind = 'oracle';
  override readonly oracle: QuorumOracle;

  /** `allows` reads the oracle's last answer for this server. */
  constructor(
    servers: readonly QuorumServer[],
    version: number,
    private readonly allows: () => boolean,
  ) {
    super(servers, version);
    let needed = true;
    const two = this.voters.size === 2;
    this.oracle = {
      get needed() {
        return needed;
      },
      ask: allows,
      update: (hasFollowers) => (needed = two && !hasFollowers),
    };
  }

  override containsQuorum(sids: ReadonlySet<number>): boolean {
    if (super.containsQuorum(sids)) return true;
    return this.voters.size <= 2 && this.oracle.needed && this.oracle.ask();
  }

  override withVersion(version: number): QuorumVerifier {
    return new OracleVerifier([...this.members.values()], version, this.allows);
  }
}
