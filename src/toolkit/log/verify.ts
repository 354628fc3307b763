import { formatZxid, readTxnEntry, zxidCounter, zxidEpoch } from '../../protocol/index.js';
import { type FileFault, formatFileFault } from '../file-fault.js';
import { type Tool, ToolExit } from '../tool.js';
import { checksumFault, contentFault, refuseFile } from './dump.js';
import { isIntact, LogScanner, type ScannedRecord } from './log-scanner.js';

/** What was found in a log. */
export interface LogReport {
  readonly path: string;
  readonly sizeBytes: number;
  readonly recordCount: number;
  readonly firstZxid: string | null;
  readonly lastZxid: string | null;
  /** Where the records end. */
  readonly endOffset: number;
  readonly faults: readonly FileFault[];
  /** What is unusual but may be right, such as zxids that are not there. */
  readonly notes: readonly FileFault[];
}

const LOG_NAME = /(?:^|\/)log\.([0-9a-f]{1,16})$/i;

/** Reads a log to its end and tells everything that is wrong with it. */
export async function verifyLog(tool: Tool, path: string, json: boolean): Promise<number> {
  let scanner: LogScanner;
  try {
    scanner = await LogScanner.open(tool.disk, path, (bytes) => tool.progress(path, bytes));
  } catch (error) {
    return refuseFile(tool, error);
  }
  let report: LogReport;
  try {
    report = await inspect(scanner);
  } finally {
    await scanner.close();
  }
  tool.write(json ? `${JSON.stringify(report)}\n` : reportText(report));
  if (!json) for (const fault of report.faults) tool.complain(formatFileFault(fault));
  await tool.settled();
  return report.faults.length === 0 ? ToolExit.ok : ToolExit.damaged;
}

async function inspect(scanner: LogScanner): Promise<LogReport> {
  const order = new ZxidOrder(scanner.path);
  const faults: FileFault[] = [];
  let recordCount = 0;
  for (let batch = await scanner.nextBatch(); batch.length > 0; batch = await scanner.nextBatch()) {
    recordCount += batch.length;
    for (const record of batch) inspectRecord(record, scanner.path, order, faults);
  }
  const { end } = scanner;
  const fault = end?.fault ?? null;
  if (fault !== null) faults.push(fault);
  order.checkName();
  return {
    path: scanner.path,
    sizeBytes: scanner.sizeBytes,
    recordCount,
    firstZxid: order.first === null ? null : formatZxid(order.first),
    lastZxid: order.last === null ? null : formatZxid(order.last),
    endOffset: end?.offset ?? 0,
    faults: [...faults, ...order.faults].sort((a, b) => (a.offset ?? 0) - (b.offset ?? 0)),
    notes: order.notes,
  };
}

function inspectRecord(record: ScannedRecord, path: string, order: ZxidOrder, faults: FileFault[]): void {
  if (!isIntact(record)) {
    faults.push(checksumFault(record, path));
    return;
  }
  try {
    order.add(readTxnEntry(record.bytes).header.zxid, record.offset);
  } catch (error) {
    faults.push(contentFault(record, path, error instanceof Error ? error.message : String(error)));
  }
}

/** Watches over the zxids of a log. */
class ZxidOrder {
  readonly faults: FileFault[] = [];
  readonly notes: FileFault[] = [];
  first: number | null = null;
  last: number | null = null;

  constructor(private readonly path: string) {}

  add(zxid: number, offset: number): void {
    const { last, path } = this;
    this.first ??= zxid;
    if (last !== null && zxid <= last) {
      const what = `${formatZxid(zxid)} comes behind ${formatZxid(last)}, which is not before it`;
      this.faults.push({ code: 'ORDER', path, offset, what });
    } else if (last !== null && !isNext(last, zxid)) {
      const what = `there is a gap between ${formatZxid(last)} and ${formatZxid(zxid)}`;
      this.notes.push({ code: 'ORDER', path, offset, what });
    }
    this.last = zxid;
  }

  /** A log has the name of its first transaction. */
  checkName(): void {
    const named = LOG_NAME.exec(this.path)?.[1];
    if (named === undefined || this.first === null || Number.parseInt(named, 16) === this.first) return;
    const what = `its name says that it begins with 0x${named}, but it begins with ${formatZxid(this.first)}`;
    this.notes.push({ code: 'NAME', path: this.path, offset: null, what });
  }
}

export function isNext(last: number, zxid: number): boolean {
  return zxid === last + 1 || (zxidEpoch(zxid) > zxidEpoch(last) && zxidCounter(zxid) === 1);
}

function reportText(report: LogReport): string {
  const { path, recordCount, firstZxid, lastZxid, endOffset, faults, notes } = report;
  const range = firstZxid === null ? '' : `, ${firstZxid} to ${String(lastZxid)}`;
  const verdict =
    faults.length === 0 ? 'whole' : `damaged in ${faults.length} ${faults.length === 1 ? 'place' : 'places'}`;
  const lines = [`${path}: ${verdict}. ${recordCount} transactions${range}, ending at offset ${endOffset}.`];
  for (const note of notes) lines.push(`note: ${formatFileFault(note)}`);
  return `${lines.join('\n')}\n`;
}
