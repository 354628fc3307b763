import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

// Node's own recursion never ends where a folder cannot be made though its parent is there, as below /proc.

/** Makes a folder and its parents; an existing one is fine. */
export async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(dir) !== dir) {
      await makeFolder(dirname(dir));
      await mkdir(dir).catch(unlessFolder(dir));
    } else {
      await unlessFolder(dir)(error as Error);
    }
  }
}

/** The same, for where nobody is served yet. */
export function makeFolderSync(dir: string): void {
  const isFolder = (): boolean => statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isFolder()) return;
  if (dirname(dir) !== dir) makeFolderSync(dirname(dir));
  try {
    mkdirSync(dir);
  } catch (error) {
    if (!isFolder()) throw error;
  }
}

/** Somebody may have made it just now; a file system that is mounted read-only says so only of what is not there. */
function unlessFolder(dir: string): (error: Error) => Promise<void> {
  return async (error) => {
    const isFolder = await stat(dir).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (!isFolder) throw error;
  };
}
