import { readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { makeFolderSync } from '../platform/index.js';
import type { CliContext } from './context.js';
import { commandLine, isRunning, namesFile, startedWallMs } from './process-facts.js';

/** Who is in a pid file. */
export type Holder =
  /** There is no file. */
  | { readonly kind: 'nobody' }
  /** No number is in it. */
  | { readonly kind: 'no pid' }
  /** Nothing runs under that pid. */
  | { readonly kind: 'gone'; readonly pid: number }
  /** The pid was given to another program, or to another server, since the file was written. */
  | { readonly kind: 'something else'; readonly pid: number }
  | { readonly kind: 'running'; readonly pid: number };

/** Programs of servers. That a path leads through a folder called zk-server says nothing. */
const SERVER_WORDS = /(^|bin\/)zk-server$|(cli|bundle)\/(main\.[jt]s|launch\.cjs)$|QuorumPeerMain|ZooKeeperServerMain/;
/** A process that began so long after the file was written did not write it; the system rounds to seconds. */
const ROUNDING_MS = 2000;

/** `$ZOOPIDFILE`, or the file that `zkServer.sh` writes into the data folder. */
export function pidFilePath(context: CliContext, dataDir: string): string {
  const named = context.env['ZOOPIDFILE'] ?? '';
  return named === '' ? `${dataDir}/zookeeper_server.pid` : resolve(context.workingDir, named);
}

/** Null when there is no file. */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return null;
  }
}

function pidOf(text: string): number | null {
  return /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : null;
}

/** Is the process under `pid` the server that wrote the file? After a reboot the same pid may be another server's. */
function isItsServer(pid: number, path: string, configFile: string | null): boolean {
  const words = commandLine(pid);
  if (words === null) return true;
  if (!words.some((word) => SERVER_WORDS.test(word))) return false;
  if (configFile !== null && namesFile(pid, words, configFile)) return true;
  const startedMs = startedWallMs(pid);
  return startedMs === null || startedMs <= statSync(path).mtimeMs + ROUNDING_MS;
}

/** Who is in the pid file `path`? `configFile` (absolute): what its server was started with, where that is known. */
export function holderOf(path: string, configFile: string | null): Holder {
  const text = readText(path);
  if (text === null) return { kind: 'nobody' };
  const pid = pidOf(text);
  if (pid === null) return { kind: 'no pid' };
  // The own pid: in a container every life of a server may have the same one.
  if (pid === process.pid || !isRunning(pid)) return { kind: 'gone', pid };
  return { kind: isItsServer(pid, path, configFile) ? 'running' : 'something else', pid };
}

/** The pid of the server that runs with this pid file; null when there is none. */
export function runningServer(path: string, configFile: string | null): number | null {
  const holder = holderOf(path, configFile);
  return holder.kind === 'running' ? holder.pid : null;
}

function writeNew(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Writes this process's pid, over one that is stale. Returns the pid of a server that runs with this file instead; throws when
 * the file cannot be written.
 */
export function claimPid(path: string, configFile: string): number | null {
  makeFolderSync(dirname(path));
  if (writeNew(path)) return null;
  const running = runningServer(path, configFile);
  if (running !== null) return running;
  unlinkSync(path);
  // Whoever was quicker is just starting.
  return writeNew(path) ? null : (pidOf(readText(path) ?? '') ?? 0);
}

/** Removes the file if `pid` is still in it. */
export function removePid(path: string, pid: number = process.pid): void {
  if (pidOf(readText(path) ?? '') !== pid) return;
  try {
    unlinkSync(path);
  } catch {
    // It is gone already, which is what was wanted.
  }
}
