import type { Stat } from '../protocol/index.js';
import { type Watcher, type ZooKeeperClient, ZooKeeperError } from '../zk-client/index.js';

/** How many requests are under way at a time when a subtree is read. */
const ABREAST = 128;

export function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

export function parentPath(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export interface Visited {
  readonly path: string;
  readonly stat: Stat;
  /** Sorted. */
  readonly children: readonly string[];
}

function isGone(error: unknown): boolean {
  return error instanceof ZooKeeperError && error.code === 'noNode';
}

/**
 * The nodes of a subtree, level by level, the root first. Not a snapshot: each node is as it was when it was asked for, and one
 * that goes meanwhile is left out. Rejects when the root is not there.
 */
export async function* walk(client: ZooKeeperClient, root: string, signal: AbortSignal): AsyncGenerator<Visited> {
  let level = [root];
  while (level.length > 0) {
    const next: string[] = [];
    for (let at = 0; at < level.length; at += ABREAST) {
      const paths = level.slice(at, at + ABREAST);
      const answers = await Promise.all(
        paths.map((path) =>
          client.getChildren(path, { signal }).catch((error: unknown) => {
            if (path !== root && isGone(error)) return null;
            throw error;
          }),
        ),
      );
      for (const [index, answer] of answers.entries()) {
        const path = paths[index];
        if (answer === null || path === undefined) continue;
        const children = answer.children.sort();
        yield { path, stat: answer.stat, children };
        for (const name of children) next.push(childPath(path, name));
      }
    }
    level = next;
  }
}

/** Depth first, a node's children in their order before any of their own, as `ls -R` prints them. */
export async function visitDepthFirst(
  client: ZooKeeperClient,
  root: string,
  options: { readonly watch?: Watcher; readonly signal: AbortSignal },
  visit: (path: string) => Promise<void> | void,
): Promise<void> {
  await client.getData(root, options);
  await visit(root);
  const below = async (path: string): Promise<void> => {
    let children: string[];
    try {
      children = (await client.getChildren(path, options)).children.sort();
    } catch (error) {
      if (isGone(error)) return;
      throw error;
    }
    for (const name of children) await visit(childPath(path, name));
    for (const name of children) await below(childPath(path, name));
  };
  await below(root);
}

/** All paths of a subtree, parents before children. */
export async function listSubtree(
  client: ZooKeeperClient,
  root: string,
  signal: AbortSignal,
  onFound: () => void = () => undefined,
): Promise<string[]> {
  const paths: string[] = [];
  for await (const { path } of walk(client, root, signal)) {
    paths.push(path);
    onFound();
  }
  return paths;
}
