// Joins what the compiler wrote and the packages it uses into a few files under dist/bundle/, which bin/zk-server runs:
// node then starts with half the work and ten megabytes less (docs/performance.md). dist/ itself stays as it is, for those
// who import it.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

await build({
  // Threads run files of their own, which are found beside the one that starts them.
  entryPoints: {
    main: `${dist}cli/main.js`,
    'append-worker': `${dist}platform/append-worker.js`,
    'zk-cli': `${dist}shell/edge/main.js`,
    'zk-bench': `${dist}load/edge/main.js`,
    'load-worker': `${dist}load/edge/load-worker.js`,
  },
  outdir: `${dist}bundle`,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // Names stay readable in stack traces.
  minifySyntax: true,
  minifyWhitespace: true,
  // Packages that are not ES modules ask for `require`.
  banner: {
    js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
  },
  legalComments: 'linked',
  logLevel: 'warning',
});
