import { useEffect, useRef, useState } from 'preact/hooks';
import type { EnsembleView } from '../status/index.js';
import { usePage } from './api.js';
import { Elections } from './elections.js';
import { Ensemble } from './ensemble.js';
import { History } from './history.js';
import { Problem } from './problem.js';
import { Sessions } from './sessions.js';
import { Slow } from './slow.js';
import { applyTheme, storedTheme, type Theme, THEMES } from './theme.js';
import { Tree } from './tree.js';
import { Watches } from './watches.js';

/** The ensemble is asked this often; charts have a point for each answer. */
const EVERY_MS = 1000;

const VIEWS = [
  ['ensemble', 'Ensemble'],
  ['elections', 'Elections'],
  ['tree', 'Tree'],
  ['sessions', 'Sessions'],
  ['watches', 'Watches'],
  ['slow', 'Slow requests'],
] as const;
type ViewName = (typeof VIEWS)[number][0];

interface Place {
  readonly view: ViewName;
  /** What stands behind the view's name: the path of a node. */
  readonly rest: string;
}

/** `#/tree/app/config` */
function readPlace(): Place {
  const [, name = '', rest = ''] = /^#\/([a-z]+)(\/.*)?$/.exec(location.hash) ?? [];
  const view = VIEWS.find(([known]) => known === name)?.[0] ?? 'ensemble';
  try {
    return { view, rest: decodeURIComponent(rest) };
  } catch {
    return { view, rest: '' };
  }
}

function usePlace(): Place {
  const [place, setPlace] = useState(readPlace);
  useEffect(() => {
    const changed = (): void => setPlace(readPlace());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return place;
}

export function App() {
  const place = usePlace();
  const { data, error } = usePage<EnsembleView>('ensemble', {}, EVERY_MS);
  const history = useRef(new History());
  const heading = useRef<HTMLHeadingElement>(null);
  const title = VIEWS.find(([name]) => name === place.view)?.[1] ?? '';
  if (data !== null) history.current.add(data);
  useEffect(() => {
    document.title = `${title} · zk-server`;
  }, [title]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          heading.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <Header view={place.view} asked={data?.sid ?? null} />
      <main id="main">
        <h1 tabIndex={-1} ref={heading}>
          {title}
        </h1>
        {error !== null && <Problem>{error.message} What is shown may be old.</Problem>}
        <View place={place} ensemble={data} history={history.current} />
      </main>
    </>
  );
}

function View({ place, ensemble, history }: { place: Place; ensemble: EnsembleView | null; history: History }) {
  switch (place.view) {
    case 'ensemble':
      return <Ensemble ensemble={ensemble} history={history} />;
    case 'elections':
      return <Elections />;
    case 'tree':
      return <Tree path={place.rest === '' ? '/' : place.rest} />;
    case 'sessions':
      return <Sessions />;
    case 'watches':
      return <Watches />;
    case 'slow':
      return <Slow />;
  }
}

function Header({ view, asked }: { view: ViewName; asked: number | null }) {
  return (
    <header>
      <p class="brand">
        <img src="icon.svg" alt="" width="24" height="24" />
        <span>zk-server</span>
        {asked !== null && asked > 0 && <span class="muted">seen from server {asked}</span>}
      </p>
      <nav aria-label="Views">
        <ul>
          {VIEWS.map(([name, title]) => (
            <li key={name}>
              <a href={`#/${name}`} {...(name === view ? { 'aria-current': 'page' as const } : {})}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <ThemeSwitch />
    </header>
  );
}

function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(storedTheme);
  return (
    <label class="theme">
      <span>Theme</span>
      <select
        value={theme}
        onChange={(event) => {
          const chosen = THEMES.find((one) => one === event.currentTarget.value) ?? 'auto';
          setTheme(chosen);
          applyTheme(chosen);
        }}
      >
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}
