import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeServer } from '../../src/cli/serve.js';
import { formatFault, loadConfig, type ServerConfig } from '../../src/config/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { eventually } from '../support/eventually.js';
import { serverMode } from '../support/four-letter.js';
import { freePorts } from '../support/ports.js';
import { realWorldCase, realWorldFile } from './real-world-cases.js';

const SERVE_LIMIT_MS = 60_000;
const SERVER_LINE = /^(\s*server\.([0-9]+)\s*[=: ]\s*)(.*?)\s*$/gm;
const FOLDER_LINE = /^(\s*(?:dataDir|dataLogDir|dynamicConfigFile)\s*[=: ]\s*)(\/\S*)/gm;
const PORT_LINE = /^(\s*(?!observerMasterPort)[\w.]*[pP]ort\s*[=: ]\s*)([0-9]+)/gm;
/** On each machine the same, where observers look for it. */
const COMMON_PORT_LINE = /^(\s*observerMasterPort\s*[=: ]\s*)([0-9]+)/gm;

/** A server list of loopback addresses and free ports; escaped colons stay escaped. */
async function onLoopback(text: string): Promise<string> {
  const count = text.match(/[0-9]{3,5}/g)?.length ?? 0;
  const ports = await freePorts(count);
  const port = (): string => String(ports.pop());
  const common = text.replace(COMMON_PORT_LINE, (_line, head: string) => head + port());
  return common.replace(SERVER_LINE, (_line, head: string, _sid, value: string) => {
    const isEscaped = value.includes('\\:');
    const [addresses = '', client] = value.replaceAll('\\:', ':').split(';');
    const here = addresses
      .split('|')
      .map((address) => address.replace(/^(\[[^\]]*\]|[^:]*):[0-9]+:[0-9]+/, () => `127.0.0.1:${port()}:${port()}`))
      .join('|');
    const line = here + (client === undefined ? '' : `;127.0.0.1:${port()}`);
    return head + (isEscaped ? line.replaceAll(':', '\\:') : line);
  });
}

/** What several servers on one machine must not share, where the text leaves it to its default. */
const SIDE_PORTS = ['admin.serverPort', 'metricsProvider.httpPort'];

function withSidePorts(text: string): string {
  const absent = SIDE_PORTS.filter((key) => !new RegExp(`^\\s*${key.replace('.', '\\.')}\\b`, 'm').test(text));
  return [text, ...absent.map((key) => `${key}=1`), ''].join('\n');
}

/** Everything below `root`, and ports that nobody else has, but for a client port that the server line has, too. */
async function ofMember(given: string, root: string, sid: number): Promise<string> {
  const text = withSidePorts(given);
  const ports = await freePorts(text.match(PORT_LINE)?.length ?? 0);
  const own = [...text.matchAll(SERVER_LINE)].find((match) => match[2] === String(sid));
  const clientPort = /;127\.0\.0\.1:([0-9]+)$/.exec(own?.[3] ?? '')?.[1];
  return text
    .replace(FOLDER_LINE, (_line, head: string, path: string) => head + join(root, path))
    .replace(PORT_LINE, (_line, head: string) => {
      const isClientPort = /^\s*clientPort\b/.test(head);
      return head + ((isClientPort ? clientPort : undefined) ?? String(ports.pop()));
    });
}

/** A server in this process. */
interface Running {
  readonly config: ServerConfig;
  stop(): Promise<void>;
}

async function startMember(root: string, text: string, dynamic: string | undefined, sid: number): Promise<Running> {
  const configFile = join(root, 'zoo.cfg');
  const own = await ofMember(text, root, sid);
  await mkdir(root, { recursive: true });
  await writeFile(configFile, own, 'latin1');
  const dynamicFile = /^\s*dynamicConfigFile\s*=\s*(\S+)/m.exec(own)?.[1];
  if (dynamicFile !== undefined && dynamic !== undefined) {
    await mkdir(dirname(dynamicFile), { recursive: true });
    await writeFile(dynamicFile, dynamic);
  }
  const host = createRealHost({ log: { level: 'fatal' } });
  const { config, faults } = await loadConfig({
    disk: host.disk,
    configFile,
    workingDir: root,
    env: { ZOO_MY_ID: String(sid) },
  });
  if (config === null) throw new Error(faults.map(formatFault).join('\n'));
  const server = makeServer(config, host, root);
  await server.start();
  return {
    config,
    async stop() {
      await server.stop();
      await host.close();
    },
  };
}

/** Runs every server of a configuration until all of them serve, and returns what they are (`leader`, `standalone`, ...). */
export async function runRealWorld(name: string): Promise<string[]> {
  const { dynamic } = realWorldCase(name);
  const text = await onLoopback(readFileSync(realWorldFile(name), 'latin1'));
  const list = dynamic === undefined ? undefined : await onLoopback(dynamic);
  const sids = [...(list ?? text).matchAll(SERVER_LINE)].map((match) => Number(match[2]));
  const folder = await mkdtemp(join(tmpdir(), 'zk-server-real-'));
  const running: Running[] = [];
  try {
    for (const sid of sids.length === 0 ? [0] : sids) {
      running.push(await startMember(join(folder, String(sid)), text, list, sid));
    }
    return await Promise.all(
      running.map(({ config }) =>
        eventually(`server ${config.myId} of ${name} serves`, SERVE_LIMIT_MS, async () => {
          const mode = await serverMode(config.clients.endpoint?.port ?? 0);
          return mode === '' ? undefined : mode;
        }),
      ),
    );
  } finally {
    await Promise.all(running.map((server) => server.stop()));
    await rm(folder, { recursive: true, force: true });
  }
}
