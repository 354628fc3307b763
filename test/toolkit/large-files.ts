import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeToBuffer } from '../../src/jute/index.js';
import { makeTxnEntry, OpCode, writeAclList } from '../../src/protocol/index.js';
import { ADLER_EMPTY, adler32, LOG_HEADER, SNAPSHOT_HEADER } from '../../src/storage/index.js';

const PIECE_BYTES = 1024 * 1024;
const FAN = 1000;

/** Writes bytes that come in small parts, and keeps their checksum. */
class Pieces {
  checksum = ADLER_EMPTY;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private readonly file: number;

  constructor(path: string) {
    this.file = openSync(path, 'w');
  }

  put(bytes: Buffer): void {
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.waitingBytes > PIECE_BYTES) this.flush();
  }

  flush(): void {
    const bytes = Buffer.concat(this.waiting);
    this.checksum = adler32(bytes, 0, bytes.length, this.checksum);
    this.waiting = [];
    this.waitingBytes = 0;
    writeSync(this.file, bytes);
  }

  end(): void {
    this.flush();
    closeSync(this.file);
  }
}

/** A snapshot with so many nodes in folders of 1,000, brothers far from each other, as no walk would give them. */
export function writeLargeSnapshot(path: string, nodes: number, dataBytes: number): void {
  const pieces = new Pieces(path);
  const node = (name: string, data: Buffer | null): void => {
    pieces.put(
      Buffer.from(
        encodeToBuffer((w) => {
          w.string(name);
          w.buffer(data);
          w.long(1);
          w.raw(Buffer.alloc(60));
        }),
      ),
    );
  };
  pieces.put(
    encodeToBuffer((w) => {
      w.raw(SNAPSHOT_HEADER);
      w.int(0);
      w.int(1);
      w.long(1);
      writeAclList(w, [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]);
    }),
  );
  node('', null);
  const folders = Math.ceil(nodes / FAN);
  for (let i = 0; i < folders; i++) node(`/folder-${i}`, null);
  const data = Buffer.alloc(dataBytes, 'x');
  for (let i = 0; i < nodes; i++) node(`/folder-${i % folders}/a-node-with-a-name-of-some-length-${i}`, data);
  pieces.put(encodeToBuffer((w) => w.string('/')));
  pieces.flush();
  const { checksum } = pieces;
  pieces.put(
    encodeToBuffer((w) => {
      w.int(0);
      w.int(checksum);
      w.string('/');
    }),
  );
  pieces.end();
}

export function writeLargeLog(path: string, transactions: number, dataBytes: number): void {
  const pieces = new Pieces(path);
  pieces.put(LOG_HEADER);
  const data = Buffer.alloc(dataBytes, 'x');
  for (let i = 1; i <= transactions; i++) {
    const header = { clientId: 1n, cxid: i, zxid: i, time: 1_700_000_000_000, type: OpCode.setData };
    const { bytes } = makeTxnEntry(header, { type: OpCode.setData, path: `/n${i}`, data, version: 1 }, null);
    const prefix = Buffer.alloc(12);
    prefix.writeUInt32BE(adler32(bytes), 4);
    prefix.writeInt32BE(bytes.length, 8);
    pieces.put(Buffer.concat([prefix, bytes, Buffer.from('B')]));
  }
  pieces.end();
}
