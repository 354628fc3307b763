// Servers that grow in one way, and the requests that are asked of them at each size: for growth.mjs and growth-guard.mjs.
import { change, chunkOf, create, get, OpCode, request, startInside } from './inside.mjs';

/** Sessions that ask. */
export const ACTIVE = 16;
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
export const CURVES = {
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

let made = 0;
/** What appends a request of each kind: for one of the first `count` nodes, or for a fresh one and then its end. */
export function requestsOf({ path, fresh }, count, data) {
  const any = () => path(below(count));
  return {
    get: () => get(any()),
    set: () => change({ type: OpCode.setData, path: any(), data, version: -1 }),
    'create and delete': () => {
      const node = `${fresh}${made >> 1}`;
      if (made++ % 2 === 0) create(node, data);
      else change({ type: OpCode.delete, path: node, version: -1 });
    },
  };
}

/** A server in this process with the thousand nodes that some curves ask for, and links to it; `options` are those of startInside. */
export async function startGrowing(options) {
  const { connect } = await startInside(options);
  const links = [];
  while (links.length < ACTIVE) links.push(await connect(40_000));
  const [link] = links;
  await inChunks(link, 0, 1, () => create('/keys', null));
  await inChunks(link, 0, 1000, (n) => create(`/keys/k${n}`, SMALL));
  return { connect, links };
}
