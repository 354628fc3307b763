import { constants } from 'node:fs';
import { copyFile, cp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../fakes/index.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { Cluster } from './cluster.js';
import type { FaultKind, Victim } from './plan.js';

/** How a server may end by itself, and what it then says: damage and a full disk are told, nothing else ends it. */
const TOLD =
  /damaged|A log is missing|LOG_CORRUPT|SNAPSHOT_CORRUPT|LOG_GAP|LOGS_GONE|LOG_UNREADABLE|EPOCH|CANNOT_TRUNCATE|NO_SNAPSHOT|should hold a whole number/;
const NO_SPACE = /no space|ENOSPC|NO_SPACE/i;

/** One fault at work. */
export interface Strike {
  /** What was done to whom, for the report. */
  readonly text: string;
  /** Ends it: afterwards every server runs and may be expected to serve. */
  heal(): Promise<void>;
}

export interface Arena {
  readonly cluster: Cluster;
  /** Waits until the servers (all, or these) serve and a write goes through. */
  readonly settle: (members?: readonly Member[]) => Promise<void>;
  /** Something happened that must not. */
  readonly report: (problem: string) => void;
  /** For the schedule. */
  readonly note: (text: string) => void;
}

type Fault = (arena: Arena, victims: readonly Member[], random: SeededRandom) => Promise<Strike>;

export const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  ...{ kill, stop, partition, disk, clock, damage, rollback },
};

/** Whom it strikes at this moment. */
export async function choose(cluster: Cluster, victim: Victim, random: SeededRandom): Promise<Member[]> {
  if (victim === 'all') return [...cluster.members];
  const any = cluster.members[random.below(cluster.members.length)] as Member;
  if (victim === 'anyone') return [any];
  const leader = await cluster.leader().catch(() => any);
  const others = cluster.others(leader);
  return [victim === 'leader' ? leader : (others[random.below(others.length)] as Member)];
}

function names(members: readonly Member[]): string {
  return members.map(({ sid }) => sid).join(', ');
}

async function kill(_arena: Arena, victims: readonly Member[], random: SeededRandom): Promise<Strike> {
  const again = random.oneIn(3);
  await Promise.all(victims.map((member) => member.kill()));
  return {
    text: `kill -9 of ${names(victims)}${again ? ', and again while it starts' : ''}`,
    heal: async () => {
      for (const member of victims) await member.start();
      if (!again) return;
      await delay(random.below(600));
      await Promise.all(victims.map((member) => member.kill()));
      for (const member of victims) await member.start();
    },
  };
}

function stop(_arena: Arena, victims: readonly Member[]): Promise<Strike> {
  for (const member of victims) member.send('SIGSTOP');
  return Promise.resolve({
    text: `SIGSTOP of ${names(victims)}`,
    heal: () => {
      for (const member of victims) member.send('SIGCONT');
      return Promise.resolve();
    },
  });
}

async function partition({ cluster }: Arena, victims: readonly Member[], random: SeededRandom): Promise<Strike> {
  const { network } = cluster;
  const [victim] = victims;
  if (network === null || victim === undefined) throw new Error('a partition needs name spaces');
  const others = cluster.others(victim);
  const variant = (['alone', 'deaf', 'mute', 'one link'] as const)[random.below(4)];
  const reached = variant === 'one link' ? [others[random.below(2)] as Member] : others;
  for (const other of reached) {
    if (variant !== 'deaf') await network.cut(victim.sid, other.sid);
    if (variant !== 'mute') await network.cut(other.sid, victim.sid);
  }
  return { text: `network of ${victim.sid}: ${variant ?? ''} (${names(reached)})`, heal: () => network.mend() };
}

/** Fills the disk; a server that ends over it must say so, and starts again once there is room. */
async function disk({ note, report }: Arena, victims: readonly Member[]): Promise<Strike> {
  const [victim] = victims;
  if (victim === undefined) throw new Error('nobody to strike');
  const balloon = join(victim.dataDir, 'balloon');
  const bytes = await inflate(balloon);
  return {
    text: `disk of ${victim.sid} is full (${bytes} bytes more)`,
    heal: async () => {
      await rm(balloon);
      // It may be about to end.
      await delay(300);
      if (victim.running) return;
      const said = await tailOf(victim);
      if (!NO_SPACE.test(said)) report(`server ${victim.sid} ended on a full disk without saying so:\n${said}`);
      note(`server ${victim.sid} ended, as its log says, and starts again`);
      await victim.start();
    },
  };
}

async function inflate(path: string): Promise<number> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC);
  const air = Buffer.alloc(256 * 1024, 0x5a);
  let bytes = 0;
  let step = air.length;
  try {
    while (step >= 1) {
      try {
        bytes += (await file.write(air, 0, step, bytes)).bytesWritten;
      } catch {
        step = Math.floor(step / 8);
      }
    }
  } finally {
    await file.close();
  }
  return bytes;
}

async function clock(_arena: Arena, victims: readonly Member[], random: SeededRandom): Promise<Strike> {
  const seconds = [-86_400, -3600, -7, 5, 90, 3600, 86_400, 31_536_000][random.below(8)] ?? 0;
  for (const member of victims) await Cluster.setClock(member, seconds);
  const stays = random.oneIn(2);
  return {
    text: `clock of ${names(victims)} jumps by ${seconds} s${stays ? ' for good' : ' and back'}`,
    heal: async () => {
      if (!stays) for (const member of victims) await Cluster.setClock(member, 0);
    },
  };
}

/**
 * Damages files of a stopped member whose two peers have everything: a write went through with them alone. It either starts
 * well, or says what is wrong and then begins with an empty disk.
 */
async function damage(arena: Arena, victims: readonly Member[], random: SeededRandom): Promise<Strike> {
  const [victim] = victims;
  if (victim === undefined) throw new Error('nobody to strike');
  await victim.kill();
  await arena.settle(arena.cluster.others(victim));
  const done = await spoil(join(victim.dataDir, 'version-2'), random);
  return {
    text: `files of ${victim.sid}: ${done}`,
    heal: async () => {
      const before = (await victim.log()).length;
      await victim.start();
      const outcome = await eventually(`server ${victim.sid} starts or gives up`, 60_000, async () => {
        if (!victim.running) return 'ended';
        return (await victim.mode()) === '' ? undefined : 'serves';
      });
      if (outcome === 'serves') return;
      const said = (await victim.log()).slice(before);
      if (!TOLD.test(said)) arena.report(`server ${victim.sid} ended without naming the damage (${done}):\n${said}`);
      arena.note(`server ${victim.sid} names the damage, and begins with an empty disk`);
      await arena.cluster.empty(victim);
      await victim.start();
    },
  };
}

/** Bit rot, lost ends, lost files and rubbish, in logs and snapshots; an epoch file without a number. */
async function spoil(folder: string, random: SeededRandom): Promise<string> {
  const all = (await readdir(folder)).sort();
  const files = all.filter((name) => /^(log|snapshot)\./.test(name));
  const name = files[random.below(files.length)];
  if (name === undefined || random.oneIn(8)) {
    await writeFile(join(folder, 'currentEpoch'), 'rubbish\n');
    return 'currentEpoch holds no number';
  }
  const path = join(folder, name);
  const bytes = await readFile(path);
  const dataEnd = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const at = random.below(Math.max(1, dataEnd));
  switch (random.below(5)) {
    case 0:
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      await writeFile(path, bytes);
      return `a bit of ${name} at ${at} is flipped`;
    case 2:
      await truncate(path, at);
      return `${name} ends at ${at}`;
    case 3:
      bytes.fill(0, at, at + 512);
      await writeFile(path, bytes);
      return `512 bytes of ${name} from ${at} on are zeros`;
    default: {
      const older = files.find((other) => other !== name && other.startsWith(name.slice(0, 4)));
      if (older !== undefined) await copyFile(join(folder, older), path);
      else await rm(path);
      return older === undefined ? `${name} is lost` : `${name} is what ${older} was`;
    }
  }
}

/** All servers get back an older copy of their disks at once: what was acknowledged since is lost. */
async function rollback({ settle }: Arena, victims: readonly Member[]): Promise<Strike> {
  const restart = async (between: (member: Member) => Promise<void>) => {
    await Promise.all(victims.map((member) => member.kill()));
    for (const member of victims) await between(member);
    for (const member of victims) await member.start();
    await settle();
  };
  const copyOf = (member: Member) => join(member.folder, 'older');
  await restart((member) => cp(member.dataDir, copyOf(member), { recursive: true }));
  return {
    text: `the disks of ${names(victims)} will go back to what they are now`,
    heal: async () => {
      await restart(async (member) => {
        await rm(join(member.dataDir, 'version-2'), { recursive: true });
        await cp(join(copyOf(member), 'version-2'), join(member.dataDir, 'version-2'), { recursive: true });
      });
      // One more epoch, so that the clients have seen nothing newer and are taken.
      await restart(() => Promise.resolve());
    },
  };
}

async function tailOf(member: Member): Promise<string> {
  return (await member.log()).slice(-3000);
}
