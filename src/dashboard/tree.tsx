import { useCallback, useEffect, useState } from 'preact/hooks';
import type { ChildrenPage, ChildView, NodeView } from '../status/index.js';
import { ApiError, usePage } from './api.js';
import { bytes, count } from './format.js';
import { NodeDetails } from './node-details.js';
import { Problem } from './problem.js';
import { Search } from './search.js';
import { SignIn } from './sign-in.js';

const CHILDREN_A_PAGE = 100;

function hrefOf(path: string): string {
  return `#/tree${path.split('/').map(encodeURIComponent).join('/')}`;
}

function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

/** One node: where it is, its children page by page, its data and its ACL. */
export function Tree({ path }: { path: string }) {
  const [signIns, setSignIns] = useState(0);
  const signedIn = useCallback(() => setSignIns((before) => before + 1), []);
  return (
    <>
      <Breadcrumbs path={path} />
      <SignIn onChange={signedIn} />
      <Node key={`${path} ${signIns}`} path={path} />
    </>
  );
}

function Node({ path }: { path: string }) {
  const { data: node, error, reload } = usePage<NodeView>('node', { path });
  if (error !== null) return <Refused error={error} />;
  if (node === null) return <p>Asking …</p>;
  return (
    <div class="split tree">
      <Children path={path} />
      <NodeDetails node={node} reload={reload} />
    </div>
  );
}

function Refused({ error }: { error: Error }) {
  const mend = error instanceof ApiError && error.status === 401 ? ' Sign in above to see more.' : '';
  return (
    <Problem>
      {error.message}
      {mend}
    </Problem>
  );
}

function Breadcrumbs({ path }: { path: string }) {
  const names = path.split('/').filter((name) => name !== '');
  return (
    <nav aria-label="Where this node is" class="crumbs">
      <ol>
        <li>
          <a href="#/tree/" {...(names.length === 0 ? { 'aria-current': 'page' as const } : {})}>
            root
          </a>
        </li>
        {names.map((name, at) => (
          <li key={at}>
            <a
              href={hrefOf(`/${names.slice(0, at + 1).join('/')}`)}
              {...(at === names.length - 1 ? { 'aria-current': 'page' as const } : {})}
            >
              {name}
            </a>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function Children({ path }: { path: string }) {
  const [search, setSearch] = useState('');
  // What the pages before this one, and it itself, come after.
  const [trail, setTrail] = useState<readonly string[]>(['']);
  const { data, error } = usePage<ChildrenPage>('children', {
    path,
    search,
    after: trail.at(-1) ?? '',
    limit: String(CHILDREN_A_PAGE),
  });
  useEffect(() => setTrail(['']), [search]);
  const onSearch = useCallback((text: string) => setSearch(text), []);
  return (
    <section aria-labelledby="children-title" class="children">
      <h2 id="children-title">Children{data === null ? '' : ` (${count(data.total)})`}</h2>
      <Search label="Part of a name" onSearch={onSearch} />
      {error !== null && <Problem>{error.message}</Problem>}
      {data === null && error === null && <p>Asking …</p>}
      {data !== null && (
        <>
          {data.children.length === 0 && <p>None{search === '' ? '' : ' with that in its name'}.</p>}
          <ul class="nodes" data-testid="children">
            {data.children.map((child) => (
              <Child key={child.name} parent={path} child={child} />
            ))}
          </ul>
          <nav class="pager" aria-label="Pages of children">
            <button type="button" disabled={trail.length === 1} onClick={() => setTrail(trail.slice(0, -1))}>
              Previous
            </button>
            <span role="status">page {trail.length}</span>
            <button
              type="button"
              disabled={data.next === null}
              onClick={() => {
                if (data.next !== null) setTrail([...trail, data.next]);
              }}
            >
              Next
            </button>
          </nav>
        </>
      )}
    </section>
  );
}

function Child({ parent, child }: { parent: string; child: ChildView }) {
  const { name, isReadable, children, dataBytes, isEphemeral } = child;
  const facts = isReadable
    ? [bytes(dataBytes), children > 0 ? `${count(children)} below` : '', isEphemeral ? 'ephemeral' : '']
    : ['not readable'];
  return (
    <li>
      <a href={hrefOf(childPath(parent, name))}>{name}</a>
      <span class="muted">{facts.filter((fact) => fact !== '').join(', ')}</span>
    </li>
  );
}
