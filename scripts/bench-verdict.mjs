// Reads what compare.py wrote (row → a, b, ratio) and says which rows are not as they must be, and how far each is from its goal.
// Called by bench-compare: bench-verdict.mjs FILE 1|3|million
import { readFileSync } from 'node:fs';

/** Throughput must be at least the other server's, the 99th percentile of latency at most. Other rows are only shown. */
const LEAST = 1.0;

const [file, kind] = process.argv.slice(2);
const TITLES = { 1: 'one server', 3: 'three servers', million: 'one server, a million nodes' };
const title = TITLES[kind] ?? `${kind} servers`;
const rows = Object.entries(JSON.parse(readFileSync(file, 'utf8')));
const isThroughput = (row) => row.endsWith('/s');
const isLatency = (row) => row.endsWith('p99 us');
const judged = rows.filter(([row]) => isThroughput(row) || isLatency(row));
// Compared this way round, so that a ratio that is no number fails, too.
const failed = judged.filter(([row, { ratio }]) => !(isThroughput(row) ? ratio >= LEAST : ratio <= LEAST));
for (const [row, { ratio }] of failed) {
  const wanted = isThroughput(row) ? 'at least' : 'at most';
  console.error(`FAILED with ${title}: ${row} has the ratio ${ratio}, ${wanted} ${LEAST} is wanted`);
}
if (judged.length === 0) console.error(`FAILED: ${file} has no row to judge`);
else if (failed.length === 0) console.log(`All ${judged.length} judged rows are at parity or better with ${title}.`);

// Goals are aims: they are told of, not enforced. Of throughput more is better, of all else less.
const goals = JSON.parse(readFileSync(new URL('bench-goals.json', import.meta.url), 'utf8'))[title] ?? {};
const known = rows.filter(([row]) => goals[row] !== undefined);
const isMet = ([row, { ratio }]) => (row.endsWith('/s') ? ratio >= goals[row] : ratio <= goals[row]);
for (const [row, { ratio }] of known.filter((entry) => !isMet(entry))) {
  console.log(`goal missed with ${title}: ${row} ${ratio.toFixed(2)}, goal ${goals[row]}`);
}
if (known.length > 0) console.log(`${known.filter(isMet).length} of ${known.length} goals met with ${title}.`);
process.exitCode = judged.length === 0 || failed.length > 0 ? 1 : 0;
