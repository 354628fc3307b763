import { crc32 } from 'node:zlib';
import type { Acl, Stat, Txn, TxnHeader } from '../../src/protocol/index.js';
import {
  CONTAINER_OWNER,
  ErrorCode,
  OpCode,
  OPEN_ACL_UNSAFE,
  ownerKind,
  READ_ACL_UNSAFE,
  ttlOwner,
} from '../../src/protocol/index.js';

/** A node with its stat as ZooKeeper persists it. */
export interface ModelNode {
  data: Buffer | null;
  acl: readonly Acl[];
  czxid: number;
  mzxid: number;
  pzxid: number;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  owner: bigint;
}

/** The tree as plainly as it can be said: a map of paths, everything else found by looking at all of it. */
export class Model {
  readonly nodes = new Map<string, ModelNode>();

  static fresh(): Model {
    const model = new Model();
    for (const path of ['', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']) {
      model.nodes.set(path, node(Buffer.alloc(0), OPEN_ACL_UNSAFE, 0n, 0, 0));
    }
    Object.assign(model.node('/zookeeper/config'), { acl: READ_ACL_UNSAFE, aversion: -1 });
    return model;
  }

  clone(): Model {
    const copy = new Model();
    for (const [path, each] of this.nodes) copy.nodes.set(path, { ...each });
    return copy;
  }

  node(path: string): ModelNode {
    const found = this.nodes.get(path === '/' ? '' : path);
    if (found === undefined) throw new Error(`no ${path}`);
    return found;
  }

  has(path: string): boolean {
    return this.nodes.has(path === '/' ? '' : path);
  }

  children(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    const below = [...this.nodes.keys()].filter((each) => each.startsWith(prefix));
    return below.map((each) => each.slice(prefix.length)).filter((name) => name !== '' && !name.includes('/'));
  }

  below(path: string): string[] {
    return [...this.nodes.keys()].filter((each) => each !== '' && each.startsWith(path === '/' ? '/' : `${path}/`));
  }

  owned(session: bigint): string[] {
    return [...this.nodes].filter(([, each]) => each.owner === session).map(([path]) => path);
  }

  stat(path: string): Stat {
    const { data, owner, czxid, mzxid, pzxid, ctime, mtime, version, cversion, aversion } = this.node(path);
    const numChildren = this.children(path).length;
    return {
      ...{ czxid, mzxid, pzxid, ctime, mtime, version, aversion },
      cversion: cversion * 2 - numChildren,
      ephemeralOwner: ownerKind(owner, true) === 'ephemeral' ? owner : 0n,
      dataLength: data?.length ?? 0,
      numChildren,
    };
  }

  digest(): bigint {
    let sum = 0n;
    for (const [path, each] of this.nodes) if (!path.startsWith('/zookeeper/')) sum += BigInt(nodeCrc(path, each));
    return BigInt.asIntN(64, sum);
  }

  apply(header: TxnHeader, txn: Txn): number {
    const { zxid, time } = header;
    switch (txn.type) {
      case OpCode.create:
      case OpCode.create2:
        return this.create(header, txn, txn.ephemeral ? header.clientId : 0n);
      case OpCode.createContainer:
        return this.create(header, txn, CONTAINER_OWNER);
      case OpCode.createTTL:
        return this.create(header, txn, ttlOwner(txn.ttlMs));
      case OpCode.delete:
      case OpCode.deleteContainer:
        return this.delete(txn.path, zxid);
      case OpCode.setData:
      case OpCode.reconfig:
        if (!this.has(txn.path)) return ErrorCode.noNode;
        Object.assign(this.node(txn.path), { data: txn.data, version: txn.version, mzxid: zxid, mtime: time });
        return 0;
      case OpCode.setACL:
        if (!this.has(txn.path)) return ErrorCode.noNode;
        Object.assign(this.node(txn.path), { acl: txn.acl ?? OPEN_ACL_UNSAFE, aversion: txn.version });
        return 0;
      case OpCode.closeSession:
        for (const path of txn.paths ?? []) this.delete(path, zxid);
        for (const path of this.owned(header.clientId)) this.delete(path, zxid);
        return 0;
      case OpCode.error:
        return txn.err;
      case OpCode.multi: {
        const failure = txn.txns.find((part) => part.type === OpCode.error);
        if (failure?.type === OpCode.error) return failure.err;
        return txn.txns.map((part) => this.apply(header, part)).find((err) => err !== 0) ?? 0;
      }
      default:
        return 0;
    }
  }

  private create(
    header: TxnHeader,
    txn: { type: number; path: string; data: Buffer | null; acl: readonly Acl[] | null; parentCVersion: number },
    owner: bigint,
  ): number {
    const parent = this.nodes.get(parentOf(txn.path));
    if (parent === undefined) return ErrorCode.noNode;
    const raise = () => {
      const wanted = txn.parentCVersion === -1 ? parent.cversion + 1 : txn.parentCVersion;
      if (wanted > parent.cversion) Object.assign(parent, { cversion: wanted, pzxid: header.zxid });
    };
    if (this.has(txn.path)) {
      this.node(txn.path).acl = txn.acl ?? OPEN_ACL_UNSAFE;
      if (txn.type === OpCode.create) raise();
      return ErrorCode.nodeExists;
    }
    raise();
    this.nodes.set(txn.path, node(txn.data, txn.acl ?? OPEN_ACL_UNSAFE, owner, header.zxid, header.time));
    return 0;
  }

  private delete(path: string, zxid: number): number {
    const parent = this.nodes.get(parentOf(path));
    if (parent === undefined) return ErrorCode.noNode;
    parent.pzxid = Math.max(parent.pzxid, zxid);
    if (!this.nodes.delete(path)) return ErrorCode.noNode;
    for (const below of this.below(path)) this.nodes.delete(below);
    return 0;
  }
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function node(data: Buffer | null, acl: readonly Acl[], owner: bigint, zxid: number, time: number): ModelNode {
  const times = { czxid: zxid, mzxid: zxid, pzxid: zxid, ctime: time, mtime: time };
  return { data, acl, owner, ...times, version: 0, cversion: 0, aversion: 0 };
}

function nodeCrc(path: string, n: ModelNode): number {
  const stat = Buffer.alloc(60);
  [n.czxid, n.mzxid, n.pzxid, n.ctime, n.mtime].forEach((value, i) => stat.writeBigInt64BE(BigInt(value), i * 8));
  [n.version, n.cversion, n.aversion].forEach((value, i) => stat.writeInt32BE(value, 40 + i * 4));
  stat.writeBigInt64BE(n.owner, 52);
  return crc32(Buffer.concat([Buffer.from(path), n.data ?? Buffer.alloc(0), stat]));
}
