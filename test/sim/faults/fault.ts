import type { SeededRandom } from '../../fakes/index.js';
import type { Ensemble } from '../ensemble.js';

/** One fault that will happen, drawn from the seed before the run begins. */
export interface PlannedFault {
  readonly atMs: number;
  readonly kind: string;
  /** How long it lasts, or how long until the machine is started again. */
  readonly forMs: number;
  /** Whom it hits: a role at that moment, or a server. */
  readonly target: 'leader' | 'follower' | number;
  /** A second server, where there is one. */
  readonly other: number;
  /** Seed of the details, so that leaving out one fault changes no other. */
  readonly salt: number;
}

export interface FaultContext {
  readonly ensemble: Ensemble;
  readonly fault: PlannedFault;
  /** The machine that is hit. */
  readonly name: string;
  /** Another machine. */
  readonly other: string;
  readonly random: SeededRandom;
  /** For faults that are only laid out: it struck. */
  readonly happened: () => void;
}

/** How a kind of fault is brought about. */
export interface FaultKind {
  readonly name: string;
  readonly family: 'network' | 'crash' | 'disk' | 'damage' | 'clock' | 'reconfig' | 'move';
  /** Share among the kinds of a profile; 1 when absent. */
  readonly weight?: number;
  /** Returns whether it happened; `laid`: it may happen later, and says so by `happened`. */
  readonly strike: (context: FaultContext) => boolean | 'laid';
}

export function describeFault({ atMs, forMs, kind, other, salt, target }: PlannedFault): string {
  return `${(atMs / 1000).toFixed(3)} s: ${kind} of ${target} (with ${other}) for ${Math.round(forMs)} ms, salt ${salt}`;
}
