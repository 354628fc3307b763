import { refuseFile } from '../log/dump.js';
import { type Tool, ToolExit } from '../tool.js';
import { SizeTable } from './size-table.js';
import { readSizes, type SizedNode } from './sizes.js';

export interface CompareOptions {
  readonly left: string;
  readonly right: string;
  /** Differences up to so many bytes, and so many nodes, are not told. */
  readonly byteThreshold: number;
  readonly nodeThreshold: number;
  readonly debug: boolean;
  readonly interactive: boolean;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonicMs: () => number;
}

/**
 * Compares two snapshots depth by depth, with the output of ZooKeeper's SnapshotComparer. What does not fit
 * into memory of the names and sizes of both is kept in temporary files.
 */
export async function compareSnapshots(tool: Tool, options: CompareOptions): Promise<number> {
  try {
    const left = await load(tool, options.left, options);
    const right = await load(tool, options.right, options);
    tool.write(`${describe(left)}\n${describe(right)}\n`);
    const comparison = new Comparison(tool, options, left, right);
    if (options.interactive) await comparison.interact();
    else await comparison.all();
    await left.remove();
    await right.remove();
    tool.write('All layers compared.\n');
    await tool.settled();
    return ToolExit.ok;
  } catch (error) {
    return refuseFile(tool, error);
  }
}

async function load(tool: Tool, path: string, { monotonicMs }: CompareOptions): Promise<SizeTable> {
  const beganMs = monotonicMs();
  const sizes = await readSizes(tool, path);
  const readMs = monotonicMs();
  const name = path.slice(path.lastIndexOf('/') + 1);
  tool.write(`Deserialized snapshot in ${name} in ${seconds(readMs - beganMs)} seconds\n`);
  const table = await SizeTable.of(tool, sizes, path);
  tool.write(`Processed data tree in ${seconds(monotonicMs() - readMs)} seconds\n`);
  return table;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(6);
}

function describe({ count, totalBytes, countByDepth }: SizeTable): string {
  return [
    `Node count: ${count}`,
    `Total size: ${totalBytes}`,
    `Max depth: ${countByDepth.length}`,
    ...countByDepth.map((nodes, depth) => `Count of nodes at depth ${depth}: ${nodes}`),
    '',
  ].join('\n');
}

const CHOICES =
  '- Press enter to move to print current depth layer;\n- Type a number to jump to and print all nodes at a given depth;\n' +
  "- Enter an ABSOLUTE path to print the immediate subtree of a node. Path must start with '/'.\n";

class Comparison {
  private readonly maxDepth: number;

  constructor(
    private readonly tool: Tool,
    private readonly options: CompareOptions,
    private readonly left: SizeTable,
    private readonly right: SizeTable,
  ) {
    this.maxDepth = Math.max(left.countByDepth.length, right.countByDepth.length);
  }

  async all(): Promise<void> {
    this.thresholds();
    for (let depth = 0; depth < this.maxDepth; depth++) await this.layer(depth);
  }

  async interact(): Promise<void> {
    for (let depth = 0; depth < this.maxDepth;) {
      this.line(`Current depth is ${depth}`);
      this.tool.write(CHOICES);
      await this.tool.settled();
      const input = await this.tool.ask('');
      if (input === null) return;
      this.thresholds();
      if (input === '') await this.layer(depth++);
      else if (input.startsWith('/')) await this.subtree(input);
      else depth = await this.jump(input, depth);
      this.line('');
    }
  }

  private async jump(input: string, depth: number): Promise<number> {
    const range = `[0, ${this.maxDepth - 1}]`;
    if (!/^[+-]?\d+$/.test(input)) {
      this.line(
        `Input ${input} is not valid. Depth must be in range ${range}. Path must be an absolute path which starts with '/'.`,
      );
      return depth;
    }
    const wanted = Number(input);
    if (wanted < 0 || wanted >= this.maxDepth) {
      this.line(`Depth must be in range ${range}`);
      return depth;
    }
    await this.layer(wanted);
    return wanted;
  }

  private thresholds(): void {
    const { byteThreshold, nodeThreshold } = this.options;
    this.line(
      `Printing analysis for nodes difference larger than ${byteThreshold} bytes or node count difference larger than ${nodeThreshold}.`,
    );
  }

  private async layer(depth: number): Promise<void> {
    this.line(`Analysis for depth ${depth}`);
    await this.lists(this.left.nodesAt(depth), this.right.nodesAt(depth));
  }

  private async subtree(path: string): Promise<void> {
    this.line(`Analysis for node ${path}`);
    if ((await this.left.find(path)) === null && (await this.right.find(path)) === null) {
      this.line(`Path ${path} is neither found in left tree nor right tree.`);
      return;
    }
    await this.lists(this.left.childrenOf(path), this.right.childrenOf(path));
  }

  /** Both in order of the labels. */
  private async lists(left: AsyncGenerator<SizedNode>, right: AsyncGenerator<SizedNode>): Promise<void> {
    let a = await nextOf(left);
    let b = await nextOf(right);
    while (a !== null || b !== null) {
      const order = a === null ? 1 : b === null ? -1 : a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
      if (a !== null && b !== null) this.debugOrder(a, b, order);
      if (a !== null && order < 0) this.oneOnly(a, 'left');
      if (b !== null && order > 0) this.oneOnly(b, 'right');
      if (a !== null && b !== null && order === 0) this.both(a, b);
      if (order <= 0) a = await nextOf(left);
      if (order >= 0) b = await nextOf(right);
      await this.tool.settled();
    }
  }

  private debugOrder(a: SizedNode, b: SizedNode, order: number): void {
    if (!this.options.debug) return;
    this.line(`Comparing ${a.label} to ${b.label}`);
    this.line(order < 0 ? 'left is less' : order > 0 ? 'right is less' : 'same');
  }

  private oneOnly(node: SizedNode, side: 'left' | 'right'): void {
    const { label, totalBytes, count } = node;
    if (this.isLarge(totalBytes, count)) {
      this.line(`Node ${label} found only in ${side} tree. Descendant size: ${totalBytes}. Descendant count: ${count}`);
    } else if (this.tellsFiltered) this.line(`Filtered ${side} node ${label} of size ${totalBytes}`);
  }

  private both(left: SizedNode, right: SizedNode): void {
    const bytes = right.totalBytes - left.totalBytes;
    const nodes = right.count - left.count;
    if (this.isLarge(Math.abs(bytes), Math.abs(nodes))) {
      this.line(`Node ${left.label} found in both trees. Delta: ${bytes} bytes, ${nodes} descendants`);
    } else if (this.tellsFiltered) {
      this.line(`Filtered node ${left.label} of left size ${left.totalBytes}, right size ${right.totalBytes}`);
    }
  }

  private isLarge(bytes: number, nodes: number): boolean {
    return bytes > this.options.byteThreshold || nodes > this.options.nodeThreshold;
  }

  private get tellsFiltered(): boolean {
    return this.options.debug || this.options.interactive;
  }

  private line(text: string): void {
    this.tool.write(`${text}\n`);
  }
}

async function nextOf(nodes: AsyncGenerator<SizedNode>): Promise<SizedNode | null> {
  const next = await nodes.next();
  return next.done === true ? null : next.value;
}
