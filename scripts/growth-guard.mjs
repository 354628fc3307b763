// Guards that what a request costs does not depend on what it has nothing to do with: two servers in this process, a small and a
// large one, are asked the same requests for the same thousand nodes, in turns, and the CPU time of the large one is divided by that
// of the small one. Other programs slow both; of several windows the least of each counts. Exits with 1 when a ratio is above its bound.
//
//   node --max-semi-space-size=4 scripts/growth-guard.mjs [--curves nodes,children,sessions,watches] [--json]
//   ... --planted-ns 5000       plants that much for each reply of the large server, as a loop over some thousand things takes
import { parseArgs } from 'node:util';
import { CURVES, requestsOf, startGrowing } from './growth-curves.mjs';
import { chunkOf } from './inside.mjs';

/** What the small and the large server hold. */
const SIZES = { nodes: [1000, 200_000], children: [1000, 200_000], sessions: [16, 5000], watches: [0, 200_000] };
/** Nodes that are asked for, on both: so many that neither finds them all in the nearest cache. */
const ASKED = 1000;
/** A larger tree fits less into the processor's caches, and other programs take those; a loop over all costs hundreds of times as much. */
const BOUND = 1.6;
const DEPTH = 32;
const ROUNDS = { get: 40, set: 10, 'create and delete': 10 };
const WARM_WINDOWS = 3;
/** Far more than this takes, so that no session expires meanwhile. */
const SESSION_MS = 3_600_000;

const { values } = parseArgs({
  options: {
    curves: { type: 'string', default: Object.keys(SIZES).join() },
    windows: { type: 'string', default: '11' },
    'planted-ns': { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});

async function serverOf(name, size, slowDownNs) {
  const settings = `maxSessionTimeout=${SESSION_MS}\n`;
  const { connect, links } = await startGrowing({ settings, slowDownNs });
  const forLong = () => connect(SESSION_MS);
  if (size > 0) await CURVES[name].grow({ link: links[0], connect: forLong }, 0, size);
  return { links };
}

/** CPU microseconds a request of one window. */
async function windowOf(links, write, rounds) {
  const chunks = Array.from({ length: rounds }, () => links.map(() => chunkOf(DEPTH, write)));
  const before = process.cpuUsage();
  for (const round of chunks) await Promise.all(links.map((link, i) => link.ask(round[i], DEPTH)));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (rounds * DEPTH * links.length);
}

async function measure(name) {
  const [smallSize, largeSize] = SIZES[name];
  const small = await serverOf(name, smallSize, 0);
  const large = await serverOf(name, largeSize, Number(values['planted-ns']));
  const verdicts = [];
  for (const [kind, rounds] of Object.entries(ROUNDS)) {
    const write = requestsOf(CURVES[name], ASKED, Buffer.alloc(100, 'x'))[kind];
    const costs = { small: [], large: [] };
    for (let window = 0; window < WARM_WINDOWS + Number(values.windows); window++) {
      costs.small.push(await windowOf(small.links, write, rounds));
      costs.large.push(await windowOf(large.links, write, rounds));
    }
    const [smallUs, largeUs] = [costs.small, costs.large].map((all) => Math.min(...all.slice(WARM_WINDOWS)));
    const ratio = largeUs / smallUs;
    const round = (value) => +value.toFixed(3);
    verdicts.push({
      curve: name,
      kind,
      ...{ small: smallSize, large: largeSize, smallUs: round(smallUs), largeUs: round(largeUs) },
      ...{ ratio: round(ratio), bound: BOUND, holds: ratio <= BOUND },
    });
  }
  return verdicts;
}

const verdicts = [];
for (const name of values.curves.split(',')) verdicts.push(...(await measure(name)));
if (values.json) console.log(JSON.stringify({ verdicts }));
else console.table(verdicts);
process.exit(verdicts.every(({ holds }) => holds) ? 0 : 1);
