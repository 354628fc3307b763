// Copies the project to build/run/, with every TypeScript file of src, test and scripts compiled beside itself, for
// scripts/test: some hundred processes then run without a compiler in each of them. dist/ comes last, so that it is newer than
// its sources and nobody builds it again.
import { build } from 'esbuild';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const copy = join(root, 'build/run');
const LEFT_OUT = ['.git', 'build', 'dist', 'node_modules'];

rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
for (const name of readdirSync(root)) {
  if (LEFT_OUT.includes(name)) continue;
  const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
  cpSync(join(root, name), join(copy, name), options);
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

const sources = ['src', 'test', 'scripts'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.d)\.ts$/.test(name))
    .map((name) => join(folder, name)),
);
await build({
  absWorkingDir: root,
  entryPoints: sources,
  outbase: '.',
  outdir: copy,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  sourcemap: 'inline',
  sourcesContent: false,
  logLevel: 'warning',
});
cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
