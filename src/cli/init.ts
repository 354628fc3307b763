import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Fault, LoadResult } from '../config/index.js';
import { makeDurableFolderSync, syncFolderSync } from '../platform/index.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load, refuse } from './load-config.js';
import { pidFilePath, runningServer } from './pid-file.js';

export interface InitOptions {
  readonly config: string | undefined;
  readonly myId: number | undefined;
  readonly force: boolean;
}

/** What `init` is there to mend is no reason to refuse. */
function isMended({ code }: Fault): boolean {
  return code === 'MYID' || code === 'NO_DATA';
}

function settingPath(loaded: LoadResult, key: string, workingDir: string): string | null {
  const value = loaded.settings.find((setting) => setting.key === key)?.value;
  if (typeof value !== 'string') return null;
  return value.startsWith('/') ? value : join(workingDir, value);
}

async function isEmptyOrAbsent(path: string): Promise<boolean> {
  return !existsSync(path) || (await readdir(path)).length === 0;
}

/** What --myid says; else, where there is no file myid yet, what the container image's variable says. */
function wantedMyId(options: InitOptions, variable: string | undefined, dataDir: string): number | undefined {
  if (options.myId !== undefined || existsSync(join(dataDir, 'myid'))) return options.myId;
  return variable !== undefined && /^\d+$/.test(variable) ? Number(variable) : undefined;
}

/** Makes the data folders and myid that a configuration asks for. */
export async function init(context: CliContext, options: InitOptions): Promise<number> {
  const { myId } = options;
  const loaded = await load(context, options.config, myId === undefined ? {} : { myId });
  const fatal = loaded.faults.filter((fault) => fault.severity === 'error' && !isMended(fault));
  const dataDir = settingPath(loaded, 'dataDir', context.workingDir);
  if (fatal.length > 0 || dataDir === null) return refuse(context, { ...loaded, faults: fatal });
  if (loaded.faults.some(({ code }) => code === 'MYID')) {
    context.err(`${loaded.configFile} lists an ensemble: say with --myid which of its servers this is.`);
    return ExitCode.usage;
  }
  const folders = [...new Set([dataDir, settingPath(loaded, 'dataLogDir', context.workingDir) ?? dataDir])];
  const refused = await whyNot({ ...context, env: loaded.env }, folders, dataDir, options);
  if (refused !== null) {
    context.err(refused);
    return ExitCode.unexpected;
  }
  return make(context, folders, dataDir, { ...options, myId: wantedMyId(options, loaded.env['ZOO_MY_ID'], dataDir) });
}

/** The reason not to touch what is there; null when there is none. */
async function whyNot(
  context: CliContext,
  folders: readonly string[],
  dataDir: string,
  options: InitOptions,
): Promise<string | null> {
  const pid = runningServer(pidFilePath(context, dataDir), null);
  if (pid !== null) {
    return `A server (pid ${pid}) runs on ${dataDir}; stop it first.`;
  }
  if (options.force) return null;
  for (const folder of folders) {
    const data = join(folder, 'version-2');
    if (!(await isEmptyOrAbsent(data))) return `${data} holds data; --force would delete it.`;
  }
  const myIdFile = join(dataDir, 'myid');
  if (options.myId !== undefined && existsSync(myIdFile)) return `${myIdFile} is there; --force would replace it.`;
  return null;
}

async function make(
  context: CliContext,
  folders: readonly string[],
  dataDir: string,
  options: InitOptions,
): Promise<number> {
  for (const folder of folders) {
    const data = join(folder, 'version-2');
    if (options.force) await rm(data, { recursive: true, force: true });
    try {
      makeDurableFolderSync(data);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      context.err(`${data} cannot be made (${why}). Give this user the right to, or name another folder.`);
      return ExitCode.dataDir;
    }
    context.out(`Made ${data}`);
  }
  if (options.myId !== undefined) {
    await writeFile(join(dataDir, 'myid'), `${options.myId}\n`, { flush: true });
    context.out(`Wrote ${join(dataDir, 'myid')}: ${options.myId}`);
  }
  // With db.autocreate=false a server without data takes part at once only where this file says that none is expected.
  await writeFile(join(dataDir, 'initialize'), '', { flush: true });
  syncFolderSync(dataDir);
  context.out(`Wrote ${join(dataDir, 'initialize')}`);
  return ExitCode.ok;
}
