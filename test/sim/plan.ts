import { SeededRandom } from '../fakes/index.js';
import { FAULT_KINDS, type FaultKind, type PlannedFault } from './faults/index.js';
import { drawSettings, type Settings } from './settings.js';
import { SYNC_MODES } from './taps.js';

type Family = FaultKind['family'];

/** Which families of faults there are, and how many faults. */
export interface Profile {
  readonly families: readonly Family[];
  readonly faults: readonly [least: number, most: number];
  /** Every run has an observer. */
  readonly observers?: boolean;
}

const ALL = ['network', 'crash', 'disk', 'damage', 'clock', 'reconfig', 'move'] as const;
/** How many changes of the list are wished for in a run that has them, on top of its faults. */
const RECONFIGURATIONS = [4, 7] as const;
/** How often clients move while their server stands still, on top of that; in one run in so many, and where followers serve observers. */
const MOVES = [1, 3] as const;
const MOVES_ONE_IN = 3;

export const PROFILES: Readonly<Record<string, Profile>> = {
  default: { families: ALL, faults: [8, 16] },
  network: { families: ['network'], faults: [8, 18] },
  crash: { families: ['crash'], faults: [8, 18] },
  disk: { families: ['disk', 'crash'], faults: [8, 16] },
  damage: { families: ['damage', 'crash'], faults: [8, 16] },
  clock: { families: ['clock', 'network'], faults: [6, 14] },
  reconfig: { families: ['reconfig', 'network', 'crash'], faults: [4, 12] },
  observers: { families: ['move', 'network', 'crash'], faults: [4, 10], observers: true },
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
  const { families } = profile;
  const mayReconfigure = families.includes('reconfig');
  const settings = drawSettings(random, {
    reconfigurations: mayReconfigure && !families.includes('damage') ? 'always' : mayReconfigure,
    observers: profile.observers === true,
  });
  const draw = (
    [least, most]: readonly [number, number],
    from: readonly Family[],
    source: SeededRandom = random,
  ): PlannedFault[] =>
    Array.from({ length: least + source.below(most - least + 1) }, () => drawFault(source, from, settings));
  const ofMoves = random.fork('moves');
  const hasMoves = families.includes('move') && (settings.observerMasters || ofMoves.oneIn(MOVES_ONE_IN));
  // Whoever loses what it has promised cannot be in a list that changes: who must know of it then is another one each time.
  const without: Family = settings.spares === null ? 'reconfig' : 'damage';
  const others = families.filter((family) => family !== without && family !== 'reconfig' && family !== 'move');
  const faults = [
    ...draw(profile.faults, others),
    ...(settings.spares === null ? [] : draw(RECONFIGURATIONS, ['reconfig'])),
    ...(hasMoves ? draw(MOVES, ['move'], ofMoves) : []),
  ];
  faults.sort((a, b) => a.atMs - b.atMs);
  const { observers, voters } = settings;
  const first = random.below(voters.length);
  const minority = Math.floor((voters.length - 1) / 2);
  const fragile = Array.from({ length: minority }, (_, at) => voters[(first + at) % voters.length] as number);
  return { seed, profile: profileName, settings, faults, fragile: [...fragile, ...observers] };
}

/** What statistics of many seeds of a profile must show. */
export function expectedKinds(profileName: string): string[] {
  const families = PROFILES[profileName]?.families ?? [];
  const kinds = FAULT_KINDS.filter(({ family }) => families.includes(family));
  return [...kinds.map(({ name }) => `fault ${name}`), ...SYNC_MODES.map((how) => `sync ${how}`)];
}

function drawFault(random: SeededRandom, families: readonly Family[], { voters, observers }: Settings): PlannedFault {
  const sids = [...voters, ...observers];
  const anybody = () => sids[random.below(sids.length)] as number;
  const chance = random.fraction();
  return {
    atMs: FAULTS_FROM_MS + random.below(FAULTS_UNTIL_MS - FAULTS_FROM_MS),
    kind: drawKind(random, families),
    forMs: random.oneIn(4) ? 3000 + random.below(7000) : 200 + random.below(3000),
    target: chance < 0.45 ? 'leader' : chance < 0.6 ? 'follower' : anybody(),
    other: anybody(),
    salt: random.below(2 ** 31),
  };
}

function drawKind(random: SeededRandom, families: readonly Family[]): string {
  const kinds = FAULT_KINDS.filter(({ family }) => families.includes(family));
  let left = random.fraction() * kinds.reduce((sum, { weight = 1 }) => sum + weight, 0);
  for (const { name, weight = 1 } of kinds) {
    left -= weight;
    if (left <= 0) return name;
  }
  return kinds.at(-1)?.name ?? '';
}
