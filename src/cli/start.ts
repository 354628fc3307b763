import { writeSync } from 'node:fs';
import { type Fault, formatFault, type ServerConfig } from '../config/index.js';
import type { Host, LogLevel } from '../host/index.js';
import { createRealHost } from '../platform/index.js';
import { withClaims } from './claimed-server.js';
import type { CliContext } from './context.js';
import { load, type LoadedConfig, refuse } from './load-config.js';
import { loggerOptions } from './logger-options.js';
import { pidFilePath, removePid, writePid } from './pid-file.js';
import { runServer } from './run-server.js';
import { versionText } from './version.js';

export interface StartOptions {
  readonly config: string | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly logFormat: 'json' | 'text' | undefined;
}

const STOP_TIMEOUT_MS = 30_000;

function tell(host: Host, fault: Fault): void {
  const text = formatFault({ ...fault, severity: 'note' }).replace('note: ', '');
  const fields = { code: `CONFIG_${fault.code}` };
  if (fault.severity === 'note') host.log.info(text, fields);
  else host.log.warn(text, fields);
}

function describe({ mode, myId, membership, clients, storage }: ServerConfig, configFile: string): string {
  const who = mode === 'standalone' ? 'alone' : `as server ${myId} of ${membership.members.size}`;
  const where = clients.endpoint === null ? 'without a client port' : `with client port ${clients.endpoint.port}`;
  return `${versionText()} starts ${who} ${where}, data in ${storage.dataDir}, configured by ${configFile}.`;
}

async function serve(
  context: CliContext,
  { configFile, faults, env, log }: LoadedConfig,
  config: ServerConfig,
  options: StartOptions,
): Promise<number> {
  // Loaded only here: scripts ask the other commands often, and those do not need it.
  const { makeServer } = await import('./serve.js');
  const host = createRealHost({ log: loggerOptions(options, log) });
  host.log.info(describe(config, configFile), { code: 'STARTING', pid: process.pid });
  for (const fault of faults) tell(host, fault);
  const pidFile = pidFilePath({ ...context, env }, config.storage.dataDir);
  try {
    const { dataDir, dataLogDir } = config.storage;
    const server = withClaims(makeServer(config, host, context.workingDir), [dataDir, dataLogDir]);
    return await runServer(server, {
      log: host.log,
      events: process,
      stopTimeoutMs: STOP_TIMEOUT_MS,
      ignoresHangup: context.env['ZK_SERVER_NOHUP'] === '1',
      exitNow: (exitCode, words) => {
        // Nothing may run after this, so the words cannot wait for the log.
        writeSync(process.stderr.fd, `${words}\n`);
        removePid(pidFile);
        process.exit(exitCode);
      },
      onListening: () => {
        try {
          writePid(pidFile);
        } catch (error) {
          host.log.warn(`The pid file ${pidFile} cannot be written: ${String(error)}`, { code: 'PID_FILE' });
        }
      },
    });
  } finally {
    removePid(pidFile);
    await host.close();
  }
}

/** Runs a server in the foreground until a signal or a fatal error ends it. */
export async function start(context: CliContext, options: StartOptions): Promise<number> {
  const loaded = await load(context, options.config);
  if (loaded.config === null) return refuse(context, loaded);
  return serve(context, loaded, loaded.config, options);
}
