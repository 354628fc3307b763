/** Where a value comes from. */
export type Origin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  /** A `-Dname=value` word in an environment variable, or the variable itself. */
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'default' };

export const DEFAULT_ORIGIN: Origin = { kind: 'default' };

/** `conf/zoo.cfg:12`, `$SERVER_JVMFLAGS` or `default`. */
export function formatOrigin(origin: Origin): string {
  if (origin.kind === 'file') return origin.line > 0 ? `${origin.file}:${origin.line}` : origin.file;
  return origin.kind === 'environment' ? `$${origin.variable}` : 'default';
}
