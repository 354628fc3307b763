import { formatZxid } from '../protocol/index.js';
import type { ConfigView } from './needs.js';
import { isVoter } from './quorum.js';

/** What a learner says of its disk when it comes. */
export interface LearnerClaim {
  readonly acceptedEpoch: number;
  readonly lastZxid: number;
}

/**
 * What voters acknowledged to this leader under the configuration in force, by server id. One that comes back with less has
 * lost what it said was durable: its disk went back to an older copy, was exchanged, or never synced. The epoch goes on (the
 * others have what it lost), but whoever runs the ensemble must know: the same at two servers can lose a write, or elect a
 * leader that lacks one.
 */
export class LearnerPromises {
  private readonly ackedZxids = new Map<number, number>();
  private configVersion = -1;

  constructor(
    private readonly epoch: () => number,
    private readonly config: ConfigView,
  ) {}

  /** The server has everything up to this zxid on its disk, and this leader's epoch in its files. */
  acknowledged(sid: number, zxid: number): void {
    if (!this.isLasting(sid)) return;
    const before = this.ackedZxids.get(sid);
    if (before === undefined || before < zxid) this.ackedZxids.set(sid, zxid);
  }

  /** Which promise is broken, in words; null: none. Each is told once. */
  broken(sid: number, { acceptedEpoch, lastZxid }: LearnerClaim): string | null {
    const acked = this.isLasting(sid) ? this.ackedZxids.get(sid) : undefined;
    if (acked === undefined) return null;
    const epoch = this.epoch();
    const parts: string[] = [];
    if (lastZxid < acked) {
      parts.push(`it acknowledged ${formatZxid(acked)}, and now its history ends at ${formatZxid(lastZxid)}`);
    }
    if (acceptedEpoch < epoch) parts.push(`it promised epoch ${epoch}, and now says that it accepted ${acceptedEpoch}`);
    if (parts.length === 0) return null;
    this.ackedZxids.delete(sid);
    return parts.join('; ');
  }

  /** Who was removed and comes again may have a new disk; of those that do not vote nothing is kept. */
  private isLasting(sid: number): boolean {
    const { version } = this.config.verifier();
    if (version !== this.configVersion) this.ackedZxids.clear();
    this.configVersion = version;
    return isVoter(this.config, sid);
  }
}
