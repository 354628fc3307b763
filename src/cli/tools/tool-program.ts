import yargs, { type Argv } from 'yargs';
import { DiskError } from '../../host/index.js';
import { JavaDates } from '../../toolkit/index.js';
import { versionText } from '../version.js';
import { makeRealTool, type RealTool } from './real-tool.js';

const HELP_WIDTH = 100;
const USAGE_EXIT = 2;

/** A task of a tool that the command line chose. */
export interface Job {
  /** It writes while it works, not only at its end. */
  readonly writesOn: boolean;
  readonly run: (tool: RealTool) => Promise<number>;
}

/** The part of a command line behind the program's name; jobs are handed to `choose`. */
export type Describe = (program: Argv, choose: (job: Job) => void) => Argv;

/** Parses a command line with yargs and runs what it asks for; resolves to the exit code. */
export async function runProgram(name: string, args: readonly string[], describe: Describe): Promise<number> {
  const found: { job: Job | null; code: number } = { job: null, code: 0 };
  const program = describe(
    yargs([])
      .scriptName(name)
      .locale('en')
      .parserConfiguration({ 'camel-case-expansion': false, 'parse-positional-numbers': false })
      .strict()
      .demandCommand(1, 'Say what to do.')
      .help()
      .alias('help', 'h')
      .version(versionText())
      .wrap(HELP_WIDTH),
    (job) => {
      found.job = job;
    },
  );
  await program.parseAsync([...args], {}, (error: unknown, _argv: unknown, output: string) => {
    // What a check of options says comes as a text.
    const fault = error instanceof Error ? error.message : error;
    if (typeof fault === 'string') {
      process.stderr.write(`${fault}\n\n${name} --help tells the commands and options.\n`);
      found.code = USAGE_EXIT;
    } else if (output !== '') process.stdout.write(`${output}\n`);
  });
  // After a fault of a check, yargs calls the command all the same.
  return found.job === null || found.code !== 0 ? found.code : runJob(found.job);
}

export async function runJob(job: Job): Promise<number> {
  const tool = makeRealTool(job.writesOn);
  try {
    return await job.run(tool);
  } catch (error) {
    // Files that are read have faults of their own; this is one that cannot be written.
    if (!(error instanceof DiskError)) throw error;
    tool.complain(`${error.path}: it cannot be written: ${error.message}`);
    return USAGE_EXIT;
  } finally {
    await tool.finish();
  }
}

/** Runs one job a file; the largest exit code. */
export async function forEach(files: readonly string[], run: (file: string) => Promise<number>): Promise<number> {
  let code = 0;
  for (const file of files) code = Math.max(code, await run(file));
  return code;
}

/** Ends the process with the exit code of `main`, once what it wrote is taken. */
export function end(main: Promise<number>): void {
  main.then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      process.stderr.write(
        `Unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exit(1);
    },
  );
}

/** Dates of this process' time zone. */
export function localDates(): JavaDates {
  return new JavaDates({ name: Intl.DateTimeFormat().resolvedOptions().timeZone });
}

/** A zxid as `0x1f` or, as Java's `Long.decode` reads it, decimal or with a leading 0 octal; null: it is none. */
export function parseZxid(text: string): number | null {
  const value = /^0[0-7]+$/.test(text)
    ? Number.parseInt(text, 8)
    : /^(0x[0-9a-f]+|\d+)$/i.test(text)
      ? Number(text)
      : -1;
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}
