import { readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';

/** What the system tells about a process; it is all that stands between a stale pid and a wrong guess. */

/** Of /proc/PID/stat: ticks a second, which is the same on every Linux that Node runs on. */
const TICKS_PER_S = 100;

/** Fields of /proc/PID/stat from the third on (the second, a name in parentheses, may hold anything). */
function statFields(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** Does it run? One that has ended and waits for its parent to take notice does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return statFields(pid)?.[0] !== 'Z';
}

/** The words of its command line; null when the system does not tell. */
export function commandLine(pid: number): readonly string[] | null {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    return null;
  }
}

/** Is one of its words the path of this file (absolute)? */
export function namesFile(pid: number, words: readonly string[], file: string): boolean {
  try {
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    return words.some((word) => word !== '' && resolve(folder, word) === file);
  } catch {
    return words.includes(file);
  }
}

/** When it began, in milliseconds since 1970, to about a second; null when the system does not tell. */
export function startedWallMs(pid: number): number | null {
  try {
    const [, bootS] = /^btime ([0-9]+)$/m.exec(readFileSync('/proc/stat', 'latin1')) ?? [];
    const ticks = statFields(pid)?.[19];
    return bootS === undefined || ticks === undefined ? null : (Number(bootS) + Number(ticks) / TICKS_PER_S) * 1000;
  } catch {
    return null;
  }
}
