import type { Disk } from '../../host/index.js';
import { merged } from './merge.js';
import { MemoryRun, type Run, RunWriter } from './run.js';
import { byPlace, type SizeRecord } from './size-record.js';

export interface SortLimits {
  /** What is kept in memory: so many records, or so many characters of keys. */
  readonly records: number;
  readonly characters: number;
  /** So many files are merged at a time, for a process may not open many. */
  readonly fanIn: number;
}

const LIMITS: SortLimits = { records: 16 * 1024, characters: 1024 * 1024, fanIn: 64 };

/** Where temporary files go. */
export interface Scratch {
  readonly disk: Disk;
  /** A path that is used for nothing else. */
  readonly freshPath: () => string;
}

/** Sorts more records than fit into memory; what does not fit lies in temporary files. Equal ones stay in their order. */
export class BigSorter {
  private held: SizeRecord[] = [];
  private heldCharacters = 0;
  /** `levels[n]` has runs of which each was merged from `fanIn` ones of the level before; the oldest first. */
  private readonly levels: Run[][] = [];

  constructor(
    private readonly scratch: Scratch,
    private readonly limits = LIMITS,
  ) {}

  add(record: SizeRecord): void {
    this.held.push(record);
    this.heldCharacters += record.key.length;
  }

  /** A place to wait, now and then. */
  async pause(): Promise<void> {
    const { records, characters } = this.limits;
    if (this.held.length >= records || this.heldCharacters >= characters) await this.spill();
  }

  /** All records as one run. */
  async sorted(): Promise<Run> {
    if (this.levels.length === 0) return new MemoryRun(this.takeHeld());
    await this.spill();
    const runs = this.levels.toReversed().flat();
    const [only] = runs;
    return runs.length === 1 && only !== undefined ? only : this.mergeAll(runs);
  }

  private takeHeld(): SizeRecord[] {
    const taken = this.held.sort(byPlace);
    this.held = [];
    this.heldCharacters = 0;
    return taken;
  }

  private async spill(): Promise<void> {
    if (this.held.length === 0) return;
    let run = await this.mergeAll([new MemoryRun(this.takeHeld())]);
    for (let level = 0; ; level++) {
      const runs = (this.levels[level] ??= []);
      runs.push(run);
      if (runs.length < this.limits.fanIn) return;
      run = await this.mergeAll(runs.splice(0));
    }
  }

  private async mergeAll(runs: readonly Run[]): Promise<Run> {
    const { disk, freshPath } = this.scratch;
    const writer = await RunWriter.create(disk, freshPath());
    try {
      for await (const batch of merged(runs)) {
        for (const record of batch) {
          const full = writer.add(record);
          if (full !== null) await full;
        }
      }
    } catch (error) {
      await writer.abandon().catch(() => undefined);
      throw error;
    }
    const whole = await writer.end();
    for (const run of runs) await run.remove();
    return whole;
  }
}
