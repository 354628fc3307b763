import { SeededRandom } from '../fakes/index.js';

/** What can be done to real processes. */
export const FAULT_KINDS = ['kill', 'stop', 'partition', 'disk', 'clock', 'damage'] as const;
/** Loses acknowledged writes, so that no protocol could keep its promises: shows that a run can fail. Never drawn unasked. */
export const PLANTED = 'rollback';
export type FaultKind = (typeof FAULT_KINDS)[number] | typeof PLANTED;
export const ALL_KINDS: readonly FaultKind[] = [...FAULT_KINDS, PLANTED];

/** Kinds that need name spaces of the kernel. */
export const NAMESPACE_KINDS: readonly FaultKind[] = ['partition', 'disk'];

/** Whom a fault strikes: by its role at that moment, or everybody. */
export type Victim = 'leader' | 'follower' | 'anyone' | 'all';

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly victim: Victim;
  /** A variant of the kind and its numbers are drawn from this. */
  readonly seed: string;
  /** How long the ensemble has peace before. */
  readonly pauseMs: number;
  /** How long the fault lasts. */
  readonly holdMs: number;
  /** A second one that begins while this one lasts, and ends with it. */
  readonly company: FaultKind | null;
}

/** A minority at a time, but for kills of all three. These leave nothing behind on disk, so they may meet another fault. */
const COMPANIONS: readonly FaultKind[] = ['kill', 'stop', 'partition', 'clock'];

/** The faults of a run, one after the other without end; the same for the same seed and kinds. */
export function* drawFaults(seed: number, kinds: readonly FaultKind[]): Generator<PlannedFault> {
  const random = new SeededRandom(`chaos ${seed}`);
  const companions = kinds.filter((kind) => COMPANIONS.includes(kind));
  for (let number = 0; ; number++) {
    // Each kind comes once in a round, in an order of its own.
    const left = [...kinds];
    while (left.length > 0) {
      const [kind] = left.splice(random.below(left.length), 1);
      if (kind === undefined) break;
      const hasCompany = COMPANIONS.includes(kind) && companions.length > 0 && random.oneIn(4);
      yield {
        kind,
        victim: drawVictim(random, kind),
        seed: `${seed}/${number}/${kind}`,
        pauseMs: 300 + random.below(1200),
        holdMs: 200 + random.below(random.oneIn(3) ? 6000 : 1500),
        company: hasCompany ? (companions[random.below(companions.length)] ?? null) : null,
      };
    }
  }
}

function drawVictim(random: SeededRandom, kind: FaultKind): Victim {
  // A damaged member must be one of a minority, and clocks may go wrong everywhere.
  if (kind === 'damage') return 'anyone';
  if (kind === PLANTED) return 'all';
  if ((kind === 'kill' || kind === 'clock') && random.oneIn(6)) return 'all';
  return (['leader', 'leader', 'follower', 'anyone'] as const)[random.below(4)] ?? 'anyone';
}

export function describeFault({ kind, victim, pauseMs, holdMs, company }: PlannedFault): string {
  const second = company === null ? '' : ` with ${company}`;
  return `${kind} of ${victim}${second} for ${holdMs} ms after ${pauseMs} ms`;
}
