import type { SessionView } from '../status/index.js';
import { count, dateTime, duration, milliseconds, timeOfDay } from './format.js';
import { usePagedList } from './paged-list.js';
import { Pager } from './pager.js';
import { Problem } from './problem.js';
import { Search } from './search.js';
import { type Column, Table } from './table.js';

const NONE = '–';

const COLUMNS: readonly Column<SessionView>[] = [
  { title: 'Session', cell: ({ id }) => <code class="id">{id}</code> },
  { title: 'Client', cell: ({ connection }) => connection?.remote ?? 'not connected here' },
  { title: 'Timeout', isNumber: true, cell: ({ timeoutMs }) => (timeoutMs === null ? NONE : duration(timeoutMs)) },
  {
    title: 'Expires unless heard of',
    cell: ({ expiresWallMs }) => (expiresWallMs === null ? NONE : timeOfDay(expiresWallMs)),
  },
  { title: 'Ephemeral nodes', isNumber: true, cell: ({ ephemerals }) => count(ephemerals) },
  {
    title: 'Connected since',
    cell: ({ connection }) => (connection === null ? NONE : dateTime(connection.establishedWallMs)),
  },
  { title: 'Last operation', cell: ({ connection }) => connection?.lastOperation ?? NONE },
  {
    title: 'Received',
    isNumber: true,
    cell: ({ connection }) => (connection === null ? NONE : count(connection.received)),
  },
  { title: 'Sent', isNumber: true, cell: ({ connection }) => (connection === null ? NONE : count(connection.sent)) },
  {
    title: 'Latency mean / max',
    isNumber: true,
    cell: ({ connection }) =>
      connection === null
        ? NONE
        : `${milliseconds(connection.averageLatencyMs)} / ${milliseconds(connection.maxLatencyMs)}`,
  },
];

/** Sessions that the server asked knows, with the connections that it has of them. */
export function Sessions() {
  const { loaded, goTo, search } = usePagedList<SessionView>('sessions');
  const { data, error } = loaded;
  return (
    <>
      <p class="muted">
        Sessions of the whole ensemble; connections are those to the server asked. Only a leader knows when sessions
        expire.
      </p>
      <Search label="Session id or client address" onSearch={search} />
      {error !== null && <Problem>{error.message}</Problem>}
      {data !== null && (
        <>
          <Table caption="Sessions" columns={COLUMNS} rows={data.items} keyOf={({ id }) => id} />
          <Pager page={data} goTo={goTo} what="sessions" />
        </>
      )}
    </>
  );
}
