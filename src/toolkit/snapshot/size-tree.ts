import type { SnapshotNode } from './node.js';

/** A node with what lies below it. */
export interface SizedNode {
  /** Empty for the root. */
  readonly label: string;
  /** 0 for the root. */
  readonly depth: number;
  readonly children: readonly SizedNode[];
  /** Bytes of data, its own. */
  readonly sizeBytes: number;
  /** Bytes of data, its own included. */
  readonly descendantBytes: number;
  readonly descendantCount: number;
}

interface Growing extends SizedNode {
  readonly parent: Growing | null;
  readonly children: Growing[];
  sizeBytes: number;
  descendantBytes: number;
  descendantCount: number;
}

/** Names and sizes of a tree's nodes, without their data. */
export class SizeTree {
  private readonly nodes = new Map<string, Growing>();
  private depths: SizedNode[][] | null = null;

  get count(): number {
    return this.nodes.size;
  }

  get root(): SizedNode | null {
    return this.nodes.get('') ?? null;
  }

  /** By the label; null: there is none. */
  find(label: string): SizedNode | null {
    return this.nodes.get(label) ?? null;
  }

  /** Parents come first. False: the parent is not there. */
  add({ path, data }: SnapshotNode): boolean {
    const sizeBytes = data?.length ?? 0;
    const label = path === '/' ? '' : path;
    const parent = label === '' ? null : (this.nodes.get(label.slice(0, label.lastIndexOf('/'))) ?? null);
    if (parent === null && label !== '') return false;
    const known = this.nodes.get(label);
    if (known !== undefined) {
      // A fuzzy snapshot may hold a node twice: the later one counts.
      this.grow(known, sizeBytes - known.sizeBytes, 0);
      known.sizeBytes = sizeBytes;
      return true;
    }
    const depth = parent === null ? 0 : parent.depth + 1;
    const node = { label, depth, parent, children: [], sizeBytes, descendantBytes: 0, descendantCount: 0 };
    this.nodes.set(label, node);
    parent?.children.push(node);
    this.grow(node, sizeBytes, 0);
    if (parent !== null) this.grow(parent, 0, 1);
    return true;
  }

  /** The nodes of each depth, the root's first; each depth in order of the labels. */
  byDepth(): readonly (readonly SizedNode[])[] {
    if (this.depths !== null) return this.depths;
    const depths: SizedNode[][] = [];
    for (const node of this.nodes.values()) (depths[node.depth] ??= []).push(node);
    for (const nodes of depths) nodes.sort(byLabel);
    this.depths = depths;
    return depths;
  }

  private grow(from: Growing, bytes: number, count: number): void {
    for (let at: Growing | null = from; at !== null; at = at.parent) {
      at.descendantBytes += bytes;
      at.descendantCount += count;
    }
  }
}

/** In the order of their UTF-16 units, as Java compares. */
export function byLabel(a: SizedNode, b: SizedNode): number {
  return a.label < b.label ? -1 : a.label > b.label ? 1 : 0;
}
