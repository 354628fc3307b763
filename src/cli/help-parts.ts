import type { ArgumentSpec, Explained } from './command.js';

/** Parts of the help that several commands share. */

export const CONFIG_ARGUMENT: ArgumentSpec = {
  name: 'config',
  describe: 'zoo.cfg; without it $ZOOCFGDIR/zoo.cfg, then conf/zoo.cfg, then /etc/zookeeper/conf/zoo.cfg',
  required: false,
  choices: null,
};

export const FIND_CONFIG: Explained = [
  ['ZOOCFGDIR, ZOO_CONF_DIR', 'folder of zoo.cfg, and of a config that is named without a folder'],
  ['ZOOCFG', 'name of the file in that folder [zoo.cfg]'],
];

export const JVM_FLAGS: Explained = [
  ['SERVER_JVMFLAGS, JVMFLAGS, JDK_JAVA_OPTIONS', 'words -Dname=value set system properties, as for the Java server'],
];

export const PID_FILE: Explained = [['ZOOPIDFILE', 'the pid file [zookeeper_server.pid in dataDir]']];

export const LOG_DIR: Explained = [['ZOO_LOG_DIR', 'folder of the log that --daemon writes [dataDir]']];

export const NODE_OPTIONS: Explained = [
  ['ZK_SERVER_NODE_OPTIONS', 'options for node itself, such as --max-old-space-size=4096'],
];

export const BAD_CONFIG: Explained = [
  ['1', 'this server is not in the server list'],
  ['2', 'bad usage or configuration'],
  ['3', 'a data folder cannot be used'],
];
