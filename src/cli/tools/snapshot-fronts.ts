import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compareSnapshots, dumpNcdu, dumpSnapshot, summarizeSnapshot } from '../../toolkit/index.js';
import { localDates, runJob } from './tool-program.js';

/* The command lines of ZooKeeper's SnapshotFormatter, SnapshotComparer and SnapshotRecursiveSummary. */

const USAGE_EXIT = 2;

function refuse(text: string): number {
  process.stderr.write(`${text}\n`);
  return USAGE_EXIT;
}

const FORMATTER_USAGE = `USAGE: SnapshotFormatter [-d|-json] snapshot_file
       -d print the data of each znode
       -json print znodes as JSON, in the format of ncdu`;

/** What is wrong with a file that was named; null: nothing. */
function badFile(path: string): string | null {
  if (!existsSync(path)) return `File '${resolve(path)}' does not exist.`;
  return statSync(path).isDirectory() ? `'${path}' is a directory. it must be a file.` : null;
}

export async function formatterFront(args: readonly string[]): Promise<number> {
  const flags = args.slice(0, -1);
  const file = args.at(-1);
  if (file === undefined || ['-d', '-json'].includes(file) || flags.some((flag) => !['-d', '-json'].includes(flag))) {
    return refuse(FORMATTER_USAGE);
  }
  const bad = badFile(file);
  if (bad !== null) return refuse(bad);
  const withData = flags.includes('-d');
  const asJson = flags.includes('-json');
  if (withData && asJson) return refuse('Cannot specify both data dump (-d) and json mode (-json) in same call');
  const path = resolve(file);
  if (asJson) return runJob({ writesOn: true, run: (tool) => dumpNcdu(tool, path, Date.now()) });
  return runJob({ writesOn: true, run: (tool) => dumpSnapshot(tool, { path, withData, dates: localDates() }) });
}

const COMPARER_USAGE = `usage: java -cp <classPath> org.apache.zookeeper.server.SnapshotComparer
 -b,--bytes <BYTETHRESHOLD>   (Required) Differences of up to so many bytes are not told.
 -d,--debug                   Tell what is compared and left out.
 -i,--interactive             Ask what to compare.
 -l,--left <LEFT>             (Required) The one snapshot.
 -n,--nodes <NODETHRESHOLD>   (Required) Differences of up to so many nodes below are not told.
 -r,--right <RIGHT>           (Required) The other snapshot.`;

const COMPARER_OPTIONS = {
  bytes: { type: 'string', short: 'b' },
  debug: { type: 'boolean', short: 'd' },
  interactive: { type: 'boolean', short: 'i' },
  left: { type: 'string', short: 'l' },
  nodes: { type: 'string', short: 'n' },
  right: { type: 'string', short: 'r' },
} as const;

function parseComparer(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: COMPARER_OPTIONS, allowPositionals: true }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export async function comparerFront(args: readonly string[]): Promise<number> {
  const values = parseComparer(args);
  if (typeof values === 'string') return refuse(`${values}\n${COMPARER_USAGE}`);
  const { left, right, bytes, nodes, debug = false, interactive = false } = values;
  const absent = (['left', 'right', 'bytes', 'nodes'] as const)
    .filter((name) => values[name] === undefined)
    .map((name) => name.charAt(0));
  if (left === undefined || right === undefined || bytes === undefined || nodes === undefined) {
    const words = absent.length === 1 ? 'Missing required option' : 'Missing required options';
    return refuse(`${words}: ${absent.join(', ')}\n${COMPARER_USAGE}`);
  }
  for (const number of [bytes, nodes]) {
    if (!/^[+-]?\d+$/.test(number)) return refuse(`"${number}" is no whole number.\n${COMPARER_USAGE}`);
  }
  process.stdout.write('Successfully parsed options!\n');
  const options = {
    left: resolve(left),
    right: resolve(right),
    byteThreshold: Number(bytes),
    nodeThreshold: Number(nodes),
    debug,
    interactive,
    monotonicMs: () => performance.now(),
  };
  return runJob({ writesOn: false, run: (tool) => compareSnapshots(tool, options) });
}

const SUMMARY_USAGE = `USAGE:

SnapshotRecursiveSummary  <snapshot_file>  <starting_node>  <max_depth>

snapshot_file:    a snapshot of ZooKeeper
starting_node:    the path of the node at which to begin
max_depth:        how many levels below that node are told; 0: all. Everything is counted in any case.`;

export async function summaryFront(args: readonly string[]): Promise<number> {
  const [file, start, depth = ''] = args;
  if (args.length !== 3 || file === undefined || start === undefined || !/^[+-]?\d+$/.test(depth)) {
    return refuse(SUMMARY_USAGE);
  }
  const options = { path: resolve(file), start, maxDepth: Math.max(0, Number(depth)), json: false };
  return runJob({ writesOn: false, run: (tool) => summarizeSnapshot(tool, options) });
}
