import { useCallback, useState } from 'preact/hooks';
import type { Page } from '../status/index.js';
import { type Loaded, usePage } from './api.js';
import { PAGE_SIZE } from './pager.js';

const EVERY_MS = 3000;

export interface PagedList<T> {
  readonly loaded: Loaded<Page<T>>;
  readonly goTo: (offset: number) => void;
  readonly search: (text: string) => void;
}

/** A list of the server's that is searched and leafed through there, and asked for again and again. */
export function usePagedList<T>(page: string): PagedList<T> {
  const [{ text, offset }, setPlace] = useState({ text: '', offset: 0 });
  const loaded = usePage<Page<T>>(page, { search: text, offset: String(offset), limit: String(PAGE_SIZE) }, EVERY_MS);
  const search = useCallback((wanted: string) => {
    setPlace((before) => (before.text === wanted ? before : { text: wanted, offset: 0 }));
  }, []);
  const goTo = useCallback((to: number) => setPlace((before) => ({ ...before, offset: to })), []);
  return { loaded, goTo, search };
}
