import { compress, uncompress } from 'snappyjs';
import { CompressionError } from './compression-error.js';

/**
 * The stream of snappy-java, in which ZooKeeper keeps snapshots when `snapshot.compression.method` is snappy:
 *
 *     0x82 "SNAPPY" 0x00, int version (1), int oldest compatible version (1)
 *     then blocks: int length, that many bytes of raw snappy
 *
 * Streams may follow each other: then the magic stands where a length would.
 */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const MAGIC_WORD = MAGIC.readInt32BE(0);
const VERSION = 1;
const HEADER_BYTES = MAGIC.length + 8;
/** As snappy-java's default. */
const BLOCK_BYTES = 32 * 1024;
/** No block is larger: a length beyond it is damage, and would cost memory. */
const MAX_BLOCK_BYTES = 64 * 1024 * 1024;

export const SNAPPY_HEADER: Buffer = makeHeader();

function makeHeader(): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeInt32BE(VERSION, MAGIC.length);
  header.writeInt32BE(VERSION, MAGIC.length + 4);
  return header;
}

/** `bytes` as blocks of a stream whose header was written. */
export function packSnappy(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = compress(bytes.subarray(at, at + BLOCK_BYTES));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/** What a stream holds, block by block. Throws `CompressionError` with the offset of what is damaged. */
export async function* unpackSnappy(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const reader = new SnappyReader();
  for await (const chunk of chunks) yield* reader.push(chunk);
  reader.finish();
}

class SnappyReader {
  private pending: Buffer = Buffer.alloc(0);
  /** Bytes before `pending`. */
  private position = 0;
  private isHeaded = false;

  *push(chunk: Buffer): Generator<Buffer, void, undefined> {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    while (this.pending.length >= 4) {
      const length = this.pending.readInt32BE(0);
      if (!this.isHeaded || length === MAGIC_WORD) {
        if (this.pending.length < HEADER_BYTES) return;
        this.takeHeader();
        continue;
      }
      if (length < 0 || length > MAX_BLOCK_BYTES) throw this.damage(`a block claims a length of ${length}`);
      if (this.pending.length < 4 + length) return;
      yield this.unpackBlock(this.pending.subarray(4, 4 + length));
      this.take(4 + length);
    }
  }

  finish(): void {
    if (this.pending.length > 0 || !this.isHeaded) throw this.damage('it ends inside a header or block');
  }

  private takeHeader(): void {
    if (!this.pending.subarray(0, MAGIC.length).equals(MAGIC))
      throw this.damage('it does not begin as a snappy stream');
    const oldest = this.pending.readInt32BE(MAGIC.length + 4);
    if (oldest > VERSION) throw this.damage(`it needs a reader of version ${oldest} of the stream's format`);
    this.isHeaded = true;
    this.take(HEADER_BYTES);
  }

  private unpackBlock(block: Buffer): Buffer {
    try {
      return uncompress(block, MAX_BLOCK_BYTES);
    } catch (error) {
      throw this.damage(`a block cannot be unpacked (${error instanceof Error ? error.message : String(error)})`);
    }
  }

  private take(length: number): void {
    this.pending = this.pending.subarray(length);
    this.position += length;
  }

  private damage(why: string): CompressionError {
    return new CompressionError(this.position, `its snappy stream is damaged at offset ${this.position}: ${why}`);
  }
}
