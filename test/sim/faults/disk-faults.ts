import type { FaultKind } from './fault.js';

/** Faults of a disk that loses nothing it has promised. */
export const DISK_FAULTS: readonly FaultKind[] = [
  {
    name: 'hung fsync',
    family: 'disk',
    strike: ({ ensemble, fault, name, random }) => {
      const disk = ensemble.world.disk(name);
      if (random.oneIn(2)) disk.hang('sync', 'syncDir');
      else disk.hang('append', 'sync', 'write', 'syncDir');
      ensemble.during(fault.forMs, () => disk.release());
      return true;
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
    strike: ({ ensemble, fault, name, random }) => {
      const disk = ensemble.world.disk(name);
      disk.capacityBytes = disk.usedBytes() + random.below(3000);
      ensemble.disturbDisk(name, fault.forMs, () => {
        disk.capacityBytes = Number.POSITIVE_INFINITY;
      });
      return true;
    },
  },
  {
    name: 'EIO on write',
    family: 'disk',
    strike: ({ ensemble, fault, name, random }) => {
      const disk = ensemble.world.disk(name);
      const nth = 1 + random.below(20);
      disk.fail({ kind: ['append', 'write', 'create', 'rename'], code: 'IO', nth, forever: random.oneIn(3) });
      ensemble.disturbDisk(name, fault.forMs, () => disk.repair());
      return true;
    },
  },
  {
    name: 'EIO on fsync',
    family: 'disk',
    strike: ({ ensemble, fault, name, random }) => {
      const disk = ensemble.world.disk(name);
      disk.fail({ kind: ['sync', 'syncDir'], code: 'IO', nth: 1 + random.below(20), forever: random.oneIn(3) });
      ensemble.disturbDisk(name, fault.forMs, () => disk.repair());
      return true;
    },
  },
];
