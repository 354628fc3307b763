import type { Clock } from '../host/index.js';
import type { DataTree } from '../tree/index.js';

/**
 * Takes away what sessions with many watches leave behind, some each turn: a million at once would hold up everybody for
 * half a second. They are told nothing meanwhile.
 */
export class WatchSweeper {
  private readonly trees = new Set<DataTree>();

  constructor(private readonly clock: Clock) {}

  /** Until nothing is left of those who left `tree`. */
  begin(tree: DataTree): void {
    if (this.trees.has(tree)) return;
    this.trees.add(tree);
    this.goOn(tree);
  }

  stop(): void {
    this.trees.clear();
  }

  private goOn(tree: DataTree): void {
    this.clock.defer(() => {
      if (!this.trees.has(tree)) return;
      if (tree.sweepWatches()) this.goOn(tree);
      else this.trees.delete(tree);
    });
  }
}
