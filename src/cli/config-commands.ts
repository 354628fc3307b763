import { type Command, defineCommand } from './command.js';
import { ExitCode } from './exit-codes.js';
import { BAD_CONFIG, CONFIG_ARGUMENT, FIND_CONFIG, JVM_FLAGS, PID_FILE } from './help-parts.js';
import { SHELLS } from './shells.js';
import { versionText } from './version.js';

/** Commands that start nothing. */

const check = defineCommand({
  name: 'check',
  summary: 'Tell every fault of a configuration with its line and what to write instead; starts nothing',
  about:
    'Reads zoo.cfg, the dynamic file, myid and the environment as start would, and lists errors, warnings and notes. A key ' +
    'that no ZooKeeper release knows is an error here (start only warns of it, unless strictConfig=true).\n\n' +
    'With --from it reads an installation of Apache ZooKeeper instead (its zoo.cfg or the folder of it, with java.env, ' +
    'zookeeper-env.sh, jaas, key stores and data folders) and says what will differ when zk-server takes its place.',
  argument: CONFIG_ARGUMENT,
  options: {
    from: { kind: 'text', completes: 'file', describe: 'Configuration of Apache ZooKeeper, or the folder that has it' },
    json: { kind: 'flag', describe: 'Print JSON' },
  },
  environment: [...FIND_CONFIG, ...JVM_FLAGS],
  exitCodes: [
    ['0', 'it can be used'],
    ...BAD_CONFIG,
    ['4', 'with --from: zk-server can take its place, but something differs'],
  ],
  examples: [
    ['zk-server check conf/zoo.cfg', 'before a restart'],
    ['zk-server check --from /etc/zookeeper/conf', 'before a migration'],
  ],
  run: async (context, config, { from, json }) =>
    from === undefined
      ? (await import('./check.js')).check(context, { config, json })
      : (await import('./preflight.js')).preflight(context, { from, json }),
});

const printConfig = defineCommand({
  name: 'print-config',
  summary: 'Print the configuration as it is understood, with where each value comes from',
  about:
    'Every value that was given, with its place: file and line, environment variable, dynamic file, myid. With --all ' +
    'every key there is, those with their default, too. Secrets are not shown.',
  argument: CONFIG_ARGUMENT,
  options: {
    all: { kind: 'flag', describe: 'Defaults, too' },
    json: { kind: 'flag', describe: 'Print JSON' },
  },
  environment: [...FIND_CONFIG, ...JVM_FLAGS],
  exitCodes: [['0', 'it can be used'], ...BAD_CONFIG],
  examples: [
    ['zk-server print-config conf/zoo.cfg', 'what is set'],
    ['zk-server print-config --all', 'every key there is'],
  ],
  run: async (context, config, { all, json }) =>
    (await import('./print-config.js')).printConfig(context, { config, all, json }),
});

const init = defineCommand({
  name: 'init',
  summary: 'Make the data folders and myid',
  about:
    'Makes dataDir and dataLogDir with their version-2, and writes myid and the sign that no data is expected yet. What is ' +
    'there is not overwritten without --force, and never while a server runs on it.',
  argument: CONFIG_ARGUMENT,
  options: {
    myid: { kind: 'id', describe: 'The N of this server’s line server.N' },
    force: { kind: 'flag', describe: 'Delete the data that is there' },
  },
  environment: [...FIND_CONFIG, ...PID_FILE],
  exitCodes: [
    ['0', 'made'],
    ['1', 'refused: data or myid is there, a server runs, or the number is not in the server list'],
    ...BAD_CONFIG.slice(1),
  ],
  examples: [
    ['zk-server init conf/zoo.cfg', 'a server alone'],
    ['zk-server init conf/zoo.cfg --myid 1', 'server 1 of an ensemble'],
  ],
  run: async (context, config, { myid, force }) =>
    (await import('./init.js')).init(context, { config, myId: myid, force }),
});

const version = defineCommand({
  name: 'version',
  summary: 'Print the version',
  about: 'The version, the release of Apache ZooKeeper that it is compatible with, and the version of Node.js.',
  argument: null,
  options: {},
  environment: [],
  exitCodes: [['0', 'always']],
  examples: [['zk-server version', 'this version']],
  run: (context) => {
    context.out(versionText());
    return Promise.resolve(ExitCode.ok);
  },
});

const completion = defineCommand({
  name: 'completion',
  summary: 'Print a script with which a shell completes commands, options, values and configuration files',
  about: 'Once a shell has read it, the Tab key completes what stands behind zk-server.',
  sections: [
    [
      'In this shell only',
      [
        ['bash', 'source <(zk-server completion bash)'],
        ['zsh', 'source <(zk-server completion zsh), after compinit'],
        ['fish', 'zk-server completion fish | source'],
      ],
    ],
    [
      'Always',
      [
        ['bash', 'zk-server completion bash > ~/.local/share/bash-completion/completions/zk-server'],
        ['zsh', 'zk-server completion zsh > DIR/_zk-server, where DIR is a folder of $fpath'],
        ['fish', 'zk-server completion fish > ~/.config/fish/completions/zk-server.fish'],
      ],
    ],
  ],
  argument: { name: 'shell', describe: 'Which shell', required: true, choices: SHELLS },
  options: {},
  environment: [],
  exitCodes: [
    ['0', 'printed'],
    ['2', 'not one of these shells'],
  ],
  examples: [['source <(zk-server completion bash)', 'in bash, for now']],
  run: async (context, shell) => {
    const { completionScript } = await import('./completion.js');
    const { COMMANDS } = await import('./commands.js');
    context.out(completionScript(shell ?? '', COMMANDS));
    return ExitCode.ok;
  },
});

export const CONFIG_COMMANDS: readonly Command[] = [check, printConfig, init, version, completion];
