import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { formatFault, type ServerConfig } from '../config/index.js';
import { type Endpoint, formatEndpoint } from '../host/index.js';
import type { CliContext, StartReport } from './context.js';
import { DaemonLog } from './daemon-log.js';
import { ExitCode } from './exit-codes.js';
import { load, type LoadedConfig, refuse } from './load-config.js';
import { pidFilePath, runningServer } from './pid-file.js';
import { type Condition, dialable, probe } from './probe.js';
import { runsAlready, type StartOptions } from './start.js';

export interface DaemonOptions extends StartOptions {
  readonly timeoutMs: number;
}

/** How starting in the background went. */
type Outcome =
  | { readonly kind: 'serves'; readonly mode: string | null }
  | { readonly kind: 'failed'; readonly exitCode: number; readonly reason: string | null }
  /** It listens, but too few of the others do, or serving is not its task. */
  | { readonly kind: 'waits'; readonly condition: Condition }
  | { readonly kind: 'late'; readonly condition: Condition | null };

const LOOK_EVERY_MS = 20;
const ASK_TIMEOUT_MS = 2000;
/** Whoever starts an ensemble starts its first server alone, and wants to go on with the next. */
const QUORUM_PATIENCE_MS = 10_000;

/** The server in the background, as the command that started it sees it. */
class Background {
  listeningMs: number | null = null;
  exitCode: number | null = null;
  reason: string | null = null;

  constructor(readonly process: ChildProcess) {
    process.on('message', (report: StartReport) => {
      if (report.kind === 'listening') this.listeningMs = performance.now();
      else this.reason = report.reason;
    });
    process.once('error', (error) => {
      this.reason = error.message;
      this.exitCode = ExitCode.unexpected;
    });
    // Not `exit`, which may come before the last message.
    process.once('close', (code) => {
      this.exitCode = code ?? ExitCode.unexpected;
    });
  }

  /** It goes on without this command. */
  leave(): void {
    if (this.process.connected) this.process.disconnect();
    this.process.unref();
  }
}

function launch(context: CliContext, configFile: string, log: DaemonLog, options: StartOptions): Background {
  const [program = '', ...first] = context.self;
  const more = [
    ...(options.logLevel === undefined ? [] : ['--log-level', options.logLevel]),
    ...(options.logFormat === undefined ? [] : ['--log-format', options.logFormat]),
  ];
  const child = spawn(program, [...first, 'start', ...more, '--', configFile], {
    cwd: context.workingDir,
    // A session of its own, and deaf to the end of this one.
    detached: true,
    env: { ...context.env, ZK_SERVER_NOHUP: '1', ZK_SERVER_REPORT: '1' },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  return new Background(child);
}

async function watch(server: Background, config: ServerConfig, timeoutMs: number): Promise<Outcome> {
  const { endpoint } = config.clients;
  const deadlineMs = performance.now() + timeoutMs;
  let condition: Condition | null = null;
  for (;;) {
    const { exitCode, listeningMs, reason } = server;
    if (exitCode !== null) return { kind: 'failed', exitCode, reason };
    if (listeningMs !== null) {
      if (endpoint === null) return { kind: 'serves', mode: null };
      condition = await probe(dialable(endpoint), ASK_TIMEOUT_MS);
      if (condition.kind === 'serving') return { kind: 'serves', mode: condition.mode };
      const isPatient = performance.now() - listeningMs < QUORUM_PATIENCE_MS;
      if (config.mode === 'quorum' && !isPatient) return { kind: 'waits', condition };
    }
    if (performance.now() > deadlineMs) return { kind: 'late', condition };
    await delay(LOOK_EVERY_MS);
  }
}

function nameOf({ mode, myId }: ServerConfig): string {
  return mode === 'quorum' ? `Server ${myId}` : 'The server';
}

function stateOf(condition: Condition | null): string {
  return condition?.kind === 'not serving' ? (condition.elections?.peerState ?? 'not serving') : 'starting';
}

function addressOf(endpoint: Endpoint | null): string {
  return endpoint === null ? 'without a client port' : `on ${formatEndpoint(dialable(endpoint))}`;
}

function tell(context: CliContext, config: ServerConfig, outcome: Outcome, pid: number, log: DaemonLog): number {
  const name = nameOf(config);
  switch (outcome.kind) {
    case 'serves':
      context.out(
        `${name} serves ${addressOf(config.clients.endpoint)}${outcome.mode === null ? '' : ` as ${outcome.mode}`}: pid ${pid}, log ${log.path}`,
      );
      return ExitCode.ok;
    case 'waits':
      context.out(
        `${name} runs but does not serve yet (${stateOf(outcome.condition)}): it waits for a quorum of the other servers. ` +
          `zk-server status tells when it serves. Pid ${pid}, log ${log.path}`,
      );
      return ExitCode.ok;
    case 'late':
      context.err(
        `${name} does not serve yet (${stateOf(outcome.condition)}). It goes on: pid ${pid}, log ${log.path}; zk-server ` +
          'status tells when it serves.',
      );
      return ExitCode.unexpected;
    case 'failed':
      context.err(`${name} failed to start (exit code ${outcome.exitCode}): ${outcome.reason ?? 'see the log'}`);
      if (outcome.reason === null) for (const line of log.newLines()) context.err(`  ${line}`);
      context.err(`Its log is ${log.path}`);
      // It was asked to stop while it started: that is no success of starting.
      return outcome.exitCode === ExitCode.ok ? ExitCode.unexpected : outcome.exitCode;
  }
}

/** Starts the server of a sound configuration in the background and tells how that went. */
export async function runDaemon(
  context: CliContext,
  loaded: LoadedConfig,
  config: ServerConfig,
  options: DaemonOptions,
): Promise<number> {
  for (const fault of loaded.faults) if (fault.severity === 'warning') context.err(formatFault(fault));
  // The files beside the configuration may set ZOOPIDFILE and ZOO_LOG_DIR, too; the server reads them itself.
  const installed = { ...context, env: loaded.env };
  const pidFile = pidFilePath(installed, config.storage.dataDir);
  const running = runningServer(pidFile, config.configFile);
  if (running !== null) {
    context.err(runsAlready(running, pidFile));
    return ExitCode.unexpected;
  }
  const log = DaemonLog.open(installed, config.storage.dataDir);
  if (typeof log === 'string') {
    context.err(log);
    return ExitCode.unexpected;
  }
  try {
    const server = launch(context, loaded.configFile, log, options);
    const outcome = await watch(server, config, options.timeoutMs);
    server.leave();
    return tell(context, config, outcome, server.process.pid ?? 0, log);
  } finally {
    log.close();
  }
}

/** Starts a server in the background; see `runDaemon`. */
export async function startDaemon(context: CliContext, options: DaemonOptions): Promise<number> {
  const loaded = await load(context, options.config);
  if (loaded.config === null) return refuse(context, loaded);
  return runDaemon(context, loaded, loaded.config, options);
}
