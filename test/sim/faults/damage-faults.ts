import type { FakeDisk, SeededRandom } from '../../fakes/index.js';
import type { FaultContext, FaultKind } from './fault.js';

const LOG_OR_SNAPSHOT = /\/(log|snapshot)\.[0-9a-f]+$/;
/** Until the others have all that the victim promised, it is tried again. */
const RETRY_MS = 300;
const TRIES = 12;

/** Damages durable bytes; false: there is nothing to damage. */
type Damage = (disk: FakeDisk) => boolean;

function pickFile(disk: FakeDisk, random: SeededRandom): { path: string; bytes: Buffer } | undefined {
  const files = [...disk.files()].filter(([path, bytes]) => LOG_OR_SNAPSHOT.test(path) && bytes.length > 0);
  const found = files[random.below(Math.max(1, files.length))];
  return found === undefined ? undefined : { path: found[0], bytes: found[1] };
}

function flipBit(disk: FakeDisk, random: SeededRandom): boolean {
  const file = pickFile(disk, random);
  if (file === undefined) return false;
  let end = file.bytes.length;
  while (end > 1 && file.bytes[end - 1] === 0) end--;
  disk.flipBit(file.path, random.below(end), random.below(8));
  return true;
}

function loseFile(disk: FakeDisk, random: SeededRandom): boolean {
  const lost = pickFile(disk, random)?.path;
  if (lost === undefined) return false;
  disk.replaceWith(new Map([...disk.files()].filter(([path]) => path !== lost)));
  return true;
}

/** Only some servers may lose bytes: the victim is one of those. */
function victimOf({ ensemble, name, random }: FaultContext): string | undefined {
  if (ensemble.mayDamage(name)) return name;
  const fragile = ensemble.names.filter((one) => ensemble.mayDamage(one));
  return fragile[random.below(Math.max(1, fragile.length))];
}

function damageLater(context: FaultContext, victim: string, damage: Damage): 'laid' {
  const { ensemble, fault, happened } = context;
  const attempt = (left: number): void => {
    const isHit = ensemble.damage(victim, fault.forMs, (disk) => {
      if (damage(disk)) happened();
    });
    if (!isHit && left > 1 && !ensemble.isOver) ensemble.after(RETRY_MS, () => attempt(left - 1));
  };
  attempt(TRIES);
  return 'laid';
}

function kindOf(name: string, prepare: (disk: FakeDisk, random: SeededRandom) => Damage, delayMs = 0): FaultKind {
  return {
    name,
    family: 'damage',
    weight: 2,
    strike: (context) => {
      const { ensemble, random } = context;
      const victim = victimOf(context);
      if (victim === undefined) return false;
      const damage = prepare(ensemble.world.disk(victim), random);
      if (delayMs === 0) return damageLater(context, victim, damage);
      ensemble.after(delayMs / 6 + random.below(delayMs), () => damageLater(context, victim, damage));
      return 'laid';
    },
  };
}

/**
 * Loss and damage of bytes that were promised to be durable. They strike with a power loss, and only while a quorum of other
 * servers has everything the victim ever promised: beyond that no protocol can help.
 */
export const DAMAGE_FAULTS: readonly FaultKind[] = [
  kindOf('bit rot', (_disk, random) => (disk) => flipBit(disk, random)),
  kindOf('lost file', (_disk, random) => (disk) => loseFile(disk, random)),
  kindOf(
    'older disk',
    (now) => {
      const older = now.files();
      return (disk) => {
        disk.replaceWith(older);
        return true;
      };
    },
    6000,
  ),
];
