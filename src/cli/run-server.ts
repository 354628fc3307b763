import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import type { LogFields, Logger } from '../host/index.js';
import { ExitCode } from './exit-codes.js';

/** A server as the command line runs it. */
export interface RunnableServer {
  /** Resolves when it listens; rejects with an error that may have an `exitCode`. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Lets another server lead. False or absent: it cannot. */
  handOver?(reason: string): boolean;
  /** Resolves when the server ended by itself. */
  readonly finished: Promise<{ readonly exitCode: number; readonly reason: string }>;
}

export interface RunOptions {
  readonly log: Logger;
  /** Where signals and uncaught errors come from: `process`. */
  readonly events: Pick<EventEmitter, 'on' | 'off'>;
  /** Ends the process at once, with `words` on its standard error. */
  readonly exitNow: (exitCode: number, words: string) => void;
  /** How long a stop may take. */
  readonly stopTimeoutMs: number;
  readonly onListening: () => void;
  /** A signal asked for a graceful end. */
  readonly onStopping: () => void;
  /** It cannot start, or ended by itself. */
  readonly onFailed: (reason: string) => void;
  /** What SIGHUP does; null: it asks for a stop, since it comes from a terminal that is closed. */
  readonly onHangup: (() => void) | null;
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

type Ending =
  | { readonly kind: 'signal'; readonly name: string }
  | { readonly kind: 'ended'; readonly exitCode: number; readonly reason?: string };

/** Null when nobody thought of such an error. */
function codeOfError(error: unknown): number | null {
  const code = typeof error === 'object' && error !== null && 'exitCode' in error ? error.exitCode : undefined;
  return typeof code === 'number' ? code : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What a foreseen error came from, for who searches logs: its code, and the file and offset (bytes) that it is about. */
function factsOfCause(error: unknown): LogFields {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause !== 'object' || cause === null) return {};
  const { code, file, offset } = cause as {
    readonly code?: unknown;
    readonly file?: unknown;
    readonly offset?: unknown;
  };
  return {
    ...(typeof code === 'string' ? { reason: code } : {}),
    ...(typeof file === 'string' ? { file } : {}),
    ...(typeof offset === 'number' ? { offset } : {}),
  };
}

/** Ends the process at once on an error that nobody caught: what the server does after it is not to be trusted. */
function guardAgainstUncaught({ events, exitNow }: RunOptions): () => void {
  const onUncaught = (error: unknown): void => {
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
    exitNow(ExitCode.unexpected, `Unexpected error, the server ends: ${details}`);
  };
  events.on('uncaughtException', onUncaught);
  events.on('unhandledRejection', onUncaught);
  return () => {
    events.off('uncaughtException', onUncaught);
    events.off('unhandledRejection', onUncaught);
  };
}

/** The first signal asks for a graceful end; another one ends at once. */
function watchSignals({ events, exitNow, onHangup }: RunOptions): {
  readonly first: Promise<Ending>;
  off(): void;
} {
  const handlers = new Map<string, () => void>();
  const first = new Promise<Ending>((resolve) => {
    let seen = false;
    for (const name of SIGNALS) {
      handlers.set(name, () => {
        if (name === 'SIGHUP' && onHangup !== null) {
          onHangup();
          return;
        }
        if (seen) exitNow(128 + constants.signals[name], `${name} again: ending at once.`);
        seen = true;
        resolve({ kind: 'signal', name });
      });
    }
  });
  for (const [name, handler] of handlers) events.on(name, handler);
  return {
    first,
    off() {
      for (const [name, handler] of handlers) events.off(name, handler);
    },
  };
}

/** SIGUSR2 asks a leader to let another server lead. */
function watchHandOver(server: RunnableServer, { events, log }: RunOptions): () => void {
  const onSignal = (): void => {
    if (server.handOver?.('asked to by SIGUSR2') === true) return;
    log.warn('SIGUSR2: there is no leadership to hand over: this server does not lead, or no other one could.', {
      code: 'HANDOVER_REFUSED',
    });
  };
  events.on('SIGUSR2', onSignal);
  return () => events.off('SIGUSR2', onSignal);
}

async function stopGracefully(server: RunnableServer, signal: string, options: RunOptions): Promise<number> {
  const { log, stopTimeoutMs, exitNow, onStopping } = options;
  log.info(`${signal}: stopping.`, { code: 'STOPPING' });
  onStopping();
  const timer = setTimeout(() => {
    exitNow(ExitCode.unexpected, `The server has not stopped within ${stopTimeoutMs} ms and is ended.`);
  }, stopTimeoutMs);
  try {
    await server.stop();
    log.info('Stopped.', { code: 'STOPPED' });
    return ExitCode.ok;
  } catch (error) {
    log.error(`Stopping failed: ${messageOf(error)}`, { code: 'STOP_FAILED', error });
    return ExitCode.unexpected;
  } finally {
    clearTimeout(timer);
  }
}

/** How `start` ended: null when the server listens. */
async function begin(server: RunnableServer, { log, onFailed, onListening }: RunOptions): Promise<Ending | null> {
  try {
    await server.start();
  } catch (error) {
    // An error with an exit code was foreseen, and its message is complete.
    const details = codeOfError(error) === null ? { error } : factsOfCause(error);
    log.fatal(`The server cannot start: ${messageOf(error)}`, { code: 'START_FAILED', ...details });
    onFailed(messageOf(error));
    return { kind: 'ended', exitCode: codeOfError(error) ?? ExitCode.unexpected };
  }
  onListening();
  return null;
}

async function untilEnd(server: RunnableServer, options: RunOptions, signal: Promise<Ending>): Promise<Ending> {
  const early = await Promise.race([signal, begin(server, options)]);
  if (early !== null) return early;
  const end = server.finished.then(({ exitCode, reason }): Ending => ({ kind: 'ended', exitCode, reason }));
  return Promise.race([signal, end]);
}

/** Starts a server and waits until it ends, by a signal (exit code 0) or by itself. Returns the exit code. */
export async function runServer(server: RunnableServer, options: RunOptions): Promise<number> {
  const unguard = guardAgainstUncaught(options);
  const signals = watchSignals(options);
  const unwatchHandOver = watchHandOver(server, options);
  try {
    const ending = await untilEnd(server, options, signals.first);
    if (ending.kind === 'signal') return await stopGracefully(server, ending.name, options);
    if (ending.reason !== undefined) {
      options.onFailed(ending.reason);
      options.log.fatal(`The server ended: ${ending.reason}`, { code: 'ENDED', exitCode: ending.exitCode });
    }
    return ending.exitCode;
  } finally {
    unwatchHandOver();
    signals.off();
    unguard();
  }
}
