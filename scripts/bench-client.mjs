// A client for the rows that are no mix of requests: raw sockets, frames made by hand.
import { connect } from 'node:net';

const OpCode = { create: 1, get: 4, set: 5, multi: 14, closeSession: -11 };
const FILL_IN_FLIGHT = 1024;
const DIRECTORY = 1000;

const string = (text) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([int(bytes.length), bytes]);
};
function int(...values) {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeInt32BE(value, 4 * i);
  return bytes;
}
function framed(...parts) {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(body.length), body]);
}
const OPEN_ACL = Buffer.concat([int(1, 31), string('world'), string('anyone')]);

export const createRequest = (path, data) =>
  framed(int(1, OpCode.create), string(path), int(data.length), data, OPEN_ACL, int(0));
export const getRequest = (path, isWatched) =>
  framed(int(1, OpCode.get), string(path), Buffer.from([isWatched ? 1 : 0]));
export const setRequest = (path, data) => framed(int(1, OpCode.set), string(path), int(data.length), data, int(-1));

/** One transaction that sets them all. */
export function multiSet(paths, data) {
  const sets = paths.map((path) =>
    Buffer.concat([int(OpCode.set), Buffer.from([0]), int(-1), string(path), int(data.length), data, int(-1)]),
  );
  return framed(int(1, OpCode.multi), ...sets, int(-1), Buffer.from([1]), int(-1));
}

export class RawSession {
  replies = 0;
  events = 0;
  errors = 0;
  onFrames = () => undefined;
  rest = Buffer.alloc(0);
  isOpen = false;
  isClosed = false;

  static open(port, timeoutMs = 30_000) {
    const session = new RawSession();
    return new Promise((done, fail) => {
      session.socket = connect({ host: '127.0.0.1', port, noDelay: true });
      session.socket.on('error', fail);
      session.socket.on('close', () => (session.isClosed = true));
      session.socket.on('data', (chunk) => session.take(chunk));
      session.onFrames = () => done(session);
      session.socket.write(framed(int(0, 0, 0, timeoutMs, 0, 0, 16), Buffer.alloc(16), Buffer.from([0])));
    });
  }

  take(chunk) {
    const all = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    let at = 0;
    while (all.length - at >= 4 && all.length - at - 4 >= all.readInt32BE(at)) {
      if (!this.isOpen) this.isOpen = true;
      else if (all.readInt32BE(at + 4) === -1) this.events++;
      else {
        this.replies++;
        if (all.readInt32BE(at + 16) !== 0) this.errors++;
      }
      at += 4 + all.readInt32BE(at);
    }
    this.rest = all.subarray(at);
    this.onFrames();
  }

  /** Resolves when so many more replies are here. */
  ask(bytes, count = 1) {
    const wanted = this.replies + count;
    return new Promise((done) => {
      this.onFrames = () => {
        if (this.replies >= wanted) done();
      };
      this.socket.write(bytes);
    });
  }

  close() {
    this.socket.end(framed(int(1, OpCode.closeSession)));
  }
}

/** Sends what `next` makes (null: no more), so many under way at a time. */
export function pour(session, next, inFlight = FILL_IN_FLIGHT) {
  let sent = session.replies;
  return new Promise((done) => {
    const pump = () => {
      const frames = [];
      for (let frame; sent - session.replies < inFlight && (frame = next()) !== null; sent++) frames.push(frame);
      if (frames.length > 0) session.socket.write(Buffer.concat(frames));
      else if (sent === session.replies) done();
    };
    session.onFrames = pump;
    pump();
  });
}

/** The path of a filled node. */
export const fillPath = (n) => `/fill/${Math.floor(n / DIRECTORY)}/${n % DIRECTORY}`;

/** Creates so many nodes in folders of a thousand; answers creates a second. */
export async function fill(port, nodes, bytes = 100) {
  const session = await RawSession.open(port);
  const [data, none] = [Buffer.alloc(bytes, 'x'), Buffer.alloc(0)];
  const startMs = performance.now();
  await session.ask(createRequest('/fill', none));
  let folder = 0;
  await pour(session, () => (folder * DIRECTORY < nodes ? createRequest(`/fill/${folder++}`, none) : null));
  let node = 0;
  await pour(session, () => (node < nodes ? createRequest(fillPath(node++), data) : null));
  const seconds = (performance.now() - startMs) / 1000;
  session.close();
  if (session.errors > 0) throw new Error(`fill: ${session.errors} errors`);
  return nodes / seconds;
}

/** Events a second: `sessions` watch one node, which is changed, until all are told. */
export async function tellWatchers(port, sessions, rounds) {
  const path = '/watched-by-all';
  const data = Buffer.alloc(100, 'x');
  const writer = await RawSession.open(port);
  await writer.ask(createRequest(path, data));
  const watchers = [];
  while (watchers.length < sessions) watchers.push(await RawSession.open(port));
  let totalMs = 0;
  for (let round = 1; round <= rounds; round++) {
    await Promise.all(watchers.map((watcher) => watcher.ask(getRequest(path, true))));
    let left = sessions;
    const told = new Promise((done) => {
      for (const watcher of watchers) {
        watcher.onFrames = () => {
          if (watcher.events === round && --left === 0) done();
        };
      }
    });
    const startMs = performance.now();
    writer.socket.write(setRequest(path, data));
    await told;
    totalMs += performance.now() - startMs;
  }
  for (const session of [writer, ...watchers]) session.close();
  return (sessions * rounds * 1000) / totalMs;
}
