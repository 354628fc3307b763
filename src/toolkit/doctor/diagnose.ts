import type { ServerConfig } from '../../config/index.js';
import { type Endpoint, formatEndpoint } from '../../host/index.js';
import { isWildcardHost } from '../../membership/index.js';
import { type ConfigFacts, examineConfig } from './config-facts.js';
import { judgeConfig, judgeConfigs } from './config-rules.js';
import { type DataTarget, examineData } from './data-facts.js';
import { judgeData } from './data-rules.js';
import { judgeLag, judgeServers, zxidOfServer } from './ensemble-rules.js';
import { type Finding, sortFindings } from './finding.js';
import { askServer, type ServerFacts, type ServerTarget } from './server-facts.js';
import type { DoctorWorld } from './world.js';

/** What is to be looked at. */
export interface Diagnosis {
  /** Paths of configurations. */
  readonly configs: readonly string[];
  /** Data folders without a configuration. */
  readonly dataDirs: readonly string[];
  readonly servers: readonly ServerTarget[];
  /** Are the servers of the configurations asked, too? */
  readonly asksServers: boolean;
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What was looked at, and what was found. */
export interface Diagnosed {
  readonly findings: readonly Finding[];
  readonly looked: readonly string[];
}

/** How long a follower has to reach what the leader had. */
const LAG_PAUSE_MS = 1000;
const DEFAULT_PREALLOC_BYTES = 64 * 1024 * 1024;
const DEFAULT_PACKET_BYTES = 0xfffff;

/** Looks at everything and tells what is wrong or risky. Nothing is changed. */
export async function diagnose(world: DoctorWorld, request: Diagnosis): Promise<Diagnosed> {
  const findings: Finding[] = [];
  const looked: string[] = [];
  const configs: ConfigFacts[] = [];
  for (const path of request.configs) {
    const facts = await examineConfig(world, { path, workingDir: request.workingDir, env: request.env });
    configs.push(facts);
    looked.push(`configuration ${path}`);
    findings.push(...judgeConfig(facts, world.wallMs()));
  }
  findings.push(...judgeConfigs(configs));
  for (const target of dataTargets(request, configs)) {
    looked.push(`data in ${target.dataDir}`);
    findings.push(...judgeData(await examineData(world, target)));
  }
  const targets = serverTargets(request, configs);
  if (targets.length > 0) {
    looked.push(`servers ${targets.map(({ endpoint }) => formatEndpoint(endpoint)).join(', ')}`);
    findings.push(...(await diagnoseServers(world, targets)));
  }
  return { findings: sortFindings(findings), looked };
}

async function diagnoseServers(world: DoctorWorld, targets: readonly ServerTarget[]): Promise<Finding[]> {
  const askAll = () => Promise.all(targets.map((target) => askServer(world, target)));
  const servers = await askAll();
  const found = judgeServers(servers);
  if (!isUneven(servers)) return found;
  await world.pause(LAG_PAUSE_MS);
  return [...found, ...judgeLag(servers, await askAll(), LAG_PAUSE_MS)];
}

/** Under load servers always differ a little: only then it is worth to look twice. */
function isUneven(servers: readonly ServerFacts[]): boolean {
  const zxids = servers.map(zxidOfServer).filter((zxid) => zxid !== null);
  return new Set(zxids).size > 1;
}

function dataTargets({ dataDirs }: Diagnosis, configs: readonly ConfigFacts[]): DataTarget[] {
  const ofConfigs = configs.flatMap(({ loaded: { config } }) =>
    config === null
      ? []
      : [
          {
            dataDir: config.storage.dataDir,
            dataLogDir: config.storage.dataLogDir,
            preAllocBytes: config.storage.preAllocBytes,
            maxPacketBytes: config.clients.maxRequestBytes,
          },
        ],
  );
  const alone = dataDirs.map((dataDir) => ({
    dataDir,
    dataLogDir: dataDir,
    preAllocBytes: DEFAULT_PREALLOC_BYTES,
    maxPacketBytes: DEFAULT_PACKET_BYTES,
  }));
  return [...ofConfigs, ...alone];
}

function serverTargets({ servers, asksServers }: Diagnosis, configs: readonly ConfigFacts[]): ServerTarget[] {
  const found = new Map<string, ServerTarget>();
  const add = (target: ServerTarget | null) => {
    if (target === null) return;
    const name = formatEndpoint(target.endpoint);
    // Its own configuration knows its admin port, the others guess it.
    if (!found.has(name)) found.set(name, target);
  };
  for (const target of servers) add(target);
  if (!asksServers) return [...found.values()];
  const known = configs.flatMap(({ loaded: { config } }) => (config === null ? [] : [config]));
  for (const config of known) add(ownTarget(config));
  for (const config of known) for (const target of peerTargets(config)) add(target);
  return [...found.values()];
}

function dialable({ host, port }: Endpoint): Endpoint {
  return { host: host === '' || isWildcardHost(host) ? '127.0.0.1' : host, port };
}

function ownTarget({ clients, admin, mode, myId }: ServerConfig): ServerTarget | null {
  if (clients.endpoint === null) return null;
  return {
    endpoint: dialable(clients.endpoint),
    admin: admin.endpoint === null || admin.transport === 'tls' ? null : dialable(admin.endpoint),
    sid: mode === 'quorum' ? myId : null,
  };
}

/** Where its line says, or at the same port where every server has a host of its own. */
function peerTargets({ clients, admin, membership, myId }: ServerConfig): ServerTarget[] {
  const ownHost = membership.members.get(myId)?.addresses[0]?.host;
  return [...membership.members.values()].flatMap(({ sid, client, addresses }) => {
    const host = addresses[0]?.host ?? '';
    if (sid === myId) return [];
    const adminPort = admin.transport === 'tls' || host === ownHost ? undefined : admin.endpoint?.port;
    const adminEndpoint = adminPort === undefined ? null : { host, port: adminPort };
    if (client !== null) {
      const clientHost = client.host === '' || isWildcardHost(client.host) ? host : client.host;
      return [{ endpoint: { host: clientHost, port: client.port }, admin: adminEndpoint, sid }];
    }
    if (host === ownHost || clients.endpoint === null) return [];
    return [{ endpoint: { host, port: clients.endpoint.port }, admin: adminEndpoint, sid }];
  });
}
