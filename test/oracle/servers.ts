import { digestId } from '../../src/auth/index.js';
import { Ensemble, type EnsembleOptions } from '../support/ensemble.js';
import { javaServer } from '../support/java.js';
import { Side, SUPER_PASSWORD } from './side.js';

const SETTINGS: NonNullable<EnsembleOptions['config']> = {
  tickTime: 2000,
  minSessionTimeout: 100_000,
  maxSessionTimeout: 900_000,
  extendedTypesEnabled: 'true',
  enforceQuota: 'true',
  'DigestAuthenticationProvider.superDigest': digestId(SUPER_PASSWORD),
  // What is compared is the protocol, not the disk.
  forceSync: 'no',
  snapCount: 10_000_000,
};

const JAVA_PROPERTIES = [
  'znode.container.checkIntervalMs=86400000',
  // A cached answer tells an old aversion, for only a changed mzxid or pzxid makes it stale.
  'zookeeper.maxResponseCacheSize=0',
  'zookeeper.maxGetChildrenResponseCacheSize=0',
];

/** Both servers, each alone, with the same settings. */
export interface Pair {
  readonly java: Side;
  readonly ours: Side;
  /** What a server printed, for a report. */
  logs(): Promise<string>;
  remove(): Promise<void>;
}

const SOURCE_MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;

export async function startPair(): Promise<Pair> {
  const [java, ours] = await Promise.all([
    startAlone((file) => javaServer(file, JAVA_PROPERTIES)),
    startAlone((file) => ['node', '--import', 'tsx', SOURCE_MAIN, 'start', file], {
      'znode.container.checkIntervalMs': 86_400_000,
    }),
  ]);
  const sides = {
    java: new Side('Apache ZooKeeper', java.member(1).clientPort),
    ours: new Side('zk-server', ours.member(1).clientPort),
  };
  return {
    ...sides,
    logs: async () => {
      const [theirLog, ourLog] = await Promise.all([java.member(1).log(), ours.member(1).log()]);
      return `--- Apache ZooKeeper\n${theirLog.slice(-3000)}\n--- zk-server\n${ourLog.slice(-3000)}`;
    },
    remove: async () => {
      sides.java.close();
      sides.ours.close();
      await Promise.all([java.remove(), ours.remove()]);
    },
  };
}

async function startAlone(
  command: (file: string) => readonly string[],
  more: EnsembleOptions['config'] = {},
): Promise<Ensemble> {
  const ensemble = await Ensemble.create({
    servers: 1,
    config: { ...SETTINGS, ...more },
    command: (_index, file) => command(file),
  });
  try {
    await ensemble.start();
    return ensemble;
  } catch (error) {
    await ensemble.remove();
    throw error;
  }
}
