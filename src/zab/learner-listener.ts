import type { Listener, Socket } from '../host/index.js';
import { formatEndpoint } from '../host/index.js';
import type { Life } from './life.js';
import { ZabError } from './life.js';
import type { LeaderDeps } from './role.js';

/**
 * Listens on every quorum address and adds what listens to `listeners`, also when the life ends meanwhile. One address is
 * enough; without any, throws LISTEN_FAILED.
 */
export async function listenForLearners(
  deps: Pick<LeaderDeps, 'host' | 'listenOn'>,
  life: Life,
  listeners: Listener[],
  onConnection: (socket: Socket) => void,
): Promise<void> {
  const failures: string[] = [];
  for (const endpoint of deps.listenOn) {
    try {
      listeners.push(await deps.host.network.listen({ endpoint }, onConnection));
    } catch (error) {
      const why = `${formatEndpoint(endpoint)}: ${error instanceof Error ? error.message : String(error)}`;
      failures.push(why);
      deps.host.log.error(`Cannot listen for learners on ${why}`, { code: 'ZAB_LISTEN' });
    }
    life.check();
  }
  if (listeners.length > 0) return;
  throw new ZabError('LISTEN_FAILED', `no address to listen on for learners: ${failures.join('; ')}`);
}
