import { parseProperties } from '../../config/index.js';
import { parseMembership, parseMembershipText } from '../../membership/index.js';
import { FULL_VERSION } from '../../status/index.js';
import { type Command, type Context, usageError } from '../command.js';
import { CliError } from '../errors.js';
import { statJson, statLines } from '../formats.js';
import type { Arguments } from '../options.js';

export const config: Command = {
  name: 'config',
  usage: '[-c] [-w] [-s]',
  about: "Print the ensemble's configuration, or (-c) its version and the addresses for clients.",
  least: 0,
  options: [
    { name: 's', describe: 'stats' },
    { name: 'w', describe: 'watch' },
    { name: 'c', describe: 'client connection string' },
  ],
  async run({ client, out, watcher, signal }, args) {
    const options = { signal, ...(args.has('w') ? { watch: watcher } : {}) };
    const { data, stat } = await client.getConfig(options);
    const text = data?.toString('utf8') ?? 'null';
    const shown = args.has('c') ? clientAddresses(text) : text;
    out.line(shown);
    if (args.has('s')) out.lines(statLines(stat));
    out.json({ config: shown, ...(args.has('s') ? { stat: statJson(stat) } : {}) });
  },
};

function clientAddresses(text: string): string {
  const version = /^version=(.*)$/m.exec(text)?.[1] ?? '';
  const { members } = parseMembershipText(text);
  const addresses: string[] = [];
  for (const { client } of members.values()) {
    if (client !== null) addresses.push(`${client.host}:${client.port}`);
  }
  return `${version} ${addresses.join(',')}`;
}

const LARGEST_VERSION_DIGITS = 16;

export const reconfig: Command = {
  name: 'reconfig',
  usage:
    '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | ' +
    '[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
  about: "Change the ensemble's servers.",
  least: 0,
  options: [
    { name: 's', describe: 'stats' },
    { name: 'v', hasValue: true, describe: 'required current config version' },
    { name: 'file', hasValue: true, describe: 'path of config file to parse for membership' },
    {
      name: 'members',
      hasValue: true,
      describe: 'comma-separated list of config strings for non-incremental reconfig',
    },
    { name: 'add', hasValue: true, describe: 'comma-separated list of config strings for new servers' },
    { name: 'remove', hasValue: true, describe: 'comma-separated list of server IDs to remove' },
  ],
  async run(context, args) {
    const { client, out, signal } = context;
    checkReconfig(args);
    const { data, stat } = await client.reconfig({
      joining: args.value('add')?.toLowerCase() ?? null,
      leaving: args.value('remove')?.toLowerCase() ?? null,
      members: await membersOf(context, args),
      configVersion: configVersionOf(args),
      signal,
    });
    const text = data?.toString('utf8') ?? '';
    out.line(`Committed new configuration:\n${text}`);
    if (args.has('s')) out.lines(statLines(stat));
    out.json({ config: text, stat: statJson(stat) });
  },
};

function checkReconfig(args: Arguments): void {
  const isWhole = args.has('file') || args.has('members');
  const isStep = args.has('add') || args.has('remove');
  if (!isWhole && !isStep) throw usageError(reconfig);
  if (isWhole && isStep) {
    throw new CliError(
      "Can't use -file or -members together with -add or -remove (mixing incremental and non-incremental modes is " +
        'not allowed)',
    );
  }
  if (args.has('file') && args.has('members')) {
    throw new CliError("Can't use -file and -members together (conflicting non-incremental modes)");
  }
}

/** Hexadecimal, as `config` prints it. */
function configVersionOf(args: Arguments): number {
  const word = args.value('v');
  if (word === undefined) return -1;
  const isHex = /^-?[0-9a-f]+$/i.test(word) && word.length <= LARGEST_VERSION_DIGITS;
  if (!isHex) throw new CliError('-v must be followed by a long (configuration version)');
  return Number.parseInt(word, 16);
}

async function membersOf({ files }: Context, args: Arguments): Promise<string | null> {
  const members = args.value('members');
  if (members !== undefined) return members.toLowerCase();
  const file = args.value('file');
  if (file === undefined) return null;
  try {
    const { entries } = parseProperties(await files.readFile(file));
    return parseMembership(entries.map(({ key, value }): [string, string] => [key, value])).toText();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`Error processing ${file}: ${why}`, undefined, { cause: error });
  }
}

export const version: Command = {
  name: 'version',
  usage: '',
  about: 'Print the version of this program.',
  least: 0,
  options: [],
  run({ out }, args) {
    if (args.rest.length > 0) throw usageError(version);
    out.line(`ZooKeeper CLI version: ${FULL_VERSION}`);
    out.json({ version: FULL_VERSION });
  },
};
