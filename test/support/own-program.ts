import { fileURLToPath } from 'node:url';

/**
 * Node's arguments that run a program of this project, named by its source. It runs by tsx; where scripts/test has compiled
 * everything, what was compiled does.
 */
export function ownProgram(source: URL): readonly string[] {
  const path = fileURLToPath(source);
  return import.meta.url.endsWith('.ts') ? ['--import', 'tsx', path] : [path.replace(/\.ts$/, '.js')];
}
