import type { Host, HttpClient, HttpServers } from '../host/index.js';
import { AppendThread } from './append-thread.js';
import { oldestOperationMs } from './pending-operations.js';
import { RealClock } from './real-clock.js';
import { RealDisk } from './real-disk.js';
import { RealHttpServers } from './real-http.js';
import { RealHttpClient } from './real-http-client.js';
import { type LoggerOptions, RealLogger } from './real-logger.js';
import { RealNetwork } from './real-network.js';
import { RealRandom } from './real-random.js';

export interface RealHostOptions {
  readonly log?: LoggerOptions;
}

export interface RealHost extends Host {
  readonly log: RealLogger;
  readonly http: HttpServers;
  readonly httpClient: HttpClient;
  /** How long the oldest disk operation has been waiting for the disk; 0 when none does. */
  diskStuckMs(): number;
  /** Ends the append thread (close files first), unless a hung disk holds it, and writes out the log. */
  close(): Promise<void>;
}

const THREAD_STOP_MS = 2000;

/** This machine as a Host. One a process. */
export function createRealHost(options: RealHostOptions = {}): RealHost {
  const log = RealLogger.create(options.log);
  const appends = new AppendThread();
  return {
    clock: new RealClock({
      begun: () => appends.attend(),
      ending: () => appends.poll(),
      ended: () => appends.rest(),
    }),
    network: new RealNetwork(log),
    http: new RealHttpServers(log),
    httpClient: new RealHttpClient(),
    disk: new RealDisk(appends),
    random: new RealRandom(),
    log,
    diskStuckMs: () => Math.max(appends.stuckMs(), oldestOperationMs()),
    async close() {
      await appends.stop(THREAD_STOP_MS);
      await log.flush();
    },
  };
}
