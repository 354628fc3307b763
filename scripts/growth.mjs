// How the cost of a request grows with what a server holds: CPU of the event loop per request (as scripts/bench-inside.mjs), the
// least of several windows. Writes the tables and the plot of docs/growth.md.
//
//   node scripts/growth.mjs                     every curve, each in a process of its own; writes docs/growth.md and docs/growth.svg
//   node scripts/growth.mjs --voters            only the part of docs/growth.md about voters and observers, and its plot
//   node scripts/growth.mjs --curve children    one, as JSON
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ACTIVE, CURVES, requestsOf, startGrowing } from './growth-curves.mjs';
import { plot } from './growth-plot.mjs';
import { chunkOf } from './inside.mjs';

const DEPTH = 32;
const WINDOWS = 9;
const WARM_WINDOWS = 2;
const REQUESTS = { get: 40_000, set: 10_000, 'create and delete': 10_000 };
const MOST_WINDOW_BYTES = 48e6;

/** CPU microseconds of one kind of request. */
async function costOf(kind, links, curve, size, bytes) {
  const wanted = Math.max(16, Math.min(REQUESTS[kind], Math.floor(MOST_WINDOW_BYTES / bytes)));
  const depth = Math.min(DEPTH, Math.max(1, Math.floor(wanted / ACTIVE)));
  const rounds = Math.max(1, Math.floor(wanted / (ACTIVE * depth)));
  const write = requestsOf(curve, curve.count(size), Buffer.alloc(bytes, 'x'))[kind];
  const costs = [];
  for (let window = 0; window < WARM_WINDOWS + WINDOWS; window++) {
    const chunks = Array.from({ length: rounds }, () => links.map(() => chunkOf(depth, write)));
    const before = process.cpuUsage();
    for (const round of chunks) await Promise.all(links.map((link, i) => link.ask(round[i], depth)));
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / (rounds * depth * ACTIVE));
  }
  return +Math.min(...costs.slice(WARM_WINDOWS)).toPrecision(3);
}

async function measure(name) {
  const curve = CURVES[name];
  const { connect, links } = await startGrowing();
  const [link] = links;
  const rows = [];
  let size = 0;
  for (const point of curve.points) {
    await curve.grow({ link, connect }, size, point);
    size = point;
    const row = { size };
    for (const kind of Object.keys(REQUESTS)) {
      row[kind] = await costOf(kind, links, curve, size, name === 'bytes' ? size : 100);
    }
    rows.push(row);
  }
  return rows;
}

function tableOf({ title, rows }) {
  const kinds = Object.keys(REQUESTS);
  const lines = rows.map(
    (row) => `| ${[row.size.toLocaleString('en'), ...kinds.map((kind) => row[kind])].join(' | ')} |`,
  );
  return [
    `| ${[title, ...kinds].join(' | ')} |`,
    `| ${[title, ...kinds].map(() => '---:').join(' | ')} |`,
    ...lines,
  ].join('\n');
}

function document(curves) {
  return `# Growth

What a request costs when the server holds more: microseconds of CPU of the event loop, the least of ${WINDOWS} windows, without sockets
and with a log that is durable at once. Nothing may cost more because of nodes, sessions or watches that it has nothing to do
with; what is left is that a larger tree fits less into the processor's caches. Written by

    node scripts/growth.mjs

at a load average of ${loadavg()[0].toFixed(1)}: other programs make single figures larger, not smaller.

![CPU per request against size](growth.svg)

${curves.map(tableOf).join('\n\n')}
`;
}

const VOTERS_HEADING = '## Voters and observers';
const VOTERS_COMMAND = ['npx', 'tsx', 'scripts/observer-costs.ts', '--voters', '3,5,7', '--observers', '0,1,5,10,20'];
const ROUNDS = 3;
const VOTER_FIGURES = {
  cpuUs: 'us of CPU of the leader',
  bytesOut: 'bytes that the leader sends',
  messagesOut: 'messages that the leader sends',
};

/** Costs of a commit as rows of the number of observers, with a figure for each number of voters. */
function observerCurve(costs, figure) {
  const sizes = [...new Set(costs.map(({ observers }) => observers))];
  const ofSize = (size) => costs.filter(({ observers }) => observers === size);
  const rows = sizes.map((size) => ({
    size,
    ...Object.fromEntries(ofSize(size).map((one) => [`${one.voters} voters`, one[figure]])),
  }));
  return { title: `observers: ${VOTER_FIGURES[figure]}`, rows, isLinear: true };
}

function voterTable(costs) {
  const heads = [
    'voters',
    'observers',
    'CPU of the leader, us',
    'bytes out',
    'bytes in',
    'messages out',
    'messages in',
  ];
  const figures = ['voters', 'observers', 'cpuUs', 'bytesOut', 'bytesIn', 'messagesOut', 'messagesIn'];
  const lines = costs.map((one) => figures.map((figure) => one[figure].toLocaleString('en')));
  return [heads, heads.map(() => '---:'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const inDocs = (name) => new URL(`../docs/${name}`, import.meta.url);

/** Measures what voters and observers cost, writes the plot, and answers the part of the document. */
function voterPart() {
  console.error('voters and observers');
  const words = [...VOTERS_COMMAND, '--rounds', `${ROUNDS}`];
  const costs = JSON.parse(execFileSync(words[0], [...words.slice(1), '--json'], { encoding: 'utf8' }));
  const kinds = [...new Set(costs.map(({ voters }) => `${voters} voters`))];
  const curves = Object.keys(VOTER_FIGURES).map((figure) => observerCurve(costs, figure));
  writeFileSync(inDocs('growth-voters.svg'), plot(curves, kinds, 'a commit'));
  return `${VOTERS_HEADING}

What a commit of 100 bytes costs the leader, by simulation: production servers on simulated machines and a simulated network, 16 writes of
one client of the leader in flight. CPU is what the leader's turns take, the client's request and answer with them, but no system
calls: a socket costs a real leader more ([performance.md](performance.md), "Observers", has a real one). It is the least of 100
windows of 100 commits, median of ${ROUNDS} processes, at a load average of ${loadavg()[0].toFixed(1)}; bytes and messages (packets of the quorum
protocol) are exact. Written by \`node scripts/growth.mjs --voters\`, which runs

    ${words.join(' ')}

![Cost of a commit against observers](growth-voters.svg)

${voterTable(costs)}

Each follower is sent a proposal and a commit, which it answers once; each observer is sent one message, and answers none.
`;
}

const { values } = parseArgs({ options: { curve: { type: 'string' }, voters: { type: 'boolean', default: false } } });
if (values.curve !== undefined) {
  console.log(JSON.stringify(await measure(values.curve)));
  process.exit();
}

function curvesPart() {
  const curves = Object.entries(CURVES).map(([name, { title }]) => {
    const words = ['--max-semi-space-size=4', fileURLToPath(import.meta.url), '--curve', name];
    console.error(title);
    return { title, rows: JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) };
  });
  writeFileSync(inDocs('growth.svg'), plot(curves, Object.keys(REQUESTS), 'us of CPU a request'));
  return document(curves);
}

/** What stands in the document before the part about voters. */
const writtenCurves = () => readFileSync(inDocs('growth.md'), 'utf8').split(VOTERS_HEADING)[0];
const text = `${(values.voters ? writtenCurves() : curvesPart()).trimEnd()}\n\n${voterPart()}`;
writeFileSync(inDocs('growth.md'), text);
execFileSync('npx', ['prettier', '--write', '--log-level', 'warn', fileURLToPath(inDocs('growth.md'))]);
