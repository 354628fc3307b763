import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chopLog, dumpLog, javaFormat, repairLog } from '../../toolkit/index.js';
import { localDates, parseZxid, runJob } from './tool-program.js';

/* The command line of ZooKeeper's TxnLogToolkit. */

const OPTIONS = {
  chop: { type: 'boolean', short: 'c' },
  dump: { type: 'boolean', short: 'd' },
  help: { type: 'boolean', short: 'h' },
  recover: { type: 'boolean', short: 'r' },
  verbose: { type: 'boolean', short: 'v' },
  yes: { type: 'boolean', short: 'y' },
  zxid: { type: 'string', short: 'z' },
} as const;

const HELP = `usage: TxnLogToolkit [-dhrvc] <txn_log_file_name> (-z <zxid>)
 -c,--chop         Copy the log up to a zxid.
 -d,--dump         Print every transaction of the log (this is what it does when nothing else is said).
 -h,--help         Print this text.
 -r,--recover      Copy the log with checksums that fit its transactions.
 -v,--verbose      With -r: print every transaction, not only those with a wrong checksum.
 -y,--yes          With -r: do not ask.
 -z,--zxid <arg>   With -c: the last zxid of the copy.
`;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n`);
    return null;
  }
}

/** Does what TxnLogToolkit does with these arguments; the exit code. */
export async function toolkitFront(args: readonly string[]): Promise<number> {
  const parsed = parse(args);
  const [file] = parsed?.positionals ?? [];
  if (parsed === null || parsed.values.help === true || file === undefined) {
    process.stdout.write(HELP);
    return parsed?.values.help === true ? 0 : 1;
  }
  const { values } = parsed;
  const path = resolve(file);
  const dates = localDates();
  if (values.chop === true && values.zxid !== undefined) {
    const zxid = parseZxid(values.zxid);
    if (zxid === null) {
      process.stderr.write(`${values.zxid} is no zxid; write it as 0x100000003.\n`);
      return 1;
    }
    const out = join(dirname(path), `${basename(path)}.chopped${zxid}`);
    return runJob({ writesOn: false, run: (tool) => chopLog(tool, { path, zxid, out }) });
  }
  if (values.recover === true) {
    const { yes = false, verbose = false } = values;
    const options = { path, out: `${path}.fixed`, outName: `${file}.fixed`, yes, verbose, dates };
    return runJob({ writesOn: true, run: (tool) => repairLog(tool, options) });
  }
  return runJob({ writesOn: true, run: (tool) => dumpLog(tool, path, javaFormat(dates)) });
}
