import { resolve } from 'node:path';
import {
  compareSnapshots,
  convertSnapshot,
  dumpLines,
  dumpNcdu,
  dumpSnapshot,
  summarizeSnapshot,
  verifySnapshot,
} from '../../toolkit/index.js';
import { comparerFront, formatterFront, summaryFront } from './snapshot-fronts.js';
import { end, forEach, localDates, runProgram, type Describe, type Job } from './tool-program.js';

/* zk-snapshot: reads, checks, compares and converts snapshots. */

const FILE = { type: 'string', demandOption: true, describe: 'A snapshot' } as const;
const FILES = { type: 'string', array: true, demandOption: true, describe: 'Snapshots' } as const;
const COUNT = { type: 'number', default: 0 } as const;

function isCount(value: number, name: string): true | string {
  return (Number.isSafeInteger(value) && value >= 0) || `--${name} takes a whole number, 0 or greater.`;
}

function dumpJob(path: string, data: boolean, format: 'text' | 'json' | 'ncdu'): Job {
  return {
    writesOn: true,
    run: (tool) => {
      if (format === 'json') return dumpLines(tool, path);
      if (format === 'ncdu') return dumpNcdu(tool, path, Date.now());
      return dumpSnapshot(tool, { path, withData: data, dates: localDates() });
    },
  };
}

const reading: Describe = (program, choose) =>
  program
    .usage(
      '$0 <command> [options]\n\nReads snapshots of ZooKeeper 3.4 to 3.9, and of zk-server, plain or compressed with gzip or snappy.',
    )
    .command(
      'dump <file>',
      'Print sessions and nodes',
      (args) =>
        args
          .positional('file', FILE)
          .option('data', { type: 'boolean', alias: 'd', default: false, describe: 'Data in base64, not its length' })
          .option('format', {
            choices: ['text', 'json', 'ncdu'] as const,
            default: 'text' as const,
            describe: "text: as SnapshotFormatter's; json: an object a line; ncdu: as SnapshotFormatter -json",
          }),
      ({ file, data, format }) => choose(dumpJob(resolve(file), data, format)),
    )
    .command(
      'verify <file..>',
      'Tell whether snapshots are whole, and what is wrong at which offset',
      (args) =>
        args.positional('file', FILES).option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
      ({ file, json }) =>
        choose({ writesOn: false, run: (tool) => forEach(file, (each) => verifySnapshot(tool, resolve(each), json)) }),
    )
    .command(
      'compare <left> <right>',
      'Tell which subtrees differ in size',
      (args) =>
        args
          .positional('left', FILE)
          .positional('right', FILE)
          .option('bytes', { ...COUNT, alias: 'b', describe: 'Tell what differs by more bytes of data' })
          .option('nodes', { ...COUNT, alias: 'n', describe: 'Or by more nodes' })
          .option('debug', { type: 'boolean', default: false, describe: 'Tell what is left out, too' })
          .option('interactive', { type: 'boolean', alias: 'i', default: false, describe: 'Ask what to compare' })
          .check(({ bytes, nodes }) => {
            const bad = isCount(bytes, 'bytes');
            return bad === true ? isCount(nodes, 'nodes') : bad;
          }),
      ({ left, right, bytes, nodes, debug, interactive }) =>
        choose({
          writesOn: false,
          run: (tool) =>
            compareSnapshots(tool, {
              left: resolve(left),
              right: resolve(right),
              byteThreshold: bytes,
              nodeThreshold: nodes,
              debug,
              interactive,
              monotonicMs: () => performance.now(),
            }),
        }),
    );

const describe: Describe = (program, choose) =>
  reading(program, choose)
    .command(
      'summary <file> [node]',
      'Tell how many nodes and bytes are below each node',
      (args) =>
        args
          .positional('file', FILE)
          .positional('node', { type: 'string', default: '/', describe: 'Where to begin' })
          .option('depth', { ...COUNT, describe: 'How many levels below it are told; 0: all' })
          .option('json', { type: 'boolean', default: false, describe: 'An object a line' })
          .check(({ depth }) => isCount(depth, 'depth')),
      ({ file, node, depth, json }) =>
        choose({
          writesOn: false,
          run: (tool) => summarizeSnapshot(tool, { path: resolve(file), start: node, maxDepth: depth, json }),
        }),
    )
    .command(
      'convert <file>',
      'Write a snapshot anew, compressed in another way',
      (args) =>
        args
          .positional('file', FILE)
          .option('to', { choices: ['plain', 'gz', 'snappy'] as const, demandOption: true, describe: 'How' })
          .option('out', { type: 'string', describe: 'The new file [beside it, with the ending of its kind]' }),
      ({ file, to, out }) =>
        choose({
          writesOn: false,
          run: (tool) =>
            convertSnapshot(tool, {
              path: resolve(file),
              to: to === 'plain' ? 'none' : to,
              out: out === undefined ? null : resolve(out),
            }),
        }),
    )
    .epilogue(
      'Exit codes: 0 fine; 1 a snapshot is damaged; 2 bad usage, or a file that is not there or cannot be written.\n' +
        'zkSnapShotToolkit.sh, zkSnapshotComparer.sh and zkSnapshotRecursiveSummaryToolkit.sh take the arguments of the ' +
        'scripts of the same names.',
    );

const FRONTS = new Map([
  ['snapshot-formatter', formatterFront],
  ['snapshot-comparer', comparerFront],
  ['snapshot-recursive-summary', summaryFront],
]);

const [word = '', ...rest] = process.argv.slice(2);
const front = FRONTS.get(word);
end(front === undefined ? runProgram('zk-snapshot', process.argv.slice(2), describe) : front(rest));
