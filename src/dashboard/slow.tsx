import type { SlowRequest, SlowRequests } from '../status/index.js';
import { usePage } from './api.js';
import { dateTime, duration, milliseconds } from './format.js';
import { Problem } from './problem.js';
import { type Column, Table } from './table.js';

const EVERY_MS = 3000;

const COLUMNS: readonly Column<SlowRequest>[] = [
  { title: 'Answered', cell: ({ wallMs }) => dateTime(wallMs) },
  { title: 'Took', isNumber: true, cell: ({ latencyMs }) => milliseconds(latencyMs) },
  { title: 'Operation', cell: ({ operation }) => operation },
  { title: 'Path', cell: ({ path }) => (path === null ? '–' : <code>{path}</code>) },
  { title: 'Session', cell: ({ session }) => <code class="id">{session}</code> },
  { title: 'Client', cell: ({ remote }) => remote },
];

/** Requests that clients of the server asked waited longest for. */
export function Slow() {
  const { data, error } = usePage<SlowRequests>('slow-requests', {}, EVERY_MS);
  return (
    <>
      <p class="muted">
        The slowest requests of each of the last minutes on the server asked, from 5 ms on. Reads that came in one piece
        are one line, without a path.
      </p>
      {error !== null && <Problem>{error.message}</Problem>}
      {data !== null && data.requests.length === 0 && <p>None in the last {duration(data.windowMs)}.</p>}
      {data !== null && data.requests.length > 0 && (
        <Table
          caption="Slow requests, slowest first"
          columns={COLUMNS}
          rows={data.requests}
          keyOf={({ wallMs, session, operation, latencyMs, path }) =>
            `${wallMs} ${session} ${operation} ${latencyMs} ${path ?? ''}`
          }
        />
      )}
    </>
  );
}
