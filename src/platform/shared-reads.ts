import type { Socket as RawSocket } from 'node:net';

/** As much as Node reads at a time. */
const READ_BYTES = 64 * 1024;

/** What is read, of whatever socket, until its owner returns. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

type OnRead = (count: number, buffer: Uint8Array) => boolean;

/** Node's own places for the option `onread` of `net.connect`. */
interface Places {
  readonly buffer: symbol;
  readonly callback: symbol;
}

interface Hidden {
  [place: symbol]: unknown;
  readonly _handle?: { readonly useUserBuffer?: (buffer: Uint8Array) => void } | null;
}

/** Null: this Node has none. */
let places: Places | null | undefined;

/**
 * Reads a socket into one buffer that all sockets share, instead of 64 KiB of fresh memory a read (docs/performance.md).
 * `onChunk` gets a view of it that holds until it returns, and answers whether reading goes on; other events stay as they are.
 * Reading begins with `raw.read(0)`: `resume` would begin it once more in the next tick, whatever was said meanwhile.
 *
 * For sockets that dial this is `onread` of `net.connect`; for accepted ones Node has no option, so that it is set here the
 * way `net.Socket` does it. False, and nothing is changed, where Node has other places for it, the socket is no plain one, or
 * it reads already.
 */
export function readShared(raw: RawSocket, onChunk: (chunk: Buffer) => boolean): boolean {
  if (!raw.isPaused() || raw.readableLength > 0) return false;
  if (places === undefined) places = findPlaces(raw);
  if (places === null) return false;
  const socket = raw as unknown as Hidden;
  const handle = socket._handle;
  if (typeof handle?.useUserBuffer !== 'function' || socket[places.buffer] !== null) return false;
  const onRead: OnRead = (count) => onChunk(shared.subarray(0, count));
  socket[places.buffer] = shared;
  socket[places.callback] = onRead;
  handle.useUserBuffer(shared);
  return true;
}

function findPlaces(raw: RawSocket): Places | null {
  const symbols = Object.getOwnPropertySymbols(raw);
  const buffer = symbols.find(({ description }) => description === 'kBuffer');
  const callback = symbols.find(({ description }) => description === 'kBufferCb');
  return buffer === undefined || callback === undefined ? null : { buffer, callback };
}
