/** What becomes of an environment variable that Java servers, their scripts or their container image know. */
export type VariableUse =
  /** It does here what it does there. */
  | 'heard'
  /** A line of the configuration that is made when there is no zoo.cfg. */
  | 'image'
  /** It belongs to the Java machine or to log files; named in one line at start. */
  | 'moot';

export interface VariableDefinition {
  readonly use: VariableUse;
  /** In one sentence. */
  readonly effect: string;
}

export interface ImageVariable extends VariableDefinition {
  readonly use: 'image';
  /** The line of zoo.cfg; null when it is no line of its own. */
  readonly key: string | null;
  /** What the image sets it to; null when it leaves it out. */
  readonly default: string | null;
}

function image(key: string | null, byDefault: string | null, effect: string): ImageVariable {
  return { use: 'image', key, default: byDefault, effect };
}

/** The variables of the official container image that become lines of zoo.cfg, in the order of those lines. */
export const IMAGE_VARIABLES: Readonly<Record<string, ImageVariable>> = {
  ZOO_DATA_DIR: image('dataDir', null, 'dataDir; without it no configuration is made.'),
  ZOO_DATA_LOG_DIR: image('dataLogDir', null, 'dataLogDir.'),
  ZOO_PORT: image('clientPort', null, 'clientPort, as images of release 3.4 have it.'),
  ZOO_TICK_TIME: image('tickTime', '2000', 'tickTime.'),
  ZOO_INIT_LIMIT: image('initLimit', '5', 'initLimit.'),
  ZOO_SYNC_LIMIT: image('syncLimit', '2', 'syncLimit.'),
  ZOO_AUTOPURGE_SNAPRETAINCOUNT: image('autopurge.snapRetainCount', '3', 'autopurge.snapRetainCount.'),
  ZOO_AUTOPURGE_PURGEINTERVAL: image('autopurge.purgeInterval', '0', 'autopurge.purgeInterval.'),
  ZOO_MAX_CLIENT_CNXNS: image('maxClientCnxns', '60', 'maxClientCnxns.'),
  ZOO_STANDALONE_ENABLED: image('standaloneEnabled', 'true', 'standaloneEnabled.'),
  ZOO_ADMINSERVER_ENABLED: image('admin.enableServer', 'true', 'admin.enableServer.'),
  ZOO_4LW_COMMANDS_WHITELIST: image('4lw.commands.whitelist', null, '4lw.commands.whitelist.'),
  ZOO_SERVERS: image(null, null, 'The server lines, with blanks between them; none: this host alone, on port 2181.'),
  ZOO_CFG_EXTRA: image(null, null, 'More lines key=value, with blanks between them.'),
};

function heard(effect: string): VariableDefinition {
  return { use: 'heard', effect };
}

function moot(effect: string): VariableDefinition {
  return { use: 'moot', effect };
}

/** Every variable that is looked at, besides those of the image. */
const OTHER_VARIABLES: Readonly<Record<string, VariableDefinition>> = {
  ZOOCFGDIR: heard('Folder of zoo.cfg when none is named.'),
  ZOO_CONF_DIR: heard('The same, as the container image calls it.'),
  ZOOCFG: heard('Name of the configuration in ZOOCFGDIR.'),
  ZOOPIDFILE: heard('The pid file.'),
  ZOO_MY_ID: heard('The number of this server where there is no file myid.'),
  ZOO_DATADIR_AUTOCREATE_DISABLE: heard('Sets datadir.autocreate to false.'),
  ZOO_LOG4J_PROP: heard('Level of the log (its first word), unless logback.xml or log4j.properties says otherwise.'),
  JAVA_TOOL_OPTIONS: heard('Words -Dname=value set properties.'),
  JDK_JAVA_OPTIONS: heard('Words -Dname=value set properties, over JAVA_TOOL_OPTIONS.'),
  SERVER_JVMFLAGS: heard('Words -Dname=value set properties, over JDK_JAVA_OPTIONS.'),
  JVMFLAGS: heard('Words -Dname=value set properties, over SERVER_JVMFLAGS.'),
  JAVA_OPTS: heard('Words -Dname=value set properties, over JVMFLAGS; only from a file beside zoo.cfg.'),
  _JAVA_OPTIONS: heard('Words -Dname=value set properties, over all of these.'),
  ZOO_LOG_DIR: heard('Folder of the log of a server in the background (start --daemon).'),
  ZOO_LOG_FILE: moot('Name of the log file.'),
  ZK_SERVER_HEAP: moot('Heap of the Java machine; see ZK_SERVER_NODE_OPTIONS.'),
  ZOOMAIN: moot('Java class of the server.'),
  ZOO_USER: moot('User of the container.'),
  JMXDISABLE: moot('Switches JMX off; there is none.'),
  JMXPORT: moot('Port of JMX.'),
  JMXLOCALONLY: moot('Offers JMX on this machine only.'),
  JMXHOSTNAME: moot('Host name of JMX.'),
  JMXAUTH: moot('Asks JMX clients for a password.'),
  JMXSSL: moot('Encrypts JMX.'),
  JMXLOG4J: moot('Does not offer the log levels by JMX.'),
};

export const VARIABLES: ReadonlyMap<string, VariableDefinition> = new Map<string, VariableDefinition>([
  ...Object.entries(OTHER_VARIABLES),
  ...Object.entries(IMAGE_VARIABLES),
]);
