// Run by addresses.test.ts: one ensemble in a network name space of its own, whose servers have two addresses each, and what goes
// to or from some of them is dropped, which nobody is told. Its arguments are the kinds of the servers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isInside, runInside } from '../chaos/lab.js';
import { writesThrough } from '../support/writes-through.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';

const run = promisify(execFile);
const LIMIT_MS = 60_000;
/** A silent leader is given up after four seconds: soon enough for a test, late enough for a busy machine. */
const SYNC_LIMIT = 16;

function firstOf(sid: number): string {
  return `127.0.2.${sid}`;
}

function secondOf(sid: number): string {
  return `127.0.1.${sid}`;
}

let dropped: readonly string[] = [];

/** From now on these addresses are dead, and no others. */
async function drop(...addresses: readonly string[]): Promise<void> {
  // In this order: at no moment a way is open that is meant to be closed.
  await change('-A', addresses);
  await change('-D', dropped);
  dropped = addresses;
}

async function change(action: '-A' | '-D', addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    for (const end of ['-s', '-d']) await run('iptables', [action, 'INPUT', end, address, '-j', 'DROP']);
  }
}

async function create(kinds: readonly Kind[]): Promise<MixedEnsemble> {
  const mixed = await MixedEnsemble.create(
    kinds,
    { config: { 'multiAddress.enabled': 'true', syncLimit: SYNC_LIMIT } },
    // Java's servers of 3.8.0 do not find it in zoo.cfg.
    ['zookeeper.multiAddress.enabled=true'],
  );
  const lines: Record<string, string> = {};
  for (const { sid } of mixed.members) {
    const line = new RegExp(`^server\\.${sid}=127\\.0\\.0\\.1:(.*)$`, 'm').exec(await mixed.member(sid).config());
    const [, ports = ''] = line ?? [];
    lines[`server.${sid}`] = `${firstOf(sid)}:${ports}|${secondOf(sid)}:${ports}`;
  }
  for (const member of mixed.members) await member.configure(lines);
  return mixed;
}

async function walk(mixed: MixedEnsemble): Promise<void> {
  const { ensemble, members } = mixed;
  await drop(firstOf(3));
  await mixed.start();
  const first = await ensemble.leader();
  assert.equal(first.sid, 3);
  for (const member of members) await writesThrough(member, `/led-by-3-${member.sid}`, LIMIT_MS);

  // The next leader can be found by its first address alone, until that one is lost.
  await drop(firstOf(3), secondOf(1), secondOf(2));
  await first.kill();
  await Promise.all([1, 2].map((sid) => mixed.member(sid).serving(LIMIT_MS)));
  await mixed.restart(3);
  for (const member of members) await writesThrough(member, `/again-${member.sid}`, LIMIT_MS);
  const second = await ensemble.leader();
  assert.notEqual(second, first);

  await drop(firstOf(second.sid));
  for (const member of members) await writesThrough(member, `/after-${member.sid}`, LIMIT_MS);
  const lost = new RegExp(`No longer following server ${second.sid}: ${firstOf(second.sid)}:\\d+ was silent`);
  for (const member of members.filter((one) => one !== second && mixed.kind(one.sid) === 'zk-server')) {
    assert.match(await member.log(), lost, `server ${member.sid}`);
  }
  assert.equal((await ensemble.followers()).length, members.length - 1);
  await mixed.sameTrees();
  await mixed.noQuarrels();
}

async function main(): Promise<number> {
  if (!isInside()) return runInside();
  await run('ip', ['link', 'set', 'lo', 'up']);
  const mixed = await create(process.argv.slice(2) as Kind[]);
  try {
    await walk(mixed);
  } finally {
    await mixed.remove();
  }
  return 0;
}

process.exitCode = await main();
