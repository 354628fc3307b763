import type { ArgumentSpec, Command, OptionSpec } from './command.js';

/** In single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Text in a specification of `_arguments`, where brackets and colons have a meaning. */
function plain(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function optionSpec(name: string, spec: OptionSpec): string {
  const described = `[${plain(spec.describe)}]`;
  switch (spec.kind) {
    case 'flag':
      return quoted(`--${name}${described}`);
    case 'choice':
      return quoted(`--${name}=${described}:${name}:(${spec.choices.join(' ')})`);
    case 'seconds':
    case 'id':
      return quoted(`--${name}=${described}:number: `);
    case 'text':
      return quoted(`--${name}=${described}:${name}:${spec.completes === 'file' ? '_files' : ' '}`);
  }
}

function argumentSpec(argument: ArgumentSpec | null): string[] {
  if (argument === null) return [];
  const values = argument.choices === null ? "_files -g '*.cfg'" : `(${argument.choices.join(' ')})`;
  return [quoted(`1:${argument.name}:${values}`)];
}

function branch({ name, aliases = [], argument, options }: Command): string[] {
  const specs = [
    ...Object.entries(options).map(([option, spec]) => optionSpec(option, spec)),
    quoted('--help[Show help]'),
    ...argumentSpec(argument),
  ];
  return [`    ${[name, ...aliases].join('|')})`, `      _arguments ${specs.join(' \\\n        ')}`, '      ;;'];
}

export function zshScript(commands: readonly Command[]): string {
  return [
    '#compdef zk-server',
    '# Completion of zk-server in zsh.',
    '_zk_server() {',
    '  local -a commands=(',
    ...commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`),
    '  )',
    '  if (( CURRENT == 2 )); then',
    "    _describe -t commands 'command' commands",
    "    _arguments '--help[Show help]' '--version[Show the version]'",
    '    return',
    '  fi',
    '  local command=$words[2]',
    '  shift words',
    '  (( CURRENT-- ))',
    '  case $command in',
    ...commands.flatMap(branch),
    '  esac',
    '}',
    '',
    '# A file of $fpath is run when it is needed; one that is sourced only says what it is for.',
    'if [[ $zsh_eval_context[-1] == loadautofunc ]]; then',
    '  _zk_server "$@"',
    'else',
    '  compdef _zk_server zk-server',
    'fi',
  ].join('\n');
}
