import type { FaultContext, FaultKind } from './fault.js';

/** What the path of the operation contains, and which of those operations it is at most. */
const CRASH_SITES: readonly (readonly [about: string, most: number])[] = [
  ['', 40],
  ['Epoch', 12],
  ['snapshot', 12],
  ['log.', 40],
];
const RETURN_SITES: typeof CRASH_SITES = [
  ['', 50],
  ['currentEpoch', 8],
  ['Epoch', 12],
  ['snapshot', 12],
  ['log.', 30],
];
export const RECONFIG_SITES: typeof CRASH_SITES = [
  ['', 12],
  ['dynamic', 8],
  ['zoo.cfg', 12],
];

/** The machine ends at one of its next disk operations about something. */
export function crashAtDisk(context: FaultContext, name: string, sites: typeof CRASH_SITES): void {
  const { ensemble, fault, happened, random } = context;
  const disk = ensemble.world.disk(name);
  const mode = (['kill', 'tear', 'lose'] as const)[random.below(3)] ?? 'kill';
  const [about, most] = sites[random.below(sites.length)] ?? ['', 40];
  let left = 1 + random.below(most);
  disk.onOperation = ({ path }) => {
    if (!path.includes(about) || --left > 0) return;
    disk.onOperation = null;
    if (ensemble.crash(name, mode, fault.forMs)) happened();
  };
}

export const CRASH_FAULTS: readonly FaultKind[] = [
  {
    name: 'kill',
    family: 'crash',
    weight: 2,
    strike: ({ ensemble, fault, name }) => ensemble.crash(name, 'kill', fault.forMs),
  },
  {
    name: 'power loss',
    family: 'crash',
    weight: 2,
    strike: ({ ensemble, fault, name, random }) => ensemble.crash(name, random.oneIn(2) ? 'tear' : 'lose', fault.forMs),
  },
  {
    name: 'crash at a disk operation',
    family: 'crash',
    weight: 2,
    // Changes of epochs and snapshots are rare, and what happens around them matters most.
    strike: (context) => {
      crashAtDisk(context, context.name, CRASH_SITES);
      return 'laid';
    },
  },
  {
    // It comes back to others that went on without it, and crashes again while it recovers or is synchronized.
    name: 'crash again on the way back',
    family: 'crash',
    weight: 2,
    strike: (context) => {
      const { ensemble, name, random } = context;
      if (!ensemble.crash(name, random.oneIn(2) ? 'tear' : 'lose', 500 + random.below(4000))) return false;
      crashAtDisk(context, name, RETURN_SITES);
      return 'laid';
    },
  },
  {
    name: 'power loss of many',
    family: 'crash',
    weight: 2,
    strike: ({ ensemble, fault, random }) => {
      const mode = random.oneIn(2) ? 'tear' : 'lose';
      const isSpared = () => random.oneIn(4);
      const isAll = random.oneIn(2);
      // They come back at very different times: a quorum may go on before the last one is there.
      for (const name of ensemble.names) {
        if (isAll || !isSpared()) ensemble.crash(name, mode, fault.forMs * (0.1 + 2 * random.fraction()));
      }
      return true;
    },
  },
  {
    name: 'stop in good order',
    family: 'crash',
    strike: ({ ensemble, fault, name }) => ensemble.stop(name, fault.forMs),
  },
  {
    name: 'pause',
    family: 'crash',
    weight: 2,
    strike: ({ ensemble, fault, name }) => {
      ensemble.world.pause(name);
      ensemble.during(fault.forMs, () => ensemble.world.resume(name));
      return true;
    },
  },
];
