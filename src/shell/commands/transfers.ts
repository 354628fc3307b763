import { type Operation, ZooKeeperError } from '../../zk-client/index.js';
import { type Command, type Context, wordAt } from '../command.js';
import { CliError } from '../errors.js';
import { deleteWithBar, listWithBar } from './subtrees.js';
import { copies, createOf, nest, type NodeCopy, unnest, writeCopies } from '../transfer.js';

/** A request of this size is accepted everywhere (`jute.maxbuffer` is a megabyte). */
const ONE_REQUEST_BYTES = 512 * 1024;
const ONE_REQUEST_NODES = 2000;

async function readAll({ client, out, signal }: Context, root: string): Promise<NodeCopy[]> {
  const bar = out.progress(`reading ${root}`, 0);
  const all: NodeCopy[] = [];
  try {
    for await (const copy of copies(client, root, signal)) {
      all.push(copy);
      bar.advance(1);
    }
  } finally {
    bar.done();
  }
  return all;
}

async function writeAll(context: Context, root: string, all: readonly NodeCopy[], overwrites: boolean): Promise<void> {
  const bar = context.out.progress(`writing ${root}`, all.length);
  const { signal } = context;
  // Level by level, so that every parent is there.
  const levels = new Map<number, NodeCopy[]>();
  for (const copy of all) {
    const level = copy.path.split('/').length;
    const some = levels.get(level);
    if (some === undefined) levels.set(level, [copy]);
    else some.push(copy);
  }
  try {
    for (const level of [...levels.keys()].sort((a, b) => a - b)) {
      const some = levels.get(level) ?? [];
      await writeCopies(context.client, root, some, { overwrites, signal, advance: (by) => bar.advance(by) });
    }
  } finally {
    bar.done();
  }
}

function refuseInside(source: string, target: string): void {
  const inside = source === '/' ? target !== '/' : target.startsWith(`${source}/`);
  if (source === target || inside) throw new CliError(`${target} lies in ${source}`);
}

export const cp: Command = {
  name: 'cp',
  usage: '[-f] source target',
  about: 'Copy a subtree with its data and ACLs to a path that is not there yet; -f: over what is there.',
  least: 2,
  options: [{ name: 'f', describe: 'overwrite data of nodes that are there' }],
  async run(context, args) {
    const [source = '', target = ''] = args.rest;
    refuseInside(source, target);
    const all = await readAll(context, source);
    await writeAll(context, target, all, args.has('f'));
    context.out.line(`Copied ${all.length} nodes`);
    context.out.json({ copied: all.length });
  },
};

export const mv: Command = {
  name: 'mv',
  usage: 'source target',
  about: 'Move a subtree: in one step when it fits into one request, else by copying and deleting.',
  least: 2,
  options: [],
  async run(context, args) {
    const [source = '', target = ''] = args.rest;
    refuseInside(source, target);
    const all = await readAll(context, source);
    const paths = await listWithBar(context, source);
    if (paths.length !== all.length) throw new CliError(`${source} has ephemeral nodes, which cannot be moved`);
    const isOneStep = await moveAtOnce(context, target, all, paths);
    if (!isOneStep) {
      await writeAll(context, target, all, false);
      await deleteWithBar(context, source, paths);
    }
    context.out.line(`Moved ${all.length} nodes`);
    context.out.json({ moved: all.length, isOneStep });
  },
};

async function moveAtOnce(
  { client, signal }: Context,
  target: string,
  all: readonly NodeCopy[],
  paths: readonly string[],
): Promise<boolean> {
  const bytes = all.reduce((sum, { data, path }) => sum + (data?.length ?? 0) + 2 * path.length + 200, 0);
  if (all.length > ONE_REQUEST_NODES || bytes > ONE_REQUEST_BYTES) return false;
  const creates = all.map((copy): Operation => createOf(target, copy));
  const deletes = [...paths].reverse().map((path): Operation => ({ op: 'delete', path }));
  await client.multi([...creates, ...deletes], { signal });
  return true;
}

export const exportTree: Command = {
  name: 'export',
  usage: 'path [file]',
  about: 'Write a subtree with its data and ACLs as JSON, without its ephemeral nodes.',
  least: 1,
  options: [],
  async run(context, args) {
    const root = wordAt(args, 0);
    const all = await readAll(context, root);
    const value = nest(all);
    const [, file] = args.rest;
    if (file === undefined) {
      context.out.line(JSON.stringify(value, null, 2));
      context.out.json(value);
      return;
    }
    await context.files.writeFile(file, Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
    context.out.line(`Exported ${all.length} nodes to ${file}`);
    context.out.json({ exported: all.length, file });
  },
};

export const importTree: Command = {
  name: 'import',
  usage: '[-f] file path',
  about: 'Create the subtree of a file that export wrote; -f: over what is there.',
  least: 2,
  options: [{ name: 'f', describe: 'overwrite data of nodes that are there' }],
  async run(context, args) {
    const [file = '', root = ''] = args.rest;
    const all = unnest(parseJson(await context.files.readFile(file), file));
    await writeAll(context, root, all, args.has('f'));
    context.out.line(`Imported ${all.length} nodes`);
    context.out.json({ imported: all.length });
  },
};

function parseJson(bytes: Buffer, file: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`${file} is not JSON: ${why}`, undefined, { cause: error });
  }
}

export const edit: Command = {
  name: 'edit',
  usage: 'path',
  about: 'Change the data of a node in $EDITOR; refused when somebody else changed it meanwhile.',
  least: 1,
  options: [],
  async run({ client, out, files, signal }, args) {
    const path = wordAt(args, 0);
    const { data, stat } = await client.getData(path, { signal });
    const before = data ?? Buffer.alloc(0);
    const after = await files.edit(before, path.slice(path.lastIndexOf('/') + 1) || 'root');
    if (after.equals(before)) {
      out.line('Nothing was changed');
      out.json({ isChanged: false });
      return;
    }
    try {
      const { version } = await client.setData(path, after, { version: stat.version, signal });
      out.line(`Changed ${path}, version ${version}`);
      out.json({ isChanged: true, version });
    } catch (error) {
      if (!(error instanceof ZooKeeperError) || error.code !== 'badVersion') throw error;
      throw new CliError(`${path} was changed by somebody else meanwhile; nothing was stored.`, undefined, {
        cause: error,
      });
    }
  },
};
