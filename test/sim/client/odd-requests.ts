import { encodeToBuffer } from '../../../src/jute/index.js';
import {
  type ChangeRequest,
  ErrorCode,
  type MultiOp,
  OpCode,
  OPEN_ACL_UNSAFE,
  writeChangeRequest,
  writePathRequest,
  writePathWatchRequest,
} from '../../../src/protocol/index.js';
import type { SeededRandom } from '../../fakes/index.js';
import { type NodeState, parentOf } from '../model/node-state.js';

/** The tree at the moment of which an answer speaks. */
type At = (path: string) => NodeState | null;

/**
 * What clients ask for besides what every history has: ACLs, and what no server may do. `expected` is the error that Apache
 * ZooKeeper 3.9.5 answers with, which of several faults is named being part of the protocol.
 */
export interface OddRequest {
  readonly what: string;
  readonly type: number;
  readonly body: Buffer;
  /** Whose Stat a good answer has. */
  readonly path?: string;
  readonly expected: (at: At) => number;
  /** Of a multi: the errors of its parts, 0 for those that were good. */
  readonly parts?: (at: At) => readonly number[];
  readonly kind:
    /** Goes through the log, unless it cannot even be read. */
    | 'change'
    | 'read'
    /** Is refused before what is under way is answered, and the connection ends. */
    | 'fatal';
}

/** Nobody makes these nodes. */
const ABSENT = '/k/absent';
const TTL_FLAGS = 5;
/** The server tells TTLs up to about 34 years. */
const TOO_LONG_MS = 2 ** 41;
const FORBIDDEN_TYPES = [OpCode.notification, 99, OpCode.check, 1_000_000];

type Make = (random: SeededRandom, key: () => string) => OddRequest;

function change(what: string, request: ChangeRequest, expected: OddRequest['expected']): OddRequest {
  const body = encodeToBuffer((w) => {
    writeChangeRequest(w, request);
  });
  return { what, type: request.type, body, expected, kind: 'change' };
}

function pick<T>(random: SeededRandom, ...items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}

function createOp(path: string, flags = 0) {
  return { type: OpCode.create2, path, data: Buffer.from('odd'), acl: OPEN_ACL_UNSAFE, flags, ttlMs: -1 } as const;
}

/** A name that is looked at only when the parent is found. */
function underParent(path: string): OddRequest['expected'] {
  return (at) => (at(parentOf(path)) === null ? ErrorCode.noNode : ErrorCode.badArguments);
}

const MAKERS: readonly Make[] = [
  (random) => {
    const flags = pick(random, -1, 7, 99, TTL_FLAGS);
    return change(`create with the flags ${flags}`, createOp(ABSENT, flags), () => ErrorCode.badArguments);
  },
  (random) => {
    const ttlMs = pick(random, 0, -1, -5000, TOO_LONG_MS);
    const op = { ...createOp(ABSENT), type: OpCode.createTTL, flags: TTL_FLAGS, ttlMs };
    return change(`create with a TTL of ${ttlMs}`, op, () => ErrorCode.badArguments);
  },
  (random) => {
    const path = pick(random, 'k', '', 'k\u0000', '/k/\u0000');
    return change(`create of ${JSON.stringify(path)}`, createOp(path), () => ErrorCode.badArguments);
  },
  (random) => {
    const path = pick(random, '/k/..', '/k/.', '/k/a\u0001', '/k/\u007f', '/k/');
    return change(`create of ${JSON.stringify(path)}`, createOp(path), underParent(path));
  },
  () => change('create of /k//a', createOp('/k//a'), () => ErrorCode.noNode),
  (random) => {
    const path = pick(random, '/', 'k', '/zookeeper', '/zookeeper/quota');
    const op = { type: OpCode.delete, path, version: -1 } as const;
    return change(`delete of ${path}`, op, () => ErrorCode.badArguments);
  },
  () => change('delete of /k//a', { type: OpCode.delete, path: '/k//a', version: -1 }, () => ErrorCode.noNode),
  (random) => {
    const path = pick(random, '/k//a', 'k', '/k/', '/k/../k');
    const op = { type: OpCode.setData, path, data: null, version: -1 } as const;
    return change(`set of ${path}`, op, () => ErrorCode.badArguments);
  },
  (random, key) => {
    const path = pick(random, '/k', key(), key(), ABSENT);
    const version = pick(random, -1, -1, 0, 3);
    const op = { type: OpCode.setACL, path, acl: OPEN_ACL_UNSAFE, version } as const;
    const expected: OddRequest['expected'] = (at) => {
      const node = at(path);
      if (node === null) return ErrorCode.noNode;
      return version === -1 || version === node.aversion ? ErrorCode.ok : ErrorCode.badVersion;
    };
    return { ...change(`setACL of ${path}, version ${version}`, op, expected), path };
  },
  (_random, key) => {
    const op = { type: OpCode.setACL, path: key(), acl: [], version: -1 } as const;
    return change('setACL of an empty list', op, () => ErrorCode.invalidACL);
  },
  () => ({
    ...change('set without a version', { type: OpCode.closeSession }, () => ErrorCode.marshallingError),
    type: OpCode.setData,
    body: encodeToBuffer((w) => {
      w.string('/k/0');
    }),
  }),
  (random, key) => {
    const path = key();
    const bad = pick<MultiOp>(
      random,
      { type: OpCode.check, path: ABSENT, version: 3 },
      { type: OpCode.setData, path: '/k//a', data: null, version: -1 },
      { type: OpCode.delete, path: '/zookeeper', version: -1 },
      createOp('k'),
    );
    const err = bad.type === OpCode.check ? ErrorCode.noNode : ErrorCode.badArguments;
    const first = { type: OpCode.setData, path, data: Buffer.from('odd'), version: -1 } as const;
    const isThere = (at: At): boolean => at(path) !== null;
    return {
      ...change('multi with a bad part', { type: OpCode.multi, ops: [first, bad, first] }, (at) =>
        isThere(at) ? err : ErrorCode.noNode,
      ),
      parts: (at) => {
        const { noNode, runtimeInconsistency } = ErrorCode;
        return isThere(at)
          ? [ErrorCode.ok, err, runtimeInconsistency]
          : [noNode, runtimeInconsistency, runtimeInconsistency];
      },
    };
  },
  (random, key) => {
    const first = { type: OpCode.setData, path: key(), data: Buffer.from('odd'), version: -1 } as const;
    const bad = createOp(ABSENT, pick(random, -1, 99, TTL_FLAGS));
    return change('multi with flags that are none', { type: OpCode.multi, ops: [first, bad] }, () => {
      return ErrorCode.marshallingError;
    });
  },
  (random, key) => {
    const path = pick(random, '/k', key(), ABSENT, '/k//a', 'k');
    const body = encodeToBuffer((w) => {
      writePathRequest(w, path);
    });
    return { what: `getACL of ${path}`, type: OpCode.getACL, body, path, expected: noNodeUnless(path), kind: 'read' };
  },
  (random) => {
    const path = pick(random, '/k//a', 'k', '/k/');
    const body = encodeToBuffer((w) => {
      writePathWatchRequest(w, path, false);
    });
    const type = pick(random, OpCode.getData, OpCode.exists, OpCode.getChildren2);
    return { what: `read of ${path}`, type, body, expected: () => ErrorCode.noNode, kind: 'read' };
  },
];

function noNodeUnless(path: string): OddRequest['expected'] {
  return (at) => (at(path) === null ? ErrorCode.noNode : ErrorCode.ok);
}

const RECONFIG_DISABLED: Make = () =>
  change(
    'reconfig',
    {
      ...{ type: OpCode.reconfig, joiningServers: null, leavingServers: '1', newMembers: null },
      curConfigId: -1,
    },
    () => ErrorCode.reconfigDisabled,
  );

const FATAL: Make = (random) => {
  const type = pick(random, ...FORBIDDEN_TYPES);
  const body = encodeToBuffer((w) => {
    writeChangeRequest(w, { type: OpCode.check, path: '/k', version: -1 });
  });
  return { what: `a request of type ${type}`, type, body, expected: () => ErrorCode.unimplemented, kind: 'fatal' };
};

/** One in so many ends the connection. */
const FATAL_ONE_IN = 12;

/** Draws odd requests. `mayReconfigure`: the list of servers may change, so that nothing is asked of it here. */
export class OddRequests {
  private readonly makers: readonly Make[];

  constructor(
    private readonly random: SeededRandom,
    mayReconfigure: boolean,
    private readonly key: (random: SeededRandom) => string,
  ) {
    this.makers = mayReconfigure ? MAKERS : [...MAKERS, RECONFIG_DISABLED];
  }

  /** Is it time for one? */
  isDue(oneIn: number): boolean {
    return this.random.oneIn(oneIn);
  }

  next(): OddRequest {
    const { random } = this;
    const make = random.oneIn(FATAL_ONE_IN) ? FATAL : pick(random, ...this.makers);
    return make(random, () => this.key(random));
  }
}
