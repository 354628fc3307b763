/** What a run needs in the tree, before it begins and after it has ended. */
import { type ClientWorld, parseConnectString, ZooKeeperClient, ZooKeeperError } from '../zk-client/index.js';
import { LockScene, WatchScene } from './client-scenes.js';
import { MixScene } from './mix-scene.js';
import type { Plan, Share } from './plan.js';
import type { SceneRun } from './scene.js';
import { StormScene } from './storm-scene.js';
import { childrenPath, keyPath } from './templates.js';

const ABREAST = 512;
const DELETE_BATCH = 500;
const CHILDREN = 10;

/** The run of one worker. */
export function sceneOf(world: ClientWorld, share: Share): SceneRun {
  const { servers } = parseConnectString(share.servers);
  switch (share.plan.scene) {
    case 'mix':
      return new MixScene(world, share, servers);
    case 'locks':
      return new LockScene(world, share);
    case 'watches':
      return new WatchScene(world, share);
    case 'sessions':
      return new StormScene(world, share, servers);
  }
}

/** Runs `fn` with a client of its own, which is closed afterwards. */
export async function withClient<T>(
  world: ClientWorld,
  servers: string,
  fn: (client: ZooKeeperClient) => Promise<T>,
): Promise<T> {
  const client = new ZooKeeperClient(servers, { world, failsWhenUnreachable: true });
  try {
    return await fn(client);
  } finally {
    await client.close();
  }
}

/** Makes `root` and the nodes that are read and written. */
export async function setUp(client: ZooKeeperClient, root: string, plan: Plan): Promise<void> {
  await client.create(root, null);
  if (plan.scene === 'sessions') return;
  const data = Buffer.alloc(plan.payloadBytes, 'x');
  const paths = Array.from({ length: plan.keys }, (_, key) => keyPath(root, key));
  if (plan.scene === 'mix') {
    paths.push(childrenPath(root));
    for (let child = 0; child < CHILDREN; child++) paths.push(`${childrenPath(root)}/c${child}`);
  }
  for (let at = 0; at < paths.length; at += ABREAST) {
    await Promise.all(paths.slice(at, at + ABREAST).map((path) => client.create(path, data)));
  }
}

/** Removes `root` with everything below it. Nodes that go by themselves meanwhile are no fault. */
export async function tearDown(client: ZooKeeperClient, root: string): Promise<void> {
  const remove = async (path: string): Promise<void> => {
    const { children } = await client.getChildren(path);
    const below = children.map((name) => `${path}/${name}`);
    for (let at = 0; at < below.length; at += DELETE_BATCH) {
      const some = below.slice(at, at + DELETE_BATCH);
      await Promise.all(some.map((child) => removeLeaf(client, child, remove)));
    }
    await client.delete(path);
  };
  await remove(root);
}

async function removeLeaf(
  client: ZooKeeperClient,
  path: string,
  removeTree: (path: string) => Promise<void>,
): Promise<void> {
  try {
    await client.delete(path);
  } catch (error) {
    const code = error instanceof ZooKeeperError ? error.code : null;
    if (code === 'notEmpty') await removeTree(path);
    else if (code !== 'noNode') throw error;
  }
}
