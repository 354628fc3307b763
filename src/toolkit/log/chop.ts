import { readTxnEntry, zxidEpoch, zxidHex } from '../../protocol/index.js';
import { FileFaultError, formatFileFault } from '../file-fault.js';
import { type Tool, ToolExit } from '../tool.js';
import { checksumFault, contentFault, javaHeader, refuseFile } from './dump.js';
import { LogCopy } from './log-copy.js';
import { isIntact, LogScanner, type ScannedRecord } from './log-scanner.js';
import { isNext } from './verify.js';

export interface ChopOptions {
  readonly path: string;
  /** The last one in the copy. */
  readonly zxid: number;
  readonly out: string;
}

/**
 * Copies the transactions of a log up to `zxid`, as LogChopper does: the log has to hold it, and one behind it, or nothing
 * is written. The log itself is left as it is.
 */
export async function chopLog(tool: Tool, options: ChopOptions): Promise<number> {
  let scanner: LogScanner;
  try {
    scanner = await LogScanner.open(tool.disk, options.path, (bytes) => tool.progress(options.path, bytes));
  } catch (error) {
    return refuseFile(tool, error);
  }
  try {
    const copy = await LogCopy.create(tool.disk, options.out, scanner);
    try {
      tool.write(javaHeader(scanner));
      if (await copyUntil(tool, options, scanner, copy)) {
        await copy.publish();
        return ToolExit.ok;
      }
      await copy.abort();
    } catch (error) {
      await copy.abort();
      throw error;
    }
    const fault = scanner.end?.fault ?? null;
    if (fault !== null) tool.complain(formatFileFault(fault));
    tool.complain(`Failed to chop ${options.path}: nothing was written.`);
    return fault === null ? ToolExit.usage : ToolExit.damaged;
  } catch (error) {
    return refuseFile(tool, error);
  } finally {
    await scanner.close();
    await tool.settled();
  }
}

/** True: there was something behind `zxid`, and the copy holds all before it. */
async function copyUntil(tool: Tool, options: ChopOptions, scanner: LogScanner, copy: LogCopy): Promise<boolean> {
  let count = 0;
  let last: number | null = null;
  for (let batch = await scanner.nextBatch(); batch.length > 0; batch = await scanner.nextBatch()) {
    for (const record of batch) {
      const zxid = zxidOf(record, options.path);
      if (last !== null && !isNext(last, zxid)) tool.write(gapText(last, zxid));
      if (zxid > options.zxid) {
        if (last !== options.zxid) {
          tool.write(`This log does not contain zxid ${zxidHex(options.zxid)}\n`);
          return false;
        }
        tool.write(`Chopping at ${zxidHex(options.zxid)} new log has ${count} records\n`);
        return true;
      }
      last = zxid;
      await copy.add(record, record.checksum);
      count++;
    }
  }
  tool.write(`EOF reached after ${count} txns.\n`);
  return false;
}

function zxidOf(record: ScannedRecord, path: string): number {
  if (!isIntact(record)) throw new FileFaultError(checksumFault(record, path));
  try {
    return readTxnEntry(record.bytes).header.zxid;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FileFaultError(contentFault(record, path, why), { cause: error });
  }
}

function gapText(last: number, zxid: number): string {
  const kind = zxidEpoch(last) === zxidEpoch(zxid) ? 'intra' : 'inter';
  return `There is ${kind}-epoch gap between ${zxidHex(last)} and ${zxidHex(zxid)}\n`;
}
