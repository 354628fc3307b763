// How the cost of a request grows with what a server holds: CPU of the event loop per request (as scripts/bench-inside.mjs), the
// least of several windows. Writes the tables and the plot of docs/growth.md.
//
//   node scripts/growth.mjs                     every curve, each in a process of its own; writes docs/growth.md and docs/growth.svg
//   node scripts/growth.mjs --curve children    one, as JSON
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { plot } from './growth-plot.mjs';
import { change, chunkOf, create, get, OpCode, request, startInside } from './inside.mjs';

const ACTIVE = 16;
const DEPTH = 32;
const WINDOWS = 9;
const WARM_WINDOWS = 2;
const REQUESTS = { get: 40_000, set: 10_000, 'create and delete': 10_000 };
const MOST_WINDOW_BYTES = 48e6;
const IN_FLIGHT = 500;
const DIRECTORY = 1000;
const SMALL = Buffer.alloc(100, 'x');

/** Makes things number `from` to `to`, so many at a time. */
async function inChunks(link, from, to, write) {
  for (let at = from; at < to; at += IN_FLIGHT) {
    const count = Math.min(IN_FLIGHT, to - at);
    await link.ask(
      chunkOf(count, (i) => write(at + i)),
      count,
    );
  }
}

const folderOf = (n) => `/many/${Math.floor(n / DIRECTORY)}`;
const keys = { path: (n) => `/keys/k${n}`, count: () => 1000 };

/**
 * `points`: sizes; `grow` makes the server as large as the next; `path` and `count`: the nodes that are asked for;
 * `fresh`: where nodes are created and deleted.
 */
const CURVES = {
  nodes: {
    title: 'nodes in the tree',
    points: [1e3, 1e4, 1e5, 1e6],
    path: (n) => `${folderOf(n)}/${n}`,
    count: (size) => size,
    fresh: '/keys/n',
    grow: async ({ link }, from, to) => {
      if (from === 0) await inChunks(link, 0, 1, () => create('/many', null));
      await inChunks(link, Math.ceil(from / DIRECTORY), Math.ceil(to / DIRECTORY), (n) =>
        create(folderOf(n * DIRECTORY), null),
      );
      await inChunks(link, from, to, (n) => create(`${folderOf(n)}/${n}`, SMALL));
    },
  },
  children: {
    title: 'children under one parent',
    points: [1, 100, 1e4, 1e6],
    path: (n) => `/one/c${n}`,
    count: (size) => size,
    fresh: '/one/n',
    grow: async ({ link }, from, to) => {
      if (from === 0) await inChunks(link, 0, 1, () => create('/one', null));
      await inChunks(link, from, to, (n) => create(`/one/c${n}`, SMALL));
    },
  },
  sessions: {
    title: 'open sessions, of which 16 ask',
    points: [16, 100, 1e3, 1e4],
    ...keys,
    fresh: '/keys/n',
    grow: async ({ connect }, from, to) => {
      for (let n = Math.max(from, ACTIVE); n < to; n++) await connect();
    },
  },
  watches: {
    title: 'watches on other nodes',
    points: [1, 1e3, 1e5, 1e6],
    ...keys,
    fresh: '/keys/n',
    grow: ({ link }, from, to) =>
      inChunks(link, from, to, (n) => request(OpCode.exists, (w) => (w.string(`/absent/path-${n}`), w.bool(true)))),
  },
  bytes: {
    title: 'bytes of a value',
    points: [100, 1e3, 1e4, 1e5, 1e6],
    ...keys,
    fresh: '/keys/n',
    count: () => 20,
    grow: async ({ link }, _from, to) => {
      const data = Buffer.alloc(to, 'x');
      for (let n = 0; n < 20; n++) {
        await link.ask(
          chunkOf(1, () => change({ type: OpCode.setData, path: `/keys/k${n}`, data, version: -1 })),
          1,
        );
      }
    },
  },
};

let seed = 12345;
function below(bound) {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 4) % bound;
}

/** CPU microseconds of one kind of request. */
async function costOf(kind, links, { path, count, fresh }, size, bytes) {
  const data = Buffer.alloc(bytes, 'x');
  const wanted = Math.max(16, Math.min(REQUESTS[kind], Math.floor(MOST_WINDOW_BYTES / bytes)));
  const depth = Math.min(DEPTH, Math.max(1, Math.floor(wanted / ACTIVE)));
  const rounds = Math.max(1, Math.floor(wanted / (ACTIVE * depth)));
  let made = 0;
  const any = () => path(below(count(size)));
  const write = {
    get: () => get(any()),
    set: () => change({ type: OpCode.setData, path: any(), data, version: -1 }),
    'create and delete': () => {
      const node = `${fresh}${made >> 1}`;
      if (made++ % 2 === 0) create(node, data);
      else change({ type: OpCode.delete, path: node, version: -1 });
    },
  }[kind];
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
  const { connect } = await startInside();
  const links = [];
  while (links.length < ACTIVE) links.push(await connect(40_000));
  const [link] = links;
  await inChunks(link, 0, 1, () => create('/keys', null));
  await inChunks(link, 0, 1000, (n) => create(`/keys/k${n}`, SMALL));
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

const { values } = parseArgs({ options: { curve: { type: 'string' } } });
if (values.curve !== undefined) {
  console.log(JSON.stringify(await measure(values.curve)));
  process.exit();
}
const curves = Object.entries(CURVES).map(([name, { title }]) => {
  const words = ['--max-semi-space-size=4', fileURLToPath(import.meta.url), '--curve', name];
  console.error(title);
  return { title, rows: JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' })) };
});
const docs = (name) => new URL(`../docs/${name}`, import.meta.url);
writeFileSync(docs('growth.svg'), plot(curves, Object.keys(REQUESTS), 'us of CPU a request'));
writeFileSync(docs('growth.md'), document(curves));
execFileSync('npx', ['prettier', '--write', '--log-level', 'warn', fileURLToPath(docs('growth.md'))]);
