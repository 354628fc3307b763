import { refuseFile } from '../log/dump.js';
import { type Tool, ToolExit } from '../tool.js';
import { tell } from './dump.js';
import type { SnapshotNode } from './node.js';
import { readSnapshotFile } from './read.js';

export interface SummaryOptions {
  readonly path: string;
  /** The node at which it begins. */
  readonly start: string;
  /** How many levels below it are told; 0: all. */
  readonly maxDepth: number;
  readonly json: boolean;
}

/** A node that has children, or is the start. */
interface Branch {
  readonly path: string;
  readonly level: number;
  /** Nodes below it. */
  count: number;
  /** Bytes of data, its own included. */
  bytes: number;
  readonly branches: Branch[];
}

/**
 * Tells for each node with children how many nodes and bytes are below it, as ZooKeeper's SnapshotRecursiveSummary does. Of the
 * levels that are told the names are kept in memory.
 */
export async function summarizeSnapshot(tool: Tool, options: SummaryOptions): Promise<number> {
  const summary = new Summary(options);
  try {
    const { fault } = await readSnapshotFile(
      tool.disk,
      options.path,
      { node: (node) => summary.add(node) },
      { progress: (bytes) => tool.progress(options.path, bytes) },
    );
    if (fault !== null) return tell(tool, fault);
  } catch (error) {
    return refuseFile(tool, error);
  }
  if (summary.start === null) {
    tool.complain(`${options.path}: there is no node ${options.start}`);
    return ToolExit.usage;
  }
  write(tool, summary.start, options.json);
  if (!options.json) tool.write('\n');
  await tool.settled();
  return ToolExit.ok;
}

class Summary {
  start: Branch | null = null;
  private readonly branches = new Map<string, Branch>();
  /** Data of nodes that may get children yet, where their level is told. */
  private readonly leaves = new Map<string, number>();
  private readonly prefix: string;

  constructor(private readonly options: SummaryOptions) {
    this.prefix = options.start === '/' ? '/' : `${options.start}/`;
  }

  add({ path, data }: SnapshotNode): void {
    const bytes = data?.length ?? 0;
    if (path === this.options.start) {
      this.start = { path, level: 0, count: 0, bytes, branches: [] };
      this.branches.set(path, this.start);
      return;
    }
    const { start } = this;
    if (start === null || !path.startsWith(this.prefix)) return;
    start.count++;
    start.bytes += bytes;
    const { maxDepth } = this.options;
    let branch = start;
    // Each ancestor between the start and the node.
    for (let slash = path.indexOf('/', this.prefix.length); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      if (maxDepth > 0 && branch.level >= maxDepth) return;
      branch = this.branchAt(path.slice(0, slash), branch);
      branch.count++;
      branch.bytes += bytes;
    }
    if (maxDepth === 0 || branch.level < maxDepth) this.leaves.set(path, bytes);
  }

  private branchAt(path: string, parent: Branch): Branch {
    const known = this.branches.get(path);
    if (known !== undefined) return known;
    const branch = { path, level: parent.level + 1, count: 0, bytes: this.leaves.get(path) ?? 0, branches: [] };
    this.leaves.delete(path);
    this.branches.set(path, branch);
    parent.branches.push(branch);
    return branch;
  }
}

function write(tool: Tool, start: Branch, json: boolean): void {
  const waiting = [start];
  for (let branch = waiting.pop(); branch !== undefined; branch = waiting.pop()) {
    const { path, level, count, bytes } = branch;
    // One without children is not told.
    if (count > 0 || json) {
      const tab = '--'.repeat(level);
      tool.write(
        json
          ? `${JSON.stringify({ path, level, children: count, data: bytes })}\n`
          : `${tab} ${path}\n${tab}   children: ${count}\n${tab}   data: ${bytes}\n`,
      );
    }
    for (const next of branch.branches.toReversed()) waiting.push(next);
  }
}
