// npm run docs:election: runs the elections that docs/election.md explains, on real servers of this machine (npm run build
// first), and writes what they tell into the page and its translation, between `<!-- trace NAME -->` and `<!-- end -->`.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type ElectionEvent, electionEvents, stepsOf } from '../src/dashboard/election-model.js';
import type { EnsembleElections } from '../src/status/index.js';
import { Ensemble, type Member } from '../test/support/ensemble.js';
import { eventually } from '../test/support/eventually.js';
import { WireClient } from '../test/support/wire-client.js';

const PAGES = ['docs/election.md', 'docs/election.zh-CN.md'].map((name) =>
  fileURLToPath(new URL(`../${name}`, import.meta.url)),
);
const LIMIT_MS = 60_000;
/** Three servers that start together are not always equally fast; a trace is to show one thing. */
const ATTEMPTS = 10;

async function newestElection(asked: Member, sids: readonly number[]): Promise<ElectionEvent> {
  return eventually(`an election of servers ${sids.join(', ')} that is over`, LIMIT_MS, async () => {
    const response = await fetch(`http://127.0.0.1:${asked.adminPort}/dashboard/api/ensemble-elections`);
    const { members } = (await response.json()) as EnsembleElections;
    const known = members.flatMap(({ status }) => status ?? []);
    const [newest] = electionEvents(known, Date.now());
    if (newest === undefined || newest.endedWallMs === null) return undefined;
    const who = new Set(newest.parts.map(({ sid }) => sid));
    return sids.length === who.size && sids.every((sid) => who.has(sid)) ? newest : undefined;
  });
}

async function write(member: Member, count: number, prefix: string): Promise<void> {
  const client = await WireClient.connect(member.clientPort);
  for (let i = 0; i < count; i++) await client.create(`/${prefix}-${i}`, null);
  await client.close();
}

/** All three start together, with nothing on disk; then the leader is killed; then it comes back. */
async function startAndLoseLeader(): Promise<Record<string, ElectionEvent> | null> {
  const ensemble = await Ensemble.create({ http: true });
  try {
    await Promise.all(ensemble.members.map((member) => member.start()));
    await Promise.all(ensemble.members.map((member) => member.serving()));
    const start = await newestElection(ensemble.member(1), [1, 2, 3]);
    const isPlain = start.parts.every(({ view }) => view.outcome?.leader === 3 && view.outcome.by === 'round');
    if (!isPlain || start.parts.length !== 3) return null;
    await write(ensemble.member(3), 5, 'node');
    await ensemble.member(3).kill();
    const lost = await newestElection(ensemble.member(1), [1, 2]);
    if (lost.parts.length !== 2) return null;
    await ensemble.member(3).start();
    await ensemble.member(3).serving();
    return { start, lost, rejoin: await newestElection(ensemble.member(1), [3]) };
  } finally {
    await ensemble.remove();
  }
}

/** Server 3 misses some writes of server 2, which leads; then it and server 1 look for a leader. */
async function laterZxid(): Promise<Record<string, ElectionEvent>> {
  const ensemble = await Ensemble.create({ http: true });
  try {
    const [one, two, three] = [1, 2, 3].map((sid) => ensemble.member(sid)) as [Member, Member, Member];
    await Promise.all([one.start(), two.start()]);
    await Promise.all([one.serving(), two.serving()]);
    await three.start();
    await three.serving();
    await write(one, 3, 'all-have');
    await three.kill();
    await eventually(
      'servers 1 and 2 serve',
      LIMIT_MS,
      async () => (await one.mode()) !== '' && (await two.mode()) !== '',
    );
    await write(one, 4, 'server-3-misses');
    await Promise.all([one.kill(), two.kill()]);
    await Promise.all([one.start(), three.start()]);
    await Promise.all([one.serving(), three.serving()]);
    const zxid = await newestElection(one, [1, 3]);
    if (zxid.leader !== 1)
      throw new Error(`server ${String(zxid.leader)} was elected, but server 1 has the later zxid`);
    return { zxid };
  } finally {
    await ensemble.remove();
  }
}

function printed(event: ElectionEvent): string {
  const lines = stepsOf(event).map(
    ({ atMs, sid, text }) => `${`+${atMs.toFixed(1)} ms`.padStart(11)}  server ${sid} ${text}`,
  );
  return ['```text', ...lines, '```'].join('\n');
}

async function main(): Promise<void> {
  let first: Record<string, ElectionEvent> | null = null;
  for (let attempt = 0; attempt < ATTEMPTS && first === null; attempt++) first = await startAndLoseLeader();
  if (first === null) throw new Error(`server 3 was not elected at once in any of ${ATTEMPTS} starts`);
  const traces = { ...first, ...(await laterZxid()) };
  for (const page of PAGES) {
    let text = await readFile(page, 'utf8');
    for (const [name, event] of Object.entries(traces)) {
      const place = new RegExp(`(<!-- trace ${name} -->\n)[^]*?(<!-- end -->)`);
      if (!place.test(text)) throw new Error(`${page} has no place for the trace ${name}`);
      text = text.replace(place, (_all, begin: string, end: string) => `${begin}\n${printed(event)}\n\n${end}`);
    }
    await writeFile(page, text);
  }
  console.log(`Wrote ${Object.keys(traces).join(', ')} into ${PAGES.join(' and ')}.`);
}

await main();
