import type { FaultKind } from './fault.js';

export const CLOCK_FAULTS: readonly FaultKind[] = [
  {
    name: 'clock jump',
    family: 'clock',
    strike: ({ ensemble, name, random }) => {
      const byMs = (random.oneIn(2) ? 1 : -1) * (500 + random.below(random.oneIn(2) ? 5000 : 7_200_000));
      ensemble.jumpClock(name, byMs);
      return true;
    },
  },
  {
    name: 'clock drift',
    family: 'clock',
    strike: ({ ensemble, fault, name, random }) => {
      ensemble.drift(name, 0.8 + 0.4 * random.fraction());
      ensemble.during(fault.forMs * 2, () => ensemble.drift(name, 1));
      return true;
    },
  },
];
