import { writeSync } from 'node:fs';
import { type Fault, formatFault, type ServerConfig } from '../config/index.js';
import type { AuditLog, Host, LogLevel } from '../host/index.js';
import { createRealHost, RealAuditLog, type RealHost } from '../platform/index.js';
import { loadAuthModules } from './auth-modules.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { loadKerberos, loadQuorumKerberos } from './kerberos.js';
import { load, type LoadedConfig, refuse } from './load-config.js';
import { loggerOptions } from './logger-options.js';
import { claimPid, pidFilePath, removePid } from './pid-file.js';
import { PreparedServer } from './prepared-server.js';
import { Reloader, type ReloadTarget } from './reload.js';
import { type RunnableServer, runServer } from './run-server.js';
import { ServiceManager } from './service-manager.js';
import { versionText } from './version.js';

export interface StartOptions {
  readonly config: string | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly logFormat: 'json' | 'text' | undefined;
}

const STOP_TIMEOUT_MS = 30_000;
/** A disk that has not answered for so long hangs. */
const HUNG_DISK_MS = 1000;

/**
 * A thread that waits for a hung disk keeps `process.exit` waiting, too: then only a signal ends the process. Nothing is lost
 * by it that was acknowledged.
 */
function killIfDiskHangs(host: RealHost): void {
  if (host.diskStuckMs() < HUNG_DISK_MS) return;
  writeSync(process.stderr.fd, 'The disk does not answer; the process ends by SIGKILL.\n');
  process.kill(process.pid, 'SIGKILL');
}

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

function listens({ clients }: ServerConfig): string {
  return clients.endpoint === null
    ? 'Listens, without a client port'
    : `Listens for clients on port ${clients.endpoint.port}`;
}

/** What to say when a server runs with that pid file. */
export function runsAlready(pid: number, pidFile: string): string {
  return `A server runs already: pid ${pid}, says ${pidFile}. End it with zk-server stop, or start another one with a configuration of its own.`;
}

/** Takes the pid file; an exit code when this server must not start. */
function takePidFile(context: CliContext, host: Host, pidFile: string, config: ServerConfig): number | null {
  try {
    const running = claimPid(pidFile, config.configFile);
    if (running === null) return null;
    const words = runsAlready(running, pidFile);
    context.report?.({ kind: 'failed', reason: words });
    context.err(words);
    return ExitCode.unexpected;
  } catch (error) {
    const words = `The pid file ${pidFile} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    if (context.report === undefined) {
      host.log.warn(words, { code: 'PID_FILE' });
      return null;
    }
    // In the background nobody would find this server again.
    context.report({ kind: 'failed', reason: words });
    host.log.fatal(words, { code: 'PID_FILE' });
    return ExitCode.unexpected;
  }
}

/** ZooKeeper's audit lines about the server itself. */
function startStopAudit(audit: AuditLog | undefined) {
  let state: 'starting' | 'started' | 'failed' = 'starting';
  const record = (operation: string, result: 'success' | 'failure' | 'invoked'): void => {
    audit?.record({ user: audit.serverUser, operation, result });
  };
  return {
    started: (isListening: boolean): void => {
      if (state !== 'starting') return;
      state = isListening ? 'started' : 'failed';
      record('serverStart', isListening ? 'success' : 'failure');
    },
    stopped: (): void => {
      if (state === 'started') record('serverStop', 'invoked');
    },
  };
}

async function serve(
  context: CliContext,
  loaded: LoadedConfig,
  config: ServerConfig,
  options: StartOptions,
): Promise<number> {
  const { configFile, faults, env, log } = loaded;
  // Loaded only here: scripts ask the other commands often, and those do not need it.
  const { makeServer } = await import('./serve.js');
  const real = createRealHost({ log: loggerOptions(options, log) });
  const audit = config.audit.isOn ? await RealAuditLog.open(config.audit, real.log) : undefined;
  const host = audit === undefined ? real : { ...real, audit };
  const told = startStopAudit(audit);
  const pidFile = pidFilePath({ ...context, env }, config.storage.dataDir);
  const serviceManager = new ServiceManager(process.env, process.pid, host.log);
  const setLogLevel = (level: LogLevel): void => {
    host.log.setLevel(level);
  };
  const make = async (): Promise<RunnableServer & ReloadTarget> => {
    const providers = await loadAuthModules(config);
    // Servers first: where no key table is named they have that of the environment, which the clients' may replace.
    const quorumKerberos = await loadQuorumKerberos(config, process.env);
    const plugins = { providers, quorumKerberos, kerberos: await loadKerberos(config, process.env) };
    return makeServer(config, host, context.workingDir, plugins, { reload: () => reloader.reload(), setLogLevel });
  };
  const server = new PreparedServer(make);
  const reloader: Reloader = new Reloader({ context, options, log: host.log, setLogLevel, target: server }, loaded);
  try {
    const refused = takePidFile(context, host, pidFile, config);
    if (refused !== null) return refused;
    host.log.info(describe(config, configFile), { code: 'STARTING', pid: process.pid });
    for (const fault of faults) tell(host, fault);
    return await runServer(server, {
      log: host.log,
      events: process,
      stopTimeoutMs: STOP_TIMEOUT_MS,
      onHangup: process.stdin.isTTY && context.env['ZK_SERVER_NOHUP'] !== '1' ? null : reloader.onHangup,
      exitNow: (exitCode, words) => {
        // Nothing may run after this, so the words cannot wait for the log.
        writeSync(process.stderr.fd, `${words}\n`);
        removePid(pidFile);
        killIfDiskHangs(host);
        process.exit(exitCode);
      },
      onListening: () => {
        told.started(true);
        context.report?.({ kind: 'listening' });
        serviceManager.ready(listens(config));
      },
      onStopping: () => {
        serviceManager.stopping();
      },
      onFailed: (reason) => {
        told.started(false);
        context.report?.({ kind: 'failed', reason });
      },
    });
  } finally {
    told.stopped();
    await audit?.close();
    removePid(pidFile);
    await serviceManager.close();
    await host.close();
    killIfDiskHangs(host);
  }
}

/** Runs a server in the foreground until a signal or a fatal error ends it. */
export async function start(context: CliContext, options: StartOptions): Promise<number> {
  const loaded = await load(context, options.config);
  if (loaded.config === null) return refuse(context, loaded);
  return serve(context, loaded, loaded.config, options);
}
