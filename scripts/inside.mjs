// A built server in this process, for scripts that measure its event loop alone: its clients are objects, and its log is on
// the real disk or durable at once. DIST=../other/dist takes another build, to compare with.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const dist = resolve(process.env.DIST ?? fileURLToPath(new URL('../dist', import.meta.url)));

/** A folder of the build, such as 'storage'. */
export const part = (name) => import(pathToFileURL(join(dist, name, 'index.js')).href);

const [{ createRealHost }, { Metrics }, { createServer }, { loadConfig }, { JuteWriter }, protocol] = await Promise.all(
  ['platform', 'metrics', 'peer', 'config', 'jute', 'protocol'].map(part),
);
export const { OpCode, OPEN_ACL_UNSAFE } = protocol;
const { writeChangeRequest } = protocol;

function burn(ns) {
  const until = process.hrtime.bigint() + BigInt(Math.round(ns));
  while (process.hrtime.bigint() < until);
}

/** A connection whose other end is a script: it only counts the replies. */
class Link {
  local = { host: '127.0.0.1', port: 1 };
  remote = { host: '127.0.0.1', port: 2 };
  security = null;
  bufferedBytes = 0;
  closed = false;
  awaited = 0;
  /** All that came, replies and events. */
  frames = 0;
  rest = Buffer.alloc(0);
  /** Planted: so much processor time for each reply. */
  slowDownNs = 0;
  onAnswered = () => undefined;

  start(handler) {
    this.handler = handler;
  }

  write(bytes) {
    const before = this.frames;
    const all = this.rest.length > 0 ? Buffer.concat([this.rest, bytes]) : bytes;
    let at = 0;
    while (all.length - at >= 4 && all.length - at - 4 >= all.readInt32BE(at)) {
      at += 4 + all.readInt32BE(at);
      this.frames++;
      if (--this.awaited === 0) this.onAnswered();
    }
    if (this.slowDownNs > 0) burn(this.slowDownNs * (this.frames - before));
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
  end() {
    this.destroy();
  }
  destroy() {
    if (this.closed) return;
    this.closed = true;
    setImmediate(() => this.handler?.onClose(undefined));
  }
  setNoDelay() {}
  setKeepAlive() {}
}

const w = new JuteWriter(1 << 20);
let xid = 0;

function framed(write) {
  const lengthAt = w.reserveInt();
  const from = w.length;
  write();
  w.patchInt(lengthAt, w.length - from);
}

/** Appends a request to the chunk that is being made; answers its number. */
export function request(type, write) {
  framed(() => {
    w.int(++xid);
    w.int(type);
    write(w);
  });
  return xid;
}

export const change = (op) => request(op.type, () => writeChangeRequest(w, op));
export const create = (path, data) =>
  change({ type: OpCode.create, path, data, acl: OPEN_ACL_UNSAFE, flags: 0, ttlMs: -1 });
/** getData. */
export const get = (path, watch = false) =>
  request(OpCode.getData, () => {
    w.string(path);
    w.bool(watch);
  });

/** The bytes of `count` requests, each appended by `write`. */
export function chunkOf(count, write) {
  for (let i = 0; i < count; i++) write(i);
  const chunk = w.copy();
  w.reset();
  return chunk;
}

/** The real host, but for its network, and for its log unless that is to be on the disk. */
function insideHost(accept, isLogReal) {
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
    get: (target, name) => (name === 'openAppend' && !isLogReal ? openAppend : target[name].bind(target)),
  });
  return { clock: real.clock, disk, log: real.log, network: { listen }, random: real.random };
}

/** Starts a server of its own; `connect` opens a session of it. */
export async function startInside({ isLogReal = false, settings = '', slowDownNs = 0 } = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'inside-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  mkdirSync(join(dir, 'data'));
  const configFile = join(dir, 'zoo.cfg');
  writeFileSync(
    configFile,
    `tickTime=2000\ndataDir=${dir}/data\nclientPort=12345\nmaxClientCnxns=0\nsnapCount=100000000\n${settings}`,
  );
  let accept;
  const host = insideHost((onConnection) => (accept = onConnection), isLogReal);
  const { config } = await loadConfig({ disk: host.disk, configFile, workingDir: dir, env: {} });
  const server = createServer(host, config, new Metrics());
  await server.start();
  const connect = async (timeoutMs = 30_000) => {
    const link = new Link();
    link.slowDownNs = slowDownNs;
    accept(link);
    const hello = chunkOf(1, () =>
      framed(() => {
        w.int(0);
        w.long(0);
        w.int(timeoutMs);
        w.long(0);
        w.buffer(Buffer.alloc(16));
        w.bool(false);
      }),
    );
    await link.ask(hello, 1);
    return link;
  };
  return { server, dir, connect };
}
