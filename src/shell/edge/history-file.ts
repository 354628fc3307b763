import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const KEPT_LINES = 1000;
const SECRET = /^\s*["']?addauth(?:\s|["']|$)/i;

/** A line that is never written down: it holds a password. */
export function isSecret(line: string): boolean {
  return SECRET.test(line);
}

/** Level by level: Node's own recursion never ends where a folder cannot be made though its parent is there. */
function makeFolder(dir: string): void {
  if (existsSync(dir)) return;
  if (dirname(dir) !== dir) makeFolder(dirname(dir));
  mkdirSync(dir, { mode: 0o700 });
}

/** Lines of earlier runs, in a file that only its owner reads. A file that cannot be had costs the history and nothing else. */
export class HistoryFile {
  /** Oldest first. */
  readonly lines: string[] = [];

  constructor(private readonly path: string | null) {
    if (path === null) return;
    try {
      this.lines = readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '');
    } catch {
      // The first run.
    }
    if (this.lines.length > 2 * KEPT_LINES) this.shorten(path);
  }

  add(line: string): void {
    if (this.path === null || isSecret(line) || line.trim() === '' || this.lines.at(-1) === line) return;
    this.lines.push(line);
    try {
      makeFolder(dirname(this.path));
      appendFileSync(this.path, `${line}\n`, { mode: 0o600 });
    } catch {
      // A folder that cannot be written: the lines of this run are still here.
    }
  }

  private shorten(path: string): void {
    this.lines.splice(0, this.lines.length - KEPT_LINES);
    try {
      writeFileSync(path, `${this.lines.join('\n')}\n`, { mode: 0o600 });
      chmodSync(path, 0o600);
    } catch {
      // As above.
    }
  }
}
