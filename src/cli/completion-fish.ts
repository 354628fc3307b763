import type { Command, OptionSpec } from './command.js';

const COMPLETE = 'complete -c zk-server';

/** In single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** What an option wants behind it: -x something of its own, -r -F a file. */
function valueWords(spec: OptionSpec): string {
  switch (spec.kind) {
    case 'flag':
      return '';
    case 'choice':
      return ` -x -a ${quoted(spec.choices.join(' '))}`;
    case 'seconds':
    case 'id':
      return ' -x';
    case 'text':
      return spec.completes === 'file' ? ' -r -F' : ' -x';
  }
}

function linesOf({ name, aliases = [], argument, options }: Command): string[] {
  const when = ` -n ${quoted(`__fish_seen_subcommand_from ${[name, ...aliases].join(' ')}`)}`;
  const choices = argument === null ? null : (argument.choices?.join(' ') ?? '(__fish_complete_suffix .cfg)');
  return [
    ...Object.entries(options).map(
      ([option, spec]) => `${COMPLETE}${when} -l ${option}${valueWords(spec)} -d ${quoted(spec.describe)}`,
    ),
    ...(choices === null || argument === null
      ? []
      : [`${COMPLETE}${when} -k -a ${quoted(choices)} -d ${quoted(argument.name)}`]),
  ];
}

export function fishScript(commands: readonly Command[]): string {
  return [
    '# Completion of zk-server in fish.',
    `${COMPLETE} -f`,
    `${COMPLETE} -l help -s h -d 'Show help'`,
    `${COMPLETE} -n __fish_use_subcommand -l version -d 'Show the version'`,
    ...commands.map(({ name, summary }) => `${COMPLETE} -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`),
    ...commands.flatMap(linesOf),
  ].join('\n');
}
