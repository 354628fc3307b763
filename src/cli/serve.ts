import { arch, homedir, hostname, release, type as systemName, userInfo } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { AdminControl } from '../admin/index.js';
import type { ServerConfig } from '../config/index.js';
import type { Host, HttpClient, HttpServers } from '../host/index.js';
import { Metrics } from '../metrics/index.js';
import { type AuthPlugins, createServer, type Environment, NO_PLUGINS } from '../peer/index.js';
import { descriptorLimit, openDescriptors } from './descriptors.js';
import { ServerWithHttp } from './http-services.js';
import type { ReloadTarget } from './reload.js';
import type { RunnableServer } from './run-server.js';

const MEBIBYTE = 1024 * 1024;

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number without a name.
    return String(process.getuid?.() ?? '');
  }
}

/** What `envi` tells of this machine. */
function machine(workingDir: string): Environment {
  return [
    ['host.name', hostname()],
    ['node.version', process.version],
    ['os.name', systemName()],
    ['os.arch', arch()],
    ['os.version', release()],
    ['user.name', userName()],
    ['user.home', homedir()],
    ['user.dir', workingDir],
    ...heapSizes(),
  ];
}

/** Of this process, as ZooKeeper tells its JVM's: what is free of the heap, how large it may get, how large it is. */
function heapSizes(): Environment {
  const { total_heap_size: total, used_heap_size: used, heap_size_limit: max } = getHeapStatistics();
  return Object.entries({ free: total - used, max, total }).map(([name, bytes]) => [
    `os.memory.${name}`,
    `${Math.floor(bytes / MEBIBYTE)}MB`,
  ]);
}

/** Of a server whose configuration is not in a file. */
const NO_CONTROL: AdminControl = {
  reload: () => Promise.reject(new Error('this server was not started from a file')),
  setLogLevel: () => undefined,
};

/** The one place where the real host and a server meet. */
export function makeServer(
  config: ServerConfig,
  host: Host & { readonly http: HttpServers; readonly httpClient: HttpClient },
  workingDir: string,
  plugins: AuthPlugins = NO_PLUGINS,
  control: AdminControl = NO_CONTROL,
): RunnableServer & ReloadTarget {
  const metrics = new Metrics();
  metrics.gauge('open_file_descriptor_count', openDescriptors);
  metrics.gauge('max_file_descriptor_count', descriptorLimit);
  const server = createServer(host, config, metrics, machine(workingDir), plugins);
  return new ServerWithHttp(server, host, config, metrics, control);
}
