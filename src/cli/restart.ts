import type { CliContext } from './context.js';
import { runDaemon } from './daemon.js';
import { ExitCode } from './exit-codes.js';
import { load, refuse } from './load-config.js';
import { pidFilePath } from './pid-file.js';
import type { StartOptions } from './start.js';
import { stopServer } from './stop.js';

export interface RestartOptions extends StartOptions {
  readonly timeoutMs: number;
  readonly stopTimeoutMs: number;
}

/** Stops the server of a configuration, if it runs, and starts it in the background. */
export async function restart(context: CliContext, options: RestartOptions): Promise<number> {
  const loaded = await load(context, options.config);
  const { config } = loaded;
  if (config === null) {
    context.err('The configuration cannot be used; nothing was stopped.');
    return refuse(context, loaded);
  }
  const pidFile = pidFilePath({ ...context, env: loaded.env }, config.storage.dataDir);
  const target = { pidFile, configFile: config.configFile };
  const stopped = await stopServer(context, target, options.stopTimeoutMs);
  return stopped === ExitCode.ok ? runDaemon(context, loaded, config, options) : stopped;
}
