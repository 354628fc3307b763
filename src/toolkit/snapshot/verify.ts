import { formatZxid } from '../../protocol/index.js';
import { formatFileFault } from '../file-fault.js';
import { refuseFile } from '../log/dump.js';
import { type Tool, ToolExit } from '../tool.js';
import { compressionOf, readSnapshotFile, type SnapshotReading, zxidOfName } from './read.js';

/** Reads a snapshot to its end and tells whether it is whole. */
export async function verifySnapshot(tool: Tool, path: string, json: boolean): Promise<number> {
  const counted = { sessions: 0, acls: 0, dataBytes: 0 };
  let reading: SnapshotReading;
  try {
    reading = await readSnapshotFile(
      tool.disk,
      path,
      {
        session: () => counted.sessions++,
        acl: () => counted.acls++,
        node: ({ data }) => (counted.dataBytes += data?.length ?? 0),
      },
      { progress: (bytes) => tool.progress(path, bytes) },
    );
  } catch (error) {
    return refuseFile(tool, error);
  }
  const report = reportOf(path, reading, counted);
  tool.write(json ? `${JSON.stringify(report)}\n` : `${textOf(report)}\n`);
  if (!json) for (const fault of report.faults) tool.complain(formatFileFault(fault));
  await tool.settled();
  return report.faults.length === 0 ? ToolExit.ok : ToolExit.damaged;
}

interface Counted {
  readonly sessions: number;
  readonly acls: number;
  readonly dataBytes: number;
}

function reportOf(path: string, { trailer, nodeCount, fault }: SnapshotReading, counted: Counted) {
  const named = zxidOfName(path);
  const lastZxid = trailer?.lastZxid ?? null;
  const faults = fault === null ? [] : [fault];
  if (lastZxid !== null && named >= 0 && lastZxid < named) {
    const what = `it is of ${formatZxid(lastZxid)}, which is before the zxid in its name`;
    faults.push({ code: 'NAME', path, offset: null, what });
  }
  return {
    path,
    compression: compressionOf(path),
    nodes: nodeCount,
    ...counted,
    digest: trailer?.digest?.value.toString() ?? null,
    lastZxid: lastZxid === null ? null : formatZxid(lastZxid),
    faults,
  };
}

function textOf({ path, nodes, sessions, acls, dataBytes, lastZxid, faults }: ReturnType<typeof reportOf>): string {
  const verdict = faults.length === 0 ? 'whole' : 'damaged';
  const until = lastZxid === null ? '' : `, up to ${lastZxid}`;
  return `${path}: ${verdict}. ${nodes} nodes with ${dataBytes} bytes, ${sessions} sessions, ${acls} ACL lists${until}.`;
}
