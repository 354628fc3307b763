// Every record of the client protocol, as Apache ZooKeeper and its clients put it on the wire: read by this server's codecs
// and written again, byte for byte.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { JuteError, JuteReader, JuteWriter } from '../../src/jute/index.js';
import {
  OpCode,
  type OpResult,
  opName,
  readAuthPacket,
  readChangeRequest,
  readClientInfos,
  readConnectRequest,
  readConnectResponse,
  readGetAclReply,
  readGetDataReply,
  readMultiRead,
  readMultiReply,
  readReplyHeader,
  readSetWatches,
  readStat,
  readStringList,
  readWatcherEvent,
  writeAclList,
  writeAuthPacket,
  writeChangeRequest,
  writeClientInfos,
  writeConnectRequest,
  writeConnectResponse,
  writeMultiEnd,
  writeMultiHeader,
  writeMultiRead,
  writePathNumberRequest,
  writePathRequest,
  writePathWatchRequest,
  writeReplyHeader,
  writeRequestHeader,
  writeSetWatches,
  writeStat,
  writeStringList,
  writeWatcherEvent,
  Xid,
} from '../../src/protocol/index.js';
import { JAVA_EXCHANGES } from './java-exchanges.js';
import { JAVA_CONNECTS, JAVA_RARE_EXCHANGES } from './java-rare-exchanges.js';

/** Reads a record and writes it again. */
type Codec = (r: JuteReader, w: JuteWriter) => void;

const nothing: Codec = () => undefined;
const path: Codec = (r, w) => {
  writePathRequest(w, r.stringOrNull());
};
const pathAndWatch: Codec = (r, w) => {
  writePathWatchRequest(w, r.stringOrNull(), r.bool());
};
const pathAndNumber: Codec = (r, w) => {
  writePathNumberRequest(w, r.stringOrNull(), r.int());
};
const change =
  (type: number): Codec =>
  (r, w) => {
    writeChangeRequest(w, readChangeRequest(r.raw(r.remaining), type));
  };
const setWatches =
  (type: number): Codec =>
  (r, w) => {
    const { isWhole, ...request } = readSetWatches(r, type);
    if (!isWhole) throw new JuteError('RANGE', 0, 'a list is absent');
    writeSetWatches(w, request, type);
  };
const buffer: Codec = (r, w) => {
  w.buffer(r.bufferOrNull());
};

const CHANGES = [
  ...[OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL, OpCode.delete, OpCode.deleteContainer],
  ...[OpCode.setData, OpCode.setACL, OpCode.multi, OpCode.reconfig, OpCode.closeSession],
];

/** No operation at all. */
const UNKNOWN = 99;

const REQUESTS: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  ...CHANGES.map((op) => [op, change(op)] as const),
  ...[OpCode.exists, OpCode.getData, OpCode.getChildren, OpCode.getChildren2].map((op) => [op, pathAndWatch] as const),
  ...[OpCode.getACL, OpCode.sync, OpCode.getAllChildrenNumber, OpCode.getEphemerals].map((op) => [op, path] as const),
  ...[OpCode.addWatch, OpCode.checkWatches, OpCode.removeWatches].map((op) => [op, pathAndNumber] as const),
  ...[OpCode.setWatches, OpCode.setWatches2].map((op) => [op, setWatches(op)] as const),
  [
    OpCode.multiRead,
    (r, w) => {
      writeMultiRead(w, readMultiRead(r));
    },
  ],
  [
    OpCode.auth,
    (r, w) => {
      writeAuthPacket(w, readAuthPacket(r));
    },
  ],
  [OpCode.sasl, buffer],
  [OpCode.ping, nothing],
  [OpCode.whoAmI, nothing],
  [UNKNOWN, nothing],
]);

const stat: Codec = (r, w) => {
  writeStat(w, readStat(r));
};
const pathAndStat: Codec = (r, w) => {
  path(r, w);
  stat(r, w);
};
const dataAndStat: Codec = (r, w) => {
  const reply = readGetDataReply(r);
  w.buffer(reply.data);
  writeStat(w, reply.stat);
};
const names: Codec = (r, w) => {
  writeStringList(w, readStringList(r));
};
const int: Codec = (r, w) => {
  w.int(r.int());
};

function writeResult(w: JuteWriter, result: OpResult): void {
  switch (result.type) {
    case OpCode.create:
    case OpCode.create2:
      w.string(result.path);
      if (result.type === OpCode.create2) writeStat(w, result.stat);
      return;
    case OpCode.setData:
      writeStat(w, result.stat);
      return;
    case OpCode.getData:
      w.buffer(result.data);
      writeStat(w, result.stat);
      return;
    case OpCode.getChildren:
      writeStringList(w, result.children);
      return;
    case OpCode.error:
      w.int(result.err);
      return;
    default:
  }
}

const results: Codec = (r, w) => {
  for (const result of readMultiReply(r)) {
    writeMultiHeader(w, result.type, false, result.type === OpCode.error ? result.err : 0);
    writeResult(w, result);
  }
  writeMultiEnd(w);
};

const REPLIES: ReadonlyMap<number, Codec> = new Map<number, Codec>([
  ...[OpCode.create, OpCode.sync].map((op) => [op, path] as const),
  ...[OpCode.create2, OpCode.createContainer, OpCode.createTTL].map((op) => [op, pathAndStat] as const),
  ...[OpCode.exists, OpCode.setData, OpCode.setACL].map((op) => [op, stat] as const),
  ...[OpCode.getData, OpCode.reconfig].map((op) => [op, dataAndStat] as const),
  ...[OpCode.getChildren, OpCode.getEphemerals].map((op) => [op, names] as const),
  ...[OpCode.multi, OpCode.multiRead].map((op) => [op, results] as const),
  ...[OpCode.getAllChildrenNumber, OpCode.addWatch].map((op) => [op, int] as const),
  ...[OpCode.delete, OpCode.deleteContainer, OpCode.ping, OpCode.auth].map((op) => [op, nothing] as const),
  ...[OpCode.checkWatches, OpCode.removeWatches].map((op) => [op, nothing] as const),
  ...[OpCode.setWatches, OpCode.setWatches2, OpCode.closeSession].map((op) => [op, nothing] as const),
  [OpCode.sasl, buffer],
  [
    OpCode.getChildren2,
    (r, w) => {
      names(r, w);
      stat(r, w);
    },
  ],
  [
    OpCode.getACL,
    (r, w) => {
      const reply = readGetAclReply(r);
      writeAclList(w, reply.acl);
      writeStat(w, reply.stat);
    },
  ],
  [
    OpCode.whoAmI,
    (r, w) => {
      writeClientInfos(w, readClientInfos(r));
    },
  ],
]);

/** Requests that nobody can read, sent to see what comes of them. */
const UNREADABLE = new Set(['a body cut short', 'setWatches without lists']);

function again(hex: string, codec: Codec): string {
  const r = new JuteReader(Buffer.from(hex, 'hex'));
  const w = new JuteWriter();
  codec(r, w);
  assert.equal(r.remaining, 0, 'all of it is read');
  return w.copy().toString('hex');
}

const request: Codec = (r, w) => {
  const [xid, type] = [r.int(), r.int()];
  writeRequestHeader(w, xid, type);
  codecOf(REQUESTS, type)(r, w);
};

function reply(type: number): Codec {
  return (r, w) => {
    const { xid, zxid, err } = readReplyHeader(r);
    writeReplyHeader(w, xid, zxid, err);
    if (xid === Xid.notification) writeWatcherEvent(w, readWatcherEvent(r));
    else if (err === 0) codecOf(REPLIES, type)(r, w);
  };
}

function codecOf(codecs: ReadonlyMap<number, Codec>, type: number): Codec {
  return codecs.get(type) ?? assert.fail(`no codec for ${opName(type)}`);
}

const EXCHANGES = Object.entries({ ...JAVA_EXCHANGES, ...JAVA_RARE_EXCHANGES }).filter(([name]) => name !== 'connect');

function typeOf(requestHex: string): number {
  return Buffer.from(requestHex, 'hex').readInt32BE(4);
}

describe('records of requests, replies and events', () => {
  for (const [name, exchange] of EXCHANGES) {
    it(name, () => {
      if (UNREADABLE.has(name)) assert.throws(() => again(exchange.request, request), JuteError);
      else assert.equal(again(exchange.request, request), exchange.request);
      for (const hex of exchange.replies) assert.equal(again(hex, reply(typeOf(exchange.request))), hex);
    });
  }

  it('are there for every operation, answered without an error', () => {
    const isAnswered = (hex: string | undefined): boolean =>
      hex !== undefined && readReplyHeader(new JuteReader(Buffer.from(hex, 'hex'))).err === 0;
    const answered = new Set(
      EXCHANGES.filter(([, { replies }]) => isAnswered(replies.at(-1))).map(([, one]) => typeOf(one.request)),
    );
    // check is a part of the multi; 3.8 refuses every client's deleteContainer; createSession is what a connect request does.
    const elsewhere = new Set<number>([
      ...[OpCode.notification, OpCode.check, OpCode.error, OpCode.createSession, OpCode.deleteContainer],
    ]);
    const missed = Object.values(OpCode).filter((op) => !answered.has(op) && !elsewhere.has(op));
    assert.deepEqual(missed.map(opName), []);
    for (const codecs of [REQUESTS, REPLIES]) assert.ok(codecs.has(OpCode.deleteContainer));
  });
});

describe('records of connects', () => {
  for (const [name, { request: asked, response }] of Object.entries(JAVA_CONNECTS)) {
    it(name, () => {
      const connectRequest: Codec = (r, w) => {
        writeConnectRequest(w, readConnectRequest(r));
      };
      assert.equal(again(asked, connectRequest), asked);
      if (response === null) return;
      const { hasReadOnly } = readConnectRequest(new JuteReader(Buffer.from(asked, 'hex')));
      const connectResponse: Codec = (r, w) => {
        writeConnectResponse(w, readConnectResponse(r), hasReadOnly);
      };
      assert.equal(again(response, connectResponse), response);
    });
  }
});
