import fc from 'fast-check';
import { encodeToBuffer, JuteReader } from '../../src/jute/index.js';
import {
  type AuthPacket,
  type ChangeRequest,
  type ConnectRequest,
  createModeOf,
  type CreateRequest,
  type MultiOp,
  OpCode,
  readAuthPacket,
  readChangeRequest,
  readConnectRequest,
  readMultiRead,
  type ReadPart,
  readSetWatches,
  REQUEST_HEADER_BYTES,
  type SetWatchesRequest,
  writeAuthPacket,
  writeChangeRequest,
  writeConnectRequest,
  writeMultiRead,
  writePathNumberRequest,
  writePathRequest,
  writePathWatchRequest,
  writeRequestHeader,
  writeSetWatches,
} from '../../src/protocol/index.js';
import { acls, bytes, int, listOf, long, long64, orNull, path, record, text } from '../support/arbitraries.js';
import { juteProof, type Proof, proof } from './codec.js';

/** Requests that change something, behind their type, which the header has. */
function change(name: string, values: fc.Arbitrary<ChangeRequest>): Proof {
  return proof({
    name,
    values,
    encode: (value) =>
      encodeToBuffer((w) => {
        w.int(value.type);
        writeChangeRequest(w, value);
      }),
    decode: (bytes) => {
      const r = new JuteReader(bytes);
      const type = r.int();
      return { value: readChangeRequest(r.raw(r.remaining), type), length: bytes.length };
    },
    isWritten,
  });
}

/** In a multi a createTTL of no known mode is taken for a create that will fail, which nobody could have sent as one. */
function isWritten(request: ChangeRequest): boolean {
  if (request.type !== OpCode.multi) return true;
  return request.ops.every((op) => !('flags' in op) || (createModeOf(op.flags) !== undefined && op.acl !== null));
}

const node = { path: orNull(path), data: orNull(bytes), acl: orNull(acls) };

const create = record<CreateRequest>({
  ...{ type: fc.constantFrom(OpCode.create, OpCode.create2, OpCode.createContainer), ...node, flags: int },
  ttlMs: fc.constant(-1),
});
const createTtl = record<CreateRequest>({ type: fc.constant(OpCode.createTTL), ...node, flags: int, ttlMs: long });
const versioned = { path: orNull(path), version: int };
const remove = record({ type: fc.constantFrom(OpCode.delete, OpCode.check), ...versioned });
const setData = record({ type: fc.constant(OpCode.setData), ...versioned, data: orNull(bytes) });

/** As they come out of a multi: with a path, and of the type that their mode says. */
const part: fc.Arbitrary<MultiOp> = fc.oneof(
  record({ type: fc.constantFrom(OpCode.delete, OpCode.check), path, version: int }),
  record({ type: fc.constant(OpCode.setData), path, version: int, data: orNull(bytes) }),
  record<CreateRequest>({
    ...{ type: fc.constantFrom(OpCode.create, OpCode.create2, OpCode.createContainer), path, data: orNull(bytes) },
    ...{ acl: acls, flags: fc.nat(3), ttlMs: fc.constant(-1) },
  }),
  record<CreateRequest>({
    ...{ type: fc.constant(OpCode.createContainer), path, data: orNull(bytes), acl: acls },
    ...{ flags: fc.constant(4), ttlMs: fc.constant(-1) },
  }),
  record<CreateRequest>({
    ...{ type: fc.constant(OpCode.createTTL), path, data: orNull(bytes), acl: orNull(acls) },
    ...{ flags: fc.constantFrom(5, 6), ttlMs: long },
  }),
);

const CHANGES = [
  change('create, create2, createContainer', create),
  change('createTTL', createTtl),
  change('delete, check', remove),
  change('deleteContainer', record({ type: fc.constant(OpCode.deleteContainer), path: orNull(path) })),
  change('setData', setData),
  change('setACL', record({ type: fc.constant(OpCode.setACL), ...versioned, acl: orNull(acls) })),
  change(
    'reconfig',
    record({
      ...{ type: fc.constant(OpCode.reconfig), joiningServers: orNull(text), leavingServers: orNull(text) },
      ...{ newMembers: orNull(text), curConfigId: long },
    }),
  ),
  change('createSession', record({ type: fc.constant(OpCode.createSession), timeoutMs: int })),
  change('closeSession', record({ type: fc.constant(OpCode.closeSession) })),
  change('multi', record({ type: fc.constant(OpCode.multi), ops: listOf(part) })),
];

const connect = juteProof<ConnectRequest>({
  name: 'connect',
  values: record({
    ...{ protocolVersion: int, lastZxidSeen: long, timeoutMs: int, sessionId: long64, password: bytes },
    ...{ readOnly: fc.boolean(), hasReadOnly: fc.boolean() },
  }).map((value) => ({ ...value, readOnly: value.readOnly && value.hasReadOnly })),
  write: writeConnectRequest,
  read: readConnectRequest,
  // Clients of 3.4 end here.
  shorter: (value, length) =>
    new Map(value.hasReadOnly ? [[length - 1, { ...value, readOnly: false, hasReadOnly: false }]] : []),
});

type Watches = SetWatchesRequest & { readonly isWhole: boolean };

function setWatches(name: string, type: number): Proof {
  const paths = listOf(path, 4);
  const persistent = type === OpCode.setWatches2 ? paths : fc.constant([]);
  return juteProof<Watches>({
    name,
    values: record<Watches>({
      ...{ relativeZxid: long, data: paths, exist: paths, child: paths, persistent, persistentRecursive: persistent },
      isWhole: fc.constant(true),
    }),
    write: (w, value) => writeSetWatches(w, value, type),
    read: (r) => readSetWatches(r, type),
    isWritten: ({ isWhole }) => isWhole,
  });
}

const multiRead = juteProof<readonly ReadPart[]>({
  name: 'multiRead',
  values: listOf(record<ReadPart>({ type: fc.constantFrom(OpCode.getData, OpCode.getChildren), path })),
  write: writeMultiRead,
  read: readMultiRead,
});

const auth = juteProof<AuthPacket>({
  name: 'auth',
  values: record<AuthPacket>({ scheme: text, auth: bytes }),
  write: writeAuthPacket,
  read: readAuthPacket,
  isWritten: ({ isNull }) => isNull !== true,
});

function readHeader(r: JuteReader): { readonly xid: number; readonly type: number } {
  return { xid: r.int(), type: r.int() };
}

/** The plain ones: a path alone, with a flag, with a number, and the header before each. */
const PLAIN = [
  juteProof({
    name: `a header of ${REQUEST_HEADER_BYTES} bytes`,
    values: record({ xid: int, type: int }),
    write: (w, { xid, type }) => writeRequestHeader(w, xid, type),
    read: readHeader,
  }),
  juteProof({
    name: 'getACL, getAllChildrenNumber, getEphemerals, sync',
    values: orNull(path),
    write: writePathRequest,
    read: (r) => r.stringOrNull(),
  }),
  juteProof({
    name: 'exists, getData, getChildren, getChildren2',
    values: record({ path: orNull(path), watch: fc.boolean() }),
    write: (w, value) => writePathWatchRequest(w, value.path, value.watch),
    read: (r) => ({ path: r.stringOrNull(), watch: r.bool() }),
  }),
  juteProof({
    name: 'addWatch, checkWatches, removeWatches',
    values: record({ path: orNull(path), number: int }),
    write: (w, value) => writePathNumberRequest(w, value.path, value.number),
    read: (r) => ({ path: r.stringOrNull(), number: r.int() }),
  }),
  juteProof({
    name: 'sasl',
    values: orNull(bytes),
    write: (w, token) => w.buffer(token),
    read: (r) => r.bufferOrNull(),
  }),
];

export const REQUESTS: readonly Proof[] = [
  ...PLAIN,
  ...CHANGES,
  ...[connect, auth, multiRead],
  ...[setWatches('setWatches', OpCode.setWatches), setWatches('setWatches2', OpCode.setWatches2)],
];
