import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { FULL_VERSION } from '../../status/index.js';
import { type ClientOptions, tlsOptions } from '../../zk-client/index.js';
import {
  maxFrameBytesOf,
  type Properties,
  propertiesOfFlags,
  readProperties,
  saslOfProperties,
  tlsOfProperties,
} from '../client-settings.js';
import { CliError, CliExit, errorText, reasonOf } from '../errors.js';
import { type FileOption, type Launch, parseLaunch, USAGE } from '../launch.js';
import { Shell } from '../shell.js';
import { realSurroundings } from './files.js';
import { HistoryFile } from './history-file.js';
import { Terminal } from './terminal.js';

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`cannot read a file of the settings: ${why}`, CliExit.usage, { cause: error });
  }
}

/** Later ones count more: flags of the environment, then the file that the command line names, as in Java. */
function propertiesOf(launch: Launch): Properties {
  const { CLIENT_JVMFLAGS = '', JVMFLAGS = '' } = process.env;
  const file = launch.clientConfiguration;
  return new Map([
    ...propertiesOfFlags(`${CLIENT_JVMFLAGS} ${JVMFLAGS}`),
    ...(file === null ? [] : readProperties(Buffer.from(readText(file), 'latin1'), file)),
  ]);
}

function tlsOf(launch: Launch, properties: Properties): ClientOptions['tls'] | null {
  if (!launch.isTls) return tlsOfProperties(properties, readText);
  const { files } = launch;
  const passwordOf = (name: FileOption): string | undefined => {
    const file = files[name];
    return file === undefined ? undefined : readText(file).trimEnd();
  };
  const trustStorePassword = passwordOf('trust-store-password-file');
  const keyStorePassword = passwordOf('key-store-password-file');
  return tlsOptions({
    ...(files['trust-store'] === undefined ? {} : { trustStore: files['trust-store'] }),
    ...(trustStorePassword === undefined ? {} : { trustStorePassword }),
    ...(files['key-store'] === undefined ? {} : { keyStore: files['key-store'] }),
    ...(keyStorePassword === undefined ? {} : { keyStorePassword }),
    verifiesServerHost: launch.verifiesHost,
  });
}

function saslOf(launch: Launch, properties: Properties): ClientOptions['sasl'] | null {
  const { saslUser: user, files } = launch;
  if (user === null) return saslOfProperties(properties, readText);
  const file = files['sasl-password-file'];
  const password = file === undefined ? process.env['ZK_CLI_SASL_PASSWORD'] : readText(file).trimEnd();
  if (password === undefined) {
    throw new CliError('--sasl-user needs --sasl-password-file or ZK_CLI_SASL_PASSWORD', CliExit.usage);
  }
  return { user, password };
}

function clientOptions(launch: Launch): ClientOptions {
  const properties = propertiesOf(launch);
  const tls = tlsOf(launch, properties);
  const sasl = saslOf(launch, properties);
  const maxFrameBytes = maxFrameBytesOf(properties);
  return {
    sessionTimeoutMs: launch.timeoutMs,
    readOnly: launch.isReadOnly,
    ...(maxFrameBytes === null ? {} : { maxFrameBytes }),
    ...(tls === null || tls === undefined ? {} : { tls }),
    ...(sasl === null || sasl === undefined ? {} : { sasl }),
  };
}

function historyPath(launch: Launch): string | null {
  const asked = launch.files.history;
  if (asked !== undefined) return asked === 'none' ? null : asked;
  const state = process.env['XDG_STATE_HOME'];
  const folder = state !== undefined && state.startsWith('/') ? state : join(homedir(), '.local', 'state');
  return join(folder, 'zk-cli', 'history');
}

async function main(): Promise<number> {
  const launch = parseLaunch(process.argv.slice(2));
  if (launch.wants === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return CliExit.ok;
  }
  if (launch.wants === 'version') {
    process.stdout.write(`${FULL_VERSION}\n`);
    return CliExit.ok;
  }
  const terminal = new Terminal();
  const options = {
    server: launch.server,
    client: clientOptions(launch),
    mode: launch.mode,
    isQuiet: launch.isQuiet,
    waitMs: launch.waitsForConnection ? launch.timeoutMs : null,
  };
  const files = realSurroundings(process.env, () => terminal.suspend());
  const shell = new Shell(options, terminal.sink, files);
  const onSignal = (): void => {
    // Whoever waits for a connection, for input or for the end of the session has nothing else to interrupt.
    if (!shell.interrupt()) process.exit(CliExit.interrupted);
  };
  process.on('SIGINT', onSignal);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Nobody reads any more: `| head` has seen enough. The session is ended all the same, so that its nodes go.
    if (error.code !== 'EPIPE') throw error;
    terminal.mute();
    const end = (): never => process.exit(CliExit.ok);
    shell.quit().then(end, end);
  });
  await shell.start();
  if (launch.words.length > 0) {
    await shell.run(launch.words);
  } else {
    if (!launch.isQuiet) shell.out.line('Welcome to ZooKeeper!');
    await terminal.run(shell, new HistoryFile(historyPath(launch)));
  }
  // Only of an end that somebody asked for is told, as in zkCli.sh.
  if (!shell.isOver) shell.printsWatches = false;
  await shell.quit();
  process.off('SIGINT', onSignal);
  return shell.exitCode;
}

main().then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    const reason = reasonOf(error);
    process.stderr.write(`${errorText(error)}\n${reason === null ? '' : `${reason}\n`}`);
    process.exitCode = error instanceof CliError ? error.exitCode : CliExit.failed;
  },
);
