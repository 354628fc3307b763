import type { Clock, Logger, Timer } from '../host/index.js';
import { type DataTree, NO_NODE } from '../tree/index.js';
import type { PipelineOptions } from './options.js';

/** So many nodes are looked at in one turn. */
const LOOKS_PER_TURN = 1000;

export interface ContainerReaperDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly store: { readonly tree: DataTree };
  readonly options: PipelineOptions;
  /** Asks for the node's deletion; when it has children by then, nothing happens. */
  readonly remove: (path: string) => void;
}

/**
 * Deletes containers that are empty again and TTL nodes that nobody has changed in time, a few at a time. Only the server
 * in charge does (ZooKeeper's `ContainerManager`).
 */
export class ContainerReaper {
  private timer: Timer | null = null;
  private isStopped = false;
  private startedMs = 0;

  constructor(private readonly deps: ContainerReaperDeps) {}

  start(): void {
    this.wait(this.deps.options.containerCheckIntervalMs, () => {
      this.begin();
    });
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
  }

  private wait(delayMs: number, then: () => void): void {
    this.timer = this.deps.clock.after(delayMs, then);
  }

  private begin(): void {
    this.startedMs = this.deps.clock.monotonicMs();
    this.search(candidates(this.deps.store.tree));
  }

  /** Looks on until one is due; then waits, so that a herd of them does not become a flood of deletions. */
  private search(paths: Iterator<string, undefined>): void {
    if (this.isStopped) return;
    const { clock, log, options, remove } = this.deps;
    for (let looks = 0; looks < LOOKS_PER_TURN; looks++) {
      const path = paths.next().value;
      if (path === undefined) {
        this.finish();
        return;
      }
      if (!this.isDue(path)) continue;
      log.info(`Deleting ${path}, which is empty and not wanted any more.`, { code: 'CONTAINER_DELETED', path });
      remove(path);
      this.wait(60_000 / options.containerMaxPerMinute, () => {
        this.search(paths);
      });
      return;
    }
    clock.defer(() => {
      this.search(paths);
    });
  }

  private finish(): void {
    const { clock, options } = this.deps;
    const elapsedMs = clock.monotonicMs() - this.startedMs;
    this.wait(Math.max(1, options.containerCheckIntervalMs - elapsedMs), () => {
      this.begin();
    });
  }

  private isDue(path: string): boolean {
    const { clock, options, store } = this.deps;
    const { tree } = store;
    const ref = tree.find(path);
    if (ref === NO_NODE || tree.childCount(ref) > 0) return false;
    const ageMs = clock.wallMs() - tree.mtime(ref);
    switch (tree.ownerKind(ref)) {
      case 'container':
        // A new one gets its chance to have children.
        if (tree.cversion(ref) > 0) return true;
        return options.containerMaxNeverUsedMs > 0 && ageMs > options.containerMaxNeverUsedMs;
      case 'ttl':
        return tree.ttlMs(ref) > 0 && ageMs > tree.ttlMs(ref);
      case 'persistent':
      case 'ephemeral':
        return false;
    }
  }
}

function* candidates(tree: DataTree): Generator<string, undefined> {
  yield* tree.containers();
  yield* tree.ttlNodes();
  return undefined;
}
