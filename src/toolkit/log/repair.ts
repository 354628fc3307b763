import { formatFileFault } from '../file-fault.js';
import type { JavaDates } from '../java-text.js';
import { type Tool, ToolExit } from '../tool.js';
import { javaHeader, refuseFile } from './dump.js';
import { LogCopy } from './log-copy.js';
import { isIntact, LogScanner, type ScannedRecord } from './log-scanner.js';
import { txnText } from './txn-text.js';

export interface RepairOptions {
  readonly path: string;
  /** The repaired log. */
  readonly out: string;
  /** What it is called in the text; its path when absent. */
  readonly outName?: string;
  /** Mend everything without asking. */
  readonly yes: boolean;
  /** Print every record, not only mended ones. */
  readonly verbose: boolean;
  readonly dates: JavaDates;
}

/** The user wants no repair. */
class Aborted extends Error {}

/**
 * Copies a log with checksums that fit its records, as TxnLogToolkit -r does: for each record whose checksum is wrong it asks
 * (Yes, No or Abort). The log itself is left as it is. Where a record's frame is broken the copy ends, and what lies behind
 * is told.
 */
export async function repairLog(tool: Tool, options: RepairOptions): Promise<number> {
  const { path, out, outName = out } = options;
  let scanner: LogScanner;
  try {
    scanner = await LogScanner.open(tool.disk, path, (bytes) => tool.progress(path, bytes));
  } catch (error) {
    return refuseFile(tool, error);
  }
  try {
    const copy = await LogCopy.create(tool.disk, out, scanner);
    try {
      tool.write(javaHeader(scanner));
      const { fixed, count } = await copyRecords(tool, options, scanner, copy);
      await copy.publish();
      tool.write(`EOF reached after ${count} txns.\n`);
      tool.write(`Recovery file ${outName} has been written with ${fixed} fixed CRC error(s)\n`);
    } catch (error) {
      await copy.abort();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof Aborted)) return refuseFile(tool, error);
    tool.complain('Recovery aborted.');
    return ToolExit.ok;
  } finally {
    await scanner.close();
    await tool.settled();
  }
  const fault = scanner.end?.fault ?? null;
  if (fault === null) return ToolExit.ok;
  const left = scanner.sizeBytes - (scanner.end?.offset ?? 0);
  tool.complain(`${formatFileFault(fault)}. The copy ends there; ${left} bytes of the log are not in it.`);
  return ToolExit.damaged;
}

async function copyRecords(
  tool: Tool,
  options: RepairOptions,
  scanner: LogScanner,
  copy: LogCopy,
): Promise<{ fixed: number; count: number }> {
  let fixed = 0;
  let count = 0;
  for (let batch = await scanner.nextBatch(); batch.length > 0; batch = await scanner.nextBatch()) {
    for (const record of batch) {
      const mends = !isIntact(record) && (await isMended(tool, options, record));
      if (mends) fixed++;
      if (options.verbose) tool.write(describe(record, options.dates));
      await copy.add(record, mends ? record.computed : record.checksum);
      count++;
    }
    await tool.settled();
  }
  return { fixed, count };
}

async function isMended(tool: Tool, { yes, dates }: RepairOptions, record: ScannedRecord): Promise<boolean> {
  tool.write(`${yes ? 'CRC FIXED' : 'CRC ERROR'} - ${describe(record, dates)}`);
  if (yes) return true;
  for (;;) {
    await tool.settled();
    const answer = (await tool.ask('Would you like to fix it (Yes/No/Abort) ? '))?.trim().charAt(0).toUpperCase();
    if (answer === 'Y') return true;
    if (answer === 'N') return false;
    if (answer === 'A' || answer === undefined) throw new Aborted();
  }
}

function describe(record: ScannedRecord, dates: JavaDates): string {
  try {
    return txnText(record.bytes, dates);
  } catch (error) {
    return `unreadable entry at ${record.offset}: ${error instanceof Error ? error.message : String(error)}\n`;
  }
}
