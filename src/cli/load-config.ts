import { constants } from 'node:fs';
import { access, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ConfigExit, exitCodeOf, type Fault, formatFault, loadConfig, type LoadResult } from '../config/index.js';
import { createRealHost } from '../platform/index.js';
import { type CliContext, findConfig } from './context.js';

export interface LoadedConfig extends LoadResult {
  /** As the user named it, or where it was found. */
  readonly configFile: string;
}

type Obstacle = Pick<Fault, 'reason' | 'mend'>;

const { R_OK, W_OK, X_OK } = constants;

/** What keeps this user from using a folder so, or from making it where it is absent; null: nothing. */
async function obstacleAt(path: string, mode: number): Promise<Obstacle | null> {
  try {
    await access(path, mode);
    return null;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing || dirname(path) === path) {
      const doing = (mode & R_OK) === 0 ? 'write to' : 'read and write';
      const mend = 'Give it the right to; a file system that is mounted read-only has to be mounted for writing.';
      return { reason: `this user cannot ${doing} ${path}.`, mend };
    }
    // What is missing and has its name taken is a link.
    const link = await readlink(path).catch(() => null);
    if (link === null) return obstacleAt(dirname(path), W_OK | X_OK);
    return { reason: `${path} is a link to ${link}, which is not there.`, mend: 'Is its disk mounted?' };
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
    if (key === 'dataLogDir' && path === dataDir) continue;
    const obstacle = (await obstacleAt(path, W_OK | X_OK)) ?? (await obstacleAt(join(path, 'version-2'), R_OK | W_OK));
    if (obstacle === null) continue;
    const where = loaded.settings.find((setting) => setting.key === key)?.given ?? null;
    faults.push({ severity: 'error', code: 'DATA_DIR', where, key, ...obstacle, exitCode: ConfigExit.dataDir });
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
