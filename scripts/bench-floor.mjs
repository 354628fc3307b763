// The floor: what a server in Node cannot be better than on this machine. Run as a program it is a bare `net` server with the
// framing and the sizes of the replies of a real one, and no tree; with a file it first writes the requests of a turn that are
// changes to it, with one fdatasync for all (naive group commit).
//
//   node scripts/bench-floor.mjs PORT [LOG]
import { closeSync, fdatasyncSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const Op = { create: 1, delete: 2, get: 4, set: 5, multi: 14, children2: 12, close: -11, children: 8, create2: 15 };
const STAT_BYTES = 68;
const DATA_BYTES = 100;
const HEADER_BYTES = 16;
const AHEAD_BYTES = 32 * 1024 * 1024;
const ENTRY_BYTES = 200;

/** A log of zeros; `sync` puts so many bytes into it, durably. */
function openLog(file, aheadBytes = AHEAD_BYTES) {
  const fd = openSync(file, 'w');
  const zeros = Buffer.alloc(4 * 1024 * 1024);
  for (let at = 0; at < aheadBytes; at += zeros.length) writeSync(fd, zeros, 0, zeros.length, at);
  fdatasyncSync(fd);
  const bytes = Buffer.alloc(1024 * 1024, 'x');
  let at = 0;
  return {
    sync(length) {
      if (at + length > aheadBytes) at = 0;
      writeSync(fd, bytes, 0, length, at);
      at += length;
      fdatasyncSync(fd);
    },
    close: () => closeSync(fd),
  };
}

/** Changes a second when nothing is done but to sync `batch` of them at a time. */
export function fsyncFloor(file, batch, ms = 700) {
  const log = openLog(file);
  const endMs = performance.now() + ms;
  const startMs = performance.now();
  let count = 0;
  while (performance.now() < endMs) {
    log.sync(batch * ENTRY_BYTES);
    count += batch;
  }
  const seconds = (performance.now() - startMs) / 1000;
  log.close();
  unlinkSync(file);
  return count / seconds;
}

/** The least that a node needs: its path, its data, and the numbers of its stat. */
export const rawNodeBytes = (path, dataBytes) => path.length + dataBytes + STAT_BYTES - 8;

function reply(bodyBytes, write = () => undefined) {
  const bytes = Buffer.alloc(4 + HEADER_BYTES + bodyBytes);
  bytes.writeInt32BE(HEADER_BYTES + bodyBytes, 0);
  bytes.writeInt32BE(1, 8 + 4);
  write(bytes, 4 + HEADER_BYTES);
  return bytes;
}
const BARE = reply(0);
const STAT = reply(STAT_BYTES);
const GET = reply(4 + DATA_BYTES + STAT_BYTES, (bytes, at) => bytes.writeInt32BE(DATA_BYTES, at));
const NONE = reply(4);
const NONE2 = reply(4 + STAT_BYTES);

function replyTo(type, frame) {
  switch (type) {
    case Op.get:
      return GET;
    case Op.set:
      return STAT;
    case Op.children:
      return NONE;
    case Op.children2:
      return NONE2;
    case Op.create:
    case Op.create2: {
      const path = frame.subarray(8, 12 + frame.readInt32BE(8));
      return reply(path.length + (type === Op.create2 ? STAT_BYTES : 0), (bytes, at) => path.copy(bytes, at));
    }
    case Op.delete:
      return BARE;
    default:
      return type === Op.close || type === 11 ? BARE : STAT;
  }
}

function welcome() {
  const bytes = Buffer.alloc(4 + 37);
  bytes.writeInt32BE(37, 0);
  bytes.writeInt32BE(30_000, 8);
  bytes.writeInt32BE(1, 16);
  bytes.writeInt32BE(16, 20);
  return bytes;
}

const WELCOME = welcome();
const EVENT = reply(8 + 4 + 15);
EVENT.writeInt32BE(-1, 4);

/** All replies in one buffer, each with its xid. */
function joined(replies, xids) {
  const bytes = Buffer.allocUnsafe(replies.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (let i = 0; i < replies.length; i++) {
    bytes.set(replies[i], at);
    bytes.writeInt32BE(xids[i], at + 4);
    at += replies[i].length;
  }
  return bytes;
}

function serve(port, logFile) {
  const log = logFile === undefined ? null : openLog(logFile);
  let waiting = [];
  let waitingBytes = 0;
  const syncAll = () => {
    const [sockets, length] = [waiting, waitingBytes];
    [waiting, waitingBytes] = [[], 0];
    log.sync(Math.min(length, 1024 * 1024));
    for (const [socket, bytes] of sockets) socket.write(bytes);
  };
  const watchers = new Set();
  const tellAll = () => {
    for (const watcher of watchers) watcher.write(EVENT);
    watchers.clear();
  };
  const server = createServer({ noDelay: true }, (socket) => {
    let rest = Buffer.alloc(0);
    let isOpen = false;
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      const all = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const replies = [];
      const xids = [];
      let at = 0;
      let changes = 0;
      let isLast = false;
      while (all.length - at >= 4 && all.length - at - 4 >= all.readInt32BE(at)) {
        const length = all.readInt32BE(at);
        if (!isOpen) {
          isOpen = true;
          replies.push(WELCOME);
          xids.push(0);
        } else {
          const type = all.readInt32BE(at + 8);
          isLast ||= type === Op.close;
          if (type === Op.set || type === Op.create || type === Op.delete) changes++;
          const frame = all.subarray(at + 4, at + 4 + length);
          replies.push(replyTo(type, frame));
          xids.push(all.readInt32BE(at + 4));
          if (type === Op.get && frame[length - 1] === 1) watchers.add(socket);
          if (type === Op.set && watchers.size > 0) tellAll();
        }
        at += 4 + length;
      }
      rest = all.subarray(at);
      if (replies.length === 0) return;
      const bytes = joined(replies, xids);
      if (log === null || changes === 0) socket.write(bytes);
      else {
        if (waiting.length === 0) setImmediate(syncAll);
        waiting.push([socket, bytes]);
        waitingBytes += changes * ENTRY_BYTES;
      }
      if (isLast) socket.end();
    });
  });
  server.listen({ host: '127.0.0.1', port, backlog: 1024 }, () => process.send?.('listening'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(Number(process.argv[2]), process.argv[3]);
