import type { Host } from '../host/index.js';
import { JuteWriter } from '../jute/index.js';
import type { DatabaseOptions } from './options.js';
import type { SnapshotBody } from './snapshot-body.js';
import { SnapshotFileWriter } from './snapshot-file.js';

/** A turn's share of a snapshot: so much, or so long, whichever comes first. */
const SLICE_BYTES = 256 * 1024;
const SLICE_MS = 1;
const STEP_BYTES = 32 * 1024;
/** What a small snapshot needs; the buffer grows to a slice. */
const FIRST_BYTES = 8 * 1024;

/** Writes one snapshot file in slices between which everything else has its turn. */
export class SnapshotWriting {
  private isCancelled = false;

  constructor(
    private readonly host: Host,
    private readonly snapDir: string,
    private readonly options: Pick<
      DatabaseOptions,
      'digestEnabled' | 'serializeLastProcessedZxid' | 'snapshotCompression'
    >,
    private readonly body: SnapshotBody,
  ) {}

  /** Soon after this `run` answers false, and nothing is left of the file. */
  cancel(): void {
    this.isCancelled = true;
  }

  /** Resolves true when the snapshot is durable under its name. */
  async run(): Promise<boolean> {
    try {
      const { snapshotCompression } = this.options;
      const { disk } = this.host;
      const file = await SnapshotFileWriter.create(disk, this.snapDir, this.body.zxid, 'saving', snapshotCompression);
      try {
        if (await this.writeBody(file)) {
          const digest = this.options.digestEnabled ? this.body.sealedDigest : null;
          await file.seal(digest, this.options.serializeLastProcessedZxid);
          await file.publish();
          return true;
        }
      } catch (error) {
        await file.abort().catch(() => undefined);
        throw error;
      }
      await file.abort();
      return false;
    } finally {
      this.body.close();
    }
  }

  private async writeBody(file: SnapshotFileWriter): Promise<boolean> {
    const w = new JuteWriter(FIRST_BYTES);
    for (let more = true; more;) {
      if (this.isCancelled) return false;
      w.reset();
      more = this.encodeSlice(w);
      await file.write(w.view());
    }
    this.body.close();
    return !this.isCancelled;
  }

  private encodeSlice(w: JuteWriter): boolean {
    const { clock } = this.host;
    const endMs = clock.monotonicMs() + SLICE_MS;
    let more = true;
    do more = this.body.write(w, STEP_BYTES);
    while (more && w.length < SLICE_BYTES && clock.monotonicMs() < endMs);
    return more;
  }
}
