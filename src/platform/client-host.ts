import type { Clock, HttpClient, Logger, Network, Random } from '../host/index.js';
import { RealClock } from './real-clock.js';
import { RealHttpClient } from './real-http-client.js';
import { RealNetwork } from './real-network.js';
import { RealRandom } from './real-random.js';

const nothing = (): void => undefined;

/** Whoever only dials has nothing to log that his caller is not told. */
const SILENCE: Logger = {
  isEnabled: () => false,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => SILENCE,
};

export interface ClientHost {
  readonly clock: Clock;
  readonly network: Network;
  readonly httpClient: HttpClient;
  readonly random: Random;
}

/** What a client needs of this machine: no disk, no threads, no log. */
export function createClientHost(): ClientHost {
  return {
    clock: new RealClock(),
    network: new RealNetwork(SILENCE),
    httpClient: new RealHttpClient(),
    random: new RealRandom(),
  };
}
