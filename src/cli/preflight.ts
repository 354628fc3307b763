import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  exitCodeOf,
  type Fault,
  formatFault,
  type SaslClientSettings,
  type SaslServerSettings,
  type ServerConfig,
} from '../config/index.js';
import { formatEndpoint } from '../host/index.js';
import { faultsOfFiles } from './check-files.js';
import type { CliContext } from './context.js';
import { ExitCode } from './exit-codes.js';
import { load, type LoadedConfig } from './load-config.js';
import { holderOf, pidFilePath } from './pid-file.js';

export interface PreflightOptions {
  readonly from: string;
  readonly json: boolean;
}

/** `stops`: zk-server cannot take its place; `differs`: it does something else then; `know`: nothing changes by it. */
type Weight = 'stops' | 'differs' | 'know';

interface Finding {
  readonly weight: Weight;
  readonly text: string;
}

const HEADINGS: Readonly<Record<Weight, string>> = {
  stops: 'zk-server cannot take its place:',
  differs: 'What will differ:',
  know: 'Good to know:',
};

const WEIGHT_OF: Readonly<Record<Fault['severity'], Weight>> = { error: 'stops', warning: 'differs', note: 'know' };

/** Where installations keep the flags of the Java machine. */
const FLAGS = ['JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', 'SERVER_JVMFLAGS', 'JVMFLAGS', 'JAVA_OPTS', '_JAVA_OPTIONS'];

interface JvmRule {
  readonly flag: RegExp;
  readonly text: (found: RegExpMatchArray) => string;
}

const JVM_RULES: readonly JvmRule[] = [
  {
    flag: /-Xmx(\S+)/,
    text: ([flag = '', size = '']) =>
      `${flag}: the heap of Java may grow to ${size}; Node.js has a limit of its own. For a large tree set ` +
      `ZK_SERVER_NODE_OPTIONS=--max-old-space-size=${mebibytes(size) ?? 'MEBIBYTES'}.`,
  },
  { flag: /-(?:javaagent|agentlib|agentpath):\S+/, text: ([flag = '']) => `${flag}: agents of Java are not loaded.` },
  {
    flag: /-Dcom\.sun\.management\.jmxremote\S*/,
    text: ([flag = '']) =>
      `${flag}: there is no JMX. The same figures are in mntr, in the admin server's commands and on the metrics port.`,
  },
  {
    flag: /-D(?:javax\.net\.ssl|java\.security|jdk\.tls|javax\.security|sun\.security)\.(?!auth\.login\.config)\S+/,
    text: ([flag = '']) =>
      `${flag}: settings of Java's own TLS and security do not reach Node.js; name stores by ssl.* keys in zoo.cfg.`,
  },
];

/** `2g`, `512m`, `1048576k` or bytes. */
function mebibytes(size: string): number | null {
  const [, digits, unit = ''] = /^([0-9]+)([kmgt]?)$/i.exec(size) ?? [];
  if (digits === undefined) return null;
  const factor = { k: 1 / 1024, m: 1, g: 1024, t: 1024 * 1024 }[unit.toLowerCase()] ?? 1 / (1024 * 1024);
  return Math.round(Number(digits) * factor);
}

function jvmFindings(env: Readonly<Record<string, string | undefined>>): Finding[] {
  const flags = FLAGS.map((name) => env[name] ?? '').join(' ');
  const found: Finding[] = JVM_RULES.flatMap(({ flag, text }) => {
    const match = flag.exec(flags);
    return match === null ? [] : [{ weight: 'differs' as const, text: text(match) }];
  });
  if ((env['JMXPORT'] ?? '') !== '') {
    found.push({ weight: 'differs', text: `JMXPORT=${env['JMXPORT']}: there is no JMX; use the metrics port.` });
  }
  return found;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What stands in the data folders. */
function dataFindings({ storage: { dataDir, dataLogDir } }: ServerConfig): Finding[] {
  const snapshots = namesIn(join(dataDir, 'version-2')).filter((name) => name.startsWith('snapshot.'));
  const logs = namesIn(join(dataLogDir, 'version-2')).filter((name) => name.startsWith('log.'));
  if (snapshots.length === 0 && logs.length === 0) {
    return [{ weight: 'know', text: `${dataDir} holds no data yet (or this user may not see it).` }];
  }
  const text = `${dataDir} holds ${snapshots.length} snapshots and ${dataLogDir} ${logs.length} logs, which are used as they are.`;
  return [{ weight: 'know', text }];
}

function serverFindings(context: CliContext, loaded: LoadedConfig, config: ServerConfig): Finding[] {
  const pidFile = pidFilePath({ ...context, env: loaded.env }, config.storage.dataDir);
  const holder = existsSync(pidFile) ? holderOf(pidFile, config.configFile) : null;
  const found: Finding[] = [];
  if (holder?.kind === 'running') {
    found.push({
      weight: 'know',
      text: `A server runs on it (pid ${holder.pid}): stop it before zk-server is started.`,
    });
  }
  const ttl = config.storage.extendedTypes;
  found.push({
    weight: 'know',
    text: `TTL nodes are ${ttl ? 'on' : 'off'} (extendedTypesEnabled=${ttl}); all servers of the ensemble must say the same.`,
  });
  const words = config.clients.fourLetterWords;
  if (config.mode === 'quorum' && !words.has('mntr') && !words.has('*')) {
    const mend = 'add it to 4lw.commands.whitelist before a rolling migration, which asks the leader with it.';
    found.push({ weight: 'know', text: `The word mntr is not answered: ${mend}` });
  }
  if (config.admin.endpoint !== null) {
    const { endpoint, commandUrl } = config.admin;
    found.push({
      weight: 'know',
      text: `The admin server answers on ${formatEndpoint(endpoint)}${commandUrl} as before; set admin.enableServer=false to have none.`,
    });
  }
  return found;
}

/** Who proves what to whom, and never with which password. */
function saslFindings({ access, mode, quorumSecurity }: ServerConfig): Finding[] {
  const found: Finding[] = [];
  const say = (text: string): void => {
    found.push({ weight: 'know', text });
  };
  const { sasl: between } = quorumSecurity;
  if (mode === 'quorum' && between !== null) {
    const { client, server, serverRequires } = between;
    const login = client === null ? 'does not log in' : `logs in as ${nameOf(client)} by ${client.mechanism}`;
    const others = serverRequires ? 'refuses those that do not log in' : 'takes those that do not log in, too';
    say(`SASL between servers: this one ${login}, takes ${takenBy(server)}, and ${others}.`);
  }
  if (access.sasl !== null) say(`SASL of clients: this server takes ${takenBy(access.sasl)}.`);
  return found;
}

function nameOf(client: SaslClientSettings): string {
  return client.mechanism === 'GSSAPI' ? client.principal : client.user;
}

function takenBy(server: SaslServerSettings): string {
  if (server.mechanism === 'GSSAPI') return `tickets for ${server.principal} by GSSAPI`;
  return `${server.users.size === 1 ? '1 user' : `${server.users.size} users`} of the JAAS file by DIGEST-MD5`;
}

function print(context: CliContext, configFile: string, findings: readonly Finding[], verdict: string): void {
  context.out(`${configFile}: ${verdict}`);
  for (const weight of ['stops', 'differs', 'know'] as const) {
    const some = findings.filter((finding) => finding.weight === weight);
    if (some.length === 0) continue;
    context.out('');
    context.out(HEADINGS[weight]);
    for (const { text } of some) context.out(`  - ${text}`);
  }
}

/**
 * Reads an installation of Apache ZooKeeper (zoo.cfg, the shell files and the log configuration beside it, jaas, key stores,
 * data folders), and says what will differ when zk-server takes its place. Changes nothing.
 */
export async function preflight(context: CliContext, { from, json }: PreflightOptions): Promise<number> {
  const loaded = await load(context, from);
  const { config, configFile } = loaded;
  const fileFaults = config === null ? [] : await faultsOfFiles(config, context.env);
  const faults = [...fileFaults, ...loaded.faults];
  const findings: Finding[] = [
    ...faults.map((fault) => ({ weight: WEIGHT_OF[fault.severity], text: sentenceOf(fault) })),
    ...jvmFindings(loaded.env),
    ...(config === null
      ? []
      : [...dataFindings(config), ...saslFindings(config), ...serverFindings(context, loaded, config)]),
  ];
  const has = (weight: Weight): boolean => findings.some((finding) => finding.weight === weight);
  const stops = has('stops');
  const differs = has('differs');
  const exitCode = stops ? exitCodeOf(faults) : differs ? ExitCode.differs : ExitCode.ok;
  const yes = differs
    ? 'zk-server can take its place; read what will differ.'
    : 'zk-server can take its place as it is.';
  const verdict = stops ? 'zk-server cannot take its place as it is.' : yes;
  if (json) context.out(JSON.stringify({ config: configFile, usable: !stops, differs, findings }, null, 2));
  else print(context, configFile, findings, verdict);
  return exitCode;
}

/** Without the word of its severity, which the heading says. */
function sentenceOf(fault: Fault): string {
  return formatFault(fault).replace(/(^|: )(?:error|warning|note): /, '$1');
}
