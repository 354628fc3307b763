// Joins what the compiler wrote and the packages it uses into a few files under dist/bundle/, which bin/zk-server runs:
// node then starts with half the work and ten megabytes less (docs/performance.md). dist/ itself stays as it is, for those
// who import it.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));

// What few servers need and is large has a file of its own, which is loaded with `import`.
const keepApart = ({ path }) => ({ path, external: true });

// The server: one script, which can be kept as compiled code (src/cli/launch.cts, which also lends it `import`: a script has
// none of its own).
const { outputFiles } = await build({
  entryPoints: { main: `${dist}cli/main.js` },
  outdir: `${dist}bundle`,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  charset: 'ascii',
  minifySyntax: true,
  minifyWhitespace: true,
  define: { 'import.meta.url': 'importMetaUrl', 'import.meta.resolve': 'undefined' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  legalComments: 'linked',
  logLevel: 'warning',
  write: false,
  plugins: [{ name: 'apart', setup: ({ onResolve }) => onResolve({ filter: /^\.\/ocsp\.js$/ }, keepApart) }],
});
mkdirSync(`${dist}bundle`, { recursive: true });
// V8 tells compiled code of another script only by the length of that.
rmSync(`${dist}bundle/main.code`, { force: true });
for (const { path, text } of outputFiles) writeFileSync(path, text.replaceAll(/\bimport\(/g, 'importModule('));
copyFileSync(`${dist}cli/launch.cjs`, `${dist}bundle/launch.cjs`);

await build({
  // Threads run files of their own, which are found beside the one that starts them.
  entryPoints: {
    'append-worker': `${dist}platform/append-worker.js`,
    ocsp: `${dist}platform/ocsp.js`,
    'zk-cli': `${dist}shell/edge/main.js`,
    'zk-bench': `${dist}load/edge/main.js`,
    'load-worker': `${dist}load/edge/load-worker.js`,
    'zk-doctor': `${dist}cli/tools/zk-doctor.js`,
    'zk-log': `${dist}cli/tools/zk-log.js`,
    'zk-snapshot': `${dist}cli/tools/zk-snapshot.js`,
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

// The dashboard, for browsers: one script, one style sheet, and nothing that is fetched from elsewhere.
const source = fileURLToPath(new URL('../src/dashboard/', import.meta.url));
const page = `${dist}bundle/dashboard/`;
await build({
  entryPoints: { app: `${source}main.tsx` },
  outdir: page,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: ['chrome111', 'firefox115', 'safari16.4'],
  minify: true,
  legalComments: 'linked',
  logLevel: 'warning',
});
await build({
  entryPoints: { app: `${source}style.css` },
  outdir: page,
  bundle: true,
  minify: true,
  logLevel: 'warning',
});
for (const name of ['index.html', 'icon.svg']) copyFileSync(`${source}${name}`, `${page}${name}`);
