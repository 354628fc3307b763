import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Surroundings } from '../command.js';

/** `suspend` gives the terminal away until what it answers is called. */
export function realSurroundings(env: NodeJS.ProcessEnv, suspend: () => () => void): Surroundings {
  return {
    readFile: (path) => readFile(path),
    async writeFile(path, data) {
      const partial = `${path}.${process.pid}.tmp`;
      await writeFile(partial, data);
      await rename(partial, path);
    },
    async edit(data, name) {
      const folder = await mkdtemp(join(tmpdir(), 'zk-cli-'));
      try {
        const file = join(folder, name);
        await writeFile(file, data, { mode: 0o600 });
        const resume = suspend();
        try {
          await runEditor([env['VISUAL'], env['EDITOR']].find(isSet) ?? 'vi', file);
        } finally {
          resume();
        }
        return await readFile(file);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

function isSet(word: string | undefined): word is string {
  return word !== undefined && word !== '';
}

/** The variable may hold options, too, so a shell reads it. */
function runEditor(editor: string, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`the editor ${editor} ended with ${signal ?? String(code)}; nothing was stored`));
    });
  });
}
