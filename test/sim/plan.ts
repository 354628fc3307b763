import { SeededRandom } from '../fakes/index.js';
import { FAULT_KINDS, type FaultKind, type PlannedFault } from './faults/index.js';
import { drawSettings, type Settings } from './settings.js';

/** Which families of faults there are, and how many faults. */
export interface Profile {
  readonly families: readonly FaultKind['family'][];
  readonly faults: readonly [least: number, most: number];
}

const ALL = ['network', 'crash', 'disk', 'damage', 'clock'] as const;

export const PROFILES: Readonly<Record<string, Profile>> = {
  default: { families: ALL, faults: [8, 16] },
  network: { families: ['network'], faults: [8, 18] },
  crash: { families: ['crash'], faults: [8, 18] },
  disk: { families: ['disk', 'crash'], faults: [8, 16] },
  damage: { families: ['damage', 'crash'], faults: [8, 16] },
  clock: { families: ['clock', 'network'], faults: [6, 14] },
  calm: { families: [], faults: [0, 0] },
};

/** Everything that is decided before a run begins. */
export interface Plan {
  readonly seed: number;
  readonly profile: string;
  readonly settings: Settings;
  readonly faults: readonly PlannedFault[];
  /** Voters that may lose durable bytes: a minority. */
  readonly fragile: readonly number[];
}

/** When faults begin, and when the last one may begin. */
const FAULTS_FROM_MS = 3000;
export const FAULTS_UNTIL_MS = 52_000;

export function drawPlan(seed: number, profileName = 'default'): Plan {
  const profile = PROFILES[profileName];
  if (profile === undefined) throw new Error(`no profile ${profileName}: ${Object.keys(PROFILES).join(', ')}`);
  const random = new SeededRandom(`plan/${profileName}/${seed}`);
  const settings = drawSettings(random);
  const [least, most] = profile.faults;
  const count = least + random.below(most - least + 1);
  const faults = Array.from({ length: count }, () => drawFault(random, profile, settings));
  faults.sort((a, b) => a.atMs - b.atMs);
  const { observers, voters } = settings;
  const first = random.below(voters.length);
  const minority = Math.floor((voters.length - 1) / 2);
  const fragile = Array.from({ length: minority }, (_, at) => voters[(first + at) % voters.length] as number);
  return { seed, profile: profileName, settings, faults, fragile: [...fragile, ...observers] };
}

function drawFault(random: SeededRandom, profile: Profile, { voters, observers }: Settings): PlannedFault {
  const sids = [...voters, ...observers];
  const anybody = () => sids[random.below(sids.length)] as number;
  const chance = random.fraction();
  return {
    atMs: FAULTS_FROM_MS + random.below(FAULTS_UNTIL_MS - FAULTS_FROM_MS),
    kind: drawKind(random, profile),
    forMs: random.oneIn(4) ? 3000 + random.below(7000) : 200 + random.below(3000),
    target: chance < 0.45 ? 'leader' : chance < 0.6 ? 'follower' : anybody(),
    other: anybody(),
    salt: random.below(2 ** 31),
  };
}

function drawKind(random: SeededRandom, { families }: Profile): string {
  const kinds = FAULT_KINDS.filter(({ family }) => families.includes(family));
  let left = random.fraction() * kinds.reduce((sum, { weight = 1 }) => sum + weight, 0);
  for (const { name, weight = 1 } of kinds) {
    left -= weight;
    if (left <= 0) return name;
  }
  return kinds.at(-1)?.name ?? '';
}
