import { OpCode } from '../protocol/index.js';
import type { ConnectionCounts } from './four-letter/context.js';

/** The short names that `cons` prints as `lop`. */
const SHORT_NAMES = new Map<number, string>([
  [OpCode.ping, 'PING'],
  [OpCode.createSession, 'SESS'],
  [OpCode.multi, 'MULT'],
  [OpCode.multiRead, 'MLTR'],
  [OpCode.create, 'CREA'],
  [OpCode.create2, 'CREA'],
  [OpCode.createTTL, 'CREA'],
  [OpCode.createContainer, 'CREA'],
  [OpCode.delete, 'DELE'],
  [OpCode.deleteContainer, 'DELE'],
  [OpCode.setData, 'SETD'],
  [OpCode.reconfig, 'RECO'],
  [OpCode.setACL, 'SETA'],
  [OpCode.closeSession, 'CLOS'],
  [OpCode.sync, 'SYNC'],
  [OpCode.check, 'CHEC'],
  [OpCode.exists, 'EXIS'],
  [OpCode.getData, 'GETD'],
  [OpCode.setWatches, 'SETW'],
  [OpCode.setWatches2, 'STW2'],
  [OpCode.addWatch, 'ADDW'],
  [OpCode.getACL, 'GETA'],
  [OpCode.getChildren, 'GETC'],
  [OpCode.getAllChildrenNumber, 'GETACN'],
  [OpCode.getChildren2, 'GETC'],
  [OpCode.checkWatches, 'CHKW'],
  [OpCode.removeWatches, 'REMW'],
  [OpCode.whoAmI, 'HOMI'],
  [OpCode.getEphemerals, 'GETE'],
]);

/** `lastOp` before any request (ZooKeeper prints it as "null"), and after one whose transaction failed. */
const NO_OP = -100;
export const FAILED_OP = -101;

/** Counts of one connection, as `cons` shows them. */
export class ConnectionStats {
  received = 0;
  sent = 0;
  /** Type of the last request that was answered. */
  lastOp: number = NO_OP;
  lastCxid = 0;
  lastZxid = 0;
  /** Monotonic, whole milliseconds. */
  lastResponseMs = 0;
  private lastLatencyMs = 0;
  // ZooKeeper's least latency starts at 0, and so stays there until `crst`.
  private minLatencyMs = 0;
  private maxLatencyMs = 0;
  private count = 0;
  private totalMs = 0;

  constructor(private readonly establishedWallMs: number) {}

  /** `count` requests were answered, each after `latencyMs`. */
  recordLatency(count: number, nowMs: number, latencyMs: number): void {
    this.lastResponseMs = nowMs;
    this.lastLatencyMs = latencyMs;
    if (latencyMs < this.minLatencyMs) this.minLatencyMs = latencyMs;
    if (latencyMs > this.maxLatencyMs) this.maxLatencyMs = latencyMs;
    this.count += count;
    this.totalMs += count * latencyMs;
  }

  /** `crst` */
  reset(): void {
    this.received = 0;
    this.sent = 0;
    this.lastOp = FAILED_OP;
    this.lastCxid = -1;
    this.lastZxid = -1;
    this.lastResponseMs = 0;
    this.lastLatencyMs = 0;
    this.minLatencyMs = Number.POSITIVE_INFINITY;
    this.maxLatencyMs = 0;
    this.count = 0;
    this.totalMs = 0;
  }

  get counts(): ConnectionCounts {
    return {
      received: this.received,
      sent: this.sent,
      lastOperation: this.lastOp === NO_OP ? 'NA' : this.lastOpName,
      establishedWallMs: this.establishedWallMs,
      lastCxid: this.lastCxid,
      lastZxid: this.lastZxid,
      lastResponseMs: this.lastResponseMs,
      lastLatencyMs: this.lastLatencyMs,
      minLatencyMs: this.minLatencyMs === Number.POSITIVE_INFINITY ? 0 : this.minLatencyMs,
      averageLatencyMs: this.count === 0 ? 0 : Math.floor(this.totalMs / this.count),
      maxLatencyMs: this.maxLatencyMs,
    };
  }

  /** The part of a line of `cons` that follows the session id. */
  detailText(sessionTimeoutMs: number): string {
    const hex = (value: number): string => BigInt.asUintN(64, BigInt(value)).toString(16);
    const { minLatencyMs, averageLatencyMs } = this.counts;
    return [
      `,lop=${this.lastOpName}`,
      `,est=${this.establishedWallMs}`,
      `,to=${sessionTimeoutMs}`,
      this.lastCxid >= 0 ? `,lcxid=0x${hex(this.lastCxid)}` : '',
      `,lzxid=0x${hex(this.lastZxid)}`,
      `,lresp=${this.lastResponseMs}`,
      `,llat=${this.lastLatencyMs}`,
      `,minlat=${minLatencyMs}`,
      `,avglat=${averageLatencyMs}`,
      `,maxlat=${this.maxLatencyMs}`,
    ].join('');
  }

  private get lastOpName(): string {
    if (this.lastOp === NO_OP) return 'null';
    return SHORT_NAMES.get(this.lastOp) ?? 'NA';
  }
}
