import {
  QUOTA_ROOT,
  formatQuota,
  LIMIT_NODE,
  limitPath,
  parseQuota,
  type Quota,
  type QuotaKey,
  quotaValue,
  statPath,
} from '../quotas.js';
import { type ZooKeeperClient, ZooKeeperError } from '../../zk-client/index.js';
import { type Command, type Context, wordAt } from '../command.js';
import { CliError } from '../errors.js';
import type { Arguments, OptionSpec } from '../options.js';
import { childPath, parentPath, visitDepthFirst } from '../walk.js';

const KEYS: readonly (readonly [option: string, key: QuotaKey])[] = [
  ['n', 'count'],
  ['b', 'bytes'],
  ['N', 'countHardLimit'],
  ['B', 'byteHardLimit'],
];

function quotaOptions(hasValue: boolean): OptionSpec[] {
  return [
    { name: 'n', hasValue, describe: 'num soft quota' },
    { name: 'b', hasValue, describe: 'bytes soft quota' },
    { name: 'N', hasValue, describe: 'num hard quota' },
    { name: 'B', hasValue, describe: 'bytes hard quota' },
  ];
}

function isNoNode(error: unknown): boolean {
  return error instanceof ZooKeeperError && error.code === 'noNode';
}

/** Creates a node unless it is there. */
async function ensure(client: ZooKeeperClient, path: string, signal: AbortSignal): Promise<void> {
  if ((await client.exists(path, { signal })) !== null) return;
  await client.create(path, null, { signal }).catch((error: unknown) => {
    if (!(error instanceof ZooKeeperError) || error.code !== 'nodeExists') throw error;
  });
}

async function read(client: ZooKeeperClient, path: string, signal: AbortSignal): Promise<Quota> {
  return parseQuota((await client.getData(path, { signal })).data?.toString('utf8') ?? '');
}

function childrenOf(client: ZooKeeperClient, path: string, signal: AbortSignal): Promise<string[] | null> {
  return client.getChildren(path, { signal }).then(
    ({ children }) => children,
    (error: unknown) => {
      if (isNoNode(error)) return null;
      throw error;
    },
  );
}

export const setquota: Command = {
  name: 'setquota',
  usage: '-n|-b|-N|-B val path',
  about: 'Limit the nodes (-n) or the bytes (-b) of a subtree: a warning in the log, or (-N, -B) a refusal.',
  least: 1,
  options: quotaOptions(true),
  exclusive: 'required',
  async run(context, args) {
    const { client, out, signal } = context;
    const path = wordAt(args, 0);
    if (path.startsWith(QUOTA_ROOT)) {
      out.remark(`cannot set a quota under the path: ${QUOTA_ROOT}`);
      return;
    }
    const wanted = wantedQuota(context, args);
    if (wanted === null) return;
    if ((await client.exists(path, { signal })) === null) throw new CliError(`${path} does not exist.`);
    await refuseNested(client, path, signal);
    await ensure(client, parentPath(QUOTA_ROOT), signal);
    let at = QUOTA_ROOT;
    await ensure(client, at, signal);
    for (const name of path.split('/').filter((word) => word !== '')) {
      at = childPath(at, name);
      await ensure(client, at, signal);
    }
    await store(context, path, wanted);
  },
};

function wantedQuota({ out }: Context, args: Arguments): Quota | null {
  const quota = new Map<string, number>(KEYS.map(([, key]) => [key, -1]));
  for (const [option, key] of KEYS) {
    const word = args.value(option);
    if (word === undefined) continue;
    const value = /^[+-]?\d+$/.test(word) ? Number(word) : NaN;
    const isCount = key === 'count' || key === 'countHardLimit';
    if (Number.isNaN(value)) out.remark('NumberFormatException happens when parsing the option value');
    else if (isCount && value <= 0) out.remark('the num quota must be greater than zero');
    else if (value < 0) out.remark('the bytes quota must be greater than or equal to zero');
    else {
      quota.set(key, value);
      continue;
    }
    return null;
  }
  return quota;
}

/** A subtree with a quota may not lie in another one. */
async function refuseNested(client: ZooKeeperClient, path: string, signal: AbortSignal): Promise<void> {
  const root = `${QUOTA_ROOT}${path}`;
  try {
    await visitDepthFirst(client, root, { signal }, async (found) => {
      const children = (await childrenOf(client, found, signal)) ?? [];
      if (found !== root && children.includes(LIMIT_NODE)) {
        throw new CliError(`${path} has a child ${found.slice(QUOTA_ROOT.length)} which has a quota`);
      }
    });
  } catch (error) {
    if (!isNoNode(error)) throw error;
  }
  const names = path.split('/').slice(1, -1);
  for (let length = 1; length <= names.length; length++) {
    const parent = `/${names.slice(0, length).join('/')}`;
    const children = await childrenOf(client, `${QUOTA_ROOT}${parent}`, signal);
    if (children === null || children.length === 0) return;
    if (children.includes(LIMIT_NODE)) throw new CliError(`${path} has a parent ${parent} which has a quota`);
  }
}

async function store({ client, out, signal }: Context, path: string, wanted: Quota): Promise<void> {
  const limits = limitPath(path);
  if ((await client.exists(limits, { signal })) === null) {
    await client.create(limits, formatQuota(wanted), { signal });
    await client.create(statPath(path), 'count=0,bytes=0', { signal });
    warnOfExcess(out, await read(client, limits, signal), await read(client, statPath(path), signal));
    return;
  }
  const merged = new Map(await read(client, limits, signal));
  for (const [key, value] of wanted) if (value > -1) merged.set(key, value);
  warnOfExcess(out, merged, await read(client, statPath(path), signal));
  await client.setData(limits, formatQuota(merged), { signal });
}

function warnOfExcess(out: Context['out'], limits: Quota, counts: Quota): void {
  const exceeds = (key: QuotaKey, count: number): boolean => {
    const limit = quotaValue(limits, key);
    return limit > -1 && limit < count;
  };
  const count = quotaValue(counts, 'count');
  const bytes = quotaValue(counts, 'bytes');
  if (exceeds('count', count) || exceeds('countHardLimit', count)) {
    out.line(`[Warning]: the count quota you create is less than the existing count:${count}`);
  }
  if (exceeds('bytes', bytes) || exceeds('byteHardLimit', bytes)) {
    out.line(`[Warning]: the bytes quota you create is less than the existing bytes:${bytes}`);
  }
}

export const listquota: Command = {
  name: 'listquota',
  usage: 'path',
  about: 'Print the limits of a subtree and what it has.',
  least: 1,
  options: [],
  async run({ client, out, signal }, args) {
    const path = wordAt(args, 0);
    if (!out.isJson) out.remark(`absolute path is ${limitPath(path)}`);
    try {
      const limits = await read(client, limitPath(path), signal);
      const counts = await read(client, statPath(path), signal);
      out.line(`Output quota for ${path} ${formatQuota(limits)}`);
      out.line(`Output stat for ${path} ${formatQuota(counts)}`);
      out.json({ limits: Object.fromEntries(limits), counts: Object.fromEntries(counts) });
    } catch (error) {
      if (!isNoNode(error)) throw error;
      out.remark(`quota for ${path} does not exist.`);
      out.json(null);
    }
  },
};

export const delquota: Command = {
  name: 'delquota',
  usage: '[-n|-b|-N|-B] path',
  about: 'Take a limit of a subtree away, or all of them.',
  least: 1,
  options: quotaOptions(false),
  exclusive: 'optional',
  async run({ client, out, signal }, args) {
    const path = wordAt(args, 0);
    const limits = limitPath(path);
    if ((await client.exists(limits, { signal })) === null) {
      out.line(`Quota does not exist for ${path}`);
      return;
    }
    const going = KEYS.filter(([option]) => args.has(option)).map(([, key]) => key);
    if (going.length > 0) {
      const left = new Map(await read(client, limits, signal));
      for (const key of going) left.set(key, -1);
      await client.setData(limits, formatQuota(left), { signal });
      return;
    }
    const root = `${QUOTA_ROOT}${path}`;
    for (const child of (await childrenOf(client, root, signal)) ?? []) {
      await client.delete(childPath(root, child), { signal });
    }
    await trim(client, root, signal);
  },
};

/** Nodes of the way to a quota go with it when nothing else is there. */
async function trim(client: ZooKeeperClient, path: string, signal: AbortSignal): Promise<void> {
  for (let at = path; at !== QUOTA_ROOT; at = parentPath(at)) {
    const children = (await client.getChildren(at, { signal })).children;
    if (children.length > 0) return;
    await client.delete(at, { signal });
  }
}
