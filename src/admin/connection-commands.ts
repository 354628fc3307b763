import type { ConnectionView } from '../client/index.js';
import { formatEndpoint } from '../host/index.js';
import { type Command, failure, guarded, NOTHING, serving } from './command.js';
import { readText } from './body.js';
import { type Fields, fields, type Json } from './json.js';
import type { AdminTarget } from './needs.js';

/** Fields of one connection; the brief form is that of `stats`. */
function connectionFields(connection: ConnectionView, isBrief: boolean): Fields {
  const { counts } = connection;
  const brief = {
    remote_socket_address: formatEndpoint(connection.remote),
    interest_ops: connection.interestOps,
    outstanding_requests: connection.outstandingRequests,
    packets_received: counts.received,
    packets_sent: counts.sent,
  };
  if (isBrief) return fields(brief);
  return fields({
    ...brief,
    session_id: connection.sessionId,
    last_operation: counts.lastOperation,
    established: counts.establishedWallMs,
    session_timeout: connection.sessionTimeoutMs,
    last_cxid: counts.lastCxid,
    last_zxid: counts.lastZxid,
    last_response_time: Math.floor(counts.lastResponseMs),
    last_latency: counts.lastLatencyMs,
    min_latency: counts.minLatencyMs,
    avg_latency: counts.averageLatencyMs,
    max_latency: counts.maxLatencyMs,
  });
}

/** Those of the plain port and those of TLS. */
export function connectionLists({ commands }: AdminTarget, isBrief: boolean): Record<string, Json> {
  const all = [...commands.connections];
  const list = (secure: boolean): Json =>
    all.filter(({ isSecure }) => isSecure === secure).map((one) => connectionFields(one, isBrief));
  return { connections: list(false), secure_connections: list(true) };
}

const SHED = 'percentage';

export const connectionCommands: readonly Command[] = [
  serving(['connection_stat_reset', 'crst'], ({ commands }) => {
    for (const connection of commands.connections) connection.resetStatistics();
    return NOTHING;
  }),
  serving(['connections', 'cons'], (target) => fields(connectionLists(target, false))),
  serving(['dump'], ({ commands }, { tree }) => {
    const sessions = commands.status.sessions();
    // Only who expires sessions knows when; ZooKeeper's followers show nothing here either.
    const sets = sessions.kind === 'tracked' ? sessions.sets : [];
    const owners = [...tree.sessionsWithEphemerals()];
    return fields({
      expiry_time_to_session_ids: new Map(sets.map((set) => [set.expiresAtWallMs, set.sessionIds])),
      session_id_to_ephemeral_paths: new Map(owners.map((id) => [id, [...tree.ephemeralsOf(id)]])),
    });
  }),
  // Newer than 3.9.5: ZooKeeper 3.10 has it.
  guarded(['shed_connections', 'shed'], 'POST', async (target, _pipeline, request) => {
    let asked: unknown;
    try {
      asked = JSON.parse(await readText(request));
    } catch (error) {
      return failure(400, `The body is no JSON object like {"${SHED}": 10}: ${String(error)}`);
    }
    const share = typeof asked === 'object' && asked !== null ? (asked as Record<string, unknown>)[SHED] : undefined;
    if (share === undefined) return failure(400, `Missing required field: ${SHED}`);
    if (typeof share !== 'number' || !Number.isInteger(share) || share < 0 || share > 100) {
      return failure(400, 'Percentage must be between 0 and 100');
    }
    return { fields: fields({ connections_shed: shed(target, share), percentage_requested: share }) };
  }),
];

function shed({ commands, random, log }: AdminTarget, percentage: number): number {
  const leaving = [...commands.connections].filter(() => random.below(100) < percentage);
  for (const connection of leaving) connection.leave('an administrator sheds connections');
  log.info(`${leaving.length} client connections (${percentage} % were asked for) are ended for an administrator.`, {
    code: 'ADMIN_SHED',
  });
  return leaving.length;
}
