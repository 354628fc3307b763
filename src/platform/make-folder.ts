import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
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

/** The same, for where nobody is served yet. Answers what was not there, the outermost first. */
export function makeFolderSync(dir: string): string[] {
  const isFolder = (): boolean => statSync(dir, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isFolder()) return [];
  const made = dirname(dir) === dir ? [] : makeFolderSync(dirname(dir));
  try {
    mkdirSync(dir);
  } catch (error) {
    if (!isFolder()) throw error;
  }
  return [...made, dir];
}

/** The same, durably: a folder whose name is lost takes everything in it with it. */
export function makeDurableFolderSync(dir: string): void {
  for (const made of makeFolderSync(dir)) syncFolderSync(dirname(made));
}

/** Makes the names in a folder durable, if this user may read it. */
export function syncFolderSync(dir: string): void {
  let handle: number;
  try {
    handle = openSync(dir, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return;
    throw error;
  }
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
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
