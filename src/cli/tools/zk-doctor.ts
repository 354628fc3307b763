import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import yargs from 'yargs';
import type { Endpoint } from '../../host/index.js';
import { createRealHost } from '../../platform/index.js';
import {
  diagnose,
  type Diagnosed,
  type Diagnosis,
  doctorExitCode,
  findingText,
  type ServerTarget,
} from '../../toolkit/index.js';
import { parseServer } from '../status.js';
import { versionText } from '../version.js';
import { makeDoctorWorld } from './doctor-world.js';
import { end } from './tool-program.js';

/* zk-doctor: looks at configurations, data folders and running servers, and tells what is wrong or risky. */

const HELP_WIDTH = 100;
const USAGE_EXIT = 64;
const DEFAULT_CONFIGS = ['conf/zoo.cfg', '/etc/zookeeper/conf/zoo.cfg', '/etc/zookeeper/zoo.cfg'];

/** A path that is none of the things it may be. */
class BadTarget extends Error {}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A configuration, the folder of one, an installation, or a data folder. */
function sort(target: string): { config: string } | { dataDir: string } {
  const path = resolve(target);
  if (!existsSync(path)) throw new BadTarget(`There is no ${path}.`);
  if (!isDirectory(path)) return { config: path };
  const config = [join(path, 'zoo.cfg'), join(path, 'conf/zoo.cfg')].find((each) => existsSync(each));
  if (config !== undefined) return { config };
  if (path.endsWith('/version-2')) return { dataDir: resolve(path, '..') };
  if (isDirectory(join(path, 'version-2'))) return { dataDir: path };
  throw new BadTarget(`${path} holds neither zoo.cfg, conf/zoo.cfg nor version-2.`);
}

function serverTarget(text: string, adminPort: number): ServerTarget {
  const endpoint: Endpoint | null = parseServer(text);
  if (endpoint === null) throw new BadTarget(`"${text}" is not host:port.`);
  return { endpoint, admin: adminPort === 0 ? null : { host: endpoint.host, port: adminPort }, sid: null };
}

function parse(args: readonly string[]) {
  return yargs([...args])
    .scriptName('zk-doctor')
    .locale('en')
    .parserConfiguration({ 'camel-case-expansion': false, 'parse-positional-numbers': false })
    .usage(
      '$0 [target..] [options]\n\nLooks at configurations, data folders, installations and running servers, of zk-server and of ' +
        'Apache ZooKeeper, and tells what is wrong or risky, why, and the mend. It changes nothing.',
    )
    .command('$0 [target..]', false, (program) =>
      program.positional('target', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'zoo.cfg, its folder, the folder of an installation, or a data folder; several are compared',
      }),
    )
    .option('server', { type: 'string', alias: 's', default: '', describe: 'Running servers, host:port,host:port' })
    .option('admin-port', { type: 'number', default: 8080, describe: 'Admin port of the servers of --server; 0: none' })
    .option('offline', { type: 'boolean', default: false, describe: 'Ask no server of the configurations' })
    .option('timeout', { type: 'number', default: 3, describe: 'Seconds to wait for an answer' })
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
    .check(({ timeout }) => timeout > 0 || '--timeout takes a number of seconds above 0.')
    .epilogue(
      'Without target and server it looks at conf/zoo.cfg or /etc/zookeeper/conf/zoo.cfg.\n\n' +
        'Exit codes: 0 all is well (there may be notes); 1 warnings; 2 errors; 64 bad usage.',
    )
    .strict()
    .help()
    .alias('help', 'h')
    .version(versionText())
    .wrap(HELP_WIDTH)
    .fail((message: string, error: Error | undefined) => {
      throw error ?? new BadTarget(message);
    })
    .parseAsync();
}

type Options = Awaited<ReturnType<typeof parse>>;

function diagnosisOf(options: Options): Diagnosis {
  const servers = options.server
    .split(',')
    .filter((text) => text !== '')
    .map((text) => serverTarget(text, options['admin-port']));
  const given = (options['target'] as string[] | undefined) ?? [];
  const targets =
    given.length > 0 || servers.length > 0 ? given : DEFAULT_CONFIGS.filter((path) => existsSync(path)).slice(0, 1);
  if (targets.length === 0 && servers.length === 0) {
    throw new BadTarget('Say what to look at: a configuration, a data folder, or servers with --server host:port.');
  }
  const sorted = targets.map(sort);
  return {
    configs: sorted.flatMap((each) => ('config' in each ? [each.config] : [])),
    dataDirs: sorted.flatMap((each) => ('dataDir' in each ? [each.dataDir] : [])),
    servers,
    asksServers: !options.offline,
    workingDir: process.cwd(),
    env: process.env,
  };
}

function text({ findings, looked }: Diagnosed): string {
  const counts = (['error', 'warning', 'note'] as const)
    .map((severity) => [findings.filter((one) => one.severity === severity).length, severity] as const)
    .filter(([count]) => count > 0)
    .map(([count, severity]) => `${count} ${severity}${count === 1 ? '' : 's'}`)
    .join(', ');
  return `${findings.map(findingText).join('\n')}${findings.length > 0 ? '\n' : ''}Looked at ${looked.join('; ')}: ${counts || 'all is well'}.\n`;
}

async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  let diagnosis: Diagnosis;
  try {
    options = await parse(args);
    diagnosis = diagnosisOf(options);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\nzk-doctor --help tells more.\n`);
    return USAGE_EXIT;
  }
  const host = createRealHost({ log: { level: 'fatal' } });
  try {
    const diagnosed = await diagnose(makeDoctorWorld(host, options.timeout * 1000), diagnosis);
    const exitCode = doctorExitCode(diagnosed.findings);
    process.stdout.write(options.json ? `${JSON.stringify({ exitCode, ...diagnosed }, null, 2)}\n` : text(diagnosed));
    return exitCode;
  } finally {
    await host.close();
  }
}

end(main(process.argv.slice(2)));
