import { setTimeout as delay } from 'node:timers/promises';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load, refuse } from './load-config.js';
import { isRunning, isSomethingElse, pidFilePath, readPid } from './pid-file.js';

export interface StopOptions {
  readonly config: string | undefined;
  readonly pidFile: string | undefined;
  readonly timeoutMs: number;
}

const LOOK_EVERY_MS = 50;

/** Ends a running server with SIGTERM and waits until it is gone. */
export async function stop(context: CliContext, options: StopOptions): Promise<number> {
  let path = options.pidFile;
  if (path === undefined) {
    const { config, ...loaded } = await load(context, options.config);
    if (config === null) return refuse(context, { config, ...loaded });
    path = pidFilePath({ ...context, env: loaded.env }, config.storage.dataDir);
  }
  const pid = readPid(path);
  if (pid === null || !isRunning(pid)) {
    context.out(`No server to stop (${pid === null ? 'no pid in' : `nothing runs under pid ${pid} of`} ${path}).`);
    return ExitCode.ok;
  }
  if (isSomethingElse(pid)) {
    context.err(`Pid ${pid} of ${path} belongs to something else now; nothing was stopped.`);
    return ExitCode.unexpected;
  }
  process.kill(pid, 'SIGTERM');
  const end = performance.now() + options.timeoutMs;
  while (isRunning(pid)) {
    if (performance.now() > end) {
      context.err(`Server ${pid} has not ended within ${options.timeoutMs} ms.`);
      return ExitCode.unexpected;
    }
    await delay(LOOK_EVERY_MS);
  }
  context.out(`Stopped server ${pid}.`);
  return ExitCode.ok;
}
