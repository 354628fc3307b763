import { type Operation, type ZooKeeperClient, ZooKeeperError } from '../../zk-client/index.js';
import { type Command, type Context, wordAt } from '../command.js';
import { CliError } from '../errors.js';
import { statJson } from '../formats.js';
import { type Arguments, wholeNumber } from '../options.js';
import { listSubtree, nameOf, walk } from '../walk.js';
import type { Stat } from '../../protocol/index.js';

const BATCH = 1000;
/** How many batches are under way at a time. */
const BATCHES_ABREAST = 10;

/** Deletes paths, children before parents, in batches. False: some batch was refused. */
async function deleteAll(
  client: ZooKeeperClient,
  paths: readonly string[],
  batch: number,
  signal: AbortSignal,
  advance: (by: number) => void,
): Promise<boolean> {
  const left = [...paths].reverse();
  const state = { isWhole: true };
  for (let at = 0; at < left.length && state.isWhole; at += batch * BATCHES_ABREAST) {
    const running: Promise<void>[] = [];
    for (let from = at; from < Math.min(left.length, at + batch * BATCHES_ABREAST); from += batch) {
      const operations = left.slice(from, from + batch).map((path): Operation => ({ op: 'delete', path }));
      const done = client.multi(operations, { signal }).then(
        () => advance(operations.length),
        (error: unknown) => {
          if (signal.aborted) throw error;
          state.isWhole = false;
        },
      );
      running.push(done);
    }
    await Promise.all(running);
  }
  return state.isWhole;
}

async function deleteTree({ client, signal }: Context, path: string, batch: number) {
  const paths = await listSubtree(client, path, signal);
  const isWhole = await deleteAll(client, paths, batch, signal, () => undefined);
  return { isWhole, count: paths.length };
}

/** Deletes all of these, parents first in the list, and shows how far it is. */
export async function deleteWithBar({ client, out, signal }: Context, root: string, paths: readonly string[]) {
  const bar = out.progress(`deleting ${root}`, paths.length);
  const isWhole = await deleteAll(client, paths, BATCH, signal, (by) => bar.advance(by)).finally(() => bar.done());
  if (isWhole) return;
  throw new CliError(`Not all of ${root} could be deleted: something below it changed, or may not be deleted.`);
}

/** The paths of a subtree, parents first; tells how many it has found. */
export async function listWithBar({ client, out, signal }: Context, root: string): Promise<string[]> {
  const bar = out.progress(`listing ${root}`, 0);
  return listSubtree(client, root, signal, () => bar.advance(1)).finally(() => bar.done());
}

export const deleteall: Command = {
  name: 'deleteall',
  usage: 'path [-b batch size]',
  about: 'Delete a node with everything below it.',
  least: 1,
  options: [{ name: 'b', hasValue: true, describe: 'batch size' }],
  async run(context, args) {
    const word = args.value('b') ?? String(BATCH);
    if (!/^[+-]?\d+$/.test(word)) throw new CliError('-b argument must be an int value');
    const batch = Number(word);
    const { isWhole, count } = await deleteTree(context, wordAt(args, 0), batch > 0 ? batch : 1);
    if (!isWhole) context.out.remark('Failed to delete some node(s) in the subtree!');
    context.out.json({ deleted: isWhole ? count : null });
  },
};

export const rmr: Command = {
  name: 'rmr',
  usage: 'path',
  about: 'Delete a node with everything below it, and show how far it is.',
  least: 1,
  options: [],
  async run(context, args) {
    const path = wordAt(args, 0);
    const paths = await listWithBar(context, path);
    await deleteWithBar(context, path, paths);
    context.out.line(`Deleted ${paths.length} nodes`);
    context.out.json({ deleted: paths.length });
  },
};

export const tree: Command = {
  name: 'tree',
  usage: '[-d depth] [path]',
  about: 'Draw a subtree.',
  least: 0,
  options: [{ name: 'd', hasValue: true, describe: 'how many levels' }],
  async run({ client, out, signal }, args) {
    const root = args.rest[0] ?? '/';
    const word = args.value('d');
    const depth = word === undefined ? Infinity : wholeNumber(word);
    const draw = async (path: string, label: string, indent: string, level: number): Promise<number> => {
      out.line(label);
      if (level >= depth) return 1;
      const answer = await client.getChildren(path, { signal }).catch((error: unknown) => {
        if (level > 0 && error instanceof ZooKeeperError && error.code === 'noNode') return null;
        throw error;
      });
      const children = answer?.children.sort() ?? [];
      let count = 1;
      for (const [index, name] of children.entries()) {
        const isLast = index === children.length - 1;
        const below = path === '/' ? `/${name}` : `${path}/${name}`;
        const line = `${indent}${isLast ? '└── ' : '├── '}${out.paint('blue', name)}`;
        count += await draw(below, line, `${indent}${isLast ? '    ' : '│   '}`, level + 1);
      }
      return count;
    };
    if (out.isJson) out.json(await listSubtree(client, root, signal));
    else out.line(`${await draw(root, root, '', 0)} nodes`);
  },
};

/** Servers do not tell containers and nodes with a time to live from others. */
const TYPES: readonly string[] = ['persistent', 'ephemeral'];

function typeOf({ ephemeralOwner }: Stat): string {
  return ephemeralOwner === 0n ? 'persistent' : 'ephemeral';
}

/** `*` and `?` as in a shell, on the whole name. */
function globPattern(glob: string): RegExp {
  const text = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${text}$`, 's');
}

export const find: Command = {
  name: 'find',
  usage: '[-name glob] [-data text] [-type persistent|ephemeral] [-size bytes] [path]',
  about: 'Print the paths of nodes by name, content, kind or least size.',
  least: 0,
  options: [
    { name: 'name', hasValue: true, describe: 'their name, with * and ?' },
    { name: 'data', hasValue: true, describe: 'a text that their data has' },
    { name: 'type', hasValue: true, describe: 'their kind' },
    { name: 'size', hasValue: true, describe: 'at least so many bytes of data' },
  ],
  async run({ client, out, signal }, args) {
    const fits = filterOf(args);
    const text = args.value('data');
    for await (const { path, stat } of walk(client, args.rest[0] ?? '/', signal)) {
      if (!fits(path, stat)) continue;
      if (text !== undefined) {
        const content = await client.getData(path, { signal }).catch(() => null);
        if (content?.data?.includes(text) !== true) continue;
      }
      out.line(path);
      out.json({ path, type: typeOf(stat), stat: statJson(stat) });
    }
  },
};

function filterOf(args: Arguments): (path: string, stat: Stat) => boolean {
  const glob = args.value('name');
  const name = glob === undefined ? null : globPattern(glob);
  const type = args.value('type');
  if (type !== undefined && !TYPES.includes(type)) throw new CliError(`-type must be one of ${TYPES.join(', ')}`);
  const sizeWord = args.value('size');
  const size = sizeWord === undefined ? 0 : wholeNumber(sizeWord);
  return (path, stat) =>
    (name === null || name.test(nameOf(path))) &&
    (type === undefined || typeOf(stat) === type) &&
    stat.dataLength >= size;
}

export const findSuperNodes: Command = {
  name: 'find-super-nodes',
  usage: 'count [path]',
  about: 'Print the nodes that have more children than that, and how many.',
  least: 1,
  options: [],
  async run({ client, out, signal }, args) {
    const limit = wholeNumber(wordAt(args, 0));
    for await (const { path, children } of walk(client, args.rest[1] ?? '/', signal)) {
      if (children.length <= limit) continue;
      out.line(`${path}: ${children.length}`);
      out.json({ path, children: children.length });
    }
  },
};
