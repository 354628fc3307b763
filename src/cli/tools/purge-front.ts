import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createRealHost } from '../../platform/index.js';
import { listLogs, listSnapshots, purgeFiles } from '../../storage/index.js';
import { localDates } from './tool-program.js';

/* The command line of ZooKeeper's PurgeTxnLog: dataLogDir [snapDir] -n count */

const USAGE = `Usage:
PurgeTxnLog dataLogDir [snapDir] -n count
\tdataLogDir -- the folder of the transaction logs
\tsnapDir -- the folder of the snapshots
\tcount -- how many snapshots to keep, 3 or more
`;
const LEAST_COUNT = 3;

/** What is wrong with the arguments, or what they say. */
function parse(args: readonly string[]): { dataLogDir: string; snapDir: string; count: number } | string {
  const [dataLogDir = '', ...rest] = args;
  const [option, number = ''] = rest.slice(-2);
  if (args.length < 3 || args.length > 4 || option !== '-n') return '';
  const snapDir = args.length === 4 ? (args[1] ?? '') : dataLogDir;
  for (const path of [dataLogDir, snapDir]) {
    if (!existsSync(path)) return `Path '${resolve(path)}' does not exist. \n`;
  }
  if (!/^[+-]?\d+$/.test(number)) return `'${number}' can not be parsed to integer.\n`;
  const count = Number(number);
  if (count < LEAST_COUNT) return `count should be greater than or equal to ${LEAST_COUNT}\n`;
  return { dataLogDir: resolve(dataLogDir), snapDir: resolve(snapDir), count };
}

/** Removes what the newest snapshots do not need, and tells each file; the exit code. */
export async function purgeFront(args: readonly string[]): Promise<number> {
  const parsed = parse(args);
  if (typeof parsed === 'string') {
    process.stderr.write(parsed);
    process.stdout.write(USAGE);
    return 1;
  }
  const folders = { snapDir: join(parsed.snapDir, 'version-2'), logDir: join(parsed.dataLogDir, 'version-2') };
  for (const folder of Object.values(folders)) {
    if (existsSync(folder)) continue;
    process.stderr.write(`There is no ${folder}: no server has had its data there.\n`);
    return 1;
  }
  const host = createRealHost({ log: { level: 'fatal' } });
  try {
    const files = [
      ...(await listLogs(host.disk, folders.logDir)),
      ...(await listSnapshots(host.disk, folders.snapDir)),
    ];
    const times = new Map(files.map(({ path }) => [path, statSync(path).mtimeMs] as const));
    const dates = localDates();
    for (const path of await purgeFiles(host, folders, parsed.count)) {
      process.stdout.write(`Removing file: ${dates.medium(times.get(path) ?? Date.now())}\t${path}\n`);
    }
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    await host.close();
  }
}
