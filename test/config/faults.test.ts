// Each bad configuration with what is said about it: place, reason and mend, and what the server exits with.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { exitCodeOf, formatFault } from '../../src/config/index.js';
import { type CaseOptions, loadText } from './memory-files.js';

interface FaultCase extends CaseOptions {
  readonly what: string;
  readonly text: string;
  /** The exit code; absent when it starts. */
  readonly exit?: 1 | 2 | 3;
  readonly says: readonly string[];
}

const ALONE = 'dataDir=/data\nclientPort=2181\n';
const TIMES = 'tickTime=2000\ninitLimit=10\nsyncLimit=5\n';
const THREE = 'server.1=a:2888:3888\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n';
const ENSEMBLE = `${ALONE}${TIMES}${THREE}`;
const MYID = { '/data/myid': '1\n' };

const CASES: readonly FaultCase[] = [
  { what: 'a single server', text: ALONE, says: [] },
  { what: 'an ensemble', text: ENSEMBLE, files: MYID, says: [] },

  // Values
  {
    what: 'a number with a unit',
    text: `tickTime=2s\n${ALONE}`,
    exit: 2,
    says: ['zoo.cfg:1: error: tickTime: "2s" is not a whole number. Write a whole number, 1 or more (ms).'],
  },
  {
    what: 'no tick',
    text: `${ALONE}tickTime=0\n`,
    exit: 2,
    says: ['zoo.cfg:3: error: tickTime: 0 is out of range. Write a whole number, 1 or more (ms).'],
  },
  {
    what: 'more than an int holds',
    text: `${ALONE}tickTime=2147483648\n`,
    exit: 2,
    says: ['zoo.cfg:3: error: tickTime: 2147483648 is out of range. Write a whole number, 1 or more (ms).'],
  },
  {
    what: 'a port that is none',
    text: 'dataDir=/data\nclientPort=70000\n',
    exit: 2,
    says: ['zoo.cfg:2: error: clientPort: 70000 is out of range. Write a whole number from 0 to 65535.'],
  },
  {
    what: 'a comment behind a value, which belongs to it',
    text: 'dataDir=/data\nclientPort=2181 # for clients\n',
    exit: 2,
    says: [
      'zoo.cfg:2: error: clientPort: "2181 # for clients" is not a whole number. Write a whole number from 0 to 65535.',
    ],
  },
  {
    what: 'an election of old',
    text: `${ALONE}electionAlg=1\n`,
    says: [
      'zoo.cfg:3: warning: electionAlg: 1 is an election of old releases, 3 is used. Write 3, the only election since 3.6.',
    ],
  },
  {
    what: 'an election that never was',
    text: `${ALONE}electionAlg=4\n`,
    exit: 2,
    says: ['zoo.cfg:3: error: electionAlg: 4 is out of range. Write 3, the only election since 3.6.'],
  },
  {
    what: 'quotes, which Java does not take off',
    text: 'dataDir="/data"\nclientPort="2181"\n',
    exit: 2,
    says: [
      'zoo.cfg:2: error: clientPort: ""2181"" is not a whole number. Write a whole number from 0 to 65535, without quotes.',
      'zoo.cfg:1: warning: dataDir: the quotes belong to the value "/data". Take them off.',
      'zoo.cfg:1: warning: dataDir: "/data" is relative to the folder in which the server is started. Write an absolute path, or ./"/data" when that is meant.',
    ],
  },
  {
    what: 'a byte order mark',
    text: `\ufefftickTime=2000\n${ALONE}`,
    says: [
      'zoo.cfg:1: warning: the file begins with a byte order mark, which Apache ZooKeeper takes for a part of its first key. Save it as plain text (UTF-8 without BOM).',
    ],
  },
  {
    what: 'the name that release 3.5 had for a key',
    text: `${ALONE}leader.maxConcurrentSnapshots=5\nleader.maxConcurrentSnapshotTimeout=9\n`,
    says: [
      'zoo.cfg:4: note: leader.maxConcurrentSnapshotTimeout: it has no effect in this server (How long release 3.5 let a snapshot wait for others that were being sent).',
    ],
  },
  {
    what: 'a switch that is neither',
    text: `${ALONE}standaloneEnabled=yes\n`,
    exit: 2,
    says: ['zoo.cfg:3: error: standaloneEnabled: "yes" is neither true nor false. Write true or false.'],
  },
  {
    what: 'a role that is none',
    text: `${ALONE}peerType=leader\n`,
    exit: 2,
    says: ['zoo.cfg:3: error: peerType: "leader" is none of the choices. Write participant, observer.'],
  },
  {
    what: 'an empty path',
    text: 'dataDir=\nclientPort=2181\n',
    exit: 2,
    says: ['zoo.cfg:1: error: dataDir: the path is empty. Write a path.'],
  },
  {
    what: 'a property that ZooKeeper silently ignores',
    text: `${ALONE}snapCount=many\n`,
    says: [
      'zoo.cfg:3: warning: snapCount: "many" is not a whole number; 100000 is used, as ZooKeeper does. Write a whole number (transactions).',
    ],
  },
  {
    what: 'values that are raised',
    text: `${ALONE}snapCount=1\nautopurge.snapRetainCount=1\ncommitLogCount=10\n`,
    says: [
      'zoo.cfg:3: warning: snapCount: 1 is too low, 2 is used. Write a whole number.',
      'zoo.cfg:4: warning: autopurge.snapRetainCount: 1 is too low, 3 is used. Write a whole number.',
      'zoo.cfg:5: warning: commitLogCount: 10 is too low, 500 is used. Write a whole number.',
    ],
  },
  {
    what: 'a switch that only one word turns',
    text: `${ALONE}forceSync=false\nskipACL=true\n`,
    says: [
      'zoo.cfg:3: warning: forceSync: only "no" changes it, so "false" is read as yes. Write yes or no.',
      'zoo.cfg:4: warning: skipACL: only "yes" changes it, so "true" is read as no. Write yes or no.',
    ],
  },
  {
    what: 'a property that is no boolean',
    text: `${ALONE}digest.enabled=on\n`,
    says: ['zoo.cfg:3: warning: digest.enabled: "on" is read as false. Write true or false.'],
  },

  // Keys
  {
    what: 'no dataDir',
    text: 'clientPort=2181\n',
    exit: 2,
    says: ['error: dataDir: it is not set. Add dataDir=/path/of/the/data.'],
  },
  {
    what: 'no client port',
    text: 'dataDir=/data\n',
    exit: 2,
    says: [
      'error: clientPort: no client can connect: neither clientPort nor a port behind ";" in the server line is set. Add clientPort=2181.',
    ],
  },
  {
    what: 'an address without its port',
    text: `dataDir=/data\nclientPortAddress=127.0.0.1\n${TIMES}server.1=a:2888:3888;2181\nserver.2=b:2888:3888;2181\nserver.3=c:2888:3888;2181\n`,
    files: MYID,
    exit: 2,
    says: ['zoo.cfg:2: error: clientPortAddress: clientPort is not set. Add clientPort=2181, say.'],
  },
  {
    what: 'several faults at once',
    text: 'tickTime=x\nclientPort=y\n',
    exit: 2,
    says: [
      'zoo.cfg:1: error: tickTime: "x" is not a whole number. Write a whole number, 1 or more (ms).',
      'zoo.cfg:2: error: clientPort: "y" is not a whole number. Write a whole number from 0 to 65535.',
      'error: dataDir: it is not set. Add dataDir=/path/of/the/data.',
    ],
  },
  {
    what: 'a key twice',
    text: `tickTime=2000\n${ALONE}tickTime=3000\n`,
    says: ['zoo.cfg:4: warning: tickTime: it stands in line 1, too; this one counts. Take one out.'],
  },
  {
    what: 'a misspelt key',
    text: `${ALONE}tickTme=2000\nclientport=1\nsever.1=a:1:2\n`,
    says: [
      'zoo.cfg:3: warning: tickTme: no ZooKeeper release knows this key. Did you mean tickTime?',
      'zoo.cfg:4: warning: clientport: no ZooKeeper release knows this key. Did you mean clientPort?',
      'zoo.cfg:5: warning: sever.1: no ZooKeeper release knows this key. Did you mean server.1?',
    ],
  },
  {
    what: 'a key that is near to none, asked strictly',
    text: `${ALONE}my.own.plugin.setting=1\n`,
    strict: true,
    exit: 2,
    says: ['zoo.cfg:3: error: my.own.plugin.setting: no ZooKeeper release knows this key. Take it out.'],
  },
  {
    what: 'the same with strictConfig',
    text: `${ALONE}strictConfig=true\ntickTme=2000\n`,
    exit: 2,
    says: ['zoo.cfg:4: error: tickTme: no ZooKeeper release knows this key. Did you mean tickTime?'],
  },
  {
    what: 'a system property in zoo.cfg',
    text: `${ALONE}zookeeper.skipACL=yes\n`,
    says: [
      'zoo.cfg:3: warning: zookeeper.skipACL: it has no effect in zoo.cfg: ZooKeeper puts "zookeeper." in front of a key by itself. Write skipACL.',
    ],
  },
  {
    what: 'a system property without the prefix in zoo.cfg',
    text: `${ALONE}jute.maxbuffer=4194304\n`,
    says: [
      'zoo.cfg:3: note: jute.maxbuffer: it counts here, but Apache ZooKeeper takes it from -Djute.maxbuffer only.',
    ],
  },
  {
    what: 'a name that only the guide has',
    text: `${ALONE}connectionMaxTokens=0\n`,
    says: [
      'zoo.cfg:3: note: connectionMaxTokens: it counts here, but Apache ZooKeeper reads connection_throttle_tokens instead.',
    ],
  },
  {
    what: 'a key for Java',
    text: `${ALONE}nio.numWorkerThreads=4\n`,
    says: [
      'zoo.cfg:3: note: nio.numWorkerThreads: it has no effect in this server (Threads that read and write client connections).',
    ],
  },
  {
    what: 'keys without effect at their defaults, and what others write by habit',
    text: `${ALONE}admin.enableServer=true\nflushDelay=0\nelectionAlg=3\nmaxClientCnxns=60\nmetricsProvider.httpPort=7000\n`,
    says: [],
  },
  {
    what: 'a feature that is not there',
    text: `${ALONE}pathStats.enabled=true\n`,
    says: ['zoo.cfg:3: warning: pathStats.enabled: this server lacks what it asks for (Counts requests by path).'],
  },
  {
    what: 'a class for the audit log',
    text: `${ALONE}audit.enable=true\naudit.impl.class=com.example.Audit\n`,
    says: [
      'zoo.cfg:4: warning: audit.impl.class: a Java class cannot be run here; audit lines are written as those of ZooKeeper’s own class. Write org.apache.zookeeper.audit.Slf4jAuditLogger, or take the line out.',
    ],
  },
  {
    what: 'a protection that is not there',
    text: `${ALONE}ssl.context.supplier.class=com.example.Tls\n`,
    exit: 2,
    says: [
      'zoo.cfg:3: error: ssl.context.supplier.class: this server cannot do it (TLS with clients: Java class that makes the TLS context) and does not start less guarded than it is told to be. Take the line out to start without that protection.',
    ],
  },
  {
    what: 'letters beyond ASCII',
    text: `${ALONE}# données\ndataLogDir=/donn\u00e9es\n`,
    says: ['zoo.cfg:4: warning: letters beyond ASCII are read as ISO-8859-1, as Java does. Write them as \\uXXXX.'],
  },
  {
    what: 'a broken escape',
    text: `${ALONE}dataLogDir=C:\\users\n`,
    exit: 2,
    says: ['zoo.cfg:3: error: a \\u is not followed by four hexadecimal digits. Write \\\\ for a backslash.'],
  },
  {
    what: 'session time-outs the wrong way round',
    text: `${ALONE}minSessionTimeout=50000\nmaxSessionTimeout=40000\n`,
    exit: 2,
    says: [
      'zoo.cfg:3: error: minSessionTimeout: the shortest session time-out (50000 ms) is above the longest (40000 ms). Lower minSessionTimeout or raise maxSessionTimeout; unset, they are 2 and 20 ticks.',
    ],
  },
  {
    what: 'a relative path',
    text: 'dataDir=data\nclientPort=2181\n',
    says: [
      'zoo.cfg:1: warning: dataDir: data is relative to the folder in which the server is started. Write an absolute path, or ./data when that is meant.',
    ],
  },

  // The server list
  {
    what: 'an ensemble without limits',
    text: `${ALONE}${THREE}`,
    files: MYID,
    exit: 2,
    says: [
      'error: initLimit: an ensemble needs it. Add initLimit=10 (ticks), say.',
      'error: syncLimit: an ensemble needs it. Add syncLimit=5 (ticks), say.',
    ],
  },
  {
    what: 'server lines of which two are broken',
    text: `${ALONE}${TIMES}server.1=a:2888:3888\nserver.2=b:2888\nserver.x=c:2888:3888\n`,
    files: MYID,
    exit: 2,
    says: [
      'zoo.cfg:7: error: server.2: "b:2888" does not have the form of a server address. Write host:quorumPort:electionPort[:participant|observer][;[host:]clientPort].',
      'zoo.cfg:8: error: server.x: "x" is no id. Write a whole number, 0 or greater.',
    ],
  },
  {
    what: 'two servers',
    text: `${ALONE}${TIMES}server.1=a:2888:3888\nserver.2=b:2888:3888\n`,
    files: MYID,
    says: ['warning: two servers bear no failure: when one is lost, the other stops serving. Use three.'],
  },
  {
    what: 'four servers',
    text: `${ENSEMBLE}server.4=d:2888:3888\n`,
    files: MYID,
    says: ['warning: 4 voters bear no more failures than 3. Use an odd number.'],
  },
  {
    what: 'one server line',
    text: `${ALONE}server.1=a:2888:3888\n`,
    says: ['note: one server line only: the server runs alone (standaloneEnabled=false makes it a quorum of one).'],
  },
  {
    what: 'a quorum of one',
    text: `${ALONE}${TIMES}standaloneEnabled=false\nserver.1=a:2888:3888\n`,
    files: MYID,
    says: [],
  },
  {
    what: 'an ensemble of none',
    text: `${ALONE}${TIMES}standaloneEnabled=false\n`,
    exit: 2,
    says: [
      'zoo.cfg:6: error: standaloneEnabled: false asks for an ensemble, but there is no server line. Add at least server.1=host:2888:3888, or take standaloneEnabled out.',
    ],
  },
  {
    what: 'one participant with an observer',
    text: `${ALONE}${TIMES}server.1=a:2888:3888\nserver.2=b:2888:3888:observer\n`,
    files: MYID,
    exit: 2,
    says: [
      'error: standaloneEnabled: there are observers, but with a single participant the server would run alone. Write standaloneEnabled=false, or more participants.',
    ],
  },
  {
    what: 'observers only',
    text: `${ALONE}${TIMES}server.1=a:2888:3888:observer\n`,
    files: MYID,
    exit: 2,
    says: [
      'zoo.cfg:6: error: server.1: there are observers but no participants. Write at least one server with the role participant.',
    ],
  },
  {
    what: 'several addresses where they are not enabled',
    text: `${ALONE}${TIMES}server.1=a:2888:3888|a2:2888:3888\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n`,
    files: MYID,
    exit: 2,
    says: [
      'zoo.cfg:6: error: server.1: several addresses are given, but they are not enabled. Write one address, or multiAddress.enabled=true.',
    ],
  },
  {
    what: 'a voter in no group',
    text: `${ENSEMBLE}group.1=1:2\n`,
    files: MYID,
    exit: 2,
    says: ['zoo.cfg:8: error: server.3: server 3 is in no group. Add 3 to one of the group lines.'],
  },
  {
    what: 'two servers at one address',
    text: `${ALONE}${TIMES}server.1=a:2888:3888\nserver.2=a:2889:3888\nserver.3=c:2888:3888\n`,
    files: MYID,
    says: ['zoo.cfg:7: warning: server.2: server 1 has a:3888, too. Give each server addresses of its own.'],
  },
  {
    what: 'a role other than the server line’s',
    text: `${ENSEMBLE}peerType=observer\n`,
    files: MYID,
    says: [
      'zoo.cfg:9: warning: peerType: the server line says participant, and that counts. Write peerType=participant or take it out.',
    ],
  },
  {
    what: 'two client ports',
    text: `${ALONE}${TIMES}server.1=a:2888:3888;2182\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n`,
    files: MYID,
    exit: 2,
    says: [
      'zoo.cfg:6: error: server.1: it serves clients on 0.0.0.0:2182, but clientPort and clientPortAddress say :2181. Take clientPort and clientPortAddress out.',
    ],
  },
  {
    what: 'one port for clients and servers',
    text: `dataDir=/data\nclientPort=2888\n${TIMES}${THREE}`,
    files: MYID,
    exit: 2,
    says: [
      'zoo.cfg:6: error: server.1: 2888 is the port for clients, too. Give each of the three a port of its own, usually 2181, 2888 and 3888.',
    ],
  },

  // Who this server is
  {
    what: 'no myid',
    text: ENSEMBLE,
    files: { '/data': null },
    exit: 2,
    says: ['error: myid: there is no file /data/myid. Run zk-server init with --myid and the N of this server’s line.'],
  },
  {
    what: 'no data folder, and so no myid',
    text: ENSEMBLE,
    exit: 2,
    says: [
      'error: myid: there is no folder /data, and so no myid. Run zk-server init with --myid and the N of this server’s line.',
    ],
  },
  {
    what: 'a myid that is no number',
    text: ENSEMBLE,
    files: { '/data/myid': 'one\n' },
    exit: 2,
    says: [
      '/data/myid:1: error: myid: "one" is not a server number. Write the N of this server’s line server.N, alone.',
    ],
  },
  {
    what: 'an empty myid',
    text: ENSEMBLE,
    files: { '/data/myid': '' },
    exit: 2,
    says: ['/data/myid:1: error: myid: "" is not a server number. Write the N of this server’s line server.N, alone.'],
  },
  {
    what: 'a myid that is not in the list',
    text: ENSEMBLE,
    files: { '/data/myid': '7\n' },
    exit: 1,
    says: [
      '/data/myid:1: error: myid: this is server 7, but the list has only 1, 2, 3. Add server.7=host:2888:3888 on every server, or correct myid.',
    ],
  },
  {
    what: 'a myid beyond what TTL nodes leave',
    text: `${ENSEMBLE}server.255=d:2888:3888:observer\nextendedTypesEnabled=true\n`,
    files: { '/data/myid': '255' },
    exit: 2,
    says: [
      '/data/myid:1: error: myid: with extendedTypesEnabled a server id must be below 255, and this is 255. Renumber this server, or take extendedTypesEnabled out on all servers.',
    ],
  },
  {
    what: 'a myid that cannot be read',
    text: ENSEMBLE,
    files: { '/data/myid': { error: 'PERMISSION' } },
    exit: 2,
    says: ['/data/myid:1: error: myid: it cannot be read (/data/myid: PERMISSION). Give this user access to it.'],
  },

  // Folders
  {
    what: 'a data folder that cannot be read',
    text: ENSEMBLE,
    files: { '/data': { error: 'PERMISSION' } },
    exit: 3,
    says: ['zoo.cfg:1: error: dataDir: /data cannot be read (/data: PERMISSION). Give this user access to it.'],
  },
  {
    what: 'a data folder that is a file',
    text: ALONE,
    files: { '/data': 'a file' },
    exit: 3,
    says: ['zoo.cfg:1: error: dataDir: /data is not a folder. Name a folder.'],
  },
  {
    what: 'a log folder that cannot be read',
    text: `${ALONE}dataLogDir=/log\n`,
    files: { '/log': { error: 'PERMISSION' } },
    exit: 3,
    says: ['zoo.cfg:3: error: dataLogDir: /log cannot be read (/log: PERMISSION). Give this user access to it.'],
  },
  {
    what: 'an absent data folder that must not be made',
    text: `${ALONE}datadir.autocreate=false\n`,
    exit: 3,
    says: [
      'zoo.cfg:1: error: dataDir: there is no folder /data, and datadir.autocreate is off. Run zk-server init, or correct the path.',
    ],
  },
  {
    what: 'an empty data folder that must not be filled',
    text: ALONE,
    files: { '/data': null },
    env: { ZOO_DATADIR_AUTOCREATE_DISABLE: '1' },
    exit: 3,
    says: [
      'zoo.cfg:1: error: dataDir: /data has no folder version-2, and datadir.autocreate is off. Run zk-server init, or correct the path.',
    ],
  },

  // The dynamic file
  {
    what: 'a dynamic file that is not there',
    text: `${ALONE}${TIMES}dynamicConfigFile=/etc/dyn\n`,
    exit: 2,
    says: ['zoo.cfg:6: error: dynamicConfigFile: there is no file /etc/dyn. Check the path.'],
  },
  {
    what: 'server lines in both files',
    text: `${ENSEMBLE}dynamicConfigFile=/etc/dyn\n`,
    files: { ...MYID, '/etc/dyn': THREE },
    exit: 2,
    says: [
      'zoo.cfg:6: error: server.1: with dynamicConfigFile the server list must not stand in this file. Move it to /etc/dyn.',
      'zoo.cfg:7: error: server.2: with dynamicConfigFile the server list must not stand in this file. Move it to /etc/dyn.',
      'zoo.cfg:8: error: server.3: with dynamicConfigFile the server list must not stand in this file. Move it to /etc/dyn.',
    ],
  },
  {
    what: 'strange lines in the dynamic file',
    text: `${ALONE}${TIMES}dynamicConfigFile=/etc/dyn\n`,
    files: { ...MYID, '/etc/dyn': `${THREE}version=1\nclientPort=2181\n` },
    exit: 2,
    says: [
      '/etc/dyn:4: error: version: the version stands in the name of the file. Take it out.',
      '/etc/dyn:5: error: clientPort: it does not belong in this file. Only server.N, group.N and weight.N do.',
    ],
  },
  {
    what: 'a broken line in the dynamic file',
    text: `${ALONE}${TIMES}dynamicConfigFile=/etc/dyn.1f\n`,
    files: { ...MYID, '/etc/dyn.1f': 'server.1=a:2888\n' },
    exit: 2,
    says: [
      '/etc/dyn.1f:1: error: server.1: "a:2888" does not have the form of a server address. Write host:quorumPort:electionPort[:participant|observer][;[host:]clientPort].',
    ],
  },

  // The environment
  {
    what: 'a -D word that zoo.cfg overrules',
    text: `${ALONE}snapCount=5000\n`,
    env: { SERVER_JVMFLAGS: '-Dzookeeper.snapCount=7000' },
    says: [
      '$SERVER_JVMFLAGS: warning: -Dzookeeper.snapCount: it does not count, because snapCount in zoo.cfg:3 sets snapCount, too. Keep one of them.',
    ],
  },
  {
    what: 'a -D word for a key of the file alone',
    text: ALONE,
    env: { JVMFLAGS: '-Dzookeeper.tickTime=100' },
    says: ['$JVMFLAGS: warning: -Dzookeeper.tickTime: ZooKeeper reads tickTime from zoo.cfg only. Write it there.'],
  },
  {
    what: 'a misspelt -D word',
    text: ALONE,
    env: { JVMFLAGS: '-Dzookeeper.snapcount=100' },
    says: [
      '$JVMFLAGS: warning: -Dzookeeper.snapcount: no ZooKeeper release knows this key. Did you mean -Dzookeeper.snapCount?',
    ],
  },
  {
    what: 'a bad -D word',
    text: ALONE,
    env: { JVMFLAGS: '-Dzookeeper.cnxTimeout=fast' },
    exit: 2,
    says: [
      '$JVMFLAGS: error: -Dzookeeper.cnxTimeout: "fast" is not a whole number. Write a whole number, 1 or more (ms).',
    ],
  },
  {
    what: 'flags of the Java machine',
    text: ALONE,
    env: {
      SERVER_JVMFLAGS: '-Xmx512m -XX:+UseG1GC -javaagent:/opt/agent.jar -Djavax.net.ssl.keyStorePassword=secret',
      JVMFLAGS: '-Dcom.sun.management.jmxremote',
    },
    says: [
      '$SERVER_JVMFLAGS: note: flags of the Java machine have no effect in this server: -Xmx512m -XX:+UseG1GC -javaagent:/opt/agent.jar -Djavax.net.ssl.keyStorePassword -Dcom.sun.management.jmxremote',
    ],
  },
  {
    what: 'a misspelt -D word without prefix',
    text: ALONE,
    env: { JVMFLAGS: '-Djute.maxbufer=4194304' },
    says: ['$JVMFLAGS: warning: -Djute.maxbufer: no ZooKeeper release knows this key. Did you mean -Djute.maxbuffer?'],
  },
  {
    what: 'a quote that is not closed',
    text: ALONE,
    env: { JVMFLAGS: '-Dzookeeper.snapCount="5000' },
    says: ['$JVMFLAGS: warning: a quote is never closed. Close it.'],
  },
];

describe('what is said about a configuration', () => {
  for (const { what, text, exit, says, ...options } of CASES) {
    it(what, async () => {
      const { config, faults } = await loadText(text, options);
      assert.deepEqual(faults.map(formatFault), says);
      assert.equal(config === null, exit !== undefined);
      if (exit !== undefined) assert.equal(exitCodeOf(faults), exit);
    });
  }

  it('a file that is not there', async () => {
    const { config, faults } = await loadText('', { files: { '/etc/zoo.cfg': { error: 'NOT_FOUND' } } });
    assert.equal(config, null);
    assert.deepEqual(faults.map(formatFault), ['error: there is no file zoo.cfg. Check the path.']);
    assert.equal(exitCodeOf(faults), 2);
  });
});
