import { FileFaultError } from '../file-fault.js';
import { BigSorter } from '../sort/big-sorter.js';
import type { Run } from '../sort/run.js';
import type { SizeRecord } from '../sort/size-record.js';
import type { Tool } from '../tool.js';
import { readSnapshotFile } from './read.js';

/** A node with what lies below it. */
export interface SizedNode {
  /** Empty for the root. */
  readonly label: string;
  /** Below the node at which the reading began. */
  readonly level: number;
  /** Bytes of data: its own, and with those of all below it. */
  readonly ownBytes: number;
  readonly totalBytes: number;
  /** Nodes below it. */
  readonly count: number;
}

/**
 * As a key it puts each node right behind its parent's other descendants: a slash comes before all other characters then, and
 * no path has a NUL.
 */
export function walkKey(label: string): string {
  return label.replaceAll('/', '\u0000');
}

export function labelOfKey(key: string): string {
  return key.replaceAll('\u0000', '/');
}

export function labelOf(path: string): string {
  return path === '/' ? '' : path;
}

/**
 * Reads names and sizes of a snapshot's nodes, from a node downwards, in the order of a walk: a fuzzy snapshot may hold a node
 * twice, and then the later one counts. Throws `FileFaultError` for a damaged file.
 */
export async function readSizes(tool: Tool, path: string, start = ''): Promise<Run> {
  const sorter = new BigSorter(tool);
  const below = `${start}/`;
  const { fault } = await readSnapshotFile(
    tool.disk,
    path,
    {
      node: (node) => {
        const label = labelOf(node.path);
        if (label !== start && !label.startsWith(below)) return;
        const ownBytes = node.data?.length ?? 0;
        sorter.add({ level: 0, key: walkKey(label), ownBytes, totalBytes: ownBytes, count: 0 });
      },
      pause: () => sorter.pause(),
    },
    { progress: (bytes) => tool.progress(path, bytes) },
  );
  if (fault !== null) throw new FileFaultError(fault);
  return sorter.sorted();
}

/** Each node once, in the order of a walk. */
export async function* inWalkOrder(run: Run): AsyncGenerator<readonly SizeRecord[], void, undefined> {
  let last: SizeRecord | null = null;
  for await (const batch of run.batches(0)) {
    const once: SizeRecord[] = [];
    for (const record of batch) {
      if (last !== null && last.key !== record.key) once.push(last);
      last = record;
    }
    yield once;
  }
  if (last !== null) yield [last];
}

interface Open {
  readonly key: string;
  readonly ownBytes: number;
  totalBytes: number;
  count: number;
}

/** The nodes of `readSizes` with what lies below them, children before their parents. `path`: for complaints. */
export async function* withTotals(run: Run, path: string): AsyncGenerator<readonly SizedNode[], void, undefined> {
  const open: Open[] = [];
  let done: SizedNode[] = [];
  const close = (): void => {
    const node = open.pop();
    if (node === undefined) return;
    const { key, ownBytes, totalBytes, count } = node;
    done.push({ label: labelOfKey(key), level: open.length, ownBytes, totalBytes, count });
    const parent = open.at(-1);
    if (parent === undefined) return;
    parent.totalBytes += totalBytes;
    parent.count += count + 1;
  };
  let isFirst = true;
  for await (const batch of inWalkOrder(run)) {
    for (const { key, ownBytes } of batch) {
      const parent = key.slice(0, Math.max(0, key.lastIndexOf('\u0000')));
      while (open.length > 0 && open.at(-1)?.key !== parent) close();
      if (open.length === 0 && !isFirst) throw orphan(path, labelOfKey(key));
      isFirst = false;
      open.push({ key, ownBytes, totalBytes: ownBytes, count: 0 });
    }
    yield done;
    done = [];
  }
  while (open.length > 0) close();
  yield done;
}

function orphan(path: string, label: string): FileFaultError {
  const what = `the node ${JSON.stringify(label)} is there, but its parent is not`;
  return new FileFaultError({ code: 'CONTENT', path, offset: null, what });
}
