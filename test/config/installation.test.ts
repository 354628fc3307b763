// What stands beside zoo.cfg and in the environment of an existing installation: env files, the variables of the container
// image, and the Java server's logging configuration.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatFault, formatOrigin } from '../../src/config/index.js';
import { type CaseOptions, loadText } from './memory-files.js';

const ALONE = 'dataDir=/data\nclientPort=2181\n';

interface Case extends CaseOptions {
  readonly what: string;
  /** zoo.cfg; null: there is none. */
  readonly text?: string | null;
  readonly says?: readonly string[];
  /** Key to value and origin. */
  readonly settings?: Readonly<Record<string, readonly [value: string, origin: string]>>;
  readonly log?: { readonly level: string | null; readonly format?: string };
  readonly env?: Readonly<Record<string, string>>;
  readonly extra?: Readonly<Record<string, string>>;
  readonly system?: Readonly<Record<string, string>>;
  /** Variables behind it all. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly myId?: number;
  readonly mode?: 'standalone' | 'quorum';
  readonly fails?: true;
}

function check(cases: readonly Case[]): void {
  for (const { what, text = ALONE, says = [], files, ...rest } of cases) {
    it(what, async () => {
      const absent = text === null ? { '/etc/zoo.cfg': { error: 'NOT_FOUND' as const } } : {};
      const result = await loadText(text ?? '', { ...rest, files: { ...files, ...absent } });
      assert.deepEqual(result.faults.map(formatFault), says);
      assert.equal(result.config === null, rest.fails === true);
      for (const [key, [value, origin]] of Object.entries(rest.settings ?? {})) {
        const setting = result.settings.find((candidate) => candidate.key === key);
        assert.ok(setting, key);
        assert.deepEqual([setting.text, formatOrigin(setting.origin)], [value, origin], key);
      }
      for (const [name, value] of Object.entries(rest.variables ?? {})) assert.equal(result.env[name], value, name);
      if (rest.log !== undefined) assert.deepEqual(result.log, { format: null, ...rest.log });
      if (rest.extra !== undefined) {
        assert.deepEqual(Object.fromEntries(result.config?.extraProperties ?? []), rest.extra);
      }
      if (rest.system !== undefined) {
        assert.deepEqual(Object.fromEntries(result.config?.systemProperties ?? []), rest.system);
      }
      if (rest.mode !== undefined) assert.equal(result.config?.mode, rest.mode);
      if (rest.myId !== undefined) assert.equal(result.config?.myId, rest.myId);
    });
  }
}

describe('env files beside zoo.cfg', () => {
  check([
    {
      what: 'java.env sets flags',
      files: {
        '/etc/java.env': '# heap\nexport SERVER_JVMFLAGS="$SERVER_JVMFLAGS -Dzookeeper.snapCount=5000 -Xmx2g"\n',
      },
      settings: { snapCount: ['5000', 'java.env:2'] },
      says: ['java.env:2: note: flags of the Java machine have no effect in this server: -Xmx2g'],
    },
    {
      what: 'java.env after zookeeper-env.sh after the environment',
      env: { JVMFLAGS: '-Dzookeeper.snapCount=1000' },
      files: {
        '/etc/zookeeper-env.sh': 'JVMFLAGS="$JVMFLAGS -Dzookeeper.snapCount=2000"\nZOOPIDFILE=/run/zk.pid\n',
        '/etc/java.env': 'JVMFLAGS="${JVMFLAGS} -Dzookeeper.snapCount=3000 -Dzookeeper.maxCnxns=7"\n',
      },
      settings: { snapCount: ['3000', 'java.env:1'], maxCnxns: ['7', 'java.env:1'] },
      variables: { ZOOPIDFILE: '/run/zk.pid' },
    },
    {
      what: 'a default that the environment overrules',
      env: { ZOOPIDFILE: '/run/mine.pid' },
      files: { '/etc/zookeeper-env.sh': 'ZOOPIDFILE="${ZOOPIDFILE:-/run/zk.pid}"\n' },
      variables: { ZOOPIDFILE: '/run/mine.pid' },
    },
    {
      what: 'Debian’s file, whose JAVA_OPTS are for this server',
      files: {
        '/etc/environment':
          'ZOOMAIN=org.apache.zookeeper.server.quorum.QuorumPeerMain\nZOOCFGDIR=/etc\nZOOCFG=/etc/zoo.cfg\n' +
          'ZOO_LOG_DIR=/var/log/zookeeper\nZOO_LOG4J_PROP=WARN,ROLLINGFILE\nJMXLOCALONLY=true\nJAVA_OPTS="-Dzookeeper.snapCount=5"\n',
      },
      settings: { snapCount: ['5', 'environment:7'] },
      log: { level: 'warn' },
      says: ['note: these variables have no effect here: ZOOMAIN, JMXLOCALONLY.'],
    },
    {
      what: 'JAVA_OPTS of somebody else',
      env: { JAVA_OPTS: '-Dzookeeper.snapCount=5 -Xmx1g' },
      settings: { snapCount: ['100000', 'default'] },
    },
    {
      what: 'a place of zoo.cfg that comes too late',
      files: { '/etc/zookeeper-env.sh': 'ZOOCFGDIR=/opt/conf\n' },
      says: ['zookeeper-env.sh:1: note: ZOOCFGDIR: it has no effect in this file: zoo.cfg is read already.'],
    },
    {
      what: 'what only a shell could tell',
      files: {
        '/etc/java.env': 'if [ -f /x ]; then\n  JVMFLAGS=-Dzookeeper.snapCount=5\nfi\nJVMFLAGS="-Dh=$(hostname)"\n',
      },
      settings: { snapCount: ['100000', 'default'] },
      says: [
        'java.env:1: warning: "if [ -f /x ]; then" is left out: only assignments are read, so all of it is left out. Write NAME="value", or set it in the environment.',
        'java.env:4: warning: "JVMFLAGS="-Dh=$(hostname)"" is left out: the output of a command is not expanded. Write NAME="value", or set it in the environment.',
      ],
    },
    {
      what: 'a file that cannot be read',
      files: { '/etc/java.env': { error: 'PERMISSION' } },
      says: [
        'java.env: warning: it cannot be read (/etc/java.env: PERMISSION) and is left out. Check its permissions.',
      ],
    },
    {
      what: 'a fault in its flags has its line',
      files: { '/etc/java.env': '\nJVMFLAGS="-Dzookeeper.cnxTimeout=fast"' },
      fails: true,
      says: [
        'java.env:2: error: -Dzookeeper.cnxTimeout: "fast" is not a whole number. Write a whole number, 1 or more (ms).',
      ],
    },
    {
      what: 'variables of Java and JMX',
      env: {
        ZK_SERVER_HEAP: '2000',
        JMXPORT: '9010',
        JMXDISABLE: '',
        JAVA_HOME: '/opt/java',
        CLIENT_JVMFLAGS: '-Xmx1g',
      },
      says: ['note: these variables have no effect here: ZK_SERVER_HEAP, JMXPORT.'],
    },
    {
      what: 'JAVA_TOOL_OPTIONS below and _JAVA_OPTIONS above all other flags',
      env: {
        JAVA_TOOL_OPTIONS: '-Dzookeeper.snapCount=1000 -Dzookeeper.maxCnxns=1',
        JVMFLAGS: '-Dzookeeper.snapCount=2000 -Dzookeeper.maxBatchSize=1000',
        _JAVA_OPTIONS: '-Dzookeeper.snapCount=3000',
      },
      settings: { snapCount: ['3000', '$_JAVA_OPTIONS'], maxCnxns: ['1', '$JAVA_TOOL_OPTIONS'] },
    },
  ]);
});

describe('unknown keys', () => {
  check([
    {
      what: 'are handed to providers as properties',
      text: `${ALONE}my.plugin.url=http://a:1/ \ntickTme=2000\n`,
      env: { JVMFLAGS: '-Dzookeeper.my.plugin.url=http://b -Dzookeeper.my.token=t -Dcom.example.setting=1' },
      extra: {
        'zookeeper.my.plugin.url': 'http://a:1/',
        'zookeeper.tickTme': '2000',
        'zookeeper.my.token': 't',
        'com.example.setting': '1',
      },
      says: [
        'zoo.cfg:3: warning: my.plugin.url: no ZooKeeper release knows this key. Take it out.',
        'zoo.cfg:4: warning: tickTme: no ZooKeeper release knows this key. Did you mean tickTime?',
        '$JVMFLAGS: warning: -Dzookeeper.my.plugin.url: no ZooKeeper release knows this key. Take it out.',
        '$JVMFLAGS: warning: -Dzookeeper.my.token: no ZooKeeper release knows this key. Take it out.',
        '$JVMFLAGS: note: flags of the Java machine have no effect in this server: -Dcom.example.setting',
      ],
    },
    {
      what: 'none',
      text: `${ALONE}snapCount=500\nserver.1=a:2888:3888\n`,
      extra: {},
      says: ['note: one server line only: the server runs alone (standaloneEnabled=false makes it a quorum of one).'],
    },
  ]);
});

describe('system properties, which commands show', () => {
  check([
    {
      what: 'are what -D says, and the lines that ZooKeeper makes properties of',
      text: `${ALONE}tickTime=2000\nsnapCount=500 \njute.maxbuffer=5000000\nssl.quorum.keyStore.location=/k\nmultiAddress.enabled=false\nmetricsProvider.httpPort=7000\nmy.key=v\nautopurge.purgeInterval=1\n`,
      env: { JVMFLAGS: '-Dzookeeper.snapCount=700 -Dzookeeper.forceSync=yes -Djava.security.krb5.conf=/krb5' },
      system: {
        'zookeeper.snapCount': '500',
        'zookeeper.forceSync': 'yes',
        'java.security.krb5.conf': '/krb5',
        'zookeeper.jute.maxbuffer': '5000000',
        'zookeeper.ssl.quorum.keyStore.location': '/k',
        'zookeeper.my.key': 'v',
      },
      says: [
        'zoo.cfg:9: warning: my.key: no ZooKeeper release knows this key. Take it out.',
        '$JVMFLAGS: warning: -Dzookeeper.snapCount: it does not count, because snapCount in zoo.cfg:4 sets snapCount, too. Keep one of them.',
        'zoo.cfg:5: note: jute.maxbuffer: it counts here, but Apache ZooKeeper takes it from -Djute.maxbuffer only.',
      ],
    },
  ]);
});

const IMAGE = {
  ZOO_CONF_DIR: '/etc',
  ZOO_DATA_DIR: '/data',
  ZOO_DATA_LOG_DIR: '/datalog',
  ZOO_TICK_TIME: '2000',
  ZOO_INIT_LIMIT: '5',
  ZOO_SYNC_LIMIT: '2',
  ZOO_AUTOPURGE_PURGEINTERVAL: '1',
  ZOO_AUTOPURGE_SNAPRETAINCOUNT: '4',
  ZOO_MAX_CLIENT_CNXNS: '70',
  ZOO_STANDALONE_ENABLED: 'true',
  ZOO_ADMINSERVER_ENABLED: 'true',
};
const IMAGE_LIST =
  'ZOO_DATA_DIR, ZOO_DATA_LOG_DIR, ZOO_TICK_TIME, ZOO_INIT_LIMIT, ZOO_SYNC_LIMIT, ZOO_AUTOPURGE_SNAPRETAINCOUNT, ' +
  'ZOO_AUTOPURGE_PURGEINTERVAL, ZOO_MAX_CLIENT_CNXNS, ZOO_STANDALONE_ENABLED, ZOO_ADMINSERVER_ENABLED';

describe('the variables of the container image', () => {
  const servers = [1, 2, 3].map((sid) => `server.${sid}=zoo${sid}:2888:3888;2181`).join(' ');
  check([
    {
      what: 'make a single server where there is no zoo.cfg',
      text: null,
      env: IMAGE,
      mode: 'standalone',
      settings: {
        tickTime: ['2000', '$ZOO_TICK_TIME'],
        dataLogDir: ['/datalog', '$ZOO_DATA_LOG_DIR'],
        maxClientCnxns: ['70', '$ZOO_MAX_CLIENT_CNXNS'],
        'autopurge.snapRetainCount': ['4', '$ZOO_AUTOPURGE_SNAPRETAINCOUNT'],
      },
      says: [
        `note: there is no file zoo.cfg, so the configuration is made from ${IMAGE_LIST}, as the container image does.`,
        'note: one server line only: the server runs alone (standaloneEnabled=false makes it a quorum of one).',
      ],
    },
    {
      what: 'make a member of an ensemble',
      text: null,
      env: {
        ...IMAGE,
        ZOO_MY_ID: '3',
        ZOO_SERVERS: servers,
        ZOO_4LW_COMMANDS_WHITELIST: 'srvr, mntr',
        ZOO_CFG_EXTRA: 'snapCount=5000 quorumListenOnAllIPs=true',
      },
      mode: 'quorum',
      myId: 3,
      settings: {
        snapCount: ['5000', '$ZOO_CFG_EXTRA'],
        quorumListenOnAllIPs: ['true', '$ZOO_CFG_EXTRA'],
        '4lw.commands.whitelist': ['srvr, mntr', '$ZOO_4LW_COMMANDS_WHITELIST'],
      },
      says: [
        `note: there is no file zoo.cfg, so the configuration is made from ${IMAGE_LIST}, ZOO_4LW_COMMANDS_WHITELIST, ZOO_SERVERS, ZOO_CFG_EXTRA, as the container image does.`,
      ],
    },
    {
      what: 'are complete with ZOO_DATA_DIR alone',
      text: null,
      env: { ZOO_DATA_DIR: '/data', ZOO_SERVERS: servers },
      mode: 'quorum',
      myId: 1,
      settings: { tickTime: ['2000', '$ZOO_TICK_TIME'], initLimit: ['5', '$ZOO_INIT_LIMIT'] },
      says: [
        'note: there is no file zoo.cfg, so the configuration is made from ZOO_DATA_DIR, ZOO_SERVERS, as the container image does.',
      ],
    },
    {
      what: 'of release 3.4, with the client port apart',
      text: null,
      env: { ZOO_DATA_DIR: '/data', ZOO_PORT: '2182', ZOO_SERVERS: servers.replaceAll(';2181', ''), ZOO_MY_ID: '2' },
      mode: 'quorum',
      myId: 2,
      settings: { clientPort: ['2182', '$ZOO_PORT'] },
      says: [
        'note: there is no file zoo.cfg, so the configuration is made from ZOO_DATA_DIR, ZOO_PORT, ZOO_SERVERS, as the container image does.',
      ],
    },
    {
      what: 'do nothing where there is a zoo.cfg',
      env: { ...IMAGE, ZOO_CFG_EXTRA: 'snapCount=5000' },
      settings: { snapCount: ['100000', 'default'] },
      says: [
        `note: zoo.cfg is there, so these variables of the container image have no effect: ${IMAGE_LIST}, ZOO_CFG_EXTRA.`,
      ],
    },
    {
      what: 'but ZOO_MY_ID counts where there is no myid',
      text: `${ALONE}tickTime=2000\ninitLimit=5\nsyncLimit=2\n${servers.replaceAll(' ', '\n')}\n`,
      env: { ZOO_MY_ID: '2' },
      mode: 'quorum',
      myId: 2,
    },
    {
      what: 'and not where there is another',
      text: `${ALONE}tickTime=2000\ninitLimit=5\nsyncLimit=2\n${servers.replaceAll(' ', '\n')}\n`,
      env: { ZOO_MY_ID: '2' },
      files: { '/data/myid': '1\n' },
      myId: 1,
      says: [
        '$ZOO_MY_ID: warning: ZOO_MY_ID: it does not count, because /data/myid is there and says 1. Make both the same.',
      ],
    },
    {
      what: 'a ZOO_MY_ID that is none',
      text: `${ALONE}tickTime=2000\ninitLimit=5\nsyncLimit=2\n${servers.replaceAll(' ', '\n')}\n`,
      env: { ZOO_MY_ID: 'one' },
      fails: true,
      says: ['$ZOO_MY_ID: error: ZOO_MY_ID: "one" is not a server number. Write the N of this server’s line server.N.'],
    },
    {
      what: 'a misspelt word of ZOO_CFG_EXTRA, asked strictly',
      text: null,
      env: { ZOO_DATA_DIR: '/data', ZOO_CFG_EXTRA: 'snapcount=5' },
      strict: true,
      fails: true,
      says: [
        '$ZOO_CFG_EXTRA: error: snapcount: no ZooKeeper release knows this key. Did you mean snapCount?',
        'note: there is no file zoo.cfg, so the configuration is made from ZOO_DATA_DIR, ZOO_CFG_EXTRA, as the container image does.',
        'note: one server line only: the server runs alone (standaloneEnabled=false makes it a quorum of one).',
      ],
    },
    { what: 'none of them', text: null, fails: true, says: ['error: there is no file zoo.cfg. Check the path.'] },
  ]);
});

const LOG4J = `zookeeper.root.logger=INFO, CONSOLE
zookeeper.console.threshold=INFO
log4j.rootLogger=\${zookeeper.root.logger}
log4j.appender.CONSOLE=org.apache.log4j.ConsoleAppender
log4j.appender.CONSOLE.Threshold=\${zookeeper.console.threshold}
log4j.appender.CONSOLE.layout=org.apache.log4j.PatternLayout
log4j.appender.ROLLINGFILE=org.apache.log4j.RollingFileAppender
`;

function logback(root: string, more = '', encoder = '<encoder><pattern>%m%n</pattern></encoder>'): string {
  return `<?xml version="1.0"?>
<!-- <root level="TRACE"/> -->
<configuration>
  <property name="zookeeper.console.threshold" value="INFO"/>
  <appender name="CONSOLE" class="ch.qos.logback.core.ConsoleAppender">
    ${encoder}
    <filter class="ch.qos.logback.classic.filter.ThresholdFilter"><level>\${zookeeper.console.threshold}</level></filter>
  </appender>
  ${more}
  <root level="${root}"><appender-ref ref="CONSOLE"/></root>
</configuration>
`;
}

describe('the Java server’s logging configuration', () => {
  check([
    { what: 'none', log: { level: null } },
    { what: 'log4j.properties as it comes', files: { '/etc/log4j.properties': LOG4J }, log: { level: 'info' } },
    {
      what: 'log4j.properties with ZOO_LOG4J_PROP',
      files: { '/etc/log4j.properties': LOG4J },
      env: { ZOO_LOG4J_PROP: 'WARN,CONSOLE,ROLLINGFILE' },
      log: { level: 'warn' },
      says: [
        'log4j.properties:3: note: the level of the root is used (warn); the appenders ROLLINGFILE have no effect: all is logged to the standard output.',
      ],
    },
    {
      what: 'the root at DEBUG behind a threshold of INFO',
      files: { '/etc/log4j.properties': LOG4J },
      env: { JVMFLAGS: '-Dzookeeper.root.logger=DEBUG,CONSOLE' },
      log: { level: 'info' },
    },
    {
      what: 'the root and the threshold at DEBUG',
      files: { '/etc/log4j.properties': LOG4J },
      env: { JVMFLAGS: '-Dzookeeper.root.logger=DEBUG,CONSOLE -Dzookeeper.console.threshold=DEBUG' },
      log: { level: 'debug' },
      says: ['log4j.properties:3: note: the level of the root is used (debug).'],
    },
    {
      what: 'levels of other loggers',
      files: { '/etc/log4j.properties': `log4j.rootLogger=INFO\nlog4j.logger.org.apache.zookeeper=DEBUG\n` },
      log: { level: 'info' },
      says: [
        'log4j.properties:1: note: the level of the root is used (info); the levels of org.apache.zookeeper have no effect: all is logged to the standard output.',
      ],
    },
    { what: 'ZOO_LOG4J_PROP without a file', env: { ZOO_LOG4J_PROP: 'ERROR,CONSOLE' }, log: { level: 'error' } },
    { what: 'logback.xml as it comes', files: { '/etc/logback.xml': logback('INFO') }, log: { level: 'info' } },
    {
      what: 'logback.xml before log4j.properties',
      files: { '/etc/logback.xml': logback('WARN'), '/etc/log4j.properties': LOG4J },
      log: { level: 'warn' },
      says: ['logback.xml:10: note: the level of the root is used (warn).'],
    },
    {
      what: 'a default of a variable',
      files: { '/etc/logback.xml': logback('${zookeeper.log.level:-ERROR}') },
      log: { level: 'error' },
      says: ['logback.xml:10: note: the level of the root is used (error).'],
    },
    {
      what: 'a variable that a flag sets',
      files: { '/etc/logback.xml': logback('${my.level:-ERROR}') },
      env: { JVMFLAGS: '-Dmy.level=OFF' },
      log: { level: 'fatal' },
      says: [
        'logback.xml:10: note: the level of the root is used (fatal).',
        '$JVMFLAGS: note: flags of the Java machine have no effect in this server: -Dmy.level',
      ],
    },
    {
      what: 'other loggers and files of logback.xml',
      files: {
        '/etc/logback.xml': logback('INFO', '<logger name="org.apache.zookeeper.audit" level="INFO"/>').replace(
          '<appender-ref ref="CONSOLE"/>',
          '<appender-ref ref="ROLLINGFILE"/>',
        ),
      },
      log: { level: 'info' },
      says: [
        'logback.xml:10: note: the level of the root is used (info); the appenders ROLLINGFILE and the levels of org.apache.zookeeper.audit have no effect: all is logged to the standard output.',
      ],
    },
    {
      what: 'JSON lines',
      files: {
        '/etc/logback.xml': logback('INFO', '', '<encoder class="net.logstash.logback.encoder.LogstashEncoder"/>'),
      },
      log: { level: 'info', format: 'json' },
    },
    {
      what: 'a file that a flag names',
      files: { '/opt/log/quiet.properties': 'log4j.rootLogger=ERROR\n' },
      env: { JVMFLAGS: '-Dlog4j.configuration=file:/opt/log/quiet.properties' },
      log: { level: 'error' },
      says: ['/opt/log/quiet.properties:1: note: the level of the root is used (error).'],
    },
    {
      what: 'a file that a flag names and that is not there',
      env: { JVMFLAGS: '-Dlogback.configurationFile=/opt/log/none.xml' },
      log: { level: null },
      says: ['$JVMFLAGS: warning: -Dlogback.configurationFile: there is no file /opt/log/none.xml. Check the path.'],
    },
    {
      what: 'no level',
      files: { '/etc/logback.xml': logback('LOUD') },
      log: { level: null },
      says: [
        'logback.xml:10: warning: "LOUD" is no level of a log; info is used. Write one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL.',
      ],
    },
    {
      what: 'no XML',
      files: { '/etc/logback.xml': '<configuration>\n<root level="INFO">\n' },
      log: { level: null },
      says: ['logback.xml:3: warning: it is no XML and left out (Unclosed root tag). Correct it.'],
    },
  ]);
});
