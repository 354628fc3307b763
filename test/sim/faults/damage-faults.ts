import type { FakeDisk, SeededRandom } from '../../fakes/index.js';
import type { FaultKind } from './fault.js';

const LOG_OR_SNAPSHOT = /\/(log|snapshot)\.[0-9a-f]+$/;

function pickFile(disk: FakeDisk, random: SeededRandom): { path: string; bytes: Buffer } | undefined {
  const files = [...disk.files()].filter(([path, bytes]) => LOG_OR_SNAPSHOT.test(path) && bytes.length > 0);
  const found = files[random.below(Math.max(1, files.length))];
  return found === undefined ? undefined : { path: found[0], bytes: found[1] };
}

/**
 * Loss and damage of bytes that were promised to be durable. They strike with a power loss, and only while a quorum of other
 * servers has everything the victim ever promised: beyond that no protocol can help.
 */
export const DAMAGE_FAULTS: readonly FaultKind[] = [
  {
    name: 'bit rot',
    family: 'damage',
    weight: 2,
    strike: ({ ensemble, fault, name, random }) =>
      ensemble.damage(name, fault.forMs, (disk) => {
        const file = pickFile(disk, random);
        if (file === undefined) return;
        let end = file.bytes.length;
        while (end > 1 && file.bytes[end - 1] === 0) end--;
        disk.flipBit(file.path, random.below(end), random.below(8));
      }),
  },
  {
    name: 'lost file',
    family: 'damage',
    weight: 2,
    strike: ({ ensemble, fault, name, random }) =>
      ensemble.damage(name, fault.forMs, (disk) => {
        const lost = pickFile(disk, random)?.path;
        if (lost !== undefined) disk.replaceWith(new Map([...disk.files()].filter(([path]) => path !== lost)));
      }),
  },
  {
    name: 'older disk',
    family: 'damage',
    weight: 2,
    strike: ({ ensemble, fault, name, random }) => {
      const older = ensemble.world.disk(name).files();
      ensemble.during(1000 + random.below(6000), () => {
        ensemble.damage(name, fault.forMs, (disk) => disk.replaceWith(older));
      });
      return ensemble.mayDamage(name);
    },
  },
];
