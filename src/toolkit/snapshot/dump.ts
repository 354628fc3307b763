import type { FileFault } from '../file-fault.js';
import { formatFileFault } from '../file-fault.js';
import { type JavaDates, paddedHex, plainHex } from '../java-text.js';
import { refuseFile } from '../log/dump.js';
import { type Tool, ToolExit } from '../tool.js';
import type { SnapshotNode, SnapshotVisitor } from './node.js';
import { readSnapshotFile, type SnapshotReading, zxidOfName } from './read.js';

export interface DumpOptions {
  readonly path: string;
  /** Data in base64 instead of its length. */
  readonly withData: boolean;
  readonly dates: JavaDates;
}

/** What a first reading counts: the text begins with it. */
interface Counted {
  readonly reading: SnapshotReading;
  readonly ephemerals: ReadonlyMap<bigint, number>;
}

/**
 * Writes a snapshot as ZooKeeper's SnapshotFormatter does. Nodes come in the order of the file, which is that of their paths'
 * depth-first walk in files of Java servers; it is read twice and never kept. Of a damaged one all that can be read is
 * written, and the damage is told on standard error.
 */
export async function dumpSnapshot(tool: Tool, options: DumpOptions): Promise<number> {
  const { path } = options;
  try {
    const { reading, ephemerals } = await count(tool, path);
    const { fault } = reading;
    // The Java program counts the root twice: it has two names there.
    const nodeCount = reading.nodeCount === 0 ? 0 : reading.nodeCount + 1;
    if (nodeCount === 0 && fault !== null) return tell(tool, fault);
    tool.write(`ZNode Details (count=${nodeCount}):\n`);
    let lastZxid = zxidOfName(path);
    const sessions: string[] = [];
    await readSnapshotFile(
      tool.disk,
      path,
      {
        session: (id, timeoutMs) => sessions.push(`${paddedHex(id)}, ${timeoutMs}, ${ephemerals.get(id) ?? 0}\n`),
        node: (node) => {
          lastZxid = Math.max(lastZxid, node.mzxid, node.pzxid);
          tool.write(nodeText(node, options));
        },
        pause: tool.settled,
      },
      { progress: (bytes) => tool.progress(`${path}, writing`, bytes) },
    );
    tool.write('----\nSession Details (sid, timeout, ephemeralCount):\n');
    for (const line of sessions) tool.write(line);
    tool.write(`----\nLast zxid: 0x${plainHex(lastZxid)}\n`);
    await tool.settled();
    return fault === null ? ToolExit.ok : tell(tool, fault);
  } catch (error) {
    return refuseFile(tool, error);
  }
}

async function count(tool: Tool, path: string): Promise<Counted> {
  const ephemerals = new Map<bigint, number>();
  const visitor: SnapshotVisitor = {
    session: (id) => ephemerals.set(id, 0),
    node: ({ ephemeralOwner }) => {
      const known = ephemerals.get(ephemeralOwner);
      if (known !== undefined) ephemerals.set(ephemeralOwner, known + 1);
    },
  };
  const progress = (bytes: number) => tool.progress(`${path}, reading`, bytes);
  return { reading: await readSnapshotFile(tool.disk, path, visitor, { progress }), ephemerals };
}

/** Tells the damage; the exit code. */
export function tell(tool: Tool, fault: FileFault): number {
  tool.complain(formatFileFault(fault));
  return ToolExit.damaged;
}

function nodeText(node: SnapshotNode, { withData, dates }: DumpOptions): string {
  const { path, data, czxid, ctime, mzxid, mtime, pzxid, cversion, version, aversion, ephemeralOwner } = node;
  return [
    '----',
    path,
    `  cZxid = ${paddedHex(czxid)}`,
    `  ctime = ${dates.date(ctime)}`,
    `  mZxid = ${paddedHex(mzxid)}`,
    `  mtime = ${dates.date(mtime)}`,
    `  pZxid = ${paddedHex(pzxid)}`,
    `  cversion = ${cversion}`,
    `  dataVersion = ${version}`,
    `  aclVersion = ${aversion}`,
    `  ephemeralOwner = ${paddedHex(ephemeralOwner)}`,
    withData ? `  data = ${data === null ? '' : data.toString('base64')}` : `  dataLength = ${data?.length ?? 0}`,
    '',
  ].join('\n');
}
