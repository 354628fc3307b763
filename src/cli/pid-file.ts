import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CliContext } from './context.js';

/** `$ZOOPIDFILE`, or the file that `zkServer.sh` writes into the data folder. */
export function pidFilePath(context: CliContext, dataDir: string): string {
  const named = context.env['ZOOPIDFILE'] ?? '';
  return named === '' ? `${dataDir}/zookeeper_server.pid` : resolve(context.workingDir, named);
}

/** The pid in the file; null when there is no file or no number in it. */
export function readPid(path: string): number | null {
  try {
    const text = readFileSync(path, 'latin1').trim();
    return /^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}

export function writePid(path: string): void {
  writeFileSync(path, `${process.pid}\n`);
}

/** Removes the file if it is still this process's. */
export function removePid(path: string): void {
  if (readPid(path) !== process.pid) return;
  try {
    unlinkSync(path);
  } catch {
    // It is gone already, which is what was wanted.
  }
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * A pid may have been given to another program since the file was written. True when the system says what runs under it and
 * that is no ZooKeeper server.
 */
export function isSomethingElse(pid: number): boolean {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    return !/zk-server|cli\/main\.[jt]s|QuorumPeerMain|ZooKeeperServerMain/.test(command);
  } catch {
    return false;
  }
}
