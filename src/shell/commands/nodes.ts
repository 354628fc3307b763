import { ErrorCode } from '../../protocol/index.js';
import { type CreateMode, OPEN_ACL_UNSAFE, ZooKeeperError } from '../../zk-client/index.js';
import { type Command, type Context, wordAt } from '../command.js';
import { CliError, javaMessage } from '../errors.js';
import { dataJson, hexDump, parseAcl, statJson, statLines } from '../formats.js';
import { type Arguments, wholeNumber } from '../options.js';
import { visitDepthFirst } from '../walk.js';

/** Until 3.5 a word behind the path meant a watch. */
function watches(context: Context, args: Arguments, command: Command): boolean {
  if (args.rest.length < 2) return args.has('w');
  context.out.remark(
    `'${command.name} path [watch]' has been deprecated. Please use '${command.name} ${deprecatedUse(command)} path' instead.`,
  );
  return true;
}

function deprecatedUse({ name }: Command): string {
  return name === 'get' ? '[-s] [-w]' : '[-w]';
}

function watchOption(context: Context, isWanted: boolean) {
  return { signal: context.signal, ...(isWanted ? { watch: context.watcher } : {}) };
}

export const ls: Command = {
  name: 'ls',
  usage: '[-s] [-w] [-R] path',
  about: 'List the children of a node, or (-R) its subtree.',
  least: 1,
  options: [
    { name: '?', describe: 'help' },
    { name: 's', describe: 'stat' },
    { name: 'w', describe: 'watch' },
    { name: 'R', describe: 'recurse' },
  ],
  async run(context, args) {
    const { client, out } = context;
    const watch = watches(context, args, ls);
    const path = wordAt(args, 0);
    if (args.has('R')) {
      const options = { signal: context.signal, ...(watch ? { watch: context.watcher } : {}) };
      await visitDepthFirst(client, path, options, (found) => {
        out.line(found);
        out.json(found);
      });
      return;
    }
    const { children, stat } = await client.getChildren(path, watchOption(context, watch));
    children.sort();
    out.line(`[${children.join(', ')}]`);
    if (args.has('s')) out.lines(statLines(stat));
    out.json(args.has('s') ? { children, stat: statJson(stat) } : children);
  },
};

export const get: Command = {
  name: 'get',
  usage: '[-s] [-w] [-b] [-x] path',
  about: 'Print the data of a node.',
  least: 1,
  hasTable: true,
  options: [
    { name: 's', describe: 'Print znode stats additionally' },
    { name: 'w', describe: 'Watch for changes on the znode' },
    { name: 'b', describe: 'Output data in base64 format' },
    { name: 'x', describe: 'Output data in hexdump format' },
  ],
  async run(context, args) {
    const { client, out } = context;
    const watch = watches(context, args, get);
    const { data, stat } = await client.getData(wordAt(args, 0), watchOption(context, watch));
    const bytes = data ?? Buffer.from('null');
    if (args.has('x')) out.line(hexDump(bytes));
    else out.line(bytes.toString(args.has('b') ? 'base64' : 'utf8'));
    if (args.has('s')) out.lines(statLines(stat));
    out.json({ ...dataJson(data), ...(args.has('s') ? { stat: statJson(stat) } : {}) });
  },
};

export const set: Command = {
  name: 'set',
  usage: 'path data [-s] [-v version] [-b]',
  about: 'Replace the data of a node.',
  least: 2,
  hasTable: true,
  options: [
    { name: 's', describe: 'Print znode stats additionally' },
    { name: 'v', hasValue: true, describe: 'Set with an expected version' },
    { name: 'b', describe: 'Supply data in base64 format' },
  ],
  async run({ client, out, signal }, args) {
    const word = wordAt(args, 1);
    const data = args.has('b') ? decodeBase64(word) : Buffer.from(word);
    const stat = await client.setData(wordAt(args, 0), data, { version: versionOf(args), signal });
    if (args.has('s')) out.lines(statLines(stat));
    out.json({ stat: statJson(stat) });
  },
};

function decodeBase64(word: string): Buffer {
  if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(word))
    return Buffer.from(word, 'base64');
  throw new CliError(`"${word}" is not base64`);
}

function versionOf(args: Arguments): number {
  const word = args.value('v');
  return word === undefined ? -1 : wholeNumber(word);
}

export const create: Command = {
  name: 'create',
  usage: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
  about: 'Create a node: sequential, ephemeral, a container, or with a time to live in milliseconds.',
  least: 1,
  options: [
    { name: 'e', describe: 'ephemeral' },
    { name: 's', describe: 'sequential' },
    { name: 'c', describe: 'container' },
    { name: 't', hasValue: true, describe: 'ttl' },
  ],
  async run({ client, out, signal }, args) {
    const mode = modeOf(args);
    const ttl = args.value('t');
    const [path = '', data, aclWord] = args.rest;
    const acl = aclWord === undefined ? OPEN_ACL_UNSAFE : parseAcl(aclWord, (line) => out.remark(line));
    const ttlOption = ttl === undefined ? {} : { ttlMs: Number(ttl) };
    try {
      const created = await client.create(path, data ?? null, { mode, acl, signal, ...ttlOption });
      if (out.isJson) out.json({ path: created });
      else out.remark(`Created ${created}`);
    } catch (error) {
      if (!(error instanceof ZooKeeperError)) throw error;
      if (error.errorCode === ErrorCode.ephemeralOnLocalSession) {
        out.remark('Unable to create ephemeral node on a local session');
      } else if (error.errorCode === ErrorCode.invalidACL) out.remark(javaMessage(error.errorCode, error.path));
      throw error;
    }
  },
};

const LONGEST_TTL_MS = 0xff_ffff_ffff;

function modeOf(args: Arguments): CreateMode {
  const [isEphemeral, isSequential, isContainer] = ['e', 's', 'c'].map((name) => args.has(name));
  const ttl = args.value('t');
  if (isContainer === true && (isEphemeral === true || isSequential === true)) {
    throw new CliError('-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.');
  }
  if (ttl !== undefined && !/^[+-]?\d+$/.test(ttl)) throw new CliError('-t argument must be a long value');
  if (ttl !== undefined && isEphemeral === true) throw new CliError('TTLs cannot be used with Ephemeral znodes');
  if (ttl !== undefined && isContainer === true) throw new CliError('TTLs cannot be used with Container znodes');
  if (ttl !== undefined && (Number(ttl) <= 0 || Number(ttl) > LONGEST_TTL_MS)) {
    throw new CliError(`ttl must be positive and cannot be larger than: ${LONGEST_TTL_MS}`);
  }
  if (isContainer === true) return 'container';
  if (ttl !== undefined) return isSequential === true ? 'persistentSequentialWithTtl' : 'persistentWithTtl';
  if (isSequential === true) return isEphemeral === true ? 'ephemeralSequential' : 'persistentSequential';
  return isEphemeral === true ? 'ephemeral' : 'persistent';
}

export const deleteNode: Command = {
  name: 'delete',
  usage: '[-v version] path',
  about: 'Delete a node that has no children.',
  least: 1,
  options: [{ name: 'v', hasValue: true, describe: 'version' }],
  async run({ client, out, signal }, args) {
    if (args.rest.length > 1) {
      out.remark("'delete path [version]' has been deprecated. Please use 'delete [-v version] path' instead.");
    }
    await client.delete(wordAt(args, 0), { version: versionOf(args), signal });
  },
};

export const stat: Command = {
  name: 'stat',
  usage: '[-w] path',
  about: 'Print what is known about a node besides its data.',
  least: 1,
  options: [{ name: 'w', describe: 'watch' }],
  async run(context, args) {
    const { client, out } = context;
    const path = wordAt(args, 0);
    const found = await client.exists(path, watchOption(context, watches(context, args, stat)));
    if (found === null) throw new CliError(`Node does not exist: ${path}`);
    out.lines(statLines(found));
    out.json(statJson(found));
  },
};

const SYNC_TIMEOUT_MS = 30_000;

export const sync: Command = {
  name: 'sync',
  usage: 'path',
  about: 'Wait until the server has all that the ensemble has agreed on.',
  least: 1,
  options: [],
  async run({ client, out, signal }, args) {
    await client.sync(wordAt(args, 0), { timeoutMs: SYNC_TIMEOUT_MS, signal });
    out.line('Sync is OK');
    out.json({ isSynced: true });
  },
};

export const getAllChildrenNumber: Command = {
  name: 'getAllChildrenNumber',
  usage: 'path',
  about: 'Count the nodes below a node, at any depth.',
  least: 1,
  options: [],
  async run({ client, out, signal }, args) {
    const count = await client.getAllChildrenNumber(wordAt(args, 0), { signal });
    out.line(String(count));
    out.json(count);
  },
};

export const getEphemerals: Command = {
  name: 'getEphemerals',
  usage: 'path',
  about: "List this session's ephemeral nodes, all or those below a path.",
  least: 0,
  options: [],
  async run({ client, out, signal }, args) {
    const paths = await client.getEphemerals(args.rest[0] ?? '/', { signal });
    out.line(`[${paths.join(', ')}]`);
    out.json(paths);
  },
};
