import type { ClientListener, Transport } from '../client/index.js';
import type { ServerConfig } from '../config/index.js';
import type { Clock, Endpoint, Host, Logger, NetworkErrorCode } from '../host/index.js';
import { formatEndpoint, NetworkError } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { Database, StorageError } from '../storage/index.js';
import { databaseOptions } from './options.js';
import { PeerExit, StartError } from './start-error.js';
import { loadTls, TlsFileWatch } from './tls-files.js';

/** What a single server and a member of an ensemble have in common at the beginning and at the end. */

/** Codes of a StorageError that are about folders rather than about what is in them. */
const FOLDER_CODES: ReadonlySet<string> = new Set([
  'DATA_DIR',
  'LOG_DIR_HAS_SNAPSHOTS',
  'SNAP_DIR_HAS_LOGS',
  'LOGS_GONE',
  'IN_USE',
  'RESTORE_UNFINISHED',
]);

const LISTEN_MENDS: Readonly<Partial<Record<NetworkErrorCode, string>>> = {
  ADDRESS_IN_USE: 'another process has that port; stop it or choose another clientPort',
  ADDRESS_NOT_AVAILABLE: 'clientPortAddress is no address of this machine',
  PERMISSION: 'this user may not; ports below 1024 want root or CAP_NET_BIND_SERVICE, so choose a higher clientPort',
};

export async function openDatabase(host: Host, metrics: Metrics, config: ServerConfig): Promise<Database> {
  try {
    return await Database.open(host, metrics, databaseOptions(config));
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const exitCode = FOLDER_CODES.has(error.code) ? PeerExit.dataDir : PeerExit.unexpected;
    throw new StartError(exitCode, error.message, { cause: error });
  }
}

/**
 * Opens the client ports, if there are any. The answer is to be stopped when they are closed; null when there is nothing to
 * stop.
 */
export async function listenForClients(
  clients: ClientListener,
  config: ServerConfig,
  host: Host,
): Promise<TlsFileWatch | null> {
  const { endpoint, secureEndpoint, portUnification, tls, tlsReloads, maxTlsHandshakes, dropsEarly } = config.clients;
  const context = tls === null ? null : await loadTls(host, tls);
  if (tls !== null && context !== null) {
    const { handshakeTimeoutMs } = tls;
    clients.useTls({ context, handshakeTimeoutMs, maxHandshakes: maxTlsHandshakes, dropsEarly });
  }
  if (endpoint !== null) {
    await listenOn(clients, config, endpoint, portUnification ? 'either' : 'plain', 'clientPort');
  }
  if (secureEndpoint !== null) await listenOn(clients, config, secureEndpoint, 'tls', 'secureClientPort');
  return context === null ? null : new TlsFileWatch(host.clock, host.log, 'clients', context, tlsReloads);
}

async function listenOn(
  clients: ClientListener,
  { clients: { listenBacklog } }: ServerConfig,
  endpoint: Endpoint,
  transport: Transport,
  key: string,
): Promise<void> {
  try {
    await clients.listen([endpoint], listenBacklog < 0 ? undefined : listenBacklog, transport);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const where = formatEndpoint(endpoint);
    const mend = LISTEN_MENDS[error.code] ?? `check ${key} and ${key}Address`;
    throw new StartError(PeerExit.unexpected, `cannot listen for clients on ${where} (${error.message}): ${mend}`, {
      cause: error,
    });
  }
}

/** A stop waits so long for the disk. What is not durable then was never acknowledged. */
const STOP_LIMIT_MS = 10_000;

/** Waits for `work`, no longer than `limitMs`; false when that is too short. Leaves no timer behind. */
export function endsWithin(clock: Clock, work: Promise<unknown>, limitMs: number): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    const timer = clock.after(limitMs, () => {
      resolve(false);
    });
    work.then(
      () => {
        timer.cancel();
        resolve(true);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** Waits for the end of a teardown; false when it takes too long, because the disk does not answer. */
export async function endsInTime(clock: Clock, log: Logger, teardown: Promise<void>): Promise<boolean> {
  const inTime = await endsWithin(clock, teardown, STOP_LIMIT_MS);
  if (!inTime) {
    log.error(`The disk has not answered for ${STOP_LIMIT_MS} ms; this server ends without it.`, { code: 'STOP_HUNG' });
  }
  return inTime;
}

/** A snapshot that is given up needs a moment for that. */
const LATE_MS = 100;

/** `saveWithinMs`: how long a last snapshot may take that makes the next start quicker; 0: none is taken. */
export async function closeDatabase(database: Database, host: Host, saveWithinMs: number): Promise<void> {
  const { clock, log } = host;
  try {
    // What began too late is not waited for: an fsync of it cannot be taken back.
    if (saveWithinMs > 0) await endsWithin(clock, database.saveForNextStart(saveWithinMs), saveWithinMs + LATE_MS);
    await database.close();
  } catch (error) {
    log.error(`Closing the log failed: ${String(error)}`, { code: 'CLOSE_FAILED' });
  }
}
