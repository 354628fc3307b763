import type { Endpoint } from '../host/index.js';
import { createClientHost } from '../platform/index.js';
import {
  type Acl,
  AddWatchMode,
  type ClientInfo,
  ErrorCode,
  OpCode,
  readClientInfos,
  readGetAclReply,
  readGetDataReply,
  readMultiReply,
  readStat,
  readStringList,
  type Stat,
  WatcherType,
  writeChangeRequest,
  writeMultiRead,
  writePathNumberRequest,
  writePathRequest,
  writePathWatchRequest,
} from '../protocol/index.js';
import type { Request } from './call.js';
import { clientPath, serverPath } from './chroot.js';
import { parseConnectString } from './connect-string.js';
import { ZooKeeperError } from './errors.js';
import {
  bytesOf,
  createRequest,
  type CreateOptions,
  multiOp,
  multiResults,
  type NodeData,
  type Operation,
  type OperationResult,
  type Read,
  readResult,
  type ReadResult,
  requireAcl,
} from './multi.js';
import type { CallOptions, ClientOptions, SessionCredentials, SessionEvent, SessionState } from './options.js';
import { Session } from './session.js';
import type { RemovableKind, Watcher, WatchKind } from './watch-registry.js';

export interface WatchOptions extends CallOptions {
  /** Is told of the next change, once. */
  readonly watch?: Watcher;
}

export interface VersionOptions extends CallOptions {
  /** Only when the node (or its ACL, for `setAcl`) has this version; any when absent. */
  readonly version?: number;
}

export interface RemoveWatchesOptions extends CallOptions {
  /** `any` when absent. */
  readonly kind?: RemovableKind;
  /** Only this one's watches; everybody's when absent. */
  readonly watcher?: Watcher;
  /** Forget them here even when the server cannot be asked. */
  readonly local?: boolean;
}

/** What a reconfiguration changes; texts as `server.1=host:2888:3888;2181`, ids as `1,2`. */
export interface ReconfigChange extends CallOptions {
  readonly joining?: string | null;
  readonly leaving?: string | null;
  readonly members?: string | null;
  /** Version of the configuration that is to be changed; whichever it is when absent. */
  readonly configVersion?: number;
}

export interface NodeContent {
  readonly data: Buffer | null;
  readonly stat: Stat;
}

const CONFIG_NODE = '/zookeeper/config';
const REMOVABLE: Readonly<Record<RemovableKind, number>> = {
  children: WatcherType.children,
  data: WatcherType.data,
  any: WatcherType.any,
  persistent: WatcherType.persistent,
  persistentRecursive: WatcherType.persistentRecursive,
};

/**
 * A session with a ZooKeeper ensemble. It connects at once and goes on by itself: when a connection is lost it takes the next
 * server, resumes the session, authenticates anew and sets its watches again. Calls may be made at any time and side by side:
 * they are sent in their order. Every call rejects with a `ZooKeeperError`.
 */
export class ZooKeeperClient {
  private readonly session: Session;
  private readonly chroot: string;

  /** `connectString`: `host:port,host:port/chroot`. Throws a `ZooKeeperError` when it cannot be understood. */
  constructor(connectString: string, options: ClientOptions = {}) {
    const { servers, chroot } = parseConnectString(connectString);
    this.chroot = chroot;
    this.session = new Session(servers, chroot, options, options.world ?? createClientHost());
    this.session.start();
  }

  get state(): SessionState {
    return this.session.state;
  }

  /** Agreed with the server; 0 before the first connection. */
  get sessionTimeoutMs(): number {
    return this.session.timeoutMs;
  }

  /** For another client that shall go on with this session. */
  get credentials(): Required<SessionCredentials> {
    return this.session.credentials;
  }

  /** The server this client is connected to; null without one. */
  get server(): Endpoint | null {
    return this.session.server;
  }

  /** Is told of every change of the session from now on; returns how to stop that. */
  onSession(listener: (event: SessionEvent) => void): () => void {
    return this.session.onEvent(listener);
  }

  /** Resolves when there is a connection; rejects when there will never be one, or no more time. */
  connected(options: CallOptions = {}): Promise<void> {
    return this.session.connected(options);
  }

  /** Ends the session: its ephemeral nodes go. Never rejects. */
  close(): Promise<void> {
    return this.session.close();
  }

  // ----- nodes

  /** The new node's path, which for sequential modes ends with ten digits. */
  async create(path: string, data: NodeData, options: CreateOptions & CallOptions = {}): Promise<string> {
    const request = createRequest(this.chroot, path, data, options, false);
    return this.ask(options, {
      type: request.type,
      path,
      encode: (w) => writeChangeRequest(w, request),
      decode: (r) => clientPath(this.chroot, r.string()),
    });
  }

  /** As `create`, with the new node's stat. */
  async create2(
    path: string,
    data: NodeData,
    options: CreateOptions & CallOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    const request = createRequest(this.chroot, path, data, options, true);
    return this.ask(options, {
      type: request.type,
      path,
      encode: (w) => writeChangeRequest(w, request),
      decode: (r) => ({ path: clientPath(this.chroot, r.string()), stat: readStat(r) }),
    });
  }

  async delete(path: string, options: VersionOptions = {}): Promise<void> {
    const target = serverPath(this.chroot, path);
    const version = options.version ?? -1;
    await this.ask(options, {
      type: OpCode.delete,
      path,
      encode: (w) => writePathNumberRequest(w, target, version),
      decode: () => undefined,
    });
  }

  /** Null: there is no such node. The watch is set in both cases. */
  async exists(path: string, options: WatchOptions = {}): Promise<Stat | null> {
    const target = serverPath(this.chroot, path);
    const { watch } = options;
    return this.ask<Stat | null>(options, {
      type: OpCode.exists,
      path,
      encode: (w) => writePathWatchRequest(w, target, watch !== undefined),
      decode: readStat,
      answerFor: (err) => (err === ErrorCode.noNode ? null : undefined),
      onReply: (err) => {
        if (watch === undefined) return;
        if (err === 0) this.session.watches.add('data', target, watch);
        else if (err === ErrorCode.noNode) this.session.watches.add('exist', target, watch);
      },
    });
  }

  async getData(path: string, options: WatchOptions = {}): Promise<NodeContent> {
    return this.readData(path, serverPath(this.chroot, path), options);
  }

  async setData(path: string, data: NodeData, options: VersionOptions = {}): Promise<Stat> {
    const target = serverPath(this.chroot, path);
    const bytes = bytesOf(data);
    const version = options.version ?? -1;
    return this.ask(options, {
      type: OpCode.setData,
      path,
      encode: (w) => writeChangeRequest(w, { type: OpCode.setData, path: target, data: bytes, version }),
      decode: readStat,
    });
  }

  async getAcl(path: string, options: CallOptions = {}): Promise<{ acl: Acl[]; stat: Stat }> {
    const target = serverPath(this.chroot, path);
    return this.ask(options, {
      type: OpCode.getACL,
      path,
      encode: (w) => writePathRequest(w, target),
      decode: readGetAclReply,
    });
  }

  async setAcl(path: string, acl: readonly Acl[], options: VersionOptions = {}): Promise<Stat> {
    const target = serverPath(this.chroot, path);
    requireAcl('setAcl', acl);
    const version = options.version ?? -1;
    return this.ask(options, {
      type: OpCode.setACL,
      path,
      encode: (w) => writeChangeRequest(w, { type: OpCode.setACL, path: target, acl, version }),
      decode: readStat,
    });
  }

  /** Names of the children, in the server's order, and the node's own stat. */
  async getChildren(path: string, options: WatchOptions = {}): Promise<{ children: string[]; stat: Stat }> {
    const target = serverPath(this.chroot, path);
    return this.ask(options, {
      type: OpCode.getChildren2,
      path,
      encode: (w) => writePathWatchRequest(w, target, options.watch !== undefined),
      decode: (r) => ({ children: readStringList(r), stat: readStat(r) }),
      onReply: this.watchOnSuccess('child', target, options.watch),
    });
  }

  /** Resolves when the server has applied everything that the ensemble had agreed on before. */
  async sync(path: string, options: CallOptions = {}): Promise<void> {
    const target = serverPath(this.chroot, path);
    await this.ask(options, {
      type: OpCode.sync,
      path,
      encode: (w) => writePathRequest(w, target),
      decode: () => undefined,
    });
  }

  /** All or nothing. Rejects with a `MultiError` that names the part. */
  async multi(operations: readonly Operation[], options: CallOptions = {}): Promise<OperationResult[]> {
    const ops = operations.map((operation) => multiOp(this.chroot, operation));
    return this.ask(options, {
      type: OpCode.multi,
      path: null,
      encode: (w) => writeChangeRequest(w, { type: OpCode.multi, ops }),
      decode: (r) => multiResults(this.chroot, operations, readMultiReply(r)),
    });
  }

  /** Each part succeeds or fails by itself. */
  async multiRead(reads: readonly Read[], options: CallOptions = {}): Promise<ReadResult[]> {
    const parts = reads.map((read) => ({ type: OpCode[read.op], path: serverPath(this.chroot, read.path) }));
    return this.ask(options, {
      type: OpCode.multiRead,
      path: null,
      encode: (w) => writeMultiRead(w, parts),
      decode: (r) => readMultiReply(r).map((result, index) => readResult(reads[index], result)),
    });
  }

  /** Paths of this session's ephemeral nodes below `prefix`. */
  async getEphemerals(prefix = '/', options: CallOptions = {}): Promise<string[]> {
    const target = serverPath(this.chroot, prefix);
    return this.ask(options, {
      type: OpCode.getEphemerals,
      path: prefix,
      encode: (w) => writePathRequest(w, target),
      decode: (r) => readStringList(r).map((path) => clientPath(this.chroot, path)),
    });
  }

  /** How many nodes lie below `path`, at any depth. */
  async getAllChildrenNumber(path: string, options: CallOptions = {}): Promise<number> {
    const target = serverPath(this.chroot, path);
    return this.ask(options, {
      type: OpCode.getAllChildrenNumber,
      path,
      encode: (w) => writePathRequest(w, target),
      decode: (r) => r.int(),
    });
  }

  // ----- watches that stay

  /** Every change of the node and of its list of children, or (recursive) of every node of the subtree. */
  async addWatch(
    path: string,
    mode: 'persistent' | 'persistentRecursive',
    watcher: Watcher,
    options: CallOptions = {},
  ): Promise<void> {
    const target = serverPath(this.chroot, path);
    await this.ask(options, {
      type: OpCode.addWatch,
      path,
      encode: (w) => writePathNumberRequest(w, target, AddWatchMode[mode]),
      decode: () => undefined,
      onReply: this.watchOnSuccess(mode, target, watcher),
    });
  }

  /** Watchers that go are told of it. Rejects with `noWatcher` when there is none. */
  async removeWatches(path: string, options: RemoveWatchesOptions = {}): Promise<void> {
    const target = serverPath(this.chroot, path);
    const kind = options.kind ?? 'any';
    const watcher = options.watcher ?? null;
    const { watches } = this.session;
    if (!watches.has(target, kind, watcher)) {
      const details = { errorCode: ErrorCode.noWatcher, path };
      throw new ZooKeeperError('noWatcher', `removeWatches ${path}: nobody watches so`, details);
    }
    const others = watcher !== null && watches.hasOthers(target, kind, watcher);
    const forget = (): void => {
      for (const [type, told] of watches.remove(target, kind, watcher)) {
        for (const one of told) one({ type, path, zxid: -1 });
      }
    };
    if (options.local === true && this.server === null) {
      forget();
      return;
    }
    await this.ask(options, {
      type: others ? OpCode.checkWatches : OpCode.removeWatches,
      path,
      encode: (w) => writePathNumberRequest(w, target, REMOVABLE[kind]),
      decode: () => undefined,
      onReply: (err) => {
        if (err === 0 || options.local === true) forget();
      },
    });
  }

  // ----- the ensemble and who one is

  /** The ensemble's configuration, which lies outside of every chroot. */
  async getConfig(options: WatchOptions = {}): Promise<NodeContent> {
    return this.readData(CONFIG_NODE, CONFIG_NODE, options);
  }

  /** Changes the ensemble; the new configuration. */
  async reconfig(change: ReconfigChange): Promise<NodeContent> {
    const request = {
      type: OpCode.reconfig,
      joiningServers: change.joining ?? null,
      leavingServers: change.leaving ?? null,
      newMembers: change.members ?? null,
      curConfigId: change.configVersion ?? -1,
    };
    return this.ask(change, {
      type: OpCode.reconfig,
      path: null,
      encode: (w) => writeChangeRequest(w, request),
      decode: readGetDataReply,
    });
  }

  async whoAmI(options: CallOptions = {}): Promise<ClientInfo[]> {
    return this.ask(options, { type: OpCode.whoAmI, path: null, encode: () => undefined, decode: readClientInfos });
  }

  /** Adds an identity, which every later connection has, too. The session fails for good when a server refuses it. */
  async addAuth(scheme: string, auth: string | Buffer, options: CallOptions = {}): Promise<void> {
    await this.session.addAuth({ scheme, auth: Buffer.from(auth) }, options);
  }

  // -----

  private ask<T>(options: CallOptions, request: Request<T>): Promise<T> {
    return this.session.ask(request, options);
  }

  private readData(path: string, target: string, options: WatchOptions): Promise<NodeContent> {
    return this.ask(options, {
      type: OpCode.getData,
      path,
      encode: (w) => writePathWatchRequest(w, target, options.watch !== undefined),
      decode: readGetDataReply,
      onReply: this.watchOnSuccess('data', target, options.watch),
    });
  }

  private watchOnSuccess(kind: WatchKind, target: string, watcher: Watcher | undefined): (err: number) => void {
    return (err) => {
      if (err === 0 && watcher !== undefined) this.session.watches.add(kind, target, watcher);
    };
  }
}
