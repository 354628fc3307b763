import { ClientSession } from '../../../src/client/client-session.js';
import { ClientConnection } from '../../../src/client/connection.js';
import { FollowerPipeline } from '../../../src/pipeline/index.js';
import { NodeRules } from '../../../src/pipeline/node-rules.js';
import { PendingChanges } from '../../../src/pipeline/pending-changes.js';
import { PortTable } from '../../../src/pipeline/port-table.js';
import { SessionTracker } from '../../../src/pipeline/session-tracker.js';
import { OpCode } from '../../../src/protocol/index.js';
import { TxnApplier } from '../../../src/tree/txn-applier.js';
import { LearnerLog } from '../../../src/zab/learner-log.js';
import { Leader } from '../../../src/zab/leader.js';
import { field, type Mutant, mutant, overlay, withField } from './mutant.js';

/** Of a request: `int xid; int type`. */
function isPing(bytes: Buffer, start: number): boolean {
  return bytes.readInt32BE(start + 4) === OpCode.ping;
}

interface Waiting {
  readonly request: { readonly type: number };
}

/** What clients ask and are told. */
export const REQUEST_MUTANTS: readonly Mutant[] = [
  mutant('versions are not checked', 'a wrong version is refused', NodeRules.prototype, 'setData', (original) => {
    return function (this: object, op: unknown, petition: unknown) {
      return Reflect.apply(original, this, [{ ...(op as object), version: -1 }, petition]);
    };
  }),
  mutant(
    'what is pending is not looked at',
    'requests are judged on what is proposed',
    PendingChanges.prototype,
    'find',
    (original) => {
      return function (this: object, path: unknown) {
        return withField(this, 'byPath', new Map(), () => Reflect.apply(original, this, [path]));
      };
    },
  ),
  mutant('any TTL is taken', 'a TTL that cannot be is refused', NodeRules.prototype, 'create', (original) => {
    return function (this: object, op: unknown, petition: unknown) {
      const { ttlMs, type } = op as { ttlMs: number; type: number };
      const changed = type === OpCode.createTTL && ttlMs <= 0 ? { ...(op as object), ttlMs: 1000 } : op;
      return Reflect.apply(original, this, [changed, petition]);
    };
  }),
  mutant('multi is not atomic', 'a multi with an error changes nothing', TxnApplier.prototype, 'multi', (original) => {
    return function (this: object, header: unknown, multi: unknown) {
      const { txns } = multi as { txns: readonly { type: number }[] };
      const apply = field(this, 'apply') as (header: unknown, txn: unknown) => unknown;
      const failed = txns.some(({ type }) => type === OpCode.error);
      if (failed) for (const txn of txns) if (txn.type !== OpCode.error) Reflect.apply(apply, this, [header, txn]);
      return Reflect.apply(original, this, [header, multi]);
    };
  }),
  mutant(
    'multi is not rolled back',
    'a failed multi leaves nothing pending',
    PendingChanges.prototype,
    'rollback',
    () => {
      return function (this: object) {
        Reflect.apply(field(this, 'endMulti') as () => void, this, []);
      };
    },
  ),
  mutant(
    'sequence numbers repeat',
    'each sequential node has a number of its own',
    NodeRules.prototype,
    'create',
    (original) => {
      return function (this: object, op: unknown, petition: unknown) {
        const pending = field(this, 'pending') as { find(path: string): { cversion: number } | null };
        const stuck = overlay(pending, {
          find: () => (path: string) => {
            const found = pending.find(path);
            if (found !== null && path === '/q') found.cversion = Math.min(found.cversion, 7);
            return found;
          },
        });
        return withField(this, 'pending', stuck, () => Reflect.apply(original, this, [op, petition]));
      };
    },
  ),
  mutant(
    'full nodes are deleted',
    'a node with children is not deleted',
    NodeRules.prototype,
    'deleteContainer',
    () => {
      return function (this: object, op: unknown) {
        return { type: OpCode.deleteContainer, path: (op as { path: string }).path };
      };
    },
  ),
  mutant('sync answered at once', 'a sync waits for the leader', FollowerPipeline.prototype, 'submit', (original) => {
    return function (this: object, request: unknown) {
      Reflect.apply(original, this, [request]);
      if ((request as Waiting['request']).type === OpCode.sync)
        Reflect.apply(field(this, 'syncDone') as () => void, this, []);
    };
  }),
  mutant(
    'sync does not wait for the disk',
    'a sync is answered when what was committed is applied',
    LearnerLog.prototype,
    'whenApplied',
    () => {
      return (done: unknown) => {
        (done as () => void)();
      };
    },
  ),
  mutant(
    'sync without proof',
    'a sync asks a quorum whether this is the leader',
    Leader.prototype,
    'addSync',
    (original) => {
      return function (this: object, ...args: unknown[]) {
        Reflect.set(field(this, 'syncs') as object, 'proof', null);
        const options = { ...(field(this, 'options') as object), confirmSyncs: false };
        return withField(this, 'options', options, () => Reflect.apply(original, this, args));
      };
    },
  ),
  mutant(
    'clients from the future are taken',
    'a server that is behind a client refuses it',
    ClientConnection.prototype,
    'onConnectRequest',
    (original) => {
      return function (this: object, ...args: unknown[]) {
        const [bytes, start] = args as [Buffer, number];
        // `int protocolVersion; long lastZxidSeen`
        bytes.fill(0, start + 4, start + 12);
        return Reflect.apply(original, this, args);
      };
    },
  ),
  mutant(
    'moved sessions write on',
    'a session speaks through one server (ZOOKEEPER-1154)',
    SessionTracker.prototype,
    'check',
    (original) => {
      return function (this: object, ...args: unknown[]) {
        const [sessionId, owner] = args;
        const session = (field(this, 'byId') as Map<unknown, { owner: unknown }>).get(sessionId);
        if (session !== undefined) session.owner = owner;
        return Reflect.apply(original, this, args);
      };
    },
  ),
  mutant(
    'a number is enough for an answer',
    'a write is answered by its own transaction',
    FollowerPipeline.prototype,
    'answer',
    (original) => {
      return function (this: object, zxid: unknown, ...others: unknown[]) {
        const entry = others[0] as { header: { clientId: bigint } };
        const ports = field(this, 'ports') as { find(id: bigint): { nextTransaction?: { zxid: number } } | undefined };
        const waiting = ports.find(entry.header.clientId)?.nextTransaction;
        if (waiting !== undefined) waiting.zxid = 0;
        Reflect.apply(original, this, [zxid, ...others]);
      };
    },
  ),
  mutant(
    'writes overtake',
    'a session’s requests take effect in order',
    FollowerPipeline.prototype,
    'submit',
    (original) => {
      const held = new Map<object, unknown>();
      return function (this: object, request: unknown) {
        const link = field(this, 'link') as { forward(request: unknown): void } | null;
        if (link === null) {
          Reflect.apply(original, this, [request]);
          return;
        }
        // Every second one is held back until the next one has gone.
        const slow = overlay(link, {
          forward: () => (one: unknown) => {
            const before = held.get(this);
            held.delete(this);
            if (before === undefined && (one as Waiting['request']).type !== OpCode.sync) {
              held.set(this, one);
              const { clock } = field(this, 'deps') as { clock: { after(ms: number, fn: () => void): unknown } };
              clock.after(5, () => {
                if (held.get(this) === one) link.forward(one);
                if (held.get(this) === one) held.delete(this);
              });
              return;
            }
            link.forward(one);
            if (before !== undefined) link.forward(before);
          },
        });
        withField(this, 'link', slow, () => Reflect.apply(original, this, [request]));
      };
    },
  ),
  mutant('replies to another', 'a reply goes to the request it answers', PortTable.prototype, 'applied', (original) => {
    let count = 0;
    return function (this: object, waiting: unknown, result: unknown) {
      const changed = ++count % 50 === 0 ? { ...(result as object), err: -110 } : result;
      return Reflect.apply(original, this, [waiting, changed]);
    };
  }),
  mutant(
    'nobody is answered any more',
    'whoever is connected is served',
    ClientSession.prototype,
    'handle',
    (original) => {
      let count = 0;
      return function (this: object, ...args: unknown[]) {
        const [bytes, start] = args as [Buffer, number];
        if (isPing(bytes, start) || ++count <= 1500) Reflect.apply(original, this, args);
      };
    },
  ),
  mutant(
    'a session falls silent',
    'every request of a session is answered',
    ClientSession.prototype,
    'handle',
    (original) => {
      const counts = new WeakMap<object, number>();
      return function (this: object, ...args: unknown[]) {
        const [bytes, start] = args as [Buffer, number];
        const count = (counts.get(this) ?? 0) + (isPing(bytes, start) ? 0 : 1);
        counts.set(this, count);
        if (isPing(bytes, start) || count <= 100) Reflect.apply(original, this, args);
      };
    },
  ),
];
