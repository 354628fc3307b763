import { gunzipSync } from 'node:zlib';
import type { Disk } from '../host/index.js';
import { unpack } from './compression.js';
import type { SnapshotFile } from './names.js';
import { SNAPPY_HEADER } from './snappy-stream.js';

const CHUNK_BYTES = 512 * 1024;
const GZIP_MAGIC = 0x1f8b;
/** Deflate packs to no less than a thousandth: of so many bytes come fewer than a Buffer can hold (4 GiB). */
const SMALL_GZIP_BYTES = 3 * 1024 * 1024;
/** `int 1; byte '/'`: how every plain snapshot ends. */
const LAST_BYTES = Buffer.from([0, 0, 0, 1, 0x2f]);
const SMALLEST_SNAPSHOT_BYTES = 10;

/**
 * The bytes of a snapshot, unpacked as its name says (`snapshot.compression.method`), in pieces. A small gzipped one is unpacked
 * in one go, without the threads of the platform; of a large one the content may be more than one piece of memory can be.
 */
export async function* snapshotChunks(disk: Disk, snapshot: SnapshotFile): AsyncGenerator<Buffer, void, undefined> {
  const { compression, sizeBytes } = snapshot;
  if (compression === 'gz' && sizeBytes <= SMALL_GZIP_BYTES) yield gunzipSync(await disk.readFile(snapshot.path));
  else yield* unpack(fileChunks(disk, snapshot.path), compression);
}

/** While one piece is looked at the next one is being read. */
async function* fileChunks(disk: Disk, path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = await disk.openRead(path);
  const read = (at: number): Promise<Buffer> => {
    const reading = file.read(at, CHUNK_BYTES);
    // Whoever gives up does not ask what became of it.
    reading.catch(() => undefined);
    return reading;
  };
  let coming = read(0);
  try {
    for (let at = 0; at < file.sizeBytes;) {
      const chunk = await coming;
      if (chunk.length === 0) return;
      at += chunk.length;
      if (at < file.sizeBytes) coming = read(at);
      yield chunk;
    }
  } finally {
    await coming.catch(() => undefined);
    await file.close();
  }
}

/** Does it look whole, without reading it all (`SnapStream.isValidSnapshot`)? */
export async function looksWhole(disk: Disk, snapshot: SnapshotFile): Promise<boolean> {
  const file = await disk.openRead(snapshot.path);
  try {
    if (snapshot.compression === 'snappy') {
      return SNAPPY_HEADER.equals(await file.read(0, SNAPPY_HEADER.length));
    }
    if (snapshot.compression === 'gz') {
      const magic = await file.read(0, 2);
      return magic.length === 2 && magic.readUInt16BE(0) === GZIP_MAGIC;
    }
    if (file.sizeBytes < SMALLEST_SNAPSHOT_BYTES) return false;
    return LAST_BYTES.equals(await file.read(file.sizeBytes - LAST_BYTES.length, LAST_BYTES.length));
  } finally {
    await file.close();
  }
}
