import { setTimeout as delay } from 'node:timers/promises';
import { resolve } from 'node:path';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load, refuse } from './load-config.js';
import { holderOf, pidFilePath, removePid } from './pid-file.js';
import { isRunning } from './process-facts.js';

export interface StopOptions {
  readonly config: string | undefined;
  readonly pidFile: string | undefined;
  readonly timeoutMs: number;
}

/** A pid file, and the configuration of its server (absolute) where that is known. */
export interface StopTarget {
  readonly pidFile: string;
  readonly configFile: string | null;
}

const LOOK_EVERY_MS = 20;

/** False when this user may not. */
function terminate(pid: number): boolean {
  try {
    process.kill(pid, 'SIGTERM');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false;
    // It ended just now.
    return true;
  }
}

/** Ends the server of a pid file with SIGTERM and waits until it is gone. */
export async function stopServer(context: CliContext, target: StopTarget, timeoutMs: number): Promise<number> {
  const { pidFile, configFile } = target;
  const holder = holderOf(pidFile, configFile);
  switch (holder.kind) {
    case 'nobody':
    case 'no pid':
      context.out(`No server to stop (no pid in ${pidFile}).`);
      return ExitCode.ok;
    case 'gone':
      context.out(`No server to stop (nothing runs under pid ${holder.pid} of ${pidFile}).`);
      return ExitCode.ok;
    case 'something else':
      context.err(`Pid ${holder.pid} of ${pidFile} belongs to something else now; nothing was stopped.`);
      return ExitCode.unexpected;
    case 'running':
      return end(context, holder.pid, pidFile, timeoutMs);
  }
}

async function end(context: CliContext, pid: number, pidFile: string, timeoutMs: number): Promise<number> {
  if (!terminate(pid)) {
    context.err(`This user may not stop server ${pid}: stop it as the user that runs it, or as root.`);
    return ExitCode.unexpected;
  }
  const endMs = performance.now() + timeoutMs;
  while (isRunning(pid)) {
    if (performance.now() > endMs) {
      context.err(`Server ${pid} has not ended within ${timeoutMs} ms. It was asked to; its log tells what it does.`);
      return ExitCode.unexpected;
    }
    await delay(LOOK_EVERY_MS);
  }
  // A server that was killed, or Apache ZooKeeper's, leaves it behind.
  removePid(pidFile, pid);
  context.out(`Stopped server ${pid}.`);
  return ExitCode.ok;
}

/** Ends a running server. */
export async function stop(context: CliContext, options: StopOptions): Promise<number> {
  if (options.pidFile !== undefined) {
    const pidFile = resolve(context.workingDir, options.pidFile);
    return stopServer(context, { pidFile, configFile: null }, options.timeoutMs);
  }
  const loaded = await load(context, options.config, { writes: false });
  const { config } = loaded;
  if (config === null) return refuse(context, loaded);
  const pidFile = pidFilePath({ ...context, env: loaded.env }, config.storage.dataDir);
  return stopServer(context, { pidFile, configFile: config.configFile }, options.timeoutMs);
}
