import type { Txn, TxnHeader } from '../../../src/protocol/index.js';
import { CONTAINER_OWNER, OpCode, ttlOwner } from '../../../src/protocol/index.js';
import { nameOf, type NodeState, parentOf } from './node-state.js';

/** What watches hear of. The numbers are those of the wire. */
export const EventKind = { created: 1, deleted: 2, dataChanged: 3, childrenChanged: 4 } as const;

/** One change that watches hear of. */
export interface Trigger {
  readonly zxid: number;
  readonly type: number;
  readonly path: string;
}

interface Version {
  readonly zxid: number;
  /** Null: the node was deleted. */
  readonly node: NodeState | null;
}

/**
 * All states that a tree went through, by transaction: a model of ZooKeeper's tree that shares no code with ours. It is fed
 * with the committed transactions in their order and answers what any path was at any zxid.
 */
export class TreeHistory {
  /** Every change that watches hear of, oldest first. */
  readonly triggers: Trigger[] = [];
  lastZxid = 0;
  private readonly versions = new Map<string, Version[]>();
  private readonly owned = new Map<bigint, Set<string>>();

  constructor() {
    const root = { ...emptyNode(0, Buffer.alloc(0), 0n), children: ['zookeeper'] };
    this.versions.set('/', [{ zxid: 0, node: root }]);
  }

  /** The node after transaction `zxid`; null when there was none. */
  at(path: string, zxid: number): NodeState | null {
    const versions = this.versions.get(path);
    if (versions === undefined) return null;
    for (let at = versions.length - 1; at >= 0; at--) {
      const version = versions[at] as Version;
      if (version.zxid <= zxid) return version.node;
    }
    return null;
  }

  now(path: string): NodeState | null {
    return this.versions.get(path)?.at(-1)?.node ?? null;
  }

  /** Paths of all nodes there are now, parents first. */
  *paths(): Generator<string> {
    const walk = [...(this.now('/')?.children ?? [])].filter((name) => name !== 'zookeeper').map((name) => `/${name}`);
    for (let path = walk.pop(); path !== undefined; path = walk.pop()) {
      yield path;
      for (const name of this.now(path)?.children ?? []) walk.push(`${path}/${name}`);
    }
  }

  ephemeralsOf(session: bigint): ReadonlySet<string> {
    return this.owned.get(session) ?? new Set();
  }

  /** Returns what is wrong with the transaction, if anything is. */
  apply(header: TxnHeader, txn: Txn): string | undefined {
    this.lastZxid = header.zxid;
    switch (txn.type) {
      case OpCode.create:
      case OpCode.create2:
        return this.create(header, txn.path, txn.data, txn.ephemeral ? header.clientId : 0n);
      case OpCode.createContainer:
        return this.create(header, txn.path, txn.data, CONTAINER_OWNER);
      case OpCode.createTTL:
        return this.create(header, txn.path, txn.data, ttlOwner(txn.ttlMs));
      case OpCode.delete:
      case OpCode.deleteContainer:
        return this.delete(header.zxid, txn.path);
      case OpCode.setData:
        return this.setData(header.zxid, txn.path, txn.data, txn.version);
      case OpCode.setACL:
        return this.setAcl(header.zxid, txn.path, txn.version);
      case OpCode.closeSession:
        return this.closeSession(header, txn.paths);
      case OpCode.multi:
        if (txn.txns.some((part) => part.type === OpCode.error)) return undefined;
        return txn.txns.map((part) => this.apply(header, part)).find((fault) => fault !== undefined);
      default:
        return undefined;
    }
  }

  private create(header: TxnHeader, path: string, data: Buffer | null, owner: bigint): string | undefined {
    const { zxid, clientId } = header;
    const parent = this.now(parentOf(path));
    if (parent === null) return `creates ${path} without a parent`;
    if (this.now(path) !== null) return `creates ${path}, which exists`;
    const children = insertSorted(parent.children, nameOf(path));
    this.put(zxid, parentOf(path), { ...parent, children, created: parent.created + 1, pzxid: zxid });
    this.put(zxid, path, emptyNode(zxid, data, owner));
    if (owner === clientId) {
      const paths = this.owned.get(owner) ?? new Set<string>();
      this.owned.set(owner, paths.add(path));
    }
    this.tell(zxid, EventKind.created, path);
    this.tell(zxid, EventKind.childrenChanged, parentOf(path));
    return undefined;
  }

  private delete(zxid: number, path: string): string | undefined {
    const node = this.now(path);
    const parent = this.now(parentOf(path));
    if (node === null || parent === null) return `deletes ${path}, which does not exist`;
    if (node.children.length > 0) return `deletes ${path}, which has children`;
    const gone = nameOf(path);
    const children = parent.children.filter((name) => name !== gone);
    this.put(zxid, parentOf(path), { ...parent, children, pzxid: zxid });
    this.put(zxid, path, null);
    this.owned.get(node.owner)?.delete(path);
    this.tell(zxid, EventKind.deleted, path);
    this.tell(zxid, EventKind.childrenChanged, parentOf(path));
    return undefined;
  }

  private setData(zxid: number, path: string, data: Buffer | null, version: number): string | undefined {
    const node = this.now(path);
    if (node === null) return `sets ${path}, which does not exist`;
    const fault = version === node.version + 1 ? undefined : `sets ${path} from version ${node.version} to ${version}`;
    this.put(zxid, path, { ...node, data, version, mzxid: zxid });
    this.tell(zxid, EventKind.dataChanged, path);
    return fault;
  }

  private setAcl(zxid: number, path: string, aversion: number): string | undefined {
    const node = this.now(path);
    if (node === null) return `sets the ACL of ${path}, which does not exist`;
    this.put(zxid, path, { ...node, aversion });
    return aversion === node.aversion + 1
      ? undefined
      : `sets the ACL of ${path} from version ${node.aversion} to ${aversion}`;
  }

  private closeSession({ clientId, zxid }: TxnHeader, paths: readonly string[] | null): string | undefined {
    const owned = [...(this.owned.get(clientId) ?? [])];
    const listed = paths ?? owned;
    for (const path of listed) this.delete(zxid, path);
    this.owned.delete(clientId);
    if ([...listed].sort().join(' ') === owned.sort().join(' ')) return undefined;
    return `closes a session with the ephemerals [${owned.join(' ')}], but lists [${listed.join(' ')}]`;
  }

  private put(zxid: number, path: string, node: NodeState | null): void {
    let versions = this.versions.get(path);
    if (versions === undefined) this.versions.set(path, (versions = []));
    if (versions.at(-1)?.zxid === zxid) versions.pop();
    versions.push({ zxid, node });
  }

  private tell(zxid: number, type: number, path: string): void {
    this.triggers.push({ zxid, type, path });
  }
}

function emptyNode(zxid: number, data: Buffer | null, owner: bigint): NodeState {
  const zxids = { czxid: zxid, mzxid: zxid, pzxid: zxid };
  return { ...zxids, version: 0, aversion: 0, created: 0, data, owner, children: [] };
}

function insertSorted(names: readonly string[], name: string): string[] {
  const at = names.findIndex((one) => one > name);
  return at < 0 ? [...names, name] : [...names.slice(0, at), name, ...names.slice(at)];
}
