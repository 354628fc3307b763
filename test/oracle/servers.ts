import { digestId } from '../../src/auth/index.js';
import { Ensemble, type EnsembleOptions } from '../support/ensemble.js';
import { fourLetter } from '../support/four-letter.js';
import { javaServer } from '../support/java.js';
import { ownProgram } from '../support/own-program.js';
import { Side, SUPER_PASSWORD } from './side.js';
import { type StageName, STAGES } from './stage.js';

const SETTINGS: NonNullable<EnsembleOptions['config']> = {
  maxSessionTimeout: 900_000,
  extendedTypesEnabled: 'true',
  enforceQuota: 'true',
  'DigestAuthenticationProvider.superDigest': digestId(SUPER_PASSWORD),
  // What is compared is the protocol, not the disk.
  forceSync: 'no',
  snapCount: 10_000_000,
};

const JAVA_PROPERTIES = [
  'org.slf4j.simpleLogger.showDateTime=true',
  'znode.container.checkIntervalMs=86400000',
  // A cached answer tells an old aversion, for only a changed mzxid or pzxid makes it stale.
  'zookeeper.maxResponseCacheSize=0',
  'zookeeper.maxGetChildrenResponseCacheSize=0',
];

/** Both servers, each alone, or two ensembles, with the same settings. */
export interface Pair {
  readonly java: Side;
  readonly ours: Side;
  /** Of Apache ZooKeeper: `3.8`. */
  readonly release: string;
  /** What a server printed, for a report. */
  logs(): Promise<string>;
  remove(): Promise<void>;
}

const START_MS = 120_000;
const SOURCE_MAIN = ownProgram(new URL('../../src/cli/main.ts', import.meta.url));

/** `classPath`: of another Apache ZooKeeper than Debian's. */
export async function startPair(stage: StageName, classPath?: string): Promise<Pair> {
  const [java, ours] = await Promise.all([
    startOne(stage, (file) => javaServer(file, JAVA_PROPERTIES, classPath)),
    startOne(stage, (file) => ['node', ...SOURCE_MAIN, 'start', file], {
      'znode.container.checkIntervalMs': 86_400_000,
    }),
  ]);
  const sides = {
    java: new Side('Apache ZooKeeper', portsOf(java)),
    ours: new Side('zk-server', portsOf(ours)),
  };
  const [, release = ''] =
    /^Zookeeper version: (\d+\.\d+)/.exec(await fourLetter(java.member(1).clientPort, 'srvr')) ?? [];
  return {
    ...sides,
    release,
    logs: async () => `--- Apache ZooKeeper\n${await logsOf(java)}\n--- zk-server\n${await logsOf(ours)}`,
    remove: async () => {
      sides.java.close();
      sides.ours.close();
      await Promise.all([java.remove(), ours.remove()]);
    },
  };
}

function portsOf({ members }: Ensemble): number[] {
  return members.map(({ clientPort }) => clientPort);
}

async function logsOf({ members }: Ensemble): Promise<string> {
  return (await Promise.all(members.map(async (member) => (await member.log()).slice(-3000)))).join('\n-\n');
}

async function startOne(
  stage: StageName,
  command: (file: string) => readonly string[],
  more: EnsembleOptions['config'] = {},
): Promise<Ensemble> {
  const { servers, config } = STAGES[stage];
  const ensemble = await Ensemble.create({
    servers,
    config: { ...SETTINGS, ...config, ...more },
    command: (_index, file) => command(file),
  });
  try {
    // The last one leads, for it is there from the beginning and none has data.
    const [late, ...first] = servers === 1 ? [] : ensemble.members;
    for (const some of [late === undefined ? ensemble.members : first, late === undefined ? [] : [late]]) {
      for (const member of some) await member.start();
      await Promise.all(some.map((member) => member.serving(START_MS)));
    }
    return ensemble;
  } catch (error) {
    await ensemble.remove();
    throw error;
  }
}
