import { CliError, CliExit } from './errors.js';
import type { OutputMode } from './output.js';

/** What the command line asks for. */
export interface Launch {
  readonly server: string;
  readonly timeoutMs: number;
  readonly isReadOnly: boolean;
  readonly waitsForConnection: boolean;
  /** A file of properties; null: none. */
  readonly clientConfiguration: string | null;
  readonly mode: OutputMode;
  readonly isQuiet: boolean;
  readonly isTls: boolean;
  readonly files: Readonly<Partial<Record<FileOption, string>>>;
  readonly saslUser: string | null;
  readonly verifiesHost: boolean;
  readonly wants: 'help' | 'version' | null;
  /** A command to run instead of reading lines; empty: none. */
  readonly words: readonly string[];
}

export type FileOption =
  | 'trust-store'
  | 'trust-store-password-file'
  | 'key-store'
  | 'key-store-password-file'
  | 'sasl-password-file'
  | 'history';

const FILE_OPTIONS: readonly FileOption[] = [
  'trust-store',
  'trust-store-password-file',
  'key-store',
  'key-store-password-file',
  'sasl-password-file',
  'history',
];

export const USAGE = `Usage: zk-cli [options] [command [words]]

Without a command it reads lines: from a terminal with completion and history, else from its input.

  -server HOST:PORT,.../CHROOT    servers, as a connect string (localhost:2181)
  -timeout MS                     time-out of the session (30000)
  -r                              accept a server that only reads
  -waitforconnection              fail when there is no connection within the time-out
  -client-configuration FILE      properties of Apache ZooKeeper's client (TLS, SASL)
  --output text|json              answers for people, or one JSON value a line
  --quiet                         no word about connections
  --tls                           encrypted connections
  --trust-store FILE              whom to trust (.pem, .jks, .p12); turns TLS on
  --trust-store-password-file FILE
  --key-store FILE                own key and certificate; turns TLS on
  --key-store-password-file FILE
  --no-verify-host                the certificate may be for another host
  --sasl-user NAME                SASL with DIGEST-MD5
  --sasl-password-file FILE       or the variable ZK_CLI_SASL_PASSWORD
  --history FILE                  history of lines ($XDG_STATE_HOME/zk-cli/history); none: do not keep any
  --help, --version

Exit codes: 0 fine; 1 the command failed, or there is no connection; 2 bad usage; 127 unknown command; 130 interrupted.
\`help\` as a command lists the commands. Also read: CLIENT_JVMFLAGS and JVMFLAGS (-Dzookeeper...), EDITOR, NO_COLOR.`;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Reads the command line. Options end at the first word that is none. Throws a `CliError` with the exit code 2. */
export function parseLaunch(words: readonly string[]): Launch {
  const launch: Mutable<Launch> & { files: Partial<Record<FileOption, string>> } = {
    server: 'localhost:2181',
    timeoutMs: 30_000,
    isReadOnly: false,
    waitsForConnection: false,
    clientConfiguration: null,
    mode: 'text',
    isQuiet: false,
    isTls: false,
    files: {},
    saslUser: null,
    verifiesHost: true,
    wants: null,
    words: [],
  };
  let at = 0;
  const value = (option: string): string => {
    const word = words[at++];
    if (word === undefined) throw new CliError(`Error: no argument found for option ${option}`, CliExit.usage);
    return word;
  };
  while (at < words.length) {
    const option = words[at] ?? '';
    if (!option.startsWith('-')) break;
    at++;
    apply(launch, option, () => value(option));
  }
  launch.words = words.slice(at);
  return launch;
}

function apply(
  launch: Mutable<Launch> & { files: Partial<Record<FileOption, string>> },
  option: string,
  value: () => string,
): void {
  const file = FILE_OPTIONS.find((name) => option === `--${name}`);
  if (file !== undefined) {
    launch.files[file] = value();
    if (file === 'trust-store' || file === 'key-store') launch.isTls = true;
    return;
  }
  switch (option) {
    case '-server':
    case '--server':
      launch.server = value();
      return;
    case '-timeout':
    case '--timeout':
      launch.timeoutMs = milliseconds(value());
      return;
    case '-r':
    case '--read-only':
      launch.isReadOnly = true;
      return;
    case '-waitforconnection':
    case '--wait-for-connection':
      launch.waitsForConnection = true;
      return;
    case '-client-configuration':
    case '--client-configuration':
      launch.clientConfiguration = value();
      return;
    case '--output':
      launch.mode = outputMode(value());
      return;
    case '--quiet':
      launch.isQuiet = true;
      return;
    case '--tls':
      launch.isTls = true;
      return;
    case '--no-verify-host':
      launch.verifiesHost = false;
      return;
    case '--sasl-user':
      launch.saslUser = value();
      return;
    case '--help':
    case '-help':
    case '-h':
      launch.wants = 'help';
      return;
    case '--version':
      launch.wants = 'version';
      return;
    default:
      throw new CliError(`${option} is no option of zk-cli; zk-cli --help lists them`, CliExit.usage);
  }
}

function milliseconds(word: string): number {
  const value = /^\d+$/.test(word) ? Number(word) : NaN;
  if (value > 0 && value < 2 ** 31) return value;
  throw new CliError(`-timeout needs a number of milliseconds above 0, not "${word}"`, CliExit.usage);
}

function outputMode(word: string): OutputMode {
  if (word === 'text' || word === 'json') return word;
  throw new CliError(`--output is text or json, not "${word}"`, CliExit.usage);
}
