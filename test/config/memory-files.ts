import { type DirEntry, type Disk, DiskError, type DiskErrorCode } from '../../src/host/index.js';
import { loadConfig, type LoadResult } from '../../src/config/index.js';

/** Path to text, null for a folder, an error code for what cannot be read. Parents are folders by themselves. */
export type MemoryTree = Readonly<Record<string, string | Buffer | null | { readonly error: DiskErrorCode }>>;

/** The reading half of a disk, in memory. */
export function memoryFiles(tree: MemoryTree): Pick<Disk, 'readFile' | 'stat' | 'list'> {
  const files = new Map(Object.entries(tree));
  for (const path of [...files.keys()]) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      if (!files.has(path.slice(0, at))) files.set(path.slice(0, at), null);
    }
  }
  const get = (path: string): string | Buffer | null => {
    const found = files.get(path);
    if (found === undefined) throw new DiskError('NOT_FOUND', path, `${path}: no such file`);
    if (found !== null && typeof found === 'object' && 'error' in found) {
      throw new DiskError(found.error, path, `${path}: ${found.error}`);
    }
    return found;
  };
  const entry = (path: string): DirEntry => {
    const isDir = get(path) === null;
    return { name: path.slice(path.lastIndexOf('/') + 1), kind: isDir ? 'dir' : 'file', sizeBytes: 0, modifiedMs: 0 };
  };
  return {
    readFile: (path) => attempt(() => Buffer.from(get(path) ?? '')),
    stat: (path) => attempt(() => entry(path)),
    list: (path) =>
      attempt(() => {
        get(path);
        const inside = [...files.keys()].filter((name) => name.slice(0, name.lastIndexOf('/')) === path);
        return inside.map((name) => ({ ...entryOrFile(name), name: name.slice(path.length + 1) }));
      }),
  };

  function entryOrFile(path: string): DirEntry {
    try {
      return entry(path);
    } catch {
      return { name: path, kind: 'file', sizeBytes: 0, modifiedMs: 0 };
    }
  }
}

function attempt<T>(read: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(read());
  });
}

export interface CaseOptions {
  readonly files?: MemoryTree;
  readonly env?: Readonly<Record<string, string>>;
  readonly strict?: boolean;
}

/** Loads `text` as /etc/zoo.cfg. */
export function loadText(text: string | Buffer, options: CaseOptions = {}): Promise<LoadResult> {
  return loadConfig({
    disk: memoryFiles({ '/etc/zoo.cfg': text, ...options.files }),
    configFile: 'zoo.cfg',
    workingDir: '/etc',
    env: options.env ?? {},
    ...(options.strict === undefined ? {} : { strict: options.strict }),
  });
}
