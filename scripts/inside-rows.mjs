// The requests that bench-inside.mjs and bench-guard.mjs measure: rows by name, each appending one request to the chunk that
// is being made (scripts/inside.mjs).
import { change, chunkOf, create, get, OpCode, startInside } from './inside.mjs';

const KEYS = 1000;
const DATA = Buffer.alloc(100, 'x');
let made = 0;
let count = 0;
let seed = 12345;

function anyKey() {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return `/bench/k${(seed >>> 8) % KEYS}`;
}
const nodePath = (number) => `/bench/n-${number.toString(16).padStart(12, '0')}`;

export const ROWS = {
  get: () => get(anyKey()),
  set: () => change({ type: OpCode.setData, path: anyKey(), data: DATA, version: -1 }),
  create: () => create(nodePath(made++), DATA),
  churn: () => {
    const path = nodePath(made >> 1);
    if (made++ % 2 === 0) create(path, DATA);
    else change({ type: OpCode.delete, path, version: -1 });
  },
  mix: () => {
    const turn = count++ % 10;
    ROWS[turn < 7 ? 'get' : turn < 9 ? 'set' : 'churn']();
  },
};

/** A server in this process with the nodes that the rows need, `sessions` links to it, and how more are opened. */
export async function startWithKeys(sessions, options = {}) {
  const { connect } = await startInside(options);
  const links = [];
  while (links.length < sessions) links.push(await connect());
  await links[0].ask(
    chunkOf(1, () => create('/bench', null)),
    1,
  );
  await links[0].ask(
    chunkOf(KEYS, (key) => create(`/bench/k${key}`, DATA)),
    KEYS,
  );
  return { connect, links };
}

/** `rounds` chunks of `depth` requests for each link, made before the clock starts, and what asks them. */
export function windowOf(row, links, rounds, depth) {
  const chunks = Array.from({ length: rounds }, () => links.map(() => chunkOf(depth, ROWS[row])));
  return async () => {
    for (const round of chunks) await Promise.all(links.map((link, i) => link.ask(round[i], depth)));
  };
}
