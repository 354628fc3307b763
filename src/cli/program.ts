import yargs, { type Argv } from 'yargs';
import { check } from './check.js';
import { type CliContext, UsageError } from './context.js';
import { EXIT_CODE_HELP, ExitCode } from './exit-codes.js';
import { init } from './init.js';
import { printConfig } from './print-config.js';
import { start } from './start.js';
import { status } from './status.js';
import { stop } from './stop.js';
import { versionText } from './version.js';

type Action = () => Promise<number>;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
const LOG_FORMATS = ['json', 'text'] as const;
const HELP_WIDTH = 100;

function withConfig<T>(args: Argv<T>): Argv<T & { config: string | undefined }> {
  return args.positional('config', {
    type: 'string',
    describe: 'zoo.cfg; without it $ZOOCFGDIR/zoo.cfg, then conf/zoo.cfg, then /etc/zookeeper/conf/zoo.cfg',
  });
}

function withJson<T>(args: Argv<T>): Argv<T & { json: boolean }> {
  return args.option('json', { type: 'boolean', default: false, describe: 'Print JSON' });
}

function withTimeout<T>(args: Argv<T>, seconds: number): Argv<T & { timeout: number }> {
  return args
    .option('timeout', { type: 'number', requiresArg: true, default: seconds, describe: 'Seconds to wait' })
    .check(
      ({ timeout }) => (Number.isFinite(timeout) && timeout > 0) || '--timeout takes a number of seconds above 0.',
    );
}

/** Absent, or a number that a line server.N can have. */
function isServerId(myid: number | undefined): boolean {
  return myid === undefined || (Number.isSafeInteger(myid) && myid >= 0);
}

function addServerCommands(program: Argv, context: CliContext, choose: (action: Action) => void): void {
  program
    .command(
      ['start [config]', 'start-foreground [config]'],
      'Run a server in the foreground until SIGTERM or SIGINT',
      (args) =>
        withConfig(args)
          .option('log-level', { choices: LOG_LEVELS, describe: 'Least level that is logged [info]' })
          .option('log-format', { choices: LOG_FORMATS, describe: 'Lines for people or JSON [text on a terminal]' })
          .example('$0 start conf/zoo.cfg', 'Start with this configuration')
          .example('SERVER_JVMFLAGS=-Dzookeeper.snapCount=5000 $0 start', 'Set a property as for the Java server'),
      ({ config, logLevel, logFormat }) => choose(() => start(context, { config, logLevel, logFormat })),
    )
    .command(
      'stop [config]',
      'Stop the server that runs with this configuration',
      (args) =>
        withTimeout(withConfig(args), 30)
          .option('pid-file', { type: 'string', describe: 'Its pid file [zookeeper_server.pid in dataDir]' })
          .example('$0 stop conf/zoo.cfg', 'Stop it and wait until it is gone'),
      ({ config, pidFile, timeout }) => choose(() => stop(context, { config, pidFile, timeoutMs: timeout * 1000 })),
    )
    .command(
      'status [config]',
      'Ask a running server for its role, leader, epoch, zxid and peers; exit code 0 when healthy',
      (args) =>
        withJson(withTimeout(withConfig(args), 3))
          .option('server', { type: 'string', describe: 'Ask this host:port instead of the one in the configuration' })
          .example('$0 status conf/zoo.cfg', 'The server of this machine')
          .example('$0 status --server zk2:2181 --json', 'Another one'),
      ({ config, server, json, timeout }) =>
        choose(() => status(context, { config, server, json, timeoutMs: timeout * 1000 })),
    );
}

function addConfigCommands(program: Argv, context: CliContext, choose: (action: Action) => void): void {
  program
    .command(
      'check [config]',
      'Tell every fault of a configuration with its line and what to write instead; starts nothing',
      (args) => withJson(withConfig(args)).example('$0 check conf/zoo.cfg', 'Before a restart'),
      ({ config, json }) => choose(() => check(context, { config, json })),
    )
    .command(
      'print-config [config]',
      'Print the configuration as it is understood, with where each value comes from',
      (args) =>
        withJson(withConfig(args))
          .option('all', { type: 'boolean', default: false, describe: 'Defaults, too' })
          .example('$0 print-config --all', 'Every key there is'),
      ({ config, all, json }) => choose(() => printConfig(context, { config, all, json })),
    )
    .command(
      'init [config]',
      'Make the data folders and myid',
      (args) =>
        withConfig(args)
          .option('myid', { type: 'number', requiresArg: true, describe: 'The N of this server’s line server.N' })
          .check(({ myid }) => isServerId(myid) || '--myid takes a whole number, 0 or greater.')
          .option('force', { type: 'boolean', default: false, describe: 'Delete the data that is there' })
          .example('$0 init conf/zoo.cfg --myid 1', 'Prepare server 1 of an ensemble'),
      ({ config, myid, force }) => choose(() => init(context, { config, myId: myid, force })),
    )
    .command(
      'version',
      'Print the version',
      (args) => args,
      () =>
        choose(() => {
          context.out(versionText());
          return Promise.resolve(ExitCode.ok);
        }),
    );
}

/** What the parser made of a command line. */
interface Parsed {
  action: Action | null;
  /** Help or a complaint. */
  text: string;
  failed: boolean;
}

async function parse(args: readonly string[], context: CliContext): Promise<Parsed> {
  const parsed: Parsed = { action: null, text: '', failed: false };
  const choose = (action: Action): void => {
    parsed.action = action;
  };
  const program = yargs([])
    .scriptName('zk-server')
    .usage('$0 <command>\n\nA ZooKeeper-compatible server.')
    .strict()
    .demandCommand(1, 'Say what to do.')
    .recommendCommands()
    .showHelpOnFail(false, 'zk-server --help tells the commands, zk-server <command> --help their options.')
    .help()
    .alias('help', 'h')
    .version(versionText())
    .wrap(HELP_WIDTH)
    .epilogue(EXIT_CODE_HELP);
  addServerCommands(program, context, choose);
  addConfigCommands(program, context, choose);
  await program.parseAsync(args, {}, (error: unknown, _argv: unknown, output: string) => {
    // An Error, or its bare words; the command's handler may have been called all the same.
    parsed.failed = error !== null && error !== undefined;
    parsed.text = output;
  });
  return parsed;
}

/** Runs the command that `args` name and returns the exit code. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const { action, text, failed } = await parse(args, context);
  if (text !== '') (failed ? context.err : context.out)(text);
  if (failed) return ExitCode.usage;
  if (action === null) return ExitCode.ok;
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.err(error.message);
    return ExitCode.usage;
  }
}
