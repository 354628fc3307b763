import { BigSorter } from '../sort/big-sorter.js';
import type { Run } from '../sort/run.js';
import type { SizeRecord } from '../sort/size-record.js';
import type { Tool } from '../tool.js';
import { type SizedNode, withTotals } from './sizes.js';

/** Names and sizes of a snapshot's nodes, depth by depth, each in the order of the labels (by UTF-16 units, as Java compares). */
export class SizeTable {
  private constructor(
    private readonly run: Run,
    /** How many nodes each depth has, the root's first. */
    readonly countByDepth: readonly number[],
    readonly totalBytes: number,
  ) {}

  get count(): number {
    return this.countByDepth.reduce((sum, count) => sum + count, 0);
  }

  /** Sorts what `readSizes` read. */
  static async of(tool: Tool, sizes: Run, path: string): Promise<SizeTable> {
    const sorter = new BigSorter(tool);
    const counts: number[] = [];
    let totalBytes = 0;
    for await (const nodes of withTotals(sizes, path)) {
      for (const { label, level, ownBytes, totalBytes: bytes, count } of nodes) {
        counts[level] = (counts[level] ?? 0) + 1;
        if (level === 0) totalBytes = bytes;
        sorter.add({ level, key: label, ownBytes, totalBytes: bytes, count });
      }
      await sorter.pause();
    }
    await sizes.remove();
    return new SizeTable(await sorter.sorted(), counts, totalBytes);
  }

  /** The nodes of a depth, of which the labels begin so. */
  async *nodesAt(depth: number, prefix = ''): AsyncGenerator<SizedNode, void, undefined> {
    const from = this.run.marks[depth];
    if (from === undefined) return;
    for await (const batch of this.run.batches(from)) {
      for (const record of batch) {
        if (record.level !== depth) return;
        if (record.key.startsWith(prefix)) yield nodeOf(record);
        else if (record.key > prefix) return;
      }
    }
  }

  /** By the label; null: there is none. */
  async find(label: string): Promise<SizedNode | null> {
    for await (const node of this.nodesAt(depthOf(label), label)) return node.label === label ? node : null;
    return null;
  }

  childrenOf(label: string): AsyncGenerator<SizedNode, void, undefined> {
    return this.nodesAt(depthOf(label) + 1, `${label}/`);
  }

  remove(): Promise<void> {
    return this.run.remove();
  }
}

function depthOf(label: string): number {
  return label.split('/').length - 1;
}

function nodeOf({ key, level, ownBytes, totalBytes, count }: SizeRecord): SizedNode {
  return { label: key, level, ownBytes, totalBytes, count };
}
