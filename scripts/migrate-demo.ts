// Called by scripts/migrate-demo, which tells what it does.
import { parseArgs } from 'node:util';
import { type LoadFigures, LoadTool, sumOf } from '../test/support/load-tool.js';
import { Migration, type Replacement } from '../test/mixed/migration.js';

const { values } = parseArgs({ options: { writes: { type: 'string', default: '200' }, zkload: { type: 'string' } } });
const tool = values.zkload === undefined ? 'zk-bench' : 'zkload';

function longest(replacements: readonly Replacement[]): { client: string; ms: number; sid: number } {
  const all = replacements.flatMap(({ pausesMs, sid }) => pausesMs.map((pause) => ({ ...pause, sid })));
  return all.reduce((most, one) => (one.ms > most.ms ? one : most), { client: '', ms: 0, sid: 0 });
}

function tell(replacement: Replacement): void {
  const { awayMs, kind, load, pausesMs, role, sid } = replacement;
  const pauses = pausesMs.map(({ client, ms }) => `${client} ${Math.round(ms)} ms`).join(', ');
  console.log(`Server ${sid} (${role}) is ${kind} now, after ${Math.round(awayMs)} ms. Longest pauses: ${pauses}.`);
  console.log(`  ${tool} meanwhile: ${figures(load)}.`);
}

function figures({ answers, errors, failedRuns, longestMs, lostConnections, p99Ms, runs }: LoadFigures): string {
  const began = failedRuns === 0 ? `${runs} runs` : `${runs} runs (${failedRuns} more gave no figures)`;
  const faults = `${errors} errors, ${lostConnections} connections lost`;
  return `${began}, ${answers} answers, worst p99 ${Math.round(p99Ms)} ms, longest ${Math.round(longestMs)} ms, ${faults}`;
}

const migration = await Migration.start(Number(values.writes), values.zkload ?? null);
try {
  console.log(
    `Three servers of Apache ZooKeeper run; these clients write: ${migration.clientNames.join(', ')}; ${tool} makes load.`,
  );
  const done: Replacement[] = [];
  for (const kind of ['zk-server', 'Apache ZooKeeper'] as const) {
    for await (const replacement of migration.replaceAll(kind)) {
      tell(replacement);
      done.push(replacement);
    }
  }
  const { acknowledged, sessions } = await migration.finish();
  const { client, ms, sid } = longest(done);
  console.log(`${tool}, ${LoadTool.pace}: ${figures(done.map(({ load }) => load).reduce(sumOf))}.`);
  console.log(
    `${acknowledged} writes were acknowledged, and every server has all of them. ${sessions} sessions, none lost.`,
  );
  console.log(`Longest pause: ${Math.round(ms)} ms (${client}, while server ${sid} was replaced).`);
} finally {
  await migration.remove();
}
