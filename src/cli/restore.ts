import { resolve } from 'node:path';
import { createRealHost } from '../platform/index.js';
import { databaseOptions } from '../peer/index.js';
import { checkBackup, restoreBackup, type RestorePoint, StorageError } from '../storage/index.js';
import { formatZxid } from '../protocol/index.js';
import { DiskError } from '../host/index.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load, refuse } from './load-config.js';
import { pidFilePath, runningServer } from './pid-file.js';
import { ProgressBar } from './progress.js';

export interface RestoreOptions {
  readonly config: string | undefined;
  readonly from: string | undefined;
  readonly zxid: string | undefined;
  readonly time: string | undefined;
  readonly force: boolean;
  readonly check: boolean;
}

/** Null: the words cannot be understood. */
export function parsePoint(zxid: string | undefined, time: string | undefined): RestorePoint | null {
  if (zxid !== undefined && time !== undefined) return null;
  if (zxid !== undefined) {
    const digits = /^(?:0x)?([0-9a-f]{1,14})$/i.exec(zxid)?.[1];
    return digits === undefined ? null : { kind: 'zxid', zxid: Number.parseInt(digits, 16) };
  }
  if (time === undefined) return { kind: 'newest' };
  const wallMs = /^\d{10,}$/.test(time) ? Number(time) : Date.parse(time);
  return Number.isNaN(wallMs) ? null : { kind: 'time', wallMs };
}

/** Makes a moment of a backup what this machine's server starts with. Everything is checked before anything is changed. */
export async function restore(context: CliContext, options: RestoreOptions): Promise<number> {
  const loaded = await load(context, options.config, { writes: !options.check });
  const { config } = loaded;
  if (config === null) return refuse(context, loaded);
  const point = parsePoint(options.zxid, options.time);
  if (point === null) {
    context.err(
      'Give either --zxid (hex, as 0x100000002) or --time (as 2026-11-27T10:00:00Z, or milliseconds since 1970).',
    );
    return ExitCode.usage;
  }
  const from = options.from === undefined ? config.backup.dir : resolve(context.workingDir, options.from);
  if (from === null) {
    context.err('Name the backup, or the folder of backups, with --from, or backup.dir in the configuration.');
    return ExitCode.usage;
  }
  const pid = runningServer(pidFilePath({ ...context, env: loaded.env }, config.storage.dataDir), config.configFile);
  if (pid !== null && !options.check) {
    context.err(`The server runs (pid ${pid}): stop it with zk-server stop first. Nothing was changed.`);
    return ExitCode.unexpected;
  }
  const host = createRealHost({ log: { level: 'error', fd: 2 } });
  const bar = new ProgressBar(process.stderr, 'checking');
  try {
    const storage = databaseOptions(config);
    const checked = await checkBackup(host, from, point, storage, (doneBytes, totalBytes) => {
      if (doneBytes < totalBytes) bar.update(doneBytes, totalBytes);
      else bar.say('The files are as they were written; reading what is in them ...');
    });
    bar.hide();
    const what = `${checked.backup.path} at ${formatZxid(checked.zxid)} (${checked.state.tree.nodeCount} nodes)`;
    for (const path of checked.incomplete) context.err(`${path} is no whole backup and is left out.`);
    if (options.check) {
      context.out(`${what} is whole.`);
      return ExitCode.ok;
    }
    const aside = await restoreBackup(host, checked, storage, options.force);
    const old = aside === null ? '' : ` What was there is in ${aside} beside it.`;
    context.out(`${what} is in ${config.storage.dataDir} now.${old}`);
    if (config.mode === 'quorum') {
      context.out('Restore the same on every server of the ensemble before the first of them starts.');
    }
    return ExitCode.ok;
  } catch (error) {
    bar.hide();
    if (!(error instanceof StorageError || error instanceof DiskError)) throw error;
    context.err(error instanceof StorageError ? error.message : `Nothing was changed: ${error.message}.`);
    return ExitCode.unexpected;
  } finally {
    await host.close();
  }
}
