import type { Member } from './ensemble.js';
import { WireClient } from './wire-client.js';

const AT_ONCE = 200;

/**
 * The whole tree that a server shows to a client after a sync: a line a node with data, ACL and every field of the Stat, in
 * order of the paths. Without `/zookeeper/config`, which each server makes for itself when it starts.
 */
export async function treeLines(member: Member): Promise<string[]> {
  const client = await WireClient.connect(member.clientPort, { host: member.host, timeoutMs: 30_000 });
  await client.addAuth('digest', 'alice:secret');
  await client.sync('/');
  const lines = new Map<string, string>();
  const waiting = ['/'];
  while (waiting.length > 0) {
    const paths = waiting.splice(0, AT_ONCE);
    await Promise.all(
      paths.map(async (path) => {
        const [{ data, stat }, { acl }, names] = await Promise.all([
          client.getData(path),
          client.getAcl(path),
          client.getChildren(path),
        ]);
        const fields = Object.values(stat).map(String);
        lines.set(path, JSON.stringify([path, data?.toString('base64') ?? null, fields, acl]));
        for (const name of names) waiting.push(path === '/' ? `/${name}` : `${path}/${name}`);
      }),
    );
  }
  await client.close();
  lines.delete('/zookeeper/config');
  return [...lines.keys()].sort().map((path) => lines.get(path) ?? '');
}
