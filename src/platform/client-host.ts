import type { Clock, Logger, Network, Random } from '../host/index.js';
import { RealClock } from './real-clock.js';
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

/** What a client needs of this machine: no disk, no threads, no log. */
export function createClientHost(): { readonly clock: Clock; readonly network: Network; readonly random: Random } {
  return { clock: new RealClock(), network: new RealNetwork(SILENCE), random: new RealRandom() };
}
