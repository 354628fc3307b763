import { readFile } from 'node:fs/promises';
import type { QuorumPacket } from '../../src/protocol/index.js';
import { PacketType } from '../../src/protocol/index.js';
import { PacketReader } from '../../src/zab/packet-reader.js';

/** Both ways of a recorded connection between Java servers; see fixtures/capture.ts. */
export interface Recorded {
  readonly toLeader: Buffer;
  readonly toLearner: Buffer;
}

export async function recorded(name: string): Promise<Recorded> {
  const text = await readFile(new URL(`fixtures/${name}.txt`, import.meta.url), 'utf8');
  const part = (mark: string): Buffer => {
    const body = text.slice(text.indexOf(`\n${mark} `) + 1).split('\n');
    const end = body.findIndex((line, at) => at > 0 && line.startsWith('<'));
    return Buffer.from(body.slice(1, end < 0 ? undefined : end).join(''), 'hex');
  };
  return { toLeader: part('>'), toLearner: part('<') };
}

/** Packets of one way; behind a SNAP its image (with the signature) stands as a buffer. */
export function packetsOf(bytes: Buffer): (QuorumPacket | Buffer)[] {
  const reader = new PacketReader(1 << 20);
  reader.push(bytes);
  const found: (QuorumPacket | Buffer)[] = [];
  for (let packet = reader.take(); packet !== null; packet = reader.take()) {
    found.push(packet);
    if (packet.type !== PacketType.snap) continue;
    const rest = reader.takeRaw() ?? Buffer.alloc(0);
    const end = rest.indexOf('\0\0\0\nBenWasHere') + 14;
    found.push(rest.subarray(0, end));
    reader.unread(rest.subarray(end));
  }
  return found;
}
