import type { ServerConfig } from '../config/index.js';
import type { Host } from '../host/index.js';
import type { Metrics } from '../metrics/index.js';
import { type AuthPlugins, NO_PLUGINS } from './access.js';
import { QuorumPeer } from './quorum-peer.js';
import type { Environment } from './server-facts.js';
import { StandaloneServer } from './standalone-server.js';
import type { Server } from './start-error.js';

/** The server that the configuration asks for. `plugins`: what was loaded for it. */
export function createServer(
  host: Host,
  config: ServerConfig,
  metrics: Metrics,
  environment: Environment = [],
  plugins: AuthPlugins = NO_PLUGINS,
): Server {
  return config.mode === 'quorum'
    ? new QuorumPeer(host, config, metrics, environment, plugins)
    : new StandaloneServer(host, config, metrics, environment, plugins);
}
