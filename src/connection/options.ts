import type { Clock, Logger, Network } from '../host/index.js';
import type { ElectionView } from './addresses.js';
import type { QuorumAuthenticator } from './quorum-auth.js';

export interface ElectionConnectionOptions {
  readonly myId: number;
  /** How long a dial may take (`zookeeper.cnxTimeout`, 5000). */
  readonly cnxTimeoutMs: number;
  /** How long an accepted connection may take to say who it is (tickTime x syncLimit). */
  readonly greetingTimeoutMs: number;
  /** How often the election port is tried, a second apart; 0: for ever (`zookeeper.electionPortBindRetry`, 3). */
  readonly electionPortBindRetry: number;
  /** `quorumListenOnAllIPs` */
  readonly listenOnAllIPs: boolean;
  /** `multiAddress.enabled`: greet with all addresses, which servers before 3.6 do not understand. */
  readonly multiAddress: boolean;
  /** `zookeeper.tcpKeepAlive` */
  readonly tcpKeepAlive: boolean;
}

export interface ElectionConnectionDeps {
  readonly clock: Clock;
  readonly network: Network;
  readonly log: Logger;
  readonly view: ElectionView;
  /** Servers prove themselves behind the greeting; null or absent: they do not. */
  readonly authenticator?: QuorumAuthenticator | null;
  /** No election address can be listened on any more: this server can take no part (exit code 14). */
  onElectionPortLost(): void;
}
