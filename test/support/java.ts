const NETTY = ['buffer', 'codec', 'common', 'handler', 'resolver', 'transport', 'transport-native-unix-common'];
const JARS = ['zookeeper', ...NETTY.map((name) => `netty-${name}`), 'netty-transport-native-epoll', 'slf4j-simple'];
/** What Debian's Apache ZooKeeper needs, servers and clients. */
export const CLASS_PATH = JARS.map((jar) => `/usr/share/java/${jar}.jar`).join(':');

/**
 * Runs a class of Apache ZooKeeper, Debian's where no other class path is given; the two -XX flags make it start faster and
 * are never used in a benchmark.
 */
export function javaCommand(
  mainClass: string,
  properties: readonly string[] = [],
  classPath: string = CLASS_PATH,
): string[] {
  const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...properties.map((p) => `-D${p}`)];
  return ['java', ...flags, '-cp', classPath, mainClass];
}

/** The Apache ZooKeeper server in the foreground, as `EnsembleOptions.command` takes it. */
export function javaServer(configFile: string, properties: readonly string[] = [], classPath?: string): string[] {
  return [...javaCommand('org.apache.zookeeper.server.quorum.QuorumPeerMain', properties, classPath), configFile];
}

const JETTY = ['server', 'servlet', 'util', 'util-ajax', 'http', 'io', 'security'].map((name) => `jetty9-${name}`);
const JACKSON = ['databind', 'core', 'annotations'].map((name) => `jackson-${name}`);

/** What its admin server needs, which is off without these. */
export const ADMIN_JARS = [...JETTY, ...JACKSON, 'servlet-api', 'metrics-core'].map(
  (jar) => `/usr/share/java/${jar}.jar`,
);

/** The same with its admin server. */
export function javaServerWithAdmin(configFile: string): string[] {
  return javaServer(configFile).map((word) => (word === CLASS_PATH ? [word, ...ADMIN_JARS].join(':') : word));
}
