import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SRC = join(ROOT, 'src');

/** A row of the table in docs/ARCHITECTURE.md. */
export interface Folder {
  readonly name: string;
  /** Other folders it may import; `everything` for the folder where all meets. */
  readonly mayImport: readonly string[] | 'everything';
}

/** Reads the table with the columns `folder`, `what lives there`, `may import`, in its order. */
export function readTable(markdown: string): Folder[] {
  const lines = markdown.split('\n');
  const head = lines.findIndex((line) => /^\|\s*folder\s*\|.*\|\s*may import\s*\|\s*$/.test(line));
  if (head < 0) throw new Error('no table with the columns folder and may import');
  const folders: Folder[] = [];
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break;
    const cells = line.split('|').map((cell) => cell.trim());
    const name = /^`([\w-]+)\/`$/.exec(cells[1] ?? '')?.[1];
    if (name === undefined) throw new Error(`no folder in the row: ${line}`);
    folders.push({ name, mayImport: readImports(cells.at(-2) ?? '') });
  }
  return folders;
}

function readImports(cell: string): readonly string[] | 'everything' {
  if (cell === 'everything') return cell;
  return cell === 'nothing' ? [] : cell.split(',').map((name) => name.trim());
}

/** A file of src with what it names. */
export interface SourceFile {
  /** From src, such as `zab/leader.ts`. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
  /** Module names as written, in imports and exports, types included. */
  readonly imports: readonly string[];
}

export function readSources(): SourceFile[] {
  const paths = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts'),
  );
  return paths.sort().map((path) => sourceFile(path, readFileSync(join(SRC, path), 'utf8')));
}

export function sourceFile(path: string, text: string): SourceFile {
  const folder = path.split('/')[0] ?? '';
  const imports = ts.preProcessFile(text, true, true).importedFiles.map((file) => file.fileName);
  return { path, folder, text, imports };
}

/** The file of src that a relative import means, such as `host/index.ts`; undefined for packages. */
export function importedPath(file: SourceFile, name: string): string | undefined {
  if (!name.startsWith('.')) return undefined;
  return relative(SRC, join(SRC, dirname(file.path), name)).replace(/\.js$/, '.ts');
}

/** What the imports of these files break, as sentences. */
export function brokenRules(folders: readonly Folder[], files: readonly SourceFile[]): string[] {
  const order = folders.map((folder) => folder.name);
  const broken: string[] = [];
  for (const { name, mayImport } of folders) {
    if (mayImport === 'everything') continue;
    for (const other of mayImport) {
      if (!order.includes(other)) broken.push(`the table lets ${name} import ${other}, which has no row`);
      else if (order.indexOf(other) >= order.indexOf(name))
        broken.push(`the table lets ${name} import ${other} below it`);
    }
  }
  for (const file of files) {
    const row = folders.find((folder) => folder.name === file.folder);
    if (row === undefined) broken.push(`${file.path} is in a folder without a row in the table`);
    else for (const name of file.imports) broken.push(...brokenBy(file, name, row, order));
  }
  return broken;
}

function brokenBy(file: SourceFile, name: string, row: Folder, order: readonly string[]): string[] {
  const target = importedPath(file, name);
  if (target === undefined) return [];
  const folder = target.split('/')[0] ?? '';
  if (folder === file.folder) return [];
  if (!order.includes(folder)) return [`${file.path} imports ${name}, which is outside of the house`];
  const broken: string[] = [];
  if (row.mayImport !== 'everything' && !row.mayImport.includes(folder)) {
    const isUp = order.indexOf(folder) > order.indexOf(file.folder);
    broken.push(`${file.path} imports ${folder}, which is ${isUp ? 'below it in the table' : 'not among its imports'}`);
  }
  if (target !== `${folder}/index.ts`) broken.push(`${file.path} goes around the index.ts of ${folder}: ${name}`);
  return broken;
}

/** Rings of files of one folder that import each other's values; a type import makes no ring, it is gone at run time. */
export function importRings(files: readonly SourceFile[]): string[] {
  const edges = new Map(files.map((file) => [file.path, valueImports(file)]));
  const rings: string[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      rings.push([...trail.slice(trail.indexOf(path)), path].join(' > '));
      return;
    }
    state.set(path, 'open');
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    state.set(path, 'done');
  };
  for (const path of edges.keys()) visit(path, []);
  return rings;
}

function valueImports(file: SourceFile): string[] {
  const parsed = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, false);
  const targets: string[] = [];
  for (const statement of parsed.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    const module = statement.moduleSpecifier;
    if (module === undefined || !ts.isStringLiteral(module) || isTypeOnly(statement)) continue;
    const target = importedPath(file, module.text);
    if (target?.startsWith(`${file.folder}/`) === true) targets.push(target);
  }
  return targets;
}

/** `import { type A }` is not: what is left of it at run time still loads the module. */
function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  return statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

/** Modules that reach the world beyond pure computation, and globals that do. */
const AMBIENT_MODULES = new Set(
  [
    ['child_process', 'cluster', 'console', 'dgram', 'diagnostics_channel', 'dns', 'dns/promises', 'fs', 'fs/promises'],
    ['http', 'http2', 'https', 'inspector', 'module', 'net', 'os', 'perf_hooks', 'process', 'readline'],
    [
      'readline/promises',
      'repl',
      'stream',
      'stream/promises',
      'timers',
      'timers/promises',
      'tls',
      'trace_events',
      'tty',
    ],
    ['v8', 'vm', 'wasi', 'worker_threads', 'async_hooks', 'sqlite', 'test'],
  ].flat(),
);
const PACKAGES_OF_THE_EDGE = new Set(['pino', 'prom-client', 'yargs']);
const PURE_CRYPTO = new Set([
  'createCipheriv',
  'createDecipheriv',
  'createHash',
  'createHmac',
  'timingSafeEqual',
  'Hash',
  'Hmac',
]);
const AMBIENT_GLOBALS = new Set(
  [
    ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask'],
    ['performance', 'process', 'console', 'fetch', 'crypto', 'globalThis', 'global', 'require', 'eval'],
    ['Worker', 'MessageChannel', 'BroadcastChannel', 'WebSocket', 'FinalizationRegistry'],
  ].flat(),
);
const AMBIENT_MEMBERS = new Set(['Date.now', 'Math.random', 'Atomics.wait', 'Atomics.waitAsync']);

/** Ambient things that a file names, as sentences. A second guard beside the linter, which a comment can switch off. */
export function ambientNames(file: SourceFile): string[] {
  const found: string[] = [];
  const parsed = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
  const note = (node: ts.Node, what: string) => {
    found.push(`${file.path}:${parsed.getLineAndCharacterOfPosition(node.getStart()).line + 1} names ${what}`);
  };
  for (const name of file.imports) {
    const module = name.replace(/^node:/, '');
    if (AMBIENT_MODULES.has(module) || PACKAGES_OF_THE_EDGE.has(module)) note(parsed, `the module ${name}`);
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) noteCrypto(node, note);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) note(node, 'import()');
    else if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) {
      note(node, 'the time by new Date()');
    } else if (ts.isPropertyAccessExpression(node) && AMBIENT_MEMBERS.has(node.getText())) note(node, node.getText());
    else if (ts.isIdentifier(node) && AMBIENT_GLOBALS.has(node.text) && isGlobalUse(node)) note(node, node.text);
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}

function noteCrypto(node: ts.ImportDeclaration, note: (node: ts.Node, what: string) => void): void {
  if (!ts.isStringLiteral(node.moduleSpecifier) || !/^(node:)?crypto$/.test(node.moduleSpecifier.text)) return;
  const names = node.importClause?.namedBindings;
  if (names === undefined || !ts.isNamedImports(names)) {
    note(node, 'all of crypto');
    return;
  }
  for (const { name, propertyName } of names.elements) {
    const imported = (propertyName ?? name).text;
    if (!PURE_CRYPTO.has(imported)) note(node, `${imported} of crypto`);
  }
}

/** Not a member `x.process`, a property `{ process: ... }`, nor a declaration of that name. */
function isGlobalUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) {
    return (ts.isPropertyAccessExpression(parent) ? parent.expression : parent.left) === node;
  }
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  const isNamed =
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isGetAccessorDeclaration(parent) ||
    ts.isEnumMember(parent) ||
    ts.isParameter(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isNamespaceImport(parent) ||
    ts.isImportClause(parent) ||
    ts.isExportSpecifier(parent) ||
    ts.isLabeledStatement(parent);
  return !isNamed || ('initializer' in parent && parent.initializer === node);
}
