// Reads what compare.py wrote (row → a, b, ratio) and says which rows are not as they must be. Called by bench-compare.
import { readFileSync } from 'node:fs';

/** Throughput must be at least the other server's, the 99th percentile of latency at most. Other rows are only shown. */
const LEAST = 1.0;

const [file, servers] = process.argv.slice(2);
const rows = Object.entries(JSON.parse(readFileSync(file, 'utf8')));
const isThroughput = (row) => row.endsWith('/s');
const isLatency = (row) => row.endsWith('p99 us');
const judged = rows.filter(([row]) => isThroughput(row) || isLatency(row));
// Compared this way round, so that a ratio that is no number fails, too.
const failed = judged.filter(([row, { ratio }]) => !(isThroughput(row) ? ratio >= LEAST : ratio <= LEAST));
for (const [row, { ratio }] of failed) {
  const wanted = isThroughput(row) ? 'at least' : 'at most';
  console.error(`FAILED with ${servers} server(s): ${row} has the ratio ${ratio}, ${wanted} ${LEAST} is wanted`);
}
if (judged.length === 0) console.error(`FAILED: ${file} has no row to judge`);
else if (failed.length === 0) console.log(`All ${judged.length} judged rows hold with ${servers} server(s).`);
process.exitCode = judged.length === 0 || failed.length > 0 ? 1 : 0;
