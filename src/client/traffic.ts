import type { Counter, Metrics, Summary } from '../metrics/index.js';
import { javaAverage, type SizeRange } from '../status/index.js';
import { SlowRequests } from './slow-requests.js';

/** Counts over all client connections of this server, under ZooKeeper's names (its `ServerStats`). */
export class ClientTraffic {
  packetsReceived = 0;
  packetsSent = 0;
  /** Requests that came and are not answered, those in the pipeline and reads behind them; and the bytes of their bodies. */
  outstanding = 0;
  outstandingBytes = 0;
  authFailures = 0;
  readonly slow = new SlowRequests();
  private latencyCount = 0;
  private latencySumMs = 0;
  private latencyMinMs = Number.POSITIVE_INFINITY;
  private latencyMaxMs = 0;
  private lastResponseBytes = -1;
  private minResponseBytes = -1;
  private maxResponseBytes = -1;
  readonly bytesReceived: Counter;
  readonly responseBytes: Counter;
  readonly watchBytes: Counter;
  readonly connectionRequests: Counter;
  readonly connectionsRejected: Counter;
  readonly connectionsDropped: Counter;
  readonly connectionsRevalidated: Counter;
  readonly sessionlessExpired: Counter;
  readonly refusedWhileNotServing: Counter;
  readonly connectionTokenDeficit: Summary;
  readonly handshakesExceeded: Counter;
  readonly handshakesFailed: Counter;
  readonly staleReplies: Counter;
  /** Reads that waited behind a write of their session, and what else waited there, each time a write was answered. */
  readonly readsAfterWrite: Summary;
  readonly waitingRequests: Summary;
  private readonly readLatency: Summary;
  private readonly updateLatency: Summary;

  constructor(metrics: Metrics) {
    this.bytesReceived = metrics.counter('bytes_received_count');
    this.responseBytes = metrics.counter('response_bytes');
    this.watchBytes = metrics.counter('watch_bytes');
    this.connectionRequests = metrics.counter('connection_request_count');
    this.connectionsRejected = metrics.counter('connection_rejected');
    this.connectionsDropped = metrics.counter('connection_drop_count');
    this.connectionsRevalidated = metrics.counter('connection_revalidate_count');
    this.sessionlessExpired = metrics.counter('sessionless_connections_expired');
    this.refusedWhileNotServing = metrics.counter('cnxn_closed_without_zk_server_running');
    this.connectionTokenDeficit = metrics.summary('connection_token_deficit');
    this.handshakesExceeded = metrics.counter('tls_handshake_exceeded');
    this.handshakesFailed = metrics.counter('unsuccessful_handshake');
    this.staleReplies = metrics.counter('stale_replies');
    this.readsAfterWrite = metrics.summary('reads_after_write_in_session_queue');
    this.waitingRequests = metrics.summary('requests_in_session_queue');
    this.readLatency = metrics.summary('readlatency');
    this.updateLatency = metrics.summary('updatelatency');
    this.registerGauges(metrics);
  }

  /** `count` requests that change nothing were answered, each after `latencyMs` (whole milliseconds). */
  recordReads(count: number, latencyMs: number): void {
    this.record(count, latencyMs);
    this.readLatency.record(latencyMs, count);
  }

  recordUpdate(latencyMs: number): void {
    this.record(1, latencyMs);
    this.updateLatency.record(latencyMs);
  }

  recordResponse(bytes: number): void {
    this.packetsSent++;
    this.lastResponseBytes = bytes;
    if (bytes > this.maxResponseBytes) this.maxResponseBytes = bytes;
    if (bytes < this.minResponseBytes || this.minResponseBytes < 0) this.minResponseBytes = bytes;
  }

  recordEvent(bytes: number): void {
    this.recordResponse(bytes);
    this.watchBytes.value += bytes;
  }

  requestCame(bodyBytes: number): void {
    this.outstanding++;
    this.outstandingBytes += bodyBytes;
  }

  requestDone(bodyBytes: number): void {
    this.outstanding--;
    this.outstandingBytes -= bodyBytes;
  }

  get minLatencyMs(): number {
    return this.latencyCount === 0 ? 0 : this.latencyMinMs;
  }

  get averageLatencyMs(): number {
    return javaAverage(this.latencySumMs, this.latencyCount);
  }

  get maxLatencyMs(): number {
    return this.latencyMaxMs;
  }

  get responseSizes(): SizeRange {
    return { last: this.lastResponseBytes, min: this.minResponseBytes, max: this.maxResponseBytes };
  }

  /** What `srst` forgets here. */
  reset(): void {
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.latencyCount = 0;
    this.latencySumMs = 0;
    this.latencyMinMs = Number.POSITIVE_INFINITY;
    this.latencyMaxMs = 0;
    this.lastResponseBytes = -1;
    this.minResponseBytes = -1;
    this.maxResponseBytes = -1;
  }

  private record(count: number, latencyMs: number): void {
    this.latencyCount += count;
    this.latencySumMs += count * latencyMs;
    if (latencyMs < this.latencyMinMs) this.latencyMinMs = latencyMs;
    if (latencyMs > this.latencyMaxMs) this.latencyMaxMs = latencyMs;
  }

  private registerGauges(metrics: Metrics): void {
    metrics.gauge('avg_latency', () => this.averageLatencyMs);
    metrics.gauge('min_latency', () => this.minLatencyMs);
    metrics.gauge('max_latency', () => this.maxLatencyMs);
    metrics.gauge('packets_received', () => this.packetsReceived);
    metrics.gauge('packets_sent', () => this.packetsSent);
    metrics.gauge('outstanding_requests', () => this.outstanding);
    metrics.gauge('last_client_response_size', () => this.lastResponseBytes);
    metrics.gauge('min_client_response_size', () => this.minResponseBytes);
    metrics.gauge('max_client_response_size', () => this.maxResponseBytes);
    metrics.gauge('auth_failed_count', () => this.authFailures);
  }
}
