import { refuseFile } from '../log/dump.js';
import { BigSorter } from '../sort/big-sorter.js';
import type { Run } from '../sort/run.js';
import { type Tool, ToolExit } from '../tool.js';
import { labelOf, labelOfKey, readSizes, walkKey, withTotals } from './sizes.js';

export interface SummaryOptions {
  readonly path: string;
  /** The node at which it begins. */
  readonly start: string;
  /** How many levels below it are told; 0: all. */
  readonly maxDepth: number;
  readonly json: boolean;
}

/**
 * Tells for each node with children how many nodes and bytes are below it, as ZooKeeper's SnapshotRecursiveSummary does, in the
 * order of a walk. What does not fit into memory of the names and sizes is kept in temporary files.
 */
export async function summarizeSnapshot(tool: Tool, options: SummaryOptions): Promise<number> {
  try {
    const branches = await branchesOf(tool, options);
    if (branches === null) {
      tool.complain(`${options.path}: there is no node ${options.start}`);
      return ToolExit.usage;
    }
    const startLevel = levelOf(labelOf(options.start));
    for await (const batch of branches.batches(0)) {
      for (const { key, totalBytes, count } of batch) {
        const label = labelOfKey(key);
        tool.write(lineOf(label === '' ? '/' : label, levelOf(label) - startLevel, count, totalBytes, options.json));
      }
      await tool.settled();
    }
    await branches.remove();
    if (!options.json) tool.write('\n');
    await tool.settled();
    return ToolExit.ok;
  } catch (error) {
    return refuseFile(tool, error);
  }
}

/** The nodes that are told, in the order of a walk; null: the one to begin with is not there. */
async function branchesOf(tool: Tool, { path, start, maxDepth, json }: SummaryOptions): Promise<Run | null> {
  const sizes = await readSizes(tool, path, labelOf(start));
  const sorter = new BigSorter(tool);
  let isThere = false;
  for await (const nodes of withTotals(sizes, path)) {
    for (const { label, level, ownBytes, totalBytes, count } of nodes) {
      isThere ||= label === labelOf(start);
      if (maxDepth > 0 && level > maxDepth) continue;
      // One without children is not told.
      if (count > 0 || (json && level === 0))
        sorter.add({ level: 0, key: walkKey(label), ownBytes, totalBytes, count });
    }
    await sorter.pause();
  }
  await sizes.remove();
  return isThere ? sorter.sorted() : null;
}

function levelOf(label: string): number {
  return label.split('/').length - 1;
}

function lineOf(path: string, level: number, count: number, bytes: number, json: boolean): string {
  if (json) return `${JSON.stringify({ path, level, children: count, data: bytes })}\n`;
  const tab = '--'.repeat(level);
  return `${tab} ${path}\n${tab}   children: ${count}\n${tab}   data: ${bytes}\n`;
}
