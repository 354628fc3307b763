import { monitorFigures, resetServerStatistics } from '../client/index.js';
import type { RequestPipeline } from '../pipeline/index.js';
import { shownZxid, type SizeRange } from '../status/index.js';
import { always, type Command, NOTHING, serving } from './command.js';
import { connectionLists } from './connection-commands.js';
import { Double, type Fields, fields, type Json } from './json.js';
import type { AdminTarget } from './needs.js';

function buffers({ last, min, max }: SizeRange): Fields {
  return fields({ last_buffer_size: last, min_buffer_size: min, max_buffer_size: max });
}

function gauge({ commands }: AdminTarget, name: string): number {
  return commands.metrics.gauges.get(name)?.() ?? 0;
}

async function serverStatistics(target: AdminTarget, pipeline: RequestPipeline): Promise<Record<string, Json>> {
  const { status, traffic, metrics, connections } = target.commands;
  const sizes = await status.storageSizes();
  const isReadOnly = pipeline.mode === 'read-only';
  const proposals = status.proposalSizes();
  return {
    version: status.version,
    read_only: isReadOnly,
    server_stats: fields({
      packets_sent: traffic.packetsSent,
      packets_received: traffic.packetsReceived,
      fsync_threshold_exceed_count: metrics.counters.get('fsync_threshold_exceed_count')?.value ?? 0,
      client_response_stats: buffers(traffic.responseSizes),
      data_dir_size: sizes.dataDirBytes,
      log_dir_size: sizes.logDirBytes,
      provider_null: false,
      server_state: pipeline.mode,
      last_processed_zxid: shownZxid(status, pipeline.mode, pipeline.tree.lastProcessedZxid),
      outstanding_requests: traffic.outstanding,
      min_latency: traffic.minLatencyMs,
      avg_latency: new Double(traffic.averageLatencyMs),
      max_latency: traffic.maxLatencyMs,
      num_alive_client_connections: Array.from(connections).length,
      uptime: Math.floor(status.uptimeMs()),
      auth_failed_count: traffic.authFailures,
      non_mtlsremote_conn_count: gauge(target, 'non_mtls_remote_conn_count'),
      non_mtlslocal_conn_count: gauge(target, 'non_mtls_local_conn_count'),
    }),
    client_response: buffers(traffic.responseSizes),
    ...(pipeline.mode === 'leader' && proposals !== null ? { proposal_stats: buffers(proposals) } : {}),
    node_count: pipeline.tree.nodeCount,
  };
}

export const serverCommands: readonly Command[] = [
  serving(['configuration', 'conf', 'config'], ({ commands }) => {
    const { settings } = commands.status;
    return fields({
      client_port: settings.clientPort,
      data_dir: settings.dataDir,
      data_log_dir: settings.dataLogDir,
      tick_time: settings.tickTimeMs,
      max_client_cnxns: settings.maxClientCnxns,
      min_session_timeout: settings.minSessionTimeoutMs,
      max_session_timeout: settings.maxSessionTimeoutMs,
      server_id: settings.serverId,
      client_port_listen_backlog: settings.clientPortListenBacklog,
    });
  }),
  serving(['dirs'], async ({ commands }) => {
    const { dataDirBytes, logDirBytes } = await commands.status.storageSizes();
    return fields({ datadir_size: dataDirBytes, logdir_size: logDirBytes });
  }),
  always(['environment', 'env', 'envi'], ({ commands }) => new Map(commands.status.environment())),
  always(['get_trace_mask', 'gtmk'], ({ commands }) => fields({ tracemask: commands.traceMask })),
  serving(['initial_configuration', 'icfg'], ({ initialConfiguration }) =>
    fields({ initial_configuration: withoutSecrets(initialConfiguration) }),
  ),
  serving(['is_read_only', 'isro'], (_target, { mode }) => fields({ read_only: mode === 'read-only' })),
  always(['monitor', 'mntr'], ({ commands }, pipeline) => {
    const figures = monitorFigures(commands, pipeline?.mode ?? null);
    return new Map(
      figures.map(({ name, value, isFractional }): [string, Json] => [
        name,
        isFractional && typeof value === 'number' ? new Double(value) : value,
      ]),
    );
  }),
  serving(['ruok'], () => NOTHING),
  serving(['server_stats', 'srvr'], async (target, pipeline) => fields(await serverStatistics(target, pipeline))),
  always(['set_trace_mask', 'stmk'], ({ commands }, _pipeline, { query }) => {
    const text = query.get('traceMask');
    if (text === undefined) return fields({ error: 'setTraceMask requires long traceMask argument' });
    if (!/^[+-]?\d{1,19}$/.test(text)) {
      return fields({ error: `setTraceMask requires long traceMask argument, got ${text}` });
    }
    commands.traceMask = BigInt.asIntN(64, BigInt(text));
    return fields({ tracemask: commands.traceMask });
  }),
  serving(['stats', 'stat'], async (target, pipeline) =>
    fields({ ...(await serverStatistics(target, pipeline)), ...connectionLists(target, true) }),
  ),
  serving(['stat_reset', 'srst'], ({ commands }) => {
    resetServerStatistics(commands);
    return NOTHING;
  }),
  always(['system_properties', 'sysp'], (target) => new Map(publicProperties(target))),
];

/** Passwords are nobody's business. */
const SECRET = /pass(wd|word)|secret|digest$/i;

/** The text of a zoo.cfg with the values of secret keys hidden, also in comments, and where they go on behind a backslash. */
function withoutSecrets(text: string): string {
  let isHidden = false;
  let goesOn = false;
  const lines = text.split('\n').map((line) => {
    const [head = '', key = ''] = /^[\s#!]*([^\s=:]+)\s*[=:]?\s*/.exec(line) ?? [];
    isHidden = goesOn ? isHidden : SECRET.test(key);
    const shown = isHidden ? `${goesOn ? '' : head}(hidden)` : line;
    goesOn = /(?:^|[^\\])(?:\\\\)*\\\r?$/.test(line);
    return shown;
  });
  return lines.join('\n');
}

function publicProperties({ properties, commands }: AdminTarget): [string, string][] {
  const all = [...commands.status.environment(), ...properties].filter(([name]) => !SECRET.test(name));
  return all.map(([name, value]): [string, string] => [name, value]).sort(([a], [b]) => (a < b ? -1 : 1));
}
