import { formatSessionId, formatZxid } from '../../protocol/index.js';
import { refuseFile } from '../log/dump.js';
import { type Tool, ToolExit } from '../tool.js';
import { tell } from './dump.js';
import type { SnapshotNode } from './node.js';
import { readSnapshotFile } from './read.js';

/**
 * Writes a snapshot as JSON, an object a line: sessions, ACL lists, nodes, and at the end what stands behind the tree. Data is
 * base64.
 */
export async function dumpLines(tool: Tool, path: string): Promise<number> {
  const line = (value: unknown) => tool.write(`${JSON.stringify(value)}\n`);
  try {
    const { trailer, nodeCount, fault } = await readSnapshotFile(
      tool.disk,
      path,
      {
        session: (id, timeoutMs) => line({ kind: 'session', id: formatSessionId(id), timeoutMs }),
        acl: (number, list) => line({ kind: 'acl', acl: number, list }),
        node: (node) => line(nodeJson(node)),
        pause: tool.settled,
      },
      { progress: (bytes) => tool.progress(path, bytes) },
    );
    if (fault !== null || trailer === null) return fault === null ? ToolExit.damaged : tell(tool, fault);
    const { digest, lastZxid } = trailer;
    line({
      kind: 'end',
      nodeCount,
      digest: digest === null ? null : { ...digest, zxid: formatZxid(digest.zxid), value: digest.value.toString() },
      lastZxid: lastZxid === null ? null : formatZxid(lastZxid),
    });
    await tool.settled();
    return ToolExit.ok;
  } catch (error) {
    return refuseFile(tool, error);
  }
}

function nodeJson(node: SnapshotNode): Record<string, unknown> {
  const { path, data, acl, czxid, mzxid, pzxid, ephemeralOwner, ...rest } = node;
  return {
    kind: 'node',
    path,
    data: data === null ? null : data.toString('base64'),
    acl,
    czxid: formatZxid(czxid),
    mzxid: formatZxid(mzxid),
    pzxid: formatZxid(pzxid),
    ...rest,
    ephemeralOwner: formatSessionId(ephemeralOwner),
  };
}
