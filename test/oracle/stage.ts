import type { EnsembleOptions } from '../support/ensemble.js';

/** What the oracle plays on. */
export type StageName = 'alone' | 'expiry' | 'ensemble' | 'local' | 'bound';

interface Stage {
  readonly servers: number;
  readonly config: NonNullable<EnsembleOptions['config']>;
  /** Sessions die of silence. */
  readonly isMortal: boolean;
  /** The configuration is asked for, and for another one. */
  readonly hasConfig: boolean;
  /** What clients ask for. Where sessions may die, all others ask for what they will not outlive. */
  readonly timeoutsMs: readonly number[];
}

/** The time-out of a session that shall die: longer than everything before its last word may take. */
export const MORTAL_MS = 3000;

const LONG_MS = [300_000, 300_000, 120_000, 2_147_483_647];
const SHORT_TICKS = { tickTime: 500, minSessionTimeout: 1000 };
const ENSEMBLE = { ...SHORT_TICKS, initLimit: 60, syncLimit: 40 };

export const STAGES: Readonly<Record<StageName, Stage>> = {
  alone: {
    servers: 1,
    config: { tickTime: 2000, minSessionTimeout: 100_000 },
    isMortal: false,
    hasConfig: false,
    timeoutsMs: [300_000, 300_000, 120_000, 0, 1, -5, 2_147_483_647],
  },
  expiry: { servers: 1, config: SHORT_TICKS, isMortal: true, hasConfig: false, timeoutsMs: LONG_MS },
  ensemble: {
    servers: 3,
    config: { ...ENSEMBLE, reconfigEnabled: 'true' },
    isMortal: true,
    hasConfig: true,
    timeoutsMs: LONG_MS,
  },
  local: {
    servers: 3,
    config: { ...ENSEMBLE, localSessionsEnabled: 'true', localSessionsUpgradingEnabled: 'true' },
    isMortal: true,
    hasConfig: false,
    timeoutsMs: LONG_MS,
  },
  bound: {
    servers: 3,
    config: { ...ENSEMBLE, localSessionsEnabled: 'true' },
    isMortal: false,
    hasConfig: false,
    timeoutsMs: LONG_MS,
  },
};

export function isStageName(name: string): name is StageName {
  return Object.hasOwn(STAGES, name);
}
