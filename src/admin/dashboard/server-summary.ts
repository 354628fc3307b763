import type { Summary } from '../../metrics/index.js';
import type { QuorumServer } from '../../membership/index.js';
import { formatZxid, zxidCounter, zxidEpoch } from '../../protocol/index.js';
import {
  type Latency,
  type LearnerSummary,
  type MemberSummary,
  type ServerSummary,
  shownZxid,
} from '../../status/index.js';
import type { LearnerView } from '../../zab/index.js';
import { formatEndpoint } from '../../host/index.js';
import type { AdminTarget } from '../needs.js';

/** Sizes of folders are looked up this often at most. */
const SIZES_EVERY_MS = 5000;

interface Sizes {
  readonly snapshotBytes: number;
  readonly logBytes: number;
  readonly freeBytes: number | null;
}

/** What a server tells of itself, at any time. */
export class ServerFigures {
  private sizes: { readonly atMs: number; readonly value: Promise<Sizes> } | null = null;

  constructor(private readonly target: AdminTarget) {}

  async summary(): Promise<ServerSummary> {
    const { clock, commands } = this.target;
    const { status, traffic, metrics } = commands;
    const sizes = await this.sizesNow();
    const pipeline = this.target.pipeline();
    const mode = pipeline?.mode ?? null;
    const quorum = status.quorum();
    const appliedZxid = pipeline?.tree.lastProcessedZxid ?? this.target.database()?.lastAppliedZxid ?? 0;
    const lastZxid = shownZxid(status, mode, Math.max(0, appliedZxid));
    return {
      sid: status.settings.serverId,
      version: status.version,
      wallMs: clock.wallMs(),
      uptimeMs: Math.floor(status.uptimeMs()),
      mode,
      peerState: quorum?.peerState ?? 'standalone',
      leader: quorum?.leaderSid ?? null,
      epoch: quorum?.epoch ?? zxidEpoch(lastZxid),
      lastZxid: formatZxid(lastZxid),
      members: membersOf(this.target),
      learners: this.learners(),
      clients: {
        connections: Array.from(commands.connections).length,
        sessions: status.sessions().count,
        outstanding: traffic.outstanding,
        packetsReceived: traffic.packetsReceived,
        packetsSent: traffic.packetsSent,
        reads: latency(metrics.summaries.get('readlatency')),
        writes: latency(metrics.summaries.get('updatelatency')),
      },
      tree: {
        nodes: pipeline?.tree.nodeCount ?? 0,
        ephemerals: pipeline?.tree.ephemeralCount ?? 0,
        watches: pipeline?.tree.watchCount ?? 0,
        dataBytes: pipeline?.tree.approximateDataSize ?? 0,
      },
      disk: {
        fsync: latency(metrics.summaries.get('fsynctime')),
        slowFsyncs: metrics.counters.get('fsync_threshold_exceed_count')?.value ?? 0,
        ...sizes,
      },
    };
  }

  private learners(): LearnerSummary[] {
    const lastZxid = this.target.database()?.lastLoggedZxid ?? 0;
    return this.target.learners().map((one) => learnerSummary(one, lastZxid));
  }

  private sizesNow(): Promise<Sizes> {
    const nowMs = this.target.clock.monotonicMs();
    if (this.sizes === null || nowMs - this.sizes.atMs >= SIZES_EVERY_MS) {
      this.sizes = { atMs: nowMs, value: this.readSizes() };
    }
    return this.sizes.value;
  }

  private async readSizes(): Promise<Sizes> {
    const { disk, commands } = this.target;
    const { dataDir, dataLogDir } = commands.status.settings;
    const { dataDirBytes: snapshotBytes, logDirBytes: logBytes } = await commands.status.storageSizes();
    // A folder that cannot be looked at is told by health; here its room is unknown.
    const free = await Promise.all([dataDir, dataLogDir].map((dir) => disk.freeBytes(dir))).catch(() => null);
    return { snapshotBytes, logBytes, freeBytes: free === null ? null : Math.min(...free) };
  }
}

function membersOf(target: AdminTarget): MemberSummary[] {
  const members = [...(target.verifier()?.members.values() ?? [])];
  return members.map((server) => ({ sid: server.sid, role: server.role, address: quorumAddress(server) }));
}

function quorumAddress({ addresses }: QuorumServer): string {
  const [first] = addresses;
  return first === undefined ? '' : formatEndpoint({ host: first.host, port: first.quorumPort });
}

function learnerSummary(one: LearnerView, lastZxid: number): LearnerSummary {
  const { sid, address, isObserver, isLive, ackedZxid, queuedPackets, queuedBytes } = one;
  // Before its first acknowledgement in this epoch everything of the epoch is missing.
  const acked = ackedZxid >= 0 && zxidEpoch(ackedZxid) === zxidEpoch(lastZxid) ? zxidCounter(ackedZxid) : 0;
  return {
    sid,
    address,
    isObserver,
    isLive,
    ackedZxid: ackedZxid < 0 ? null : formatZxid(ackedZxid),
    lag: Math.max(0, zxidCounter(lastZxid) - acked),
    queuedPackets,
    queuedBytes,
    connectedForMs: Math.round(one.connectedForMs),
  };
}

function latency(summary: Summary | undefined): Latency {
  if (summary === undefined || summary.count === 0) return { count: 0, sum: 0, average: 0, p50: 0, p99: 0, max: 0 };
  const { count, sum, average, max } = summary;
  const rounded = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    count,
    sum: rounded(sum),
    average: rounded(average),
    p50: rounded(summary.quantile(0.5)),
    p99: rounded(summary.quantile(0.99)),
    max: rounded(max),
  };
}
