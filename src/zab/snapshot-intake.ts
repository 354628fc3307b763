import type { QuorumPacket } from '../protocol/index.js';
import { decodeImageDigest } from '../protocol/index.js';
import { StorageError } from '../storage/index.js';
import { ZabError } from './life.js';
import type { History, SnapshotReceive } from './needs.js';
import type { PacketStream } from './packet-stream.js';
import type { Life } from './life.js';

/** So much may wait for the disk before more is read. */
const BACKLOG_BYTES = 8 * 1024 * 1024;
/** jute string behind the tree. */
const SIGNATURE = Buffer.from('\0\0\0\x0aBenWasHere', 'latin1');

/**
 * Takes the image that follows a SNAP packet: sessions and tree, then the signature. Nothing of the own state changes before
 * all of it is here; then it is durable and in force when this resolves (ZOOKEEPER-2872, 3642, 5094).
 */
export async function receiveSnapshot(
  { zxid, data }: QuorumPacket,
  stream: PacketStream,
  history: History,
  life: Life,
): Promise<void> {
  const image = history.receiveSnapshot(zxid, decodeImageDigest(data));
  try {
    await readImage(stream, image);
    life.check();
  } catch (error) {
    await image.abort();
    throw blamed(error, stream);
  }
  try {
    await life.during(image.finish());
  } catch (error) {
    throw error instanceof ZabError && error.cause instanceof StorageError ? blamed(error.cause, stream) : error;
  }
}

/** An image that is none is the leader's fault, what else fails is the own disk's. */
function blamed(error: unknown, stream: PacketStream): unknown {
  if (!(error instanceof StorageError)) return error;
  const code = error.code === 'SNAPSHOT_CORRUPT' ? 'PROTOCOL' : 'STORAGE';
  return new ZabError(code, `${error.message} (${stream.peer})`, { cause: error });
}

async function readImage(stream: PacketStream, image: SnapshotReceive): Promise<void> {
  let rest: Buffer | null = null;
  while (rest === null) {
    const chunk = stream.takeRaw();
    if (chunk === null) await stream.more();
    else rest = image.push(chunk);
    if (image.backlogBytes > BACKLOG_BYTES) await image.drained();
  }
  stream.unread(rest);
  let seen = 0;
  while (seen < SIGNATURE.length) {
    const chunk = stream.takeRaw();
    if (chunk === null) {
      await stream.more();
      continue;
    }
    const length = Math.min(SIGNATURE.length - seen, chunk.length);
    if (SIGNATURE.compare(chunk, 0, length, seen, seen + length) !== 0) {
      throw new ZabError('PROTOCOL', `${stream.peer} sent an image without the signature behind it`);
    }
    seen += length;
    stream.unread(chunk.subarray(length));
  }
}
