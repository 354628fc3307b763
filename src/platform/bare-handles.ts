import type { Server } from 'node:net';
import { getSystemErrorName } from 'node:util';

/** Node's own object for a connected TCP socket, below `net.Socket`. Calls answer 0 or a negative number of libuv's. */
export interface BareHandle {
  /** Whose it is, for the one function that hears all reads. */
  owner?: BareOwner | null;
  onread: (this: BareHandle) => void;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  writeBuffer(request: BareWrite, bytes: Uint8Array): number;
  /** `areBytes`: none of the chunks is a string. */
  writev(request: BareWrite, chunks: readonly Uint8Array[], areBytes: true): number;
  shutdown(request: BareRequest): number;
  close(closed: () => void): void;
  getpeername(into: BareName): number;
  getsockname(into: BareName): number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, idleSeconds: number): number;
}

export interface BareOwner {
  /** What was read stands at the beginning of `SHARED`; how much, or why not, in `streamBaseState`. */
  onRead(): void;
}

export interface BareName {
  address?: string;
  port?: number;
}

export interface BareRequest {
  oncomplete: (this: BareRequest, code: number) => void;
}

export interface BareWrite extends BareRequest {
  owner?: { onWritten(code: number): void };
  /** libuv points into it until the write is complete, and nobody else keeps it. */
  kept?: unknown;
}

/** What Node has of streams for its own modules; indices point into `streamBaseState`, where calls leave their results. */
export interface StreamParts {
  readonly WriteWrap: new () => BareWrite;
  readonly ShutdownWrap: new () => BareRequest;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
  readonly streamBaseState: Int32Array;
}

/** libuv's number for the end of a stream, on every system. */
export const END_OF_STREAM = -4095;
/** As much as Node reads at a time. */
const READ_BYTES = 64 * 1024;

/** What is read, of whatever socket, until its owner returns. */
export const SHARED = Buffer.allocUnsafeSlow(READ_BYTES);

const FUNCTIONS = [
  'readStart',
  'readStop',
  'useUserBuffer',
  'writeBuffer',
  'writev',
  'shutdown',
  'close',
  'getpeername',
  'getsockname',
  'setNoDelay',
  'setKeepAlive',
] as const satisfies readonly (keyof BareHandle)[];

/** Null: this Node has other parts. Undefined: nobody has looked. */
let parts: StreamParts | null | undefined;

/** The parts of which Node's streams are made; null where this Node does not give them away or has others. */
function streamParts(): StreamParts | null {
  return (parts ??= findParts());
}

function findParts(): StreamParts | null {
  try {
    const found = (process as unknown as { binding(name: string): Partial<StreamParts> }).binding('stream_wrap');
    const { WriteWrap, ShutdownWrap, kReadBytesOrError, kLastWriteWasAsync, streamBaseState } = found;
    const isWhole =
      typeof WriteWrap === 'function' &&
      typeof ShutdownWrap === 'function' &&
      typeof kReadBytesOrError === 'number' &&
      typeof kLastWriteWasAsync === 'number' &&
      streamBaseState instanceof Int32Array;
    return isWhole ? { WriteWrap, ShutdownWrap, kReadBytesOrError, kLastWriteWasAsync, streamBaseState } : null;
  } catch {
    return null;
  }
}

interface BareListener {
  onconnection?: (error: number, handle: BareHandle | undefined) => void;
  readonly setNoDelay?: (on: boolean) => number;
}

interface Hidden {
  readonly _handle?: BareListener | null;
}

/** `hasNoDelay`: the connection has TCP_NODELAY already, which on Linux it inherits. */
export type OnHandle = (handle: BareHandle, parts: StreamParts, hasNoDelay: boolean) => void;

/**
 * Has connections of a listening server handed over as they are, without a `net.Socket` around each (docs/performance.md).
 * What could not be accepted goes the usual way, and so does everything where Node is built otherwise. To be called when the
 * server has begun to listen.
 */
export function takeHandles(server: Server, onHandle: OnHandle): void {
  const listener = (server as unknown as Hidden)._handle;
  const usual = listener?.onconnection;
  const found = streamParts();
  if (listener === null || listener === undefined || typeof usual !== 'function' || found === null) return;
  const hasNoDelay = process.platform === 'linux' && listener.setNoDelay?.(true) === 0;
  listener.onconnection = function (error, handle) {
    if (error === 0 && handle !== undefined && isBare(handle)) onHandle(handle, found, hasNoDelay);
    else usual.call(this, error, handle);
  };
}

function isBare(handle: BareHandle): boolean {
  return FUNCTIONS.every((name) => typeof handle[name] === 'function');
}

/** The error that Node would raise for a number of libuv's. */
export function systemError(code: number, call: string): Error {
  const name = getSystemErrorName(code);
  return Object.assign(new Error(`${call} ${name}`), { code: name, errno: code, syscall: call });
}
