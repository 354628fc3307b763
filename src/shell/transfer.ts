/** A subtree as one JSON value, for files. */
import { type Acl, OPEN_ACL_UNSAFE, type Operation, type ZooKeeperClient, ZooKeeperError } from '../zk-client/index.js';
import { CliError } from './errors.js';
import { aclText, dataJson, dataOfJson, parseAcl } from './formats.js';
import { childPath, walk } from './walk.js';

const ABREAST = 128;

/**
 * What is kept of a node. Ephemeral nodes belong to sessions and are left out; containers and nodes with a time to live become
 * persistent, for servers do not tell them from others.
 */
export interface NodeCopy {
  /** From the root of the subtree: empty for the root, else `/a/b`. */
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly Acl[];
}

/** Reads a subtree, parents before children, with many calls under way at a time. Not a snapshot. */
export async function* copies(client: ZooKeeperClient, root: string, signal: AbortSignal): AsyncGenerator<NodeCopy> {
  const read = async (path: string): Promise<NodeCopy | null> => {
    try {
      const [{ data }, { acl }] = await Promise.all([
        client.getData(path, { signal }),
        client.getAcl(path, { signal }),
      ]);
      return { path: root === '/' ? (path === '/' ? '' : path) : path.slice(root.length), data, acl };
    } catch (error) {
      if (!(error instanceof ZooKeeperError) || error.code !== 'noNode') throw error;
      return null;
    }
  };
  let waiting: string[] = [];
  const readWaiting = async (): Promise<NodeCopy[]> => {
    const all = await Promise.all(waiting.map(read));
    waiting = [];
    return all.filter((copy) => copy !== null);
  };
  for await (const { path, stat } of walk(client, root, signal)) {
    if (stat.ephemeralOwner !== 0n) continue;
    waiting.push(path);
    if (waiting.length >= ABREAST) yield* await readWaiting();
  }
  yield* await readWaiting();
}

/** `root` + a copy's path. */
export function targetPath(root: string, path: string): string {
  if (path === '') return root;
  return root === '/' ? path : root + path;
}

/** The operation that makes the copy below `root`. */
export function createOf(root: string, copy: NodeCopy): Operation & { readonly op: 'create' } {
  return { op: 'create', path: targetPath(root, copy.path), data: copy.data, acl: copy.acl };
}

export interface WriteOptions {
  /** What is there already gets the copy's data (and keeps its ACL). Else the first such node is an error. */
  readonly overwrites: boolean;
  readonly signal: AbortSignal;
  readonly advance: (by: number) => void;
}

/** Creates copies below `root`, one after the other in their order, many under way at a time. */
export async function writeCopies(
  client: ZooKeeperClient,
  root: string,
  all: readonly NodeCopy[],
  options: WriteOptions,
): Promise<void> {
  const { signal } = options;
  for (let at = 0; at < all.length; at += ABREAST) {
    const some = all.slice(at, at + ABREAST);
    await Promise.all(
      some.map(async (copy) => {
        const { path, data, ...rest } = createOf(root, copy);
        try {
          if (path === '/') await client.setData(path, data ?? null, { signal });
          else await client.create(path, data ?? null, { ...rest, signal });
        } catch (error) {
          const isThere = error instanceof ZooKeeperError && error.code === 'nodeExists';
          if (!isThere || !options.overwrites) throw error;
          await client.setData(path, data ?? null, { signal });
        }
        options.advance(1);
      }),
    );
  }
}

interface JsonNode {
  readonly [key: string]: unknown;
  readonly children?: unknown;
}

/** Nests copies: `{ data | base64, acl?, children? }`; what is as by default is left out. */
export function nest(all: Iterable<NodeCopy>): Record<string, unknown> {
  const places = new Map<string, Record<string, unknown>>();
  let root: Record<string, unknown> = {};
  for (const copy of all) {
    const value: Record<string, unknown> = { ...dataJson(copy.data) };
    const acl = aclText(copy.acl);
    if (acl !== aclText(OPEN_ACL_UNSAFE)) value['acl'] = acl;
    places.set(copy.path, value);
    if (copy.path === '') root = value;
    else addChild(places.get(copy.path.slice(0, copy.path.lastIndexOf('/'))), copy.path, value);
  }
  return root;
}

function addChild(parent: Record<string, unknown> | undefined, path: string, value: unknown): void {
  if (parent === undefined) return;
  const children = (parent['children'] ?? {}) as Record<string, unknown>;
  // defineProperty: a node may be called __proto__.
  Object.defineProperty(children, path.slice(path.lastIndexOf('/') + 1), { value, enumerable: true });
  parent['children'] = children;
}

/** Reads what `nest` made. Throws a `CliError` that names the place. */
export function unnest(value: unknown): NodeCopy[] {
  const all: NodeCopy[] = [];
  const visit = (node: unknown, path: string): void => {
    const where = path === '' ? 'the root' : path;
    all.push(copyOf(node, path, where));
    const { children } = node as JsonNode;
    if (children === undefined) return;
    if (typeof children !== 'object' || children === null) throw new CliError(`${where}: "children" must be an object`);
    for (const [name, child] of Object.entries(children)) {
      if (name === '' || name.includes('/')) throw new CliError(`${where}: "${name}" cannot be a node's name`);
      visit(child, childPath(path, name));
    }
  };
  visit(value, '');
  return all;
}

function copyOf(node: unknown, path: string, where: string): NodeCopy {
  const data = dataOfJson(node, where);
  const { acl } = node as JsonNode & { acl?: unknown };
  if (acl !== undefined && typeof acl !== 'string') throw new CliError(`${where}: "acl" must be a text`);
  const complain = (line: string): never => {
    throw new CliError(`${where}: ${line}`);
  };
  return { path, data, acl: acl === undefined ? OPEN_ACL_UNSAFE : parseAcl(acl, complain) };
}
