import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigExit, exitCodeOf, type Fault, formatFault, loadConfig, type LoadResult } from '../config/index.js';
import { createRealHost } from '../platform/index.js';
import { type CliContext, findConfig } from './context.js';

export interface LoadedConfig extends LoadResult {
  /** As the user named it, or where it was found. */
  readonly configFile: string;
}

/** Can this user write there, or make it where it is absent? */
async function isWritable(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return missing && dirname(path) !== path ? isWritable(dirname(path)) : false;
  }
}

async function unwritable(loaded: LoadResult): Promise<Fault[]> {
  if (loaded.config === null) return [];
  const { dataDir, dataLogDir } = loaded.config.storage;
  const faults: Fault[] = [];
  for (const [key, path] of new Map([
    ['dataLogDir', dataLogDir],
    ['dataDir', dataDir],
  ])) {
    if ((key === 'dataLogDir' && path === dataDir) || (await isWritable(path))) continue;
    faults.push({
      severity: 'error',
      code: 'DATA_DIR',
      where: loaded.settings.find((setting) => setting.key === key)?.given ?? null,
      key,
      reason: `this user cannot write to ${path}.`,
      mend: 'Give it the right to; a file system that is mounted read-only has to be mounted for writing.',
      exitCode: ConfigExit.dataDir,
    });
  }
  return faults;
}

export interface LoadOptions {
  readonly strict?: boolean;
  readonly myId?: number;
  /** False: nothing will be written, so that it does no harm when this user could not. */
  readonly writes?: boolean;
}

/** Reads the configuration that `given` names and looks at its folders. Nothing is changed. */
export async function load(
  context: CliContext,
  given: string | undefined,
  options: LoadOptions = {},
): Promise<LoadedConfig> {
  const configFile = findConfig(context, given);
  const { workingDir, env } = context;
  const host = createRealHost({ log: { level: 'fatal' } });
  try {
    const { writes = true, ...rest } = options;
    const loaded = await loadConfig({ disk: host.disk, configFile, workingDir, env, ...rest });
    const faults = writes ? await unwritable(loaded) : [];
    if (faults.length === 0) return { ...loaded, configFile };
    return { ...loaded, configFile, config: null, faults: [...faults, ...loaded.faults] };
  } finally {
    await host.close();
  }
}

/** Writes the faults of a configuration that cannot be used, and returns the exit code. */
export function refuse(context: CliContext, { faults }: LoadResult): number {
  for (const fault of faults) context.err(formatFault(fault));
  return exitCodeOf(faults);
}
