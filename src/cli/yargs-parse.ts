import yargs, { type Argv, type Options } from 'yargs';
import { nearestName } from '../config/index.js';
import { type Command, defaultOf, type Explained, type OptionSpec } from './command.js';
import { COMMANDS, findCommand } from './commands.js';
import { EXIT_CODE_HELP } from './exit-codes.js';
import type { Invocation } from './quick-parse.js';
import { versionText } from './version.js';

/** What is to be done or said for a command line. */
export type Parsed =
  | { readonly kind: 'run'; readonly invocation: Invocation }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'bad'; readonly text: string };

const HELP_WIDTH = 100;

function optionOf(spec: OptionSpec): Options {
  const common: Options = { describe: spec.describe, requiresArg: spec.kind !== 'flag' };
  const initial = defaultOf(spec);
  switch (spec.kind) {
    case 'flag':
      return { ...common, type: 'boolean', default: false };
    case 'seconds':
      return { ...common, type: 'number', default: initial };
    case 'id':
      return { ...common, type: 'number' };
    case 'choice':
      return { ...common, type: 'string', choices: spec.choices };
    case 'text':
      return { ...common, type: 'string' };
  }
}

/** Long terms have their meaning in the next line. */
const LONGEST_TERM = 24;

/** Lines of at most `width` characters. */
function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function row([term, meaning]: Explained[number], width: number): string {
  const indent = ' '.repeat(width + 4);
  // One less: what fills a line is broken by yargs.
  const [first = '', ...more] = folded(meaning, HELP_WIDTH - indent.length - 1);
  const head = term.length > width ? `  ${term}\n${indent}` : `  ${term.padEnd(width)}  `;
  return [`${head}${first}`, ...more.map((line) => `${indent}${line}`)].join('\n');
}

function rows(title: string, explained: Explained): string {
  if (explained.length === 0) return '';
  const width = Math.min(LONGEST_TERM, Math.max(...explained.map(([term]) => term.length)));
  return [`${title}:`, ...explained.map((each) => row(each, width))].join('\n');
}

function argumentWord({ argument }: Command): string {
  if (argument === null) return '';
  return argument.required ? ` <${argument.name}>` : ` [${argument.name}]`;
}

function usageOf(command: Command): string {
  const { name, aliases = [], about } = command;
  const word = argumentWord(command);
  const others = aliases.length === 0 ? '' : `\n\nAlso called: ${aliases.join(', ')}.`;
  return `zk-server ${name}${word} [options]\n\n${about}${others}`;
}

function build(args: Argv, command: Command): Argv {
  const { argument, environment, examples, exitCodes, options, sections = [] } = command;
  if (argument !== null) {
    const { choices, describe } = argument;
    args.positional(argument.name, { type: 'string', describe, ...(choices === null ? {} : { choices }) });
  }
  for (const [name, spec] of Object.entries(options)) args.option(name, optionOf(spec));
  args.check((given) => {
    for (const [name, { kind }] of Object.entries(options)) {
      const value = given[name];
      if (value === undefined) continue;
      if (kind === 'seconds' && !(Number.isFinite(value) && Number(value) > 0)) {
        throw new Error(`--${name} takes a number of seconds above 0.`);
      }
      if (kind === 'id' && !(Number.isSafeInteger(value) && Number(value) >= 0)) {
        throw new Error(`--${name} takes a whole number, 0 or greater.`);
      }
    }
    return true;
  });
  const explained = [
    ['Examples', examples] as const,
    ...sections,
    ['Environment', environment] as const,
    ['Exit codes', exitCodes] as const,
  ];
  return args
    .usage(usageOf(command))
    .version(false)
    .epilogue(
      explained
        .map(([title, list]) => rows(title, list))
        .filter((part) => part !== '')
        .join('\n\n'),
    );
}

function addCommand(program: Argv, command: Command, choose: (invocation: Invocation) => void): void {
  const { aliases = [], argument, name, options, summary } = command;
  const word = argumentWord(command);
  program.command(
    [name, ...aliases].map((each) => `${each}${word}`),
    summary,
    (args) => build(args, command),
    (given) => {
      const values = Object.fromEntries(Object.keys(options).map((option) => [option, given[option]]));
      const chosen = argument === null ? undefined : (given[argument.name] as string | undefined);
      choose({ command, argument: chosen, options: values });
    },
  );
}

function didYouMean(names: readonly (string | undefined)[]): string {
  const meant = names.filter((name) => name !== undefined);
  return meant.length === 0 ? '' : `\nDid you mean ${meant.join(', ')}?`;
}

/** The first word is no command. */
function unknownCommand(message: string, args: readonly string[]): string {
  const word = args.find((each) => !each.startsWith('-'));
  const [option] = args;
  let what = message;
  if (word !== undefined) {
    what = `Unknown command: ${word}${didYouMean([
      nearestName(
        word,
        COMMANDS.map(({ name }) => name),
      ),
    ])}`;
  } else if (option !== undefined) {
    what = `Unknown option: ${option}${didYouMean([nearestName(option, ['--help', '--version'])])}`;
  }
  return `${what}\n\nzk-server --help tells the commands.`;
}

/** Something about a command is wrong: yargs' words, where there are none that say more. */
function badCommand(message: string, { name, argument, options }: Command): string {
  const [, unknown = ''] = /^Unknown arguments?: (.*)$/m.exec(message) ?? [];
  const known = [...Object.keys(options), 'help'];
  const near = unknown.split(', ').map((word) => nearestName(word, known));
  const isMissing = message.startsWith('Not enough non-option arguments') && argument !== null;
  const what = isMissing ? `Missing argument: ${argument.name} (${argument.choices?.join(', ') ?? ''}).` : message;
  const meant = didYouMean(near.map((option) => (option === undefined ? undefined : `--${option}`)));
  return `${what}${meant}\n\nzk-server ${name} --help tells its argument and options.`;
}

function complaint({ message }: Error, args: readonly string[]): string {
  const command = findCommand(args[0] ?? '');
  return command === undefined ? unknownCommand(message, args) : badCommand(message, command);
}

/** Parses any command line: what to run, a help text, or what is wrong with it. */
export async function yargsParse(args: readonly string[]): Promise<Parsed> {
  const found: { parsed: Parsed } = { parsed: { kind: 'help', text: '' } };
  const program = yargs([])
    .scriptName('zk-server')
    // The rest speaks English, too.
    .locale('en')
    .parserConfiguration({ 'camel-case-expansion': false, 'duplicate-arguments-array': false })
    .usage('$0 <command> [options]\n\nA ZooKeeper-compatible server.')
    .strict()
    .demandCommand(1, 'Say what to do.')
    .help()
    .alias('help', 'h')
    .version(versionText())
    .wrap(HELP_WIDTH)
    .example('zk-server check conf/zoo.cfg', 'is the configuration fine?')
    .example('zk-server start --daemon conf/zoo.cfg', 'run a server in the background')
    .example('zk-server status conf/zoo.cfg', 'does it serve?')
    .epilogue(
      `zk-server <command> --help tells its arguments, options, environment variables, exit codes and examples.\n\n${EXIT_CODE_HELP}`,
    );
  for (const command of COMMANDS) {
    addCommand(program, command, (invocation) => {
      found.parsed = { kind: 'run', invocation };
    });
  }
  await program.parseAsync(args, {}, (error: unknown, _argv: unknown, output: string) => {
    if (error instanceof Error) found.parsed = { kind: 'bad', text: complaint(error, args) };
    else if (output !== '') found.parsed = { kind: 'help', text: output };
  });
  return found.parsed;
}
