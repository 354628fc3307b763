import { OpCode } from '../protocol/index.js';

/** Where a request goes. */
export const RequestKind = {
  /** No such request, or one that clients may not send: Unimplemented, and the connection ends. */
  unknown: 0,
  /** Answered from the tree, behind the session's own writes. */
  read: 1,
  /** To the pipeline, which answers in order. */
  write: 2,
  ping: 3,
  auth: 4,
  sasl: 5,
} as const;

/** No request's type: one that waited too long in the throttle and is told so in its turn. */
export const THROTTLED = -1000;

const TYPES = 128;
const KINDS = makeKinds();

/**
 * A bare check is refused as Apache ZooKeeper 3.9.5 does; createSession too, which there would make the connection's own
 * session a second time.
 */
function makeKinds(): Uint8Array {
  const kinds = new Uint8Array(TYPES);
  const reads = [
    OpCode.exists,
    OpCode.getData,
    OpCode.getACL,
    OpCode.getChildren,
    OpCode.getChildren2,
    OpCode.checkWatches,
    OpCode.removeWatches,
    OpCode.multiRead,
    OpCode.setWatches,
    OpCode.setWatches2,
    OpCode.getEphemerals,
    OpCode.getAllChildrenNumber,
    OpCode.addWatch,
    OpCode.whoAmI,
  ];
  const writes = [
    OpCode.create,
    OpCode.create2,
    OpCode.createContainer,
    OpCode.createTTL,
    OpCode.delete,
    OpCode.deleteContainer,
    OpCode.setData,
    OpCode.setACL,
    OpCode.multi,
    OpCode.reconfig,
    OpCode.sync,
  ];
  for (const type of reads) kinds[type] = RequestKind.read;
  for (const type of writes) kinds[type] = RequestKind.write;
  kinds[OpCode.ping] = RequestKind.ping;
  kinds[OpCode.auth] = RequestKind.auth;
  kinds[OpCode.sasl] = RequestKind.sasl;
  return kinds;
}

export function requestKind(type: number): number {
  if (type >= 0 && type < TYPES) return KINDS[type] as number;
  return type === OpCode.closeSession ? RequestKind.write : RequestKind.unknown;
}
