import { type Command, defineCommand, type Explained, type OptionSpec } from './command.js';
import { BAD_CONFIG, CONFIG_ARGUMENT, FIND_CONFIG, JVM_FLAGS, LOG_DIR, NODE_OPTIONS, PID_FILE } from './help-parts.js';

/** Commands that start, end or ask a server. What they do is loaded only when it is asked for. */

const LOG_OPTIONS = {
  'log-level': {
    kind: 'choice',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    describe: 'Least level that is logged [info]',
  },
  'log-format': {
    kind: 'choice',
    choices: ['json', 'text'],
    describe: 'One JSON object a line, or lines for people [text on a terminal, else json]',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;

const SERVING_TIMEOUT = {
  kind: 'seconds',
  default: 60,
  describe: 'Seconds to wait until the server in the background serves',
} as const;

const START_CODES: Explained = [
  ['0', 'stopped when asked to; in the background: it serves, or it waits for the other servers'],
  ['1', 'unexpected: client port taken, not in the server list, runs already, does not serve in time'],
  ['2', 'bad usage or configuration'],
  ['3', 'a data folder cannot be used'],
  ['14', 'the election port cannot be opened'],
];

const start = defineCommand({
  name: 'start',
  aliases: ['start-foreground'],
  summary: 'Run a server until SIGTERM or SIGINT; with --daemon in the background',
  about:
    'Runs a server in the foreground; its log goes to standard output. A second SIGTERM or SIGINT ends it at once. SIGHUP ' +
    'has the configuration read again, unless the server was started at a terminal.\n\n' +
    'With --daemon it runs in the background with its log in a file, zookeeper-USER-server-HOST.out, which is appended ' +
    'to. The command waits until the server serves clients or has failed, and says which. A member of an ensemble that ' +
    'runs but finds no quorum of the others within ten seconds is left running, and that is said.\n\n' +
    'A second start with the same pid file is refused as long as the first server runs.',
  argument: CONFIG_ARGUMENT,
  options: {
    daemon: { kind: 'flag', describe: 'Run in the background' },
    timeout: SERVING_TIMEOUT,
    ...LOG_OPTIONS,
  },
  environment: [...FIND_CONFIG, ...JVM_FLAGS, ...PID_FILE, ...LOG_DIR, ...NODE_OPTIONS],
  exitCodes: START_CODES,
  examples: [
    ['zk-server start conf/zoo.cfg', 'in the foreground, as a service manager wants it'],
    ['zk-server start --daemon conf/zoo.cfg', 'in the background'],
    ['SERVER_JVMFLAGS=-Dzookeeper.snapCount=5000 zk-server start', 'with a property as for the Java server'],
  ],
  run: async (context, config, options) => {
    const common = { config, logLevel: options['log-level'], logFormat: options['log-format'] };
    if (!options.daemon) return (await import('./start.js')).start(context, common);
    const { startDaemon } = await import('./daemon.js');
    return startDaemon(context, { ...common, timeoutMs: options.timeout * 1000 });
  },
});

const restart = defineCommand({
  name: 'restart',
  summary: 'Stop the server of a configuration, then start it in the background',
  about:
    'The configuration is checked first: with one that cannot be used, the running server is left alone. Then as stop, ' +
    'and as start --daemon. When no server runs, one is started.',
  argument: CONFIG_ARGUMENT,
  options: {
    'stop-timeout': { kind: 'seconds', default: 30, describe: 'Seconds to wait until the running server is gone' },
    timeout: SERVING_TIMEOUT,
    ...LOG_OPTIONS,
  },
  environment: [...FIND_CONFIG, ...JVM_FLAGS, ...PID_FILE, ...LOG_DIR, ...NODE_OPTIONS],
  exitCodes: [['0', 'it serves, or it waits for the other servers'], ...START_CODES.slice(1)],
  examples: [['zk-server restart conf/zoo.cfg', 'after a change of the configuration']],
  run: async (context, config, options) =>
    (await import('./restart.js')).restart(context, {
      config,
      logLevel: options['log-level'],
      logFormat: options['log-format'],
      timeoutMs: options.timeout * 1000,
      stopTimeoutMs: options['stop-timeout'] * 1000,
    }),
});

const stop = defineCommand({
  name: 'stop',
  summary: 'Stop the server that runs with this configuration, and wait until it is gone',
  about:
    'Sends SIGTERM to the process that the pid file names, and waits until it has ended. A pid that belongs to something ' +
    'else by now is left alone. That no server runs is no error.',
  argument: CONFIG_ARGUMENT,
  options: {
    timeout: { kind: 'seconds', default: 30, describe: 'Seconds to wait' },
    'pid-file': { kind: 'text', completes: 'file', describe: 'Its pid file [zookeeper_server.pid in dataDir]' },
  },
  environment: [...FIND_CONFIG, ...PID_FILE],
  exitCodes: [
    ['0', 'stopped, or none runs'],
    ['1', 'it has not ended in time, may not be stopped by this user, or the pid is of something else'],
    ['2', 'bad usage or configuration'],
  ],
  examples: [
    ['zk-server stop conf/zoo.cfg', 'stop it and wait until it is gone'],
    ['zk-server stop --pid-file /run/zk.pid', 'without its configuration'],
  ],
  run: async (context, config, options) =>
    (await import('./stop.js')).stop(context, {
      config,
      pidFile: options['pid-file'],
      timeoutMs: options.timeout * 1000,
    }),
});

const handOver = defineCommand({
  name: 'hand-over',
  summary: 'Let another server lead in place of the one that runs with this configuration',
  about:
    'Before its machine is worked on, say. The leader takes no more writes, waits until those under way are committed and ' +
    'one of the others has them all, and proposes that one in the election that follows, in which it takes part itself. ' +
    'Sessions go on. A leader that is stopped does the same, so that this is of use only where it is to go on running.\n\n' +
    'Sends SIGUSR2 to the process that the pid file names, and waits until it serves in another role.',
  argument: CONFIG_ARGUMENT,
  options: { timeout: { kind: 'seconds', default: 30, describe: 'Seconds to wait' } },
  environment: [...FIND_CONFIG, ...PID_FILE],
  exitCodes: [
    ['0', 'another server leads'],
    ['1', 'it does not run, does not lead, is Apache ZooKeeper’s, or leads still'],
    ...BAD_CONFIG.slice(1),
  ],
  examples: [['zk-server hand-over conf/zoo.cfg', 'on the machine of the leader']],
  run: async (context, config, { timeout }) =>
    (await import('./hand-over.js')).handOver(context, { config, timeoutMs: timeout * 1000 }),
});

const status = defineCommand({
  name: 'status',
  summary: 'Ask a running server for its role, leader, epoch, zxid and peers; exit code 0 only when it serves',
  about:
    'Tells a server that does not run, one that runs but serves nobody (it looks for a leader, say), and one that serves ' +
    'apart. The checks of /readyz on its admin port count, too: what fails is named.\n\n' +
    'With --election it tells how the server came to its role: who voted for whom in which round, the comparison that ' +
    'decided, and how long election, discovery, synchronization and the start of broadcast took. It asks with the word ' +
    'elec, which a server answers to clients on its own machine; for others, name elec in 4lw.commands.whitelist.',
  argument: CONFIG_ARGUMENT,
  options: {
    election: { kind: 'flag', describe: 'Tell the last elections, too' },
    json: { kind: 'flag', describe: 'Print JSON' },
    server: { kind: 'text', describe: 'Ask this host:port instead of the server of the configuration' },
    timeout: { kind: 'seconds', default: 3, describe: 'Seconds to wait for an answer' },
  },
  environment: [...FIND_CONFIG, ...PID_FILE],
  exitCodes: [
    ['0', 'it serves clients, and is ready where it can be asked'],
    ['1', 'it does not run, does not answer, does not serve, serves reads only, or is not ready'],
    ...BAD_CONFIG.slice(1),
  ],
  examples: [
    ['zk-server status conf/zoo.cfg', 'the server of this machine'],
    ['zk-server status conf/zoo.cfg --election', 'and how it came to its role'],
    ['zk-server status --server zk2:2181 --json', 'another one'],
  ],
  run: async (context, config, { election, json, server, timeout }) =>
    (await import('./status.js')).status(context, { config, server, json, election, timeoutMs: timeout * 1000 }),
});

export const SERVER_COMMANDS: readonly Command[] = [start, restart, stop, handOver, status];
