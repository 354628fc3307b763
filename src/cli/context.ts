import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dirname, join, resolve } from 'node:path';

/** What a server in the background tells the command that started it. */
export type StartReport = { readonly kind: 'listening' } | { readonly kind: 'failed'; readonly reason: string };

/** The process that a command runs in. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly workingDir: string;
  /** Writes a line to standard output. */
  readonly out: (line: string) => void;
  /** Writes a line to standard error. */
  readonly err: (line: string) => void;
  /** The program and its first arguments that run this command line once more. */
  readonly self: readonly string[];
  /** Present in a server that was started with --daemon. */
  readonly report?: (report: StartReport) => void;
}

/** The folder that holds `bin`, `conf` and `dist` (or `src`). */
const HOME = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Asked for a configuration that cannot be found: told to the user as it is. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Which zoo.cfg is meant. A name is taken from the working folder or, as `zkServer.sh` does, from `ZOOCFGDIR`; without a name
 * it is the first of the places where installations keep theirs.
 */
export function findConfig(context: CliContext, given: string | undefined): string {
  const { env, workingDir } = context;
  const folder = env['ZOOCFGDIR'] ?? env['ZOO_CONF_DIR'];
  if (given !== undefined) {
    // The folder of an installation is as good as the file in it.
    if (isFolder(resolve(workingDir, given))) return join(given, env['ZOOCFG'] ?? 'zoo.cfg');
    const inFolder = folder === undefined ? given : resolve(workingDir, folder, given);
    const isBareName = !given.includes('/') && !existsSync(resolve(workingDir, given));
    return isBareName && existsSync(inFolder) ? inFolder : given;
  }
  // The container image names the folder and makes the file when it is absent; another installation's is not meant.
  if (folder !== undefined && (env['ZOO_DATA_DIR'] ?? '') !== '') {
    return resolve(workingDir, folder, env['ZOOCFG'] ?? 'zoo.cfg');
  }
  const candidates = [
    ...(folder === undefined ? [] : [resolve(workingDir, folder, env['ZOOCFG'] ?? 'zoo.cfg')]),
    resolve(HOME, 'conf/zoo.cfg'),
    '/etc/zookeeper/conf/zoo.cfg',
    '/etc/zookeeper/zoo.cfg',
  ];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new UsageError(`No configuration given, and none of these is there: ${candidates.join(', ')}`);
}
