import type { Timer } from '../host/index.js';
import { ReadOnlyPipeline } from '../pipeline/index.js';
import type { Database } from '../storage/index.js';
import type { DataTree } from '../tree/index.js';
import { pipelineDeps, type PipelineParts } from './pipelines.js';

/** An election that ends in so much time is no reason to serve read-only; a longer tick is waited for. */
const GRACE_MS = 2000;

/**
 * Serves clients that are content to read while an election does not come to an end (`readonlymode.enabled`): from a while
 * after it began until it ends.
 */
export class ReadOnlyService {
  pipeline: ReadOnlyPipeline | null = null;
  private timer: Timer | null = null;

  constructor(
    private readonly parts: PipelineParts,
    /** Clients are served from this pipeline now; null: no more. */
    private readonly serve: (pipeline: ReadOnlyPipeline | null) => void,
    /** The tree is about to be read: it shows which servers there are. */
    private readonly showMembership: (tree: DataTree) => void,
  ) {}

  /** An election begins. The database must have applied all that it has logged. */
  lookingBegan(database: Database): void {
    const { config, host } = this.parts;
    if (!config.values['readonlymode.enabled']) return;
    this.timer = host.clock.after(Math.max(GRACE_MS, config.tickTimeMs), () => {
      this.timer = null;
      this.showMembership(database.tree);
      this.pipeline = new ReadOnlyPipeline(pipelineDeps(this.parts, database, null));
      this.pipeline.start();
      host.log.warn('There is no leader: this server serves clients that only read.', { code: 'READ_ONLY' });
      this.serve(this.pipeline);
    });
  }

  /** It ended, or this server does. */
  lookingEnded(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.pipeline === null) return;
    this.serve(null);
    this.pipeline.stop();
    this.pipeline = null;
  }
}
