import type { JuteReader, JuteWriter } from '../jute/index.js';

/**
 * `int protocolVersion; long lastZxidSeen; int timeOut; long sessionId; buffer passwd; boolean readOnly`.
 * Clients of 3.4 and older leave the last byte out (ZOOKEEPER-4814).
 */
export interface ConnectRequest {
  readonly protocolVersion: number;
  /** May be any long: only compared. */
  readonly lastZxidSeen: number;
  readonly timeoutMs: number;
  readonly sessionId: bigint;
  readonly password: Buffer;
  readonly readOnly: boolean;
  /** The request had the readOnly byte, and the response must have it too. */
  readonly hasReadOnly: boolean;
}

export interface ConnectResponse {
  readonly protocolVersion: number;
  readonly timeoutMs: number;
  readonly sessionId: bigint;
  readonly password: Buffer;
  readonly readOnly: boolean;
}

export const PASSWORD_BYTES = 16;

export function readConnectRequest(r: JuteReader): ConnectRequest {
  const protocolVersion = r.int();
  const lastZxidSeen = r.longLossy();
  const timeoutMs = r.int();
  const sessionId = r.long64();
  const password = Buffer.from(r.bufferOrNull() ?? Buffer.alloc(0));
  const hasReadOnly = r.remaining > 0;
  const readOnly = hasReadOnly ? r.bool() : false;
  return { protocolVersion, lastZxidSeen, timeoutMs, sessionId, password, readOnly, hasReadOnly };
}

export function writeConnectRequest(w: JuteWriter, c: ConnectRequest): void {
  w.int(c.protocolVersion);
  w.long(c.lastZxidSeen);
  w.int(c.timeoutMs);
  w.long64(c.sessionId);
  w.buffer(c.password);
  if (c.hasReadOnly) w.bool(c.readOnly);
}

export function writeConnectResponse(w: JuteWriter, c: ConnectResponse, withReadOnly: boolean): void {
  w.int(c.protocolVersion);
  w.int(c.timeoutMs);
  w.long64(c.sessionId);
  w.buffer(c.password);
  if (withReadOnly) w.bool(c.readOnly);
}

export function readConnectResponse(r: JuteReader): ConnectResponse {
  return {
    protocolVersion: r.int(),
    timeoutMs: r.int(),
    sessionId: r.long64(),
    password: Buffer.from(r.bufferOrNull() ?? Buffer.alloc(0)),
    readOnly: r.remaining > 0 ? r.bool() : false,
  };
}
