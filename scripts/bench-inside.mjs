// What a request costs the event loop: the built server in this process, without sockets, and with a log that is durable at
// once. Prints CPU microseconds per request, the least and the median of several windows: figures that other programs on
// the machine disturb far less than they do throughput.
//
//   node scripts/bench-inside.mjs ROW [DEPTH [SESSIONS [WINDOWS]]]     ROW: get set create churn mix; 32 16 9 when absent
//   DIST=../other/dist node scripts/bench-inside.mjs set               another build, to compare with
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const KEYS = 1000;
const DATA = Buffer.alloc(100, 'x');
const WARM_WINDOWS = 3;
const [row = 'set', depth = 32, sessions = 16, windows = 9] = process.argv
  .slice(2)
  .map((word, i) => (i ? +word : word));
const dist = resolve(process.env.DIST ?? fileURLToPath(new URL('../dist', import.meta.url)));
const part = (name) => import(pathToFileURL(join(dist, name, 'index.js')).href);
const [{ createRealHost }, { Metrics }, { createServer }, { loadConfig }, { JuteWriter }, protocol] = await Promise.all(
  ['platform', 'metrics', 'peer', 'config', 'jute', 'protocol'].map(part),
);
const { OpCode, OPEN_ACL_UNSAFE, writeChangeRequest } = protocol;

/** A connection whose other end is this script: it only counts the replies. */
class Link {
  local = { host: '127.0.0.1', port: 1 };
  remote = { host: '127.0.0.1', port: 2 };
  bufferedBytes = 0;
  closed = false;
  awaited = 0;
  rest = Buffer.alloc(0);
  onAnswered = () => undefined;

  start(handler) {
    this.handler = handler;
  }

  write(bytes) {
    const all = this.rest.length > 0 ? Buffer.concat([this.rest, bytes]) : bytes;
    let at = 0;
    while (all.length - at >= 4 && all.length - at - 4 >= all.readInt32BE(at)) {
      at += 4 + all.readInt32BE(at);
      if (--this.awaited === 0) this.onAnswered();
    }
    this.rest = all.subarray(at);
    return true;
  }

  /** Resolves when all `count` requests in `chunk` are answered. */
  ask(chunk, count) {
    return new Promise((done) => {
      this.awaited = count;
      this.onAnswered = done;
      this.handler.onData(chunk);
    });
  }

  pause() {}
  resume() {}
  end() {}
  destroy() {}
  setNoDelay() {}
  setKeepAlive() {}
}

/** The real host, but for its network and its log. */
function insideHost(accept) {
  const real = createRealHost({ log: { level: 'error' } });
  const listen = async (_options, onConnection) => {
    accept(onConnection);
    return { endpoint: { host: '', port: 1 }, close: async () => undefined };
  };
  const openAppend = async () => ({
    append: (_bytes, _sync, onDone) => setImmediate(onDone, undefined, true),
    close: async () => undefined,
  });
  const disk = new Proxy(real.disk, {
    get: (target, name) => (name === 'openAppend' ? openAppend : target[name].bind(target)),
  });
  return { clock: real.clock, disk, log: real.log, network: { listen }, random: real.random };
}

const w = new JuteWriter(1 << 20);
let xid = 0;
let made = 0;
let seed = 12345;

function framed(write) {
  const lengthAt = w.reserveInt();
  const from = w.length;
  write();
  w.patchInt(lengthAt, w.length - from);
}

function request(type, write) {
  framed(() => {
    w.int(++xid);
    w.int(type);
    write();
  });
}

const change = (op) => request(op.type, () => writeChangeRequest(w, op));
const anyKey = () => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return `/bench/k${(seed >>> 8) % KEYS}`;
};
const create = (path, data = DATA) =>
  change({ type: OpCode.create, path, data, acl: OPEN_ACL_UNSAFE, flags: 0, ttlMs: -1 });
const nodePath = (number) => `/bench/n-${number.toString(16).padStart(12, '0')}`;

const ROWS = {
  get: () =>
    request(OpCode.getData, () => {
      w.string(anyKey());
      w.bool(false);
    }),
  set: () => change({ type: OpCode.setData, path: anyKey(), data: DATA, version: -1 }),
  create: () => create(nodePath(made++)),
  churn: () => {
    const path = nodePath(made >> 1);
    if (made++ % 2 === 0) create(path);
    else change({ type: OpCode.delete, path, version: -1 });
  },
  mix: () => ROWS[xid % 10 < 7 ? 'get' : xid % 10 < 9 ? 'set' : 'churn'](),
};

function chunkOf(count, write) {
  for (let i = 0; i < count; i++) write(i);
  const chunk = w.copy();
  w.reset();
  return chunk;
}

async function connect(accept) {
  const link = new Link();
  accept(link);
  const hello = chunkOf(1, () =>
    framed(() => {
      w.int(0);
      w.long(0);
      w.int(30_000);
      w.long(0);
      w.buffer(Buffer.alloc(16));
      w.bool(false);
    }),
  );
  await link.ask(hello, 1);
  return link;
}

async function measure(links, rounds) {
  const chunks = Array.from({ length: rounds }, () => links.map(() => chunkOf(depth, ROWS[row])));
  const before = process.cpuUsage();
  for (const round of chunks) await Promise.all(links.map((link, i) => link.ask(round[i], depth)));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (rounds * depth * links.length);
}

const dir = mkdtempSync(join(tmpdir(), 'bench-inside-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
mkdirSync(join(dir, 'data'));
const configFile = join(dir, 'zoo.cfg');
writeFileSync(
  configFile,
  `tickTime=2000\ndataDir=${dir}/data\nclientPort=12345\nmaxClientCnxns=0\nsnapCount=100000000\n`,
);
let accept;
const host = insideHost((onConnection) => (accept = onConnection));
const { config } = await loadConfig({ disk: host.disk, configFile, workingDir: dir, env: {} });
await createServer(host, config, new Metrics()).start();
const links = [];
while (links.length < sessions) links.push(await connect(accept));
await links[0].ask(
  chunkOf(1, () => create('/bench', null)),
  1,
);
await links[0].ask(
  chunkOf(KEYS, (key) => create(`/bench/k${key}`)),
  KEYS,
);
const rounds = Math.max(1, Math.floor((row === 'get' ? 400_000 : 60_000) / (depth * sessions)));
const costs = [];
for (let window = 0; window < WARM_WINDOWS + windows; window++) costs.push(await measure(links, rounds));
const sorted = costs.slice(WARM_WINDOWS).sort((a, b) => a - b);
const [least, median] = [sorted[0], sorted[sorted.length >> 1]].map((us) => us.toFixed(2));
console.log(`${row}, ${sessions} sessions, ${depth} in flight: ${least} us a request (median of windows ${median})`);
process.exit();
