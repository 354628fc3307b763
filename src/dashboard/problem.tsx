import type { ComponentChildren } from 'preact';

/** What went wrong, told to screen readers at once. */
export function Problem({ children }: { children: ComponentChildren }) {
  return (
    <p class="problem" role="alert">
      {children}
    </p>
  );
}
