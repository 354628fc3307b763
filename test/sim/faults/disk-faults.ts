import type { FakeDisk } from '../../fakes/index.js';
import type { FaultContext, FaultKind } from './fault.js';

/** It counts when an operation meets it, not when it is laid out. */
function tellWhenMet(disk: FakeDisk, { happened }: FaultContext): 'laid' {
  let isMet = false;
  disk.onTrouble = () => {
    if (!isMet) happened();
    isMet = true;
  };
  return 'laid';
}

/** Faults of a disk that loses nothing it has promised. */
export const DISK_FAULTS: readonly FaultKind[] = [
  {
    name: 'hung fsync',
    family: 'disk',
    strike: (context) => {
      const { ensemble, fault, name, random } = context;
      const disk = ensemble.world.disk(name);
      if (random.oneIn(2)) disk.hang('sync', 'syncDir');
      else disk.hang('append', 'sync', 'write', 'syncDir');
      ensemble.during(fault.forMs, () => disk.release());
      return tellWhenMet(disk, context);
    },
  },
  {
    name: 'slow disk',
    family: 'disk',
    strike: ({ ensemble, fault, name, random }) => {
      const { latencyMs } = ensemble.world.disk(name);
      const before = { ...latencyMs };
      latencyMs.sync = 20 + random.below(300);
      latencyMs.write = 5;
      ensemble.during(fault.forMs, () => Object.assign(latencyMs, before));
      return true;
    },
  },
  {
    name: 'full disk',
    family: 'disk',
    weight: 2,
    strike: (context) => {
      const { ensemble, fault, name, random } = context;
      const disk = ensemble.world.disk(name);
      disk.capacityBytes = disk.usedBytes() + random.below(1000);
      // The zeros ahead of the log have to be used up before anything is missing.
      ensemble.disturbDisk(name, 3000 + fault.forMs, () => {
        disk.capacityBytes = Number.POSITIVE_INFINITY;
      });
      return tellWhenMet(disk, context);
    },
  },
  {
    name: 'EIO on write',
    family: 'disk',
    strike: (context) => {
      const { ensemble, fault, name, random } = context;
      const disk = ensemble.world.disk(name);
      const nth = 1 + random.below(20);
      disk.fail({ kind: ['append', 'write', 'create', 'rename'], code: 'IO', nth, forever: random.oneIn(3) });
      ensemble.disturbDisk(name, fault.forMs, () => disk.repair());
      return tellWhenMet(disk, context);
    },
  },
  {
    name: 'EIO on fsync',
    family: 'disk',
    strike: (context) => {
      const { ensemble, fault, name, random } = context;
      const disk = ensemble.world.disk(name);
      disk.fail({ kind: ['sync', 'syncDir'], code: 'IO', nth: 1 + random.below(20), forever: random.oneIn(3) });
      ensemble.disturbDisk(name, fault.forMs, () => disk.repair());
      return tellWhenMet(disk, context);
    },
  },
];
