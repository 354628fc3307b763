// The configurations of real-world/, and what a server of each has beside it.
import { readdirSync } from 'node:fs';

const FOLDER = new URL('real-world/', import.meta.url);
export const REAL_WORLD_NAMES: readonly string[] = readdirSync(FOLDER).sort();

export function realWorldFile(name: string): URL {
  return new URL(name, FOLDER);
}

export interface RealWorldCase {
  /** Who the server is that the expectations are of; null: it has no myid. */
  readonly myId: number | null;
  /** The dynamic file, where the configuration names one. */
  readonly dynamic?: string;
  /** Why no server of it can be run by the tests; absent when it can. */
  readonly cannotRun?: string;
}

function serverList(line: (sid: number) => string): string {
  return [1, 2, 3].map((sid) => `server.${sid}=${line(sid)}\n`).join('');
}

const WITH_CLIENT_PORTS = serverList((sid) => `zk${sid}:2888:3888:participant;2181`);
const WITHOUT_CLIENT_PORTS = serverList((sid) => `zk${sid}:2888:3888`);

/** Those that differ from an ordinary server 1. */
const SPECIAL: Readonly<Record<string, RealWorldCase>> = {
  'debian.cfg': { myId: null },
  'chart-tls.cfg': { myId: 1, cannotRun: 'its certificates are in a cluster' },
  'column-store.cfg': { myId: 3, dynamic: WITHOUT_CLIENT_PORTS },
  'groups.cfg': { myId: 9 },
  'message-broker.cfg': { myId: null },
  'operator.cfg': { myId: 2, dynamic: WITH_CLIENT_PORTS },
  'operator-sasl.cfg': { myId: 1, cannotRun: 'its users are in a cluster' },
  'operator-tls.cfg': { myId: 1, dynamic: WITHOUT_CLIENT_PORTS, cannotRun: 'its certificates are in a cluster' },
  'quoted-numbers.cfg': { myId: null, cannotRun: 'Apache ZooKeeper does not start with it either' },
  'reconfigured.cfg': { myId: 1, dynamic: WITH_CLIENT_PORTS },
  'release-3.4.cfg': { myId: 4 },
  'table-store-embedded.cfg': { myId: null },
  'windows-line-ends.cfg': { myId: null },
  'with-observers.cfg': { myId: 4 },
};

export function realWorldCase(name: string): RealWorldCase {
  return SPECIAL[name] ?? { myId: 1 };
}
