import { fileURLToPath } from 'node:url';

/** Does this run from TypeScript? scripts/test compiles everything. */
export const IS_SOURCE = import.meta.url.endsWith('.ts');

/**
 * Node's arguments that run a program of this project, named by its source: by tsx, or what was compiled of it.
 */
export function ownProgram(source: URL): readonly string[] {
  const path = fileURLToPath(source);
  return IS_SOURCE ? ['--import', 'tsx', path] : [path.replace(/\.ts$/, '.js')];
}
