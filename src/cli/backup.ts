import { resolve } from 'node:path';
import type { ServerConfig } from '../config/index.js';
import { createRealHost } from '../platform/index.js';
import { dataFolders, StorageError, takeBackup } from '../storage/index.js';
import { DiskError } from '../host/index.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load, refuse } from './load-config.js';
import { pidFilePath, runningServer } from './pid-file.js';
import { dialable, probe } from './probe.js';
import { ProgressBar, shownSize } from './progress.js';

export interface BackupOptions {
  readonly config: string | undefined;
  readonly to: string | undefined;
  readonly keep: number | undefined;
  readonly json: boolean;
}

const ASK_TIMEOUT_MS = 3000;

/**
 * What a running server has applied: what lies behind that in its log may not be decided yet. Infinity when none runs here;
 * null when one runs and does not tell.
 */
async function committedHere(context: CliContext, config: ServerConfig, env: CliContext['env']) {
  const pid = runningServer(pidFilePath({ ...context, env }, config.storage.dataDir), config.configFile);
  if (pid === null) return Number.POSITIVE_INFINITY;
  const { endpoint } = config.clients;
  const condition = endpoint === null ? null : await probe(dialable(endpoint), ASK_TIMEOUT_MS);
  if (condition?.kind !== 'serving') return null;
  const digits = /^0x([0-9a-f]+)$/.exec(condition.said.get('Zxid') ?? '')?.[1];
  return digits === undefined ? null : Number.parseInt(digits, 16);
}

/** Writes what this machine's server has, running or not, into a folder of its own. */
export async function backup(context: CliContext, options: BackupOptions): Promise<number> {
  const loaded = await load(context, options.config, { writes: false });
  const { config } = loaded;
  if (config === null) return refuse(context, loaded);
  const target = options.to === undefined ? config.backup.dir : resolve(context.workingDir, options.to);
  if (target === null || options.to === '') {
    context.err('Name the folder for backups with --to, or backup.dir in the configuration.');
    return ExitCode.usage;
  }
  const upTo = await committedHere(context, config, loaded.env);
  if (upTo === null) {
    context.err(
      'A server runs here but does not serve, so what is committed cannot be told. Try again, or stop it first.',
    );
    return ExitCode.unexpected;
  }
  const host = createRealHost({ log: { level: 'error', fd: 2 } });
  const bar = new ProgressBar(process.stderr, 'copying');
  try {
    const { manifest, path } = await takeBackup(host, dataFolders(config.storage), target, {
      serverId: config.myId,
      upTo,
      retainCount: options.keep ?? Number.POSITIVE_INFINITY,
      onProgress: bar.update,
    });
    bar.hide();
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    if (options.json) context.out(JSON.stringify({ path, ...manifest }, null, 2));
    else context.out(`${path}: ${manifest.snapshotZxid} to ${manifest.lastZxid}, ${shownSize(bytes)}.`);
    return ExitCode.ok;
  } catch (error) {
    bar.hide();
    if (!(error instanceof StorageError || error instanceof DiskError)) throw error;
    context.err(error.message);
    return ExitCode.unexpected;
  } finally {
    await host.close();
  }
}
