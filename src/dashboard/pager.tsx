import type { Page } from '../status/index.js';
import { count } from './format.js';

export const PAGE_SIZE = 50;

interface PagerProps {
  readonly page: Page<unknown>;
  readonly goTo: (offset: number) => void;
  readonly what: string;
}

/** Where a page is in its list, and the way to the others. */
export function Pager({ page: { offset, total, items, isPartial }, goTo, what }: PagerProps) {
  const last = offset + items.length;
  const range = items.length === 0 ? `no ${what}` : `${count(offset + 1)} to ${count(last)}`;
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <button type="button" disabled={offset === 0} onClick={() => goTo(Math.max(0, offset - PAGE_SIZE))}>
        Previous
      </button>
      <span role="status">
        {range} of {isPartial ? 'at least ' : ''}
        {count(total)}
      </span>
      <button type="button" disabled={last >= total} onClick={() => goTo(offset + PAGE_SIZE)}>
        Next
      </button>
    </nav>
  );
}
