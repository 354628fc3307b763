import type { Access } from '../auth/index.js';
import { type ClientListener, DEFAULT_CLIENT_OPTIONS } from '../client/index.js';
import type { ServerConfig } from '../config/index.js';
import type { QuorumAuthenticator } from '../connection/index.js';
import { clientOptions } from './options.js';
import type { ServerFacts } from './server-facts.js';
import type { TlsFileWatch } from './tls-files.js';

/** The parts of a running server that take new settings. */
export interface ReloadTargets {
  readonly clients: ClientListener;
  readonly status: ServerFacts;
  readonly access: Access;
  readonly certificates: readonly (TlsFileWatch | null)[];
  readonly authenticator: QuorumAuthenticator | null;
}

/**
 * Checks everything that new settings bring with them and could be broken; what is answered takes them, and cannot fail. Throws
 * a `TlsError`; nothing has changed then.
 */
export async function prepareReload(next: ServerConfig, targets: ReloadTargets): Promise<() => void> {
  const changes = await Promise.all(targets.certificates.map(async (watch) => watch?.prepare()));
  return () => {
    for (const change of changes) change?.();
    targets.clients.retune({ ...DEFAULT_CLIENT_OPTIONS, ...clientOptions(next) });
    targets.status.maxClientCnxns = next.clients.maxClientCnxns;
    const { sasl } = next.access;
    if (sasl?.mechanism === 'DIGEST-MD5') targets.access.sasl?.setUsers(sasl.users);
    const quorum = next.quorumSecurity.sasl?.server;
    if (quorum?.mechanism === 'DIGEST-MD5') targets.authenticator?.setUsers(quorum.users);
  };
}
