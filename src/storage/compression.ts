import { once } from 'node:events';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import { CompressionError } from './compression-error.js';
import type { Compression } from './names.js';
import { packSnappy, SNAPPY_HEADER, unpackSnappy } from './snappy-stream.js';

/** As fast as it can be: snapshots are written while clients are served. */
const GZIP_LEVEL = 1;
const PIECE_BYTES = 256 * 1024;
const gzipAsync = promisify(gzip);

/** What to write to a file for the next bytes of its content. */
export type Packer = (bytes: Buffer) => Promise<Buffer>;

/**
 * Packs what comes in pieces. Each piece becomes a gzip member of its own (RFC 1952 2.2: they may follow each other), or some
 * snappy blocks.
 */
export function makePacker(compression: Compression): Packer {
  switch (compression) {
    case 'none':
      return (bytes) => Promise.resolve(bytes);
    case 'gz':
      return (bytes) => gzipAsync(bytes, { level: GZIP_LEVEL });
    case 'snappy': {
      let header = SNAPPY_HEADER;
      return (bytes) => {
        const packed = Buffer.concat([header, packSnappy(bytes)]);
        header = Buffer.alloc(0);
        return Promise.resolve(packed);
      };
    }
  }
}

/** The content of a file of which `chunks` are the bytes. Throws `CompressionError`. */
export function unpack(
  chunks: AsyncGenerator<Buffer, void, undefined>,
  compression: Compression,
): AsyncGenerator<Buffer, void, undefined> {
  if (compression === 'gz') return unpackGzip(chunks);
  return compression === 'snappy' ? unpackSnappy(chunks) : chunks;
}

async function* unpackGzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  const fed = { bytes: 0, failure: null as Error | null };
  const feeding = (async () => {
    for await (const chunk of chunks) {
      fed.bytes += chunk.length;
      // Closed: it failed, or nobody wants the rest.
      if (!gunzip.write(chunk)) await Promise.race([once(gunzip, 'drain'), once(gunzip, 'close')]);
      if (gunzip.destroyed) return;
    }
    gunzip.end();
  })().catch((error: unknown) => {
    fed.failure = error instanceof Error ? error : new Error(String(error));
    gunzip.destroy();
  });
  try {
    for await (const piece of gunzip) yield piece as Buffer;
  } catch (error) {
    if (fed.failure !== null) throw fed.failure;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CompressionError(fed.bytes, `its gzip stream is damaged before offset ${fed.bytes}: ${reason}`, {
      cause: error,
    });
  } finally {
    gunzip.destroy();
    await feeding;
  }
  if (fed.failure !== null) throw fed.failure;
}
