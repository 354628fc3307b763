// Puts src/ together into a few files in dist/cli: Node takes longer to find and link two hundred modules than to run them,
// and a server that restarts should serve again soon. Packages stay what they are. Types are checked elsewhere (npm run
// typecheck).
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

const home = new URL('..', import.meta.url).pathname;

rmSync(`${home}/dist`, { recursive: true, force: true });
await build({
  absWorkingDir: home,
  entryPoints: [
    { in: 'src/cli/main.ts', out: 'cli/main' },
    // A thread of its own, which the rest names by a path beside it.
    { in: 'src/platform/append-worker.ts', out: 'cli/append-worker' },
  ],
  outdir: 'dist',
  // All in one folder, so that paths relative to a file are the same for each of them.
  chunkNames: 'cli/[name]-[hash]',
  bundle: true,
  // What is imported lazily stays lazy.
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
}).catch(() => {
  // It has said what is wrong.
  process.exitCode = 1;
});
