import { COMMANDS } from './commands/index.js';
import { quoted } from './words.js';

/** Candidates, and the part of the line that they replace. */
export type Completion = readonly [candidates: string[], replaced: string];

/** The names of a node's children; none when it has none, or cannot be asked. */
export type ChildrenOf = (path: string) => Promise<readonly string[]>;

/** Completes the last word of a line: a command at its beginning, behind it a path, an option, or for `help` a command. */
export async function complete(line: string, childrenOf: ChildrenOf): Promise<Completion> {
  const word = /(?:^|\s)("[^"]*|'[^']*|\S*)$/.exec(line)?.[1] ?? '';
  const before = line.slice(0, line.length - word.length).trim();
  if (before === '') return [namesLike(word), word];
  const command = COMMANDS.get(before.split(/\s+/)[0] ?? '');
  if (command?.name === 'help') return [namesLike(word), word];
  if (word.startsWith('-')) {
    const options = command?.options.map(({ name }) => `-${name}`) ?? [];
    return [options.filter((option) => option.startsWith(word)).map((option) => `${option} `), word];
  }
  const plain = word.replace(/^["']/, '');
  return plain.startsWith('/') ? [await pathsLike(plain, childrenOf), word] : [[], word];
}

function namesLike(word: string): string[] {
  return [...COMMANDS.keys()].filter((name) => name.startsWith(word)).map((name) => `${name} `);
}

/** A single child is followed further down by the next key, so no blank is put behind it. */
async function pathsLike(word: string, childrenOf: ChildrenOf): Promise<string[]> {
  const slash = word.lastIndexOf('/');
  const parent = word.slice(0, slash) || '/';
  const start = word.slice(slash + 1);
  const names = (await childrenOf(parent)).filter((name) => name.startsWith(start));
  return names.map((name) => quoted(parent === '/' ? `/${name}` : `${parent}/${name}`));
}
