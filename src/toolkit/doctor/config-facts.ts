import { loadConfig, type LoadResult, type ServerConfig } from '../../config/index.js';
import type { TlsStore } from '../../host/index.js';
import { isWildcardHost } from '../../membership/index.js';
import type { CertificateFacts, DoctorWorld } from './world.js';

/** A certificate store of a configuration. */
export interface StoreFacts {
  readonly path: string;
  readonly certificates: readonly CertificateFacts[];
  /** Why it cannot be read; null: it can. */
  readonly fault: string | null;
}

/** A server of the list, as this machine sees it. */
export interface PeerFacts {
  readonly sid: number;
  readonly host: string;
  /** None: the name service does not know it. */
  readonly addresses: readonly string[];
  /** Why its election port cannot be reached; null: it can. */
  readonly electionFault: string | null;
}

/** What a configuration says, and what lies around it. */
export interface ConfigFacts {
  readonly path: string;
  readonly loaded: LoadResult;
  /** Values that were given, by their keys. */
  readonly given: ReadonlyMap<string, string>;
  /** The number in the file myid of its dataDir; null: there is none. */
  readonly myId: number | null;
  readonly stores: readonly StoreFacts[];
  readonly peers: readonly PeerFacts[];
}

export interface ConfigRequest {
  readonly path: string;
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export async function examineConfig(world: DoctorWorld, request: ConfigRequest): Promise<ConfigFacts> {
  const { workingDir, env, path } = request;
  const loaded = await loadConfig({ disk: world.disk, configFile: path, workingDir, env });
  const given = new Map(
    loaded.settings.flatMap(({ key, text, given: from }) => (from === null ? [] : [[key, text] as const])),
  );
  const dataDir = loaded.settings.find(({ key }) => key === 'dataDir')?.text ?? '';
  const myIdText = await world.disk.readFile(`${absolute(dataDir, workingDir)}/myid`).then(
    (bytes) => bytes.toString('latin1').trim(),
    () => '',
  );
  return {
    path,
    loaded,
    given,
    myId: /^\d+$/.test(myIdText) ? Number(myIdText) : null,
    stores: loaded.config === null ? [] : await examineStores(world, loaded.config),
    peers: loaded.config === null ? [] : await examinePeers(world, loaded.config),
  };
}

function absolute(path: string, workingDir: string): string {
  return path.startsWith('/') ? path : `${workingDir}/${path}`;
}

async function examineStores(
  world: DoctorWorld,
  { clients, quorumSecurity, admin }: ServerConfig,
): Promise<StoreFacts[]> {
  const stores = new Map<string, TlsStore>();
  for (const tls of [clients.tls, quorumSecurity.tls, admin.tls]) {
    for (const store of [tls?.options.keyStore, tls?.options.trustStore]) {
      if (store !== null && store !== undefined) stores.set(store.path, store);
    }
  }
  return Promise.all(
    [...stores.values()].map(async (store) => {
      const { path } = store;
      return world.certificates(store).then(
        (certificates) => ({ path, certificates, fault: null }),
        (error: unknown) => ({ path, certificates: [], fault: error instanceof Error ? error.message : String(error) }),
      );
    }),
  );
}

async function examinePeers(world: DoctorWorld, { membership, myId }: ServerConfig): Promise<PeerFacts[]> {
  const peers = [...membership.members.values()].flatMap(({ sid, addresses }) =>
    addresses.map(({ host, electionPort }) => ({ sid, host, electionPort })),
  );
  return Promise.all(
    peers
      .filter(({ host }) => !isWildcardHost(host))
      .map(async ({ sid, host, electionPort }) => {
        const addresses = await world.resolve(host);
        const asks = sid !== myId && addresses.length > 0;
        return { sid, host, addresses, electionFault: asks ? await world.reach({ host, port: electionPort }) : null };
      }),
  );
}
