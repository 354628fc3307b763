import type { Host } from '../host/index.js';
import { AppendThread } from './append-thread.js';
import { RealClock } from './real-clock.js';
import { RealDisk } from './real-disk.js';
import { type LoggerOptions, RealLogger } from './real-logger.js';
import { RealNetwork } from './real-network.js';
import { RealRandom } from './real-random.js';

export interface RealHostOptions {
  readonly log?: LoggerOptions;
}

export interface RealHost extends Host {
  readonly log: RealLogger;
  /** Ends the append thread (close files first) and writes out the log. */
  close(): Promise<void>;
}

/** This machine as a Host. One a process. */
export function createRealHost(options: RealHostOptions = {}): RealHost {
  const log = RealLogger.create(options.log);
  const appends = new AppendThread();
  return {
    clock: new RealClock(),
    network: new RealNetwork(log),
    disk: new RealDisk(appends),
    random: new RealRandom(),
    log,
    async close() {
      await appends.stop();
      await log.flush();
    },
  };
}
