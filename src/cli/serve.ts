import { hostname, arch, freemem, homedir, release, totalmem, type as systemName, userInfo } from 'node:os';
import type { ServerConfig } from '../config/index.js';
import type { Host } from '../host/index.js';
import { Metrics } from '../metrics/index.js';
import { createServer, type Environment } from '../peer/index.js';
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
    ['os.memory.free', `${Math.floor(freemem() / MEBIBYTE)}MB`],
    ['os.memory.total', `${Math.floor(totalmem() / MEBIBYTE)}MB`],
  ];
}

/** The one place where the real host and a server meet. */
export function makeServer(config: ServerConfig, host: Host, workingDir: string): RunnableServer {
  return createServer(host, config, new Metrics(), machine(workingDir));
}
