import type { Watcher, ZooKeeperClient } from '../zk-client/index.js';
import type { Arguments, OptionRules } from './options.js';
import { CliError } from './errors.js';
import { optionTable } from './options.js';
import type { Output } from './output.js';

/** Files and programs that commands reach. Errors are ordinary `Error`s whose messages name the file. */
export interface Surroundings {
  readFile(path: string): Promise<Buffer>;
  /** Replaces the file as a whole. */
  writeFile(path: string, data: Buffer): Promise<void>;
  /** Lets somebody change the bytes in an editor; what they are afterwards. */
  edit(data: Buffer, name: string): Promise<Buffer>;
}

/** What a command can do to the shell that runs it. */
export interface ShellControl {
  readonly server: string;
  printsWatches: boolean;
  /** Number of the line that is being run, and the lines before it. */
  readonly lineNumber: number;
  lineAt(number: number): string | undefined;
  /** Runs another line under the number of this one. */
  redo(line: string): Promise<void>;
  connect(server: string): Promise<void>;
  quit(): Promise<void>;
}

export interface Context {
  readonly client: ZooKeeperClient;
  readonly out: Output;
  readonly files: Surroundings;
  readonly shell: ShellControl;
  /** Prints what it is told; one for all watches that commands set. */
  readonly watcher: Watcher;
  /** Aborted by whoever wants the command to end. */
  readonly signal: AbortSignal;
}

export interface Command extends OptionRules {
  readonly name: string;
  /** What stands behind the name, in the words of zkCli.sh where it has the command. */
  readonly usage: string;
  /** One sentence for `help`. */
  readonly about: string;
  /** Words that are needed beside options. */
  readonly least: number;
  /** The usage ends with a table of options, as that of some commands of zkCli.sh does. */
  readonly hasTable?: boolean;
  /** Works without a live connection. */
  readonly isLocal?: boolean;
  readonly run: (context: Context, args: Arguments) => Promise<void> | void;
}

export function usageOf(command: Command): string {
  const line = `${command.name} ${command.usage}`;
  return command.hasTable === true ? `${line}\n${optionTable(command.options)}` : line;
}

export function usageError(command: Command): CliError {
  return new CliError(usageOf(command));
}

/** The word at `index`; commands ask only for words that `least` promises. */
export function wordAt(args: Arguments, index: number): string {
  return args.rest[index] ?? '';
}
