import { formatZxid } from '../../protocol/index.js';
import { javaDouble, NOT_SERVING, type QuorumSettings, type ServerSettings, shownZxid } from '../../status/index.js';
import type { CommandContext } from './context.js';

/** `imok`: the process lives; with `truthfulRuok` also: it serves. */
export function ruok(c: CommandContext): string {
  return c.pipeline === null && c.truthfulRuok ? `${NOT_SERVING}\n` : 'imok';
}

/** `rw`, `ro`, or `null` while it does not serve. */
export function isro(c: CommandContext): string {
  if (c.pipeline === null) return 'null';
  return c.pipeline.mode === 'read-only' ? 'ro' : 'rw';
}

export function srvr(c: CommandContext): string {
  return summary(c, '');
}

/** `srvr` with one line a connection. */
export function stat(c: CommandContext): string {
  const lines = Array.from(c.connections, (connection) => `${connection.describe(true)}\n`);
  return summary(c, `Clients:\n${lines.join('')}\n`);
}

function summary(c: CommandContext, clients: string): string {
  const { pipeline, traffic } = c;
  if (pipeline === null) return `${NOT_SERVING}\n`;
  const readOnly = pipeline.mode === 'read-only' ? 'READ-ONLY mode; serving only read-only clients\n' : '';
  const latency = `${traffic.minLatencyMs}/${javaDouble(traffic.averageLatencyMs)}/${traffic.maxLatencyMs}`;
  const lines = [
    `Latency min/avg/max: ${latency}`,
    `Received: ${traffic.packetsReceived}`,
    `Sent: ${traffic.packetsSent}`,
    `Connections: ${Array.from(c.connections).length}`,
    `Outstanding: ${traffic.outstanding}`,
    `Zxid: ${formatZxid(shownZxid(c.status, pipeline.mode, pipeline.tree.lastProcessedZxid))}`,
    `Mode: ${pipeline.mode}`,
    `Node count: ${pipeline.tree.nodeCount}`,
  ];
  const sizes = c.status.proposalSizes();
  if (pipeline.mode === 'leader' && sizes !== null) {
    lines.push(`Proposal sizes last/min/max: ${sizes.last}/${sizes.min}/${sizes.max}`);
  }
  return `Zookeeper version: ${c.status.version}\n${readOnly}${clients}${lines.join('\n')}\n`;
}

/** The settings that clients and operators ask for, and where the files are. */
export async function conf(c: CommandContext): Promise<string> {
  if (c.pipeline === null) return `${NOT_SERVING}\n`;
  const { settings } = c.status;
  const sizes = await c.status.storageSizes();
  const lines = settingLines(settings, sizes.dataDirBytes, sizes.logDirBytes);
  if (settings.quorum === null) return lines.join('');
  const membership = c.status.quorum()?.membershipText ?? '';
  return [...lines, ...quorumLines(settings.quorum), 'membership: \n', membership].join('');
}

function settingLines(s: ServerSettings, dataDirBytes: number, logDirBytes: number): string[] {
  return [
    `clientPort=${s.clientPort}\n`,
    `secureClientPort=${s.secureClientPort}\n`,
    `dataDir=${s.dataDir}\n`,
    `dataDirSize=${dataDirBytes}\n`,
    `dataLogDir=${s.dataLogDir}\n`,
    `dataLogSize=${logDirBytes}\n`,
    `tickTime=${s.tickTimeMs}\n`,
    `maxClientCnxns=${s.maxClientCnxns}\n`,
    `minSessionTimeout=${s.minSessionTimeoutMs}\n`,
    `maxSessionTimeout=${s.maxSessionTimeoutMs}\n`,
    `clientPortListenBacklog=${s.clientPortListenBacklog}\n`,
    `serverId=${s.serverId}\n`,
  ];
}

function quorumLines(q: QuorumSettings): string[] {
  return [
    `initLimit=${q.initLimit}\n`,
    `syncLimit=${q.syncLimit}\n`,
    `electionAlg=${q.electionAlg}\n`,
    `electionPort=${q.electionPorts.join('|')}\n`,
    `quorumPort=${q.quorumPorts.join('|')}\n`,
    `peerType=${q.peerType === 'participant' ? 0 : 1}\n`,
  ];
}

/** Bytes of snapshots and logs. */
export async function dirs(c: CommandContext): Promise<string> {
  if (c.pipeline === null) return `${NOT_SERVING}\n`;
  const sizes = await c.status.storageSizes();
  return `datadir_size: ${sizes.dataDirBytes}\nlogdir_size: ${sizes.logDirBytes}\n`;
}

export function envi(c: CommandContext): string {
  const lines = c.status.environment().map(([name, value]) => `${name}=${value}\n`);
  return `Environment:\n${lines.join('')}`;
}

/** The last elections as one line of JSON; `null` when this server is alone. Answered whether it serves or not. */
export function elec(c: CommandContext): string {
  return `${JSON.stringify(c.status.elections())}\n`;
}

export function gtmk(c: CommandContext): string {
  return c.traceMask.toString();
}

/** Sets the mask to the long that follows the word and says it. */
export function stmk(c: CommandContext, argument: Buffer): string {
  c.traceMask = argument.readBigInt64BE(0);
  return c.traceMask.toString();
}

/** Forgets the counts of all connections taken together, and every metric that counts or distributes. */
export function srst(c: CommandContext): string {
  if (c.pipeline === null) return `${NOT_SERVING}\n`;
  resetServerStatistics(c);
  return 'Server stats reset.\n';
}

export function resetServerStatistics(c: Pick<CommandContext, 'traffic' | 'metrics' | 'status'>): void {
  c.traffic.reset();
  c.metrics.reset();
  c.status.resetStatistics();
}
