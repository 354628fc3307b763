import { type FileFault, FileFaultError, formatFileFault } from '../file-fault.js';
import type { JavaDates } from '../java-text.js';
import { type Tool, ToolExit } from '../tool.js';
import { isIntact, LogScanner, type ScannedRecord } from './log-scanner.js';
import { txnJson } from './txn-json.js';
import { txnText } from './txn-text.js';

/** How records are written. */
export interface LogFormat {
  /** Written first; empty: nothing. */
  header(scanner: LogScanner): string;
  /** Throws for an entry that is no transaction. */
  record(record: ScannedRecord): string;
  /** For an entry that is no transaction. */
  unreadable(record: ScannedRecord, why: string): string;
  end(recordCount: number): string;
}

/** As ZooKeeper's TxnLogToolkit writes it. */
export function javaFormat(dates: JavaDates): LogFormat {
  return {
    header: javaHeader,
    record: (record) => {
      const text = txnText(record.bytes, dates);
      return isIntact(record) ? text : `CRC ERROR - ${text}${text}`;
    },
    unreadable: (record, why) =>
      `${isIntact(record) ? '' : 'CRC ERROR - '}unreadable entry at ${record.offset}: ${why}\n`,
    end: (recordCount) => `EOF reached after ${recordCount} txns.\n`,
  };
}

/** The first line of what TxnLogToolkit writes. */
export function javaHeader({ header }: LogScanner): string {
  return `ZooKeeper Transactional Log File with dbid ${header.dbid} txnlog format version ${header.version}\n`;
}

/** An object a line, a line a record. */
export const JSON_FORMAT: LogFormat = {
  header: () => '',
  record: (record) => `${JSON.stringify(txnJson(record))}\n`,
  unreadable: ({ offset, checksum, computed }, why) =>
    `${JSON.stringify({ offset, unreadable: why, checksum: checksum === computed ? 'ok' : 'wrong' })}\n`,
  end: () => '',
};

/** Writes the records of a log. Damage is told on standard error; what can be read behind it is written all the same. */
export async function dumpLog(tool: Tool, path: string, format: LogFormat): Promise<number> {
  const faults: FileFault[] = [];
  let scanner: LogScanner;
  try {
    scanner = await LogScanner.open(tool.disk, path, (bytes) => tool.progress(path, bytes));
  } catch (error) {
    return refuseFile(tool, error);
  }
  try {
    tool.write(format.header(scanner));
    let count = 0;
    for (let batch = await scanner.nextBatch(); batch.length > 0; batch = await scanner.nextBatch()) {
      count += batch.length;
      for (const record of batch) tool.write(textOf(record, format, path, faults));
      await tool.settled();
    }
    tool.write(format.end(count));
    const fault = scanner.end?.fault ?? null;
    if (fault !== null) faults.push(fault);
    await tool.settled();
  } finally {
    await scanner.close();
  }
  for (const fault of faults) tool.complain(formatFileFault(fault));
  return faults.length === 0 ? ToolExit.ok : ToolExit.damaged;
}

function textOf(record: ScannedRecord, format: LogFormat, path: string, faults: FileFault[]): string {
  if (!isIntact(record)) faults.push(checksumFault(record, path));
  try {
    return format.record(record);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (isIntact(record)) faults.push(contentFault(record, path, why));
    return format.unreadable(record, why);
  }
}

export function checksumFault(record: ScannedRecord, path: string): FileFault {
  const { offset, checksum, computed } = record;
  const stored = BigInt.asUintN(64, checksum).toString(16);
  const what = `the checksum of a record is 0x${stored}, but its bytes have 0x${computed.toString(16)}`;
  return { code: 'CHECKSUM', path, offset, what };
}

export function contentFault(record: ScannedRecord, path: string, why: string): FileFault {
  return { code: 'CONTENT', path, offset: record.offset, what: `a record is no transaction: ${why}` };
}

/** Tells why a file cannot be worked on; the exit code. */
export function refuseFile(tool: Tool, error: unknown): number {
  if (!(error instanceof FileFaultError)) throw error;
  tool.complain(error.message);
  return error.fault.code === 'ABSENT' || error.fault.code === 'IO' ? ToolExit.usage : ToolExit.damaged;
}
