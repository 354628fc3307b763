import type { ConnectionView } from '../../client/index.js';
import { SLOW_WINDOW_MS } from '../../client/index.js';
import { formatEndpoint, type HttpRequest } from '../../host/index.js';
import { formatSessionId, opName } from '../../protocol/index.js';
import type {
  ConnectionSummary,
  Page,
  SessionsStatus,
  SessionView,
  SlowRequests,
  WatchedPath,
} from '../../status/index.js';
import type { DataTree } from '../../tree/index.js';
import type { AdminTarget } from '../needs.js';
import { searchOf, windowOf } from './parameters.js';
import { Refusal } from './refusal.js';

/** More of a list is not looked at for one page, so that clients do not feel it. */
const MAX_LOOKED_AT = 200_000;
/** Sessions that are named of one watched path. */
const NAMED_WATCHERS = 20;

/** Those that fit of `all`, in its order; what is not on the page is only counted. */
function pageOf<T, V>(request: HttpRequest, all: Iterable<T>, fits: (one: T) => boolean, view: (one: T) => V): Page<V> {
  const { offset, limit } = windowOf(request);
  const items: V[] = [];
  let total = 0;
  let lookedAt = 0;
  for (const one of all) {
    if (lookedAt++ >= MAX_LOOKED_AT) return { total, offset, items, isPartial: true };
    if (!fits(one)) continue;
    if (total >= offset && items.length < limit) items.push(view(one));
    total++;
  }
  return { total, offset, items, isPartial: false };
}

interface KnownSession {
  readonly id: bigint;
  readonly expiresWallMs: number | null;
}

/** Sessions of the ensemble with their connections to this server. Searched for in session ids and client addresses. */
export function sessionsPage(target: AdminTarget, request: HttpRequest): Page<SessionView> {
  const { commands } = target;
  const text = searchOf(request, 'search').toLowerCase();
  const connections = new Map<bigint, ConnectionView>();
  for (const one of commands.connections) if (one.sessionId !== 0n) connections.set(one.sessionId, one);
  const tree = target.pipeline()?.tree ?? null;
  const timeouts = target.database()?.sessions;
  return pageOf(
    request,
    knownSessions(commands.status.sessions(), connections),
    ({ id }) => text === '' || formatSessionId(id).includes(text) || remoteOf(connections.get(id)).includes(text),
    (session) => sessionView(session, timeouts?.get(session.id), connections.get(session.id), tree),
  );
}

/** Those that this server knows, then local ones, of which only the connection tells. */
function* knownSessions(
  sessions: SessionsStatus,
  connections: ReadonlyMap<bigint, ConnectionView>,
): Generator<KnownSession> {
  const told = new Set<bigint>();
  for (const session of globalSessions(sessions)) {
    if (connections.has(session.id)) told.add(session.id);
    yield session;
  }
  for (const id of connections.keys()) if (!told.has(id)) yield { id, expiresWallMs: null };
}

function* globalSessions(sessions: SessionsStatus): Generator<KnownSession> {
  if (sessions.kind === 'known') {
    for (const [id] of sessions.timeoutsMs) yield { id, expiresWallMs: null };
    return;
  }
  for (const { expiresAtWallMs: expiresWallMs, sessionIds } of sessions.sets) {
    for (const id of sessionIds) yield { id, expiresWallMs };
  }
}

function remoteOf(connection: ConnectionView | undefined): string {
  return connection === undefined ? '' : formatEndpoint(connection.remote);
}

function sessionView(
  { id, expiresWallMs }: KnownSession,
  timeoutMs: number | undefined,
  connection: ConnectionView | undefined,
  tree: DataTree | null,
): SessionView {
  return {
    id: formatSessionId(id),
    timeoutMs: timeoutMs ?? connection?.sessionTimeoutMs ?? null,
    expiresWallMs,
    ephemerals: tree?.ephemeralsOf(id).size ?? 0,
    connection: connection === undefined ? null : connectionSummary(connection),
  };
}

function connectionSummary(connection: ConnectionView): ConnectionSummary {
  const { counts, isSecure } = connection;
  return {
    remote: remoteOf(connection),
    isSecure,
    establishedWallMs: counts.establishedWallMs,
    lastOperation: counts.lastOperation,
    received: counts.received,
    sent: counts.sent,
    outstanding: connection.outstandingRequests,
    averageLatencyMs: counts.averageLatencyMs,
    maxLatencyMs: counts.maxLatencyMs,
  };
}

interface Watched {
  readonly kind: WatchedPath['kind'];
  readonly path: string;
  readonly watchers: Iterable<object>;
}

/** Watched paths with their watchers on this server. Searched for in the paths. */
export function watchesPage(target: AdminTarget, request: HttpRequest): Page<WatchedPath> {
  const text = searchOf(request, 'search');
  const tree = target.pipeline()?.tree;
  if (tree === undefined) throw new Refusal(503, 'This server does not serve now, so there are no watches.');
  return pageOf(
    request,
    watchedPaths(tree),
    ({ path }) => path.includes(text),
    ({ kind, path, watchers }) => {
      const sessions = Array.from(watchers, sessionOf);
      return { kind, path, watchers: sessions.length, sessions: sessions.slice(0, NAMED_WATCHERS) };
    },
  );
}

function* watchedPaths({ watches }: DataTree): Generator<Watched> {
  for (const kind of ['data', 'child'] as const) {
    for (const [path, watchers] of watches[kind].watchedPaths()) yield { kind, path, watchers };
  }
}

/** Every watcher of the tree is a connection of the client port. */
function sessionOf(watcher: object): string {
  return formatSessionId((watcher as { readonly sessionId: bigint }).sessionId);
}

export function slowRequests({ clock, commands }: AdminTarget): SlowRequests {
  const nowMs = clock.monotonicMs();
  const wallMs = clock.wallMs();
  return {
    windowMs: SLOW_WINDOW_MS,
    requests: commands.traffic.slow.slowest(nowMs).map(({ atMs, latencyMs, type, path, sessionId, remoteText }) => ({
      wallMs: Math.round(wallMs - (nowMs - atMs)),
      latencyMs,
      operation: opName(type),
      path,
      session: formatSessionId(sessionId),
      remote: remoteText.replace(/^\//, ''),
    })),
  };
}
