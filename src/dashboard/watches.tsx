import type { WatchedPath } from '../status/index.js';
import { count } from './format.js';
import { usePagedList } from './paged-list.js';
import { Pager } from './pager.js';
import { Problem } from './problem.js';
import { Search } from './search.js';
import { type Column, Table } from './table.js';

const COLUMNS: readonly Column<WatchedPath>[] = [
  { title: 'Path', cell: ({ path }) => <code>{path}</code> },
  { title: 'Watched', cell: ({ kind }) => (kind === 'data' ? 'data or existence' : 'children') },
  { title: 'Watchers', isNumber: true, cell: ({ watchers }) => count(watchers) },
  {
    title: 'Sessions',
    cell: ({ sessions, watchers }) => (
      <code>
        {sessions.join(' ')}
        {watchers > sessions.length ? ` and ${count(watchers - sessions.length)} more` : ''}
      </code>
    ),
  },
];

/** Paths that clients of the server asked watch. */
export function Watches() {
  const { loaded, goTo, search } = usePagedList<WatchedPath>('watches');
  const { data, error } = loaded;
  return (
    <>
      <p class="muted">
        Watches of the clients that are connected to the server asked. Lasting watches are in both lists.
      </p>
      <Search label="Part of a path" onSearch={search} />
      {error !== null && <Problem>{error.message}</Problem>}
      {data !== null && (
        <>
          <Table caption="Watches" columns={COLUMNS} rows={data.items} keyOf={({ kind, path }) => `${kind} ${path}`} />
          <Pager page={data} goTo={goTo} what="watched paths" />
        </>
      )}
    </>
  );
}
