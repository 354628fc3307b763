export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'zk-server.theme';

/** What was chosen before; `auto`, which is so at first, follows the system. */
export function storedTheme(): Theme {
  const stored = readStored();
  return THEMES.find((theme) => theme === stored) ?? 'auto';
}

function readStored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // A browser may keep nothing.
    return null;
  }
}

const system = matchMedia('(prefers-color-scheme: dark)');
system.addEventListener('change', () => applyTheme(storedTheme()));

/** `data-theme` of the page, by which the style sheet chooses, is never `auto`. */
export function applyTheme(theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'auto' && system.matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds until the page is left.
  }
  document.dispatchEvent(new Event(CHANGED));
}

const CHANGED = 'themechange';

/** Calls `redraw` when colours change; returns how to end that. */
export function onColours(redraw: () => void): () => void {
  document.addEventListener(CHANGED, redraw);
  return () => document.removeEventListener(CHANGED, redraw);
}

/** The value of a CSS variable: `--muted`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export const SERVER_COLOURS = 6;

/** The CSS variable of a server's colour. */
export function serverColour(index: number): string {
  return `--server-${(index % SERVER_COLOURS) + 1}`;
}
