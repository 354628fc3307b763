import {
  type Acl,
  type CreateRequest,
  ErrorCode,
  errorName,
  type MultiOp,
  OpCode,
  OPEN_ACL_UNSAFE,
  type OpResult,
  type Stat,
} from '../protocol/index.js';
import { clientPath, serverPath } from './chroot.js';
import { serverError, ZooKeeperError } from './errors.js';

/** What becomes of a node when its session, its children or its time end. */
export type CreateMode =
  | 'persistent'
  | 'ephemeral'
  | 'persistentSequential'
  | 'ephemeralSequential'
  | 'container'
  | 'persistentWithTtl'
  | 'persistentSequentialWithTtl';

const FLAGS: Readonly<Record<CreateMode, number>> = {
  persistent: 0,
  ephemeral: 1,
  persistentSequential: 2,
  ephemeralSequential: 3,
  container: 4,
  persistentWithTtl: 5,
  persistentSequentialWithTtl: 6,
};

export interface CreateOptions {
  /** `persistent` when absent. */
  readonly mode?: CreateMode;
  /** Everybody may do everything when absent. */
  readonly acl?: readonly Acl[];
  /** For the modes with a time to live: milliseconds without change and without children. */
  readonly ttlMs?: number;
}

/** A node's content; text is sent as UTF-8, null as no content at all. */
export type NodeData = Buffer | string | null;

/** One part of `multi`. */
export type Operation =
  | ({ readonly op: 'create'; readonly path: string; readonly data?: NodeData } & CreateOptions)
  | { readonly op: 'delete'; readonly path: string; readonly version?: number }
  | { readonly op: 'setData'; readonly path: string; readonly data: NodeData; readonly version?: number }
  | { readonly op: 'check'; readonly path: string; readonly version: number };

/** The answer to one part: the same place in the list. */
export type OperationResult =
  | { readonly op: 'create'; readonly path: string; readonly stat: Stat | null }
  | { readonly op: 'delete' | 'check' }
  | { readonly op: 'setData'; readonly stat: Stat };

/** One part of `multiRead`. */
export interface Read {
  readonly op: 'getData' | 'getChildren';
  readonly path: string;
}

export type ReadResult =
  | { readonly op: 'getData'; readonly data: Buffer | null; readonly stat: Stat }
  | { readonly op: 'getChildren'; readonly children: readonly string[] }
  | { readonly op: 'error'; readonly error: ZooKeeperError };

/** A multi of which nothing was done, because of the part at `index`. */
export class MultiError extends ZooKeeperError {
  constructor(
    error: ZooKeeperError,
    readonly index: number,
    /** For every part `ok`, or why it was not done (`runtimeInconsistency`: because of another part). */
    readonly results: readonly string[],
  ) {
    super(error.code, error.message, { path: error.path, ...errorCodeOf(error) });
  }
}

function errorCodeOf(error: ZooKeeperError): { errorCode?: number } {
  return error.errorCode === null ? {} : { errorCode: error.errorCode };
}

export function bytesOf(data: NodeData | undefined): Buffer | null {
  if (data === undefined) return null;
  return typeof data === 'string' ? Buffer.from(data) : data;
}

/** An empty list would be refused by every server, so it is not sent; as with Java's client the error names no path. */
export function requireAcl(what: string, acl: readonly Acl[] | undefined): void {
  if (acl?.length !== 0) return;
  throw new ZooKeeperError('invalidACL', `${what}: the list of ACLs is empty`, { errorCode: ErrorCode.invalidACL });
}

/** `withStat` asks for the answer that has the new node's stat, where the mode leaves the choice. */
export function createRequest(
  chroot: string,
  path: string,
  data: NodeData | undefined,
  options: CreateOptions,
  withStat: boolean,
): CreateRequest {
  const mode = options.mode ?? 'persistent';
  const isSequential = /sequential/i.test(mode);
  const hasTtl = mode.endsWith('WithTtl');
  if (hasTtl !== (options.ttlMs !== undefined)) {
    const message = hasTtl ? `create ${path}: the mode ${mode} needs ttlMs` : `create ${path}: ${mode} has no ttlMs`;
    throw new ZooKeeperError('badArguments', message, { path });
  }
  requireAcl('create', options.acl);
  const plain = withStat ? OpCode.create2 : OpCode.create;
  return {
    type: hasTtl ? OpCode.createTTL : mode === 'container' ? OpCode.createContainer : plain,
    path: serverPath(chroot, path, isSequential),
    data: bytesOf(data),
    acl: options.acl ?? OPEN_ACL_UNSAFE,
    flags: FLAGS[mode],
    ttlMs: options.ttlMs ?? -1,
  };
}

export function multiOp(chroot: string, operation: Operation): MultiOp {
  const { path } = operation;
  switch (operation.op) {
    case 'create':
      return createRequest(chroot, path, operation.data, operation, false);
    case 'delete':
      return { type: OpCode.delete, path: serverPath(chroot, path), version: operation.version ?? -1 };
    case 'check':
      return { type: OpCode.check, path: serverPath(chroot, path), version: operation.version };
    case 'setData': {
      const data = bytesOf(operation.data);
      return { type: OpCode.setData, path: serverPath(chroot, path), data, version: operation.version ?? -1 };
    }
  }
}

/** Throws a `MultiError` when one part has failed. */
export function multiResults(
  chroot: string,
  operations: readonly Operation[],
  results: readonly OpResult[],
): OperationResult[] {
  const index = results.findIndex((result) => result.type === OpCode.error && result.err !== 0);
  const failed = results[index];
  if (failed?.type === OpCode.error) {
    const operation = operations[index];
    const error = serverError(`multi: ${operation?.op ?? 'part'}`, failed.err, operation?.path ?? null);
    const names = results.map((result) => (result.type === OpCode.error ? errorName(result.err) : 'ok'));
    throw new MultiError(error, index, names);
  }
  return results.map((result) => operationResult(chroot, result));
}

function operationResult(chroot: string, result: OpResult): OperationResult {
  switch (result.type) {
    case OpCode.create:
      return { op: 'create', path: clientPath(chroot, result.path), stat: null };
    case OpCode.create2:
      return { op: 'create', path: clientPath(chroot, result.path), stat: result.stat };
    case OpCode.setData:
      return { op: 'setData', stat: result.stat };
    case OpCode.delete:
      return { op: 'delete' };
    case OpCode.check:
      return { op: 'check' };
    default:
      throw new ZooKeeperError('marshallingError', `the server answered a multi with a result of type ${result.type}`);
  }
}

export function readResult(read: Read | undefined, result: OpResult): ReadResult {
  switch (result.type) {
    case OpCode.getData:
      return { op: 'getData', data: result.data, stat: result.stat };
    case OpCode.getChildren:
      return { op: 'getChildren', children: result.children };
    case OpCode.error:
      return { op: 'error', error: serverError(`multiRead: ${read?.op ?? 'part'}`, result.err, read?.path ?? null) };
    default:
      throw new ZooKeeperError('marshallingError', `the server answered a read with a result of type ${result.type}`);
  }
}
