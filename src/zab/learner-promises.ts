import { formatZxid } from '../protocol/index.js';

/** What a learner says of its disk when it comes. */
export interface LearnerClaim {
  readonly acceptedEpoch: number;
  readonly lastZxid: number;
}

/**
 * What voters acknowledged to this leader, by server id. One that comes back with less has lost what it said was durable:
 * its disk went back to an older copy, was exchanged, or never synced. The epoch goes on (the others have what it lost),
 * but whoever runs the ensemble must know: the same at two servers can lose a write, or elect a leader that lacks one.
 */
export class LearnerPromises {
  private readonly ackedZxids = new Map<number, number>();

  constructor(private readonly epoch: () => number) {}

  /** The server has everything up to this zxid on its disk, and this leader's epoch in its files. */
  acknowledged(sid: number, zxid: number): void {
    const before = this.ackedZxids.get(sid);
    if (before === undefined || before < zxid) this.ackedZxids.set(sid, zxid);
  }

  /** Which promise is broken, in words; null: none. Each is told once. */
  broken(sid: number, { acceptedEpoch, lastZxid }: LearnerClaim): string | null {
    const acked = this.ackedZxids.get(sid);
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
}
