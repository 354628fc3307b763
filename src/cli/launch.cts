/**
 * Runs the server's bundle with the code that V8 compiled when the bundle was built (`scripts/code-cache.mjs`): half of a
 * start's processor time would be compiling it again. V8 refuses a cache that another version of it made, or the same one
 * with other flags; then it compiles, and nothing else changes.
 */
import fs = require('node:fs');
import nodeModule = require('node:module');
import path = require('node:path');
import vm = require('node:vm');

/** The build puts this file beside the bundle. */
const MAIN = path.join(__dirname, 'main.cjs');
const CACHE = path.join(__dirname, 'main.code');

const NAMES = ['exports', 'require', 'module', '__filename', '__dirname', 'importModule'];

type Program = (
  exports: object,
  require: NodeJS.Require,
  module: object,
  file: string,
  folder: string,
  importModule: (name: string) => Promise<unknown>,
) => void;

function readCache(): Buffer | undefined {
  try {
    return fs.readFileSync(CACHE);
  } catch {
    return undefined;
  }
}

interface Compiled {
  readonly script: vm.Script;
  /** Runs the program once, as `require` would. */
  readonly run: () => void;
}

function compile(cachedData?: Buffer): Compiled {
  // The bundle is ASCII: one byte a character costs half as much to read as to decode.
  const source = fs.readFileSync(MAIN, 'latin1');
  const script = new vm.Script(`(function(${NAMES.join()}){${source}\n})`, {
    filename: MAIN,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  const program = script.runInThisContext() as Program;
  const run = (): void => {
    const module = { exports: {} };
    program(module.exports, nodeModule.createRequire(MAIN), module, MAIN, __dirname, (name) => import(name));
  };
  return { script, run };
}

if (require.main === module) compile(readCache()).run();

export = { CACHE, compile };
