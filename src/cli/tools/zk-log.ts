import { resolve } from 'node:path';
import { chopLog, dumpLog, javaFormat, JSON_FORMAT, repairLog, verifyLog } from '../../toolkit/index.js';
import { purgeFront } from './purge-front.js';
import { end, forEach, localDates, parseZxid, runProgram, type Describe } from './tool-program.js';
import { toolkitFront } from './toolkit-front.js';

/* zk-log: reads, checks, mends and cuts transaction logs. */

const FILES = { type: 'string', array: true, demandOption: true, describe: 'Transaction logs' } as const;
const FILE = { type: 'string', demandOption: true, describe: 'A transaction log' } as const;
const JSON_OPTION = { type: 'boolean', default: false, describe: 'An object a line' } as const;

const describe: Describe = (program, choose) =>
  program
    .usage('$0 <command> [options]\n\nReads transaction logs of ZooKeeper 3.4 to 3.9, and of zk-server.')
    .command(
      'dump <file..>',
      'Print every transaction, as TxnLogToolkit does or as JSON',
      (args) => args.positional('file', FILES).option('json', JSON_OPTION),
      ({ file, json }) =>
        choose({
          writesOn: true,
          run: (tool) =>
            forEach(file, (each) => dumpLog(tool, resolve(each), json ? JSON_FORMAT : javaFormat(localDates()))),
        }),
    )
    .command(
      'verify <file..>',
      'Tell whether logs are whole, and what is wrong at which offset',
      (args) => args.positional('file', FILES).option('json', JSON_OPTION),
      ({ file, json }) =>
        choose({ writesOn: false, run: (tool) => forEach(file, (each) => verifyLog(tool, resolve(each), json)) }),
    )
    .command(
      'repair <file>',
      'Copy a log with checksums that fit its records; asks for each one that does not',
      (args) =>
        args
          .positional('file', FILE)
          .option('out', { type: 'string', describe: 'The copy [FILE.fixed]' })
          .option('yes', { type: 'boolean', alias: 'y', default: false, describe: 'Mend all without asking' })
          .option('verbose', { type: 'boolean', alias: 'v', default: false, describe: 'Print every transaction' }),
      ({ file, out, yes, verbose }) =>
        choose({
          writesOn: true,
          run: (tool) =>
            repairLog(tool, {
              path: resolve(file),
              out: resolve(out ?? `${file}.fixed`),
              yes,
              verbose,
              dates: localDates(),
            }),
        }),
    )
    .command(
      'chop <file>',
      'Copy a log up to a zxid',
      (args) =>
        args
          .positional('file', FILE)
          .option('zxid', { type: 'string', alias: 'z', demandOption: true, describe: 'The last zxid of the copy' })
          .option('out', { type: 'string', describe: 'The copy [FILE.choppedZXID, the zxid in decimal]' })
          .check(({ zxid }) => parseZxid(zxid) !== null || `${zxid} is no zxid; write it as 0x100000003.`),
      ({ file, zxid, out }) => {
        const last = parseZxid(zxid) ?? 0;
        choose({
          writesOn: false,
          run: (tool) =>
            chopLog(tool, { path: resolve(file), zxid: last, out: resolve(out ?? `${file}.chopped${last}`) }),
        });
      },
    )
    .epilogue(
      'Exit codes: 0 fine; 1 a log is damaged; 2 bad usage, or a file that is not there or cannot be written.\n' +
        'zkTxnLogToolkit.sh takes the arguments of the script of the same name.',
    );

const [front = '', ...rest] = process.argv.slice(2);
end(
  front === 'txn-log-toolkit'
    ? toolkitFront(rest)
    : front === 'purge-txn-log'
      ? purgeFront(rest)
      : runProgram('zk-log', process.argv.slice(2), describe),
);
