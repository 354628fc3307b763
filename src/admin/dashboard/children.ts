import { type Clock, sleep } from '../../host/index.js';
import { type DataTree, NO_NODE, type NodeRef } from '../../tree/index.js';
import { Refusal } from './refusal.js';

/** So many children are looked at without a break: clients must not feel it. */
const CHILDREN_A_TURN = 4096;
/** A node whose children go while they are read is tried so often. */
const ATTEMPTS = 3;
/** Searches that may wait for each other. */
const MAX_WAITING = 8;

export interface ChildSearch {
  readonly path: string;
  /** Only names behind this one; empty: all. */
  readonly after: string;
  /** Only names with this in them; empty: all. */
  readonly contains: string;
  readonly limit: number;
}

export interface FoundNames {
  readonly names: readonly string[];
  readonly hasMore: boolean;
}

/**
 * Pages of the sorted names of a node's children. Children are kept in the order of their creation, so each page looks at
 * all of them and keeps the few that it wants: little memory, many short turns, one search at a time.
 */
export class ChildPages {
  private waiting = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly clock: Clock,
    /** Null while this server does not serve; a synchronization replaces it. */
    private readonly tree: () => DataTree | null,
  ) {}

  search(wanted: ChildSearch): Promise<FoundNames> {
    if (this.waiting >= MAX_WAITING) throw new Refusal(503, 'Too many look for children at the same time; try again.');
    this.waiting++;
    const found = this.last.then(() => this.searchNow(wanted));
    this.last = found
      .catch(() => undefined)
      .then(() => {
        this.waiting--;
      });
    return found;
  }

  private async searchNow(wanted: ChildSearch): Promise<FoundNames> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await this.attempt(wanted);
      if (found !== null) return found;
    }
    throw new Refusal(503, `The children of ${wanted.path} change too fast to be listed; try again.`);
  }

  /** Null: the place in the list got lost, because the child there was deleted meanwhile. */
  private async attempt({ path, after, contains, limit }: ChildSearch): Promise<FoundNames | null> {
    const best = new Smallest(limit + 1);
    let tree = this.tree();
    const parent = tree?.find(path) ?? NO_NODE;
    if (tree === null || parent === NO_NODE) throw new Refusal(404, `There is no node ${path}.`);
    let row: NodeRef = tree.firstChild(parent);
    while (row !== NO_NODE) {
      for (let left = CHILDREN_A_TURN; left > 0 && row !== NO_NODE; left--) {
        const name = nameOf(tree, row);
        if (name > after && (contains === '' || name.includes(contains))) best.add(name);
        row = tree.nextSibling(row);
      }
      if (row === NO_NODE) break;
      const next = tree.pathOf(row);
      await sleep(this.clock, 1);
      tree = this.tree();
      row = tree?.find(next) ?? NO_NODE;
      if (tree === null || row === NO_NODE) return null;
    }
    const names = best.sorted();
    return { names: names.slice(0, limit), hasMore: names.length > limit };
  }
}

function nameOf(tree: DataTree, row: NodeRef): string {
  const path = tree.pathOf(row);
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The smallest texts of many. */
class Smallest {
  private kept: string[] = [];
  /** Nothing from this one on is wanted; undefined: everything is. */
  private bound: string | undefined;

  constructor(private readonly count: number) {}

  add(text: string): void {
    if (this.bound !== undefined && text >= this.bound) return;
    this.kept.push(text);
    if (this.kept.length >= 2 * this.count + 64) this.trim();
  }

  sorted(): readonly string[] {
    this.trim();
    return this.kept;
  }

  private trim(): void {
    this.kept.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    this.kept.length = Math.min(this.kept.length, this.count);
    if (this.kept.length === this.count) this.bound = this.kept.at(-1);
  }
}
