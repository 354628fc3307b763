import { encodeToBuffer } from '../../src/jute/index.js';
import {
  encodeInitialMessage,
  PacketType,
  QUORUM_PROTOCOL_VERSION,
  writeConnectRequest,
  writeLearnerInfo,
  writeQuorumPacket,
} from '../../src/protocol/index.js';

/** Pieces that bad input is made of. */

export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function framed(bytes: Buffer): Buffer {
  return Buffer.concat([int(bytes.length), bytes]);
}

export function connectRequest(changes: { lastZxidSeen?: number; sessionId?: bigint } = {}): Buffer {
  return framed(
    encodeToBuffer((w) => {
      writeConnectRequest(w, {
        protocolVersion: 0,
        lastZxidSeen: 0,
        timeoutMs: 10_000,
        sessionId: 0n,
        password: Buffer.alloc(16),
        readOnly: false,
        hasReadOnly: true,
        ...changes,
      });
    }),
  );
}

export function packet(type: number, zxid: number, data: Buffer | null = null): Buffer {
  return encodeToBuffer((w) => {
    writeQuorumPacket(w, { type, zxid, data, authinfo: null });
  });
}

/** FOLLOWERINFO, or OBSERVERINFO. */
export function info(
  sid: number,
  changes: { version?: number; config?: number; epoch?: number; observes?: boolean } = {},
): Buffer {
  const data = encodeToBuffer((w) => {
    writeLearnerInfo(w, {
      serverId: sid,
      protocolVersion: changes.version ?? QUORUM_PROTOCOL_VERSION,
      configVersion: changes.config ?? 0,
    });
  });
  const type = changes.observes === true ? PacketType.observerInfo : PacketType.followerInfo;
  return packet(type, (changes.epoch ?? 0) * 2 ** 32, data);
}

export function greeting(sid: number, address: string): Buffer {
  return encodeInitialMessage({ sid, addresses: [address] }, false);
}

export const TLS_HELLO = hex('16 03 01 00 c8 01 00 00 c4 03 03 5b 7a 11 22 33 44 55 66 77');
export const HTTP_GET = Buffer.from('GET / HTTP/1.1\r\nHost: zk\r\n\r\n');
export const SSH_HELLO = Buffer.from('SSH-2.0-OpenSSH_9.6\r\n');
export const NOISE = Buffer.from('fdsa7989hbfrew8f9q8347rhqlkjfhasdlkfjh');
