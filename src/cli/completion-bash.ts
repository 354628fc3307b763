import type { ArgumentSpec, Command, OptionSpec } from './command.js';

const HEAD = `# Completion of zk-server in bash.
_zk_server_configs() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -X '!*.cfg' -- "$1"; compgen -d -- "$1")
  [ \${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_zk_server_words() {
  mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

_zk_server() {
  local cur=\${COMP_WORDS[COMP_CWORD]} before=$((COMP_CWORD - 1)) command='' i
  # "=" is a word of its own here.
  if [ "$cur" = = ]; then
    cur=''
  elif [ "\${COMP_WORDS[before]}" = = ]; then
    before=$((before - 1))
  fi
  local prev=\${COMP_WORDS[before]} options='' argument=''
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then
      command=\${COMP_WORDS[i]}
      break
    fi
  done`;

const TAIL = `    *) return ;;
  esac
  if [[ $cur == -* ]]; then
    _zk_server_words "$cur" "$options --help"
  elif [ "$argument" = config ]; then
    _zk_server_configs "$cur"
  else
    _zk_server_words "$cur" "$argument"
  fi
}

complete -F _zk_server zk-server`;

/** The branch for what follows an option; none for a flag, which nothing follows. */
function valueBranch(name: string, spec: OptionSpec): string[] {
  switch (spec.kind) {
    case 'flag':
      return [];
    case 'choice':
      return [`        --${name}) _zk_server_words "$cur" '${spec.choices.join(' ')}'; return ;;`];
    case 'seconds':
    case 'id':
      return [`        --${name}) return ;;`];
    case 'text':
      return [
        spec.completes === 'file'
          ? `        --${name}) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;`
          : `        --${name}) return ;;`,
      ];
  }
}

function argumentWords(argument: ArgumentSpec | null): string {
  if (argument === null) return '';
  return argument.choices === null ? 'config' : argument.choices.join(' ');
}

function branch({ name, aliases = [], argument, options }: Command): string[] {
  const values = Object.entries(options).flatMap(([option, spec]) => valueBranch(option, spec));
  const names = Object.keys(options).map((option) => `--${option}`);
  return [
    `    ${[name, ...aliases].join(' | ')})`,
    ...(values.length === 0 ? [] : ['      case $prev in', ...values, '      esac']),
    `      options='${names.join(' ')}'`,
    `      argument='${argumentWords(argument)}'`,
    '      ;;',
  ];
}

export function bashScript(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return [
    HEAD,
    '  case $command in',
    `    '') _zk_server_words "$cur" '${names} --help --version'; return ;;`,
    ...commands.flatMap(branch),
    TAIL,
  ].join('\n');
}
