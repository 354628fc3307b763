import { formatEndpoint, type Endpoint, TlsError } from '../host/index.js';
import type { ServerConfig } from '../config/index.js';
import { dialable } from './probe.js';

/** A check of `/readyz`. */
export interface ReadyCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** What was learnt of `/readyz`. */
export interface Readiness {
  /** Null when it cannot be asked. */
  readonly checks: readonly ReadyCheck[] | null;
  /** Why it cannot be asked, where that is worth a word; null: it was, or there is nothing to ask. */
  readonly problem: string | null;
}

const NOT_THERE: Readiness = { checks: null, problem: null };
const PATH = '/readyz?format=json';
const MAX_BYTES = 64 * 1024;

/**
 * The checks of `/readyz` of the server of that configuration. (Its admin port is another one when somebody else had that, a
 * second server of this machine, say; then nothing is told.) An admin port that takes only HTTPS is asked with the key and the
 * trusted certificates of the server itself, `ssl.quorum.*`.
 */
export async function askReadiness(config: ServerConfig | null, timeoutMs: number): Promise<Readiness> {
  const listening = config?.admin.endpoint ?? null;
  if (config === null || listening === null) return NOT_THERE;
  const { admin, storage } = config;
  const endpoint = dialable(listening);
  try {
    const { httpClient, network } = await clientSide();
    const tls =
      admin.transport === 'tls' && admin.tls !== null
        ? // It asks its own machine, by whatever name; whom to trust is said by the trust store.
          await network.loadTls({ ...admin.tls.options, verifiesServerHost: false })
        : null;
    const { text } = await httpClient.get({ endpoint, path: PATH, tls, timeoutMs, maxBytes: MAX_BYTES });
    return { checks: checksOf(JSON.parse(text), `${storage.dataDir}/version-2`), problem: null };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNREFUSED') return NOT_THERE;
    return { checks: null, problem: describeProblem(error, endpoint, admin.transport === 'tls') };
  }
}

/** Loaded only for those who ask a server. */
async function clientSide() {
  const { createClientHost } = await import('../platform/index.js');
  return createClientHost();
}

function describeProblem(error: unknown, endpoint: Endpoint, isSecure: boolean): string {
  const why = error instanceof Error ? error.message : String(error);
  const url = `${isSecure ? 'https' : 'http'}://${formatEndpoint(endpoint)}/readyz?verbose`;
  if (error instanceof TlsError) return `${why} Ask as the user of the server, or with curl: ${url}`;
  const hint = isSecure
    ? ' (status shows the key of ssl.quorum.keyStore and trusts ssl.quorum.trustStore; with others ask with curl --cert, --key and --cacert)'
    : '';
  return `${url} does not answer: ${why}${hint}`;
}

function checksOf(answer: unknown, dataDir: string): readonly ReadyCheck[] | null {
  if (typeof answer !== 'object' || answer === null) return null;
  const { data_dir: whose, checks } = answer as Record<string, unknown>;
  if (whose !== dataDir || !Array.isArray(checks)) return null;
  return checks.every(isCheck) ? checks : null;
}

function isCheck(value: unknown): value is ReadyCheck {
  if (typeof value !== 'object' || value === null) return false;
  const { name, ok, detail } = value as Record<string, unknown>;
  return typeof name === 'string' && typeof ok === 'boolean' && typeof detail === 'string';
}
