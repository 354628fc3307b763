import { refuseFile } from '../log/dump.js';
import { type Tool, ToolExit } from '../tool.js';
import { tell } from './dump.js';
import type { SnapshotNode } from './node.js';
import { readSnapshotFile } from './read.js';
import { inWalkOrder, labelOfKey, readSizes } from './sizes.js';

const FIRST_INODE = 1000;

/**
 * Writes a snapshot in the format of ncdu, as SnapshotFormatter -json does. Files of Java servers lie in the order that the
 * format needs and are written as they are read; those of others are sorted first. `wallMs`: the time that it tells.
 */
export async function dumpNcdu(tool: Tool, path: string, wallMs: number): Promise<number> {
  try {
    // Read whole before anything is written: a nested format cannot end early.
    const order = new WalkOrder();
    const { fault } = await readSnapshotFile(
      tool.disk,
      path,
      { node: (node) => order.add(node.path) },
      { progress: (bytes) => tool.progress(`${path}, reading`, bytes) },
    );
    if (fault !== null) return tell(tool, fault);
    tool.write(`[1,0,{"progname":"zk-snapshot","progver":"0.01","timestamp":${wallMs}}`);
    const writer = new NcduWriter(tool);
    if (order.isWalk) await writeWalk(tool, path, writer);
    else await writeTree(tool, path, writer);
    tool.write(']');
    await tool.settled();
    return ToolExit.ok;
  } catch (error) {
    return refuseFile(tool, error);
  }
}

/** Does each node come right behind its parent's other descendants? */
class WalkOrder {
  isWalk = true;
  private readonly open: string[] = [];

  add(path: string): void {
    if (!this.isWalk) return;
    const parent = parentOf(path);
    while (this.open.length > 0 && this.open.at(-1) !== parent) this.open.pop();
    if (this.open.length === 0 && path !== '/') this.isWalk = false;
    this.open.push(path);
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** Writes nodes that come in the order of a walk. */
class NcduWriter {
  private inode = FIRST_INODE;
  /** Not written yet: whether it has children is known with the next one. */
  private held: { readonly path: string; readonly text: string } | null = null;
  private readonly open: string[] = [];

  constructor(private readonly tool: Tool) {}

  add(path: string, sizeBytes: number): void {
    const parent = path === '/' ? null : parentOf(path);
    this.release(parent);
    while (this.open.length > 0 && this.open.at(-1) !== parent) {
      this.open.pop();
      this.tool.write(']');
    }
    const name = path === '/' ? path : path.slice(path.lastIndexOf('/') + 1);
    const text = `{"name":${JSON.stringify(name)},"asize":${sizeBytes},"dsize":${sizeBytes},"dev":0,"ino":${++this.inode}}`;
    this.held = { path, text };
  }

  end(): void {
    this.release(null);
    this.tool.write(']'.repeat(this.open.length));
  }

  private release(parentOfNext: string | null): void {
    const { held } = this;
    if (held === null) return;
    const hasChildren = held.path === parentOfNext;
    this.tool.write(hasChildren ? `,[${held.text}` : `,${held.text}`);
    if (hasChildren) this.open.push(held.path);
    this.held = null;
  }
}

async function writeWalk(tool: Tool, path: string, writer: NcduWriter): Promise<void> {
  const visitor = {
    node: ({ path: at, data }: SnapshotNode) => writer.add(at, data?.length ?? 0),
    pause: tool.settled,
  };
  const progress = (bytes: number) => tool.progress(`${path}, writing`, bytes);
  await readSnapshotFile(tool.disk, path, visitor, { progress });
  writer.end();
}

async function writeTree(tool: Tool, path: string, writer: NcduWriter): Promise<void> {
  const sizes = await readSizes(tool, path);
  for await (const batch of inWalkOrder(sizes)) {
    for (const { key, ownBytes } of batch) writer.add(labelOfKey(key) || '/', ownBytes);
    await tool.settled();
  }
  writer.end();
  await sizes.remove();
}
