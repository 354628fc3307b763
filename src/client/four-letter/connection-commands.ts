import type { Clock } from '../../host/index.js';
import { formatSessionId } from '../../protocol/index.js';
import type { SessionsStatus } from '../../status/index.js';
import { javaDate, NOT_SERVING } from '../../status/index.js';
import type { CommandContext, ConnectionView } from './context.js';

/** ZooKeeper checks idle connections this often, and groups them by it. */
const EXPIRY_STEP_MS = 10_000;

/** One line a connection, with its session and the times of its requests. */
export function cons(c: CommandContext): string {
  if (c.pipeline === null) return `${NOT_SERVING}\n`;
  const lines = Array.from(c.connections, (connection) => `${connection.describe(false)}\n`);
  return `${lines.join('')}\n`;
}

/** Forgets the counts of each connection. */
export function crst(c: CommandContext): string {
  if (c.pipeline === null) return `${NOT_SERVING}\n`;
  for (const connection of c.connections) connection.resetStatistics();
  return 'Connection stats reset.\n';
}

/** Sessions, the ephemeral nodes they own, and connections. */
export function dump(c: CommandContext): string {
  const { pipeline } = c;
  if (pipeline === null) return `${NOT_SERVING}\n`;
  const owners = [...pipeline.tree.sessionsWithEphemerals()];
  const ephemerals = owners.map((sessionId) => {
    const paths = Array.from(pipeline.tree.ephemeralsOf(sessionId), (path) => `\t${path}\n`);
    return `${formatSessionId(sessionId)}:\n${paths.join('')}`;
  });
  return [
    'SessionTracker dump:\n',
    sessionsText(c.status.sessions()),
    'ephemeral nodes dump:\n',
    `Sessions with Ephemerals (${owners.length}):\n`,
    ...ephemerals,
    'Connections dump:\n',
    connectionsText(c.connections, c.clock),
  ].join('');
}

function sessionsText(sessions: SessionsStatus): string {
  if (sessions.kind === 'known') {
    const ordered = [...sessions.timeoutsMs].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    const lines = ordered.map(([sessionId, timeoutMs]) => `${formatSessionId(sessionId)}\t${timeoutMs}ms\n`);
    return `Global Sessions(${sessions.count}):\n${lines.join('')}`;
  }
  const sets = [...sessions.sets].sort((a, b) => a.expiresAtWallMs - b.expiresAtWallMs);
  const texts = sets.map((set) => expirySetText(set.expiresAtWallMs, set.sessionIds.map(formatSessionId)));
  return `Session Sets (${sets.length})/(${sessions.count}):\n${texts.join('')}`;
}

function connectionsText(connections: Iterable<ConnectionView>, clock: Clock): string {
  const wallOffsetMs = clock.wallMs() - Math.floor(clock.monotonicMs());
  const sets = new Map<number, string[]>();
  let count = 0;
  for (const connection of connections) {
    const expiresMs = (Math.floor(connection.idleDeadlineMs / EXPIRY_STEP_MS) + 1) * EXPIRY_STEP_MS;
    const lines = sets.get(expiresMs) ?? [];
    lines.push(`ip: ${connection.remoteText} sessionId: ${formatSessionId(connection.sessionId)}`);
    sets.set(expiresMs, lines);
    count++;
  }
  const ordered = [...sets].sort(([a], [b]) => a - b);
  const texts = ordered.map(([expiresMs, lines]) => expirySetText(wallOffsetMs + expiresMs, lines));
  return `Connections Sets (${sets.size})/(${count}):\n${texts.join('')}`;
}

function expirySetText(expiresAtWallMs: number, lines: readonly string[]): string {
  const text = lines.map((line) => `\t${line}\n`).join('');
  return `${lines.length} expire at ${javaDate(expiresAtWallMs)}:\n${text}`;
}
