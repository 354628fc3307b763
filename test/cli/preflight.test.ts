// What `check --from` says of installations of Apache ZooKeeper, and with which exit code.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ExitCode } from '../../src/cli/exit-codes.js';
import { cli, scratch } from './harness.js';

interface Case {
  readonly name: string;
  /** Files by their paths within the folder of the installation; `HERE` stands for that folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly exitCode: number;
  readonly says: readonly RegExp[];
  readonly saysNot?: readonly RegExp[];
}

const PLAIN = 'dataDir=HERE/data\nclientPort=2181\nadmin.enableServer=false\n';

const ENSEMBLE = `${PLAIN}initLimit=5\nsyncLimit=2\nserver.1=a:2888:3888\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n`;
const QUORUM_SASL = `quorum.auth.enableSasl=true\nquorum.auth.learnerRequireSasl=true\nquorum.auth.serverRequireSasl=true\n`;
const JAAS_FLAG = 'SERVER_JVMFLAGS="-Xms1g -Djava.security.auth.login.config=HERE/jaas.conf"\n';
const DIGEST = 'org.apache.zookeeper.server.auth.DigestLoginModule required';
const SERVER_SECTION = `Server { ${DIGEST} user_super="top-secret" user_alice="her-secret"; };\n`;
const QUORUM_SERVER_SECTION = `QuorumServer { ${DIGEST} user_zk="quorum-secret"; };\n`;
const QUORUM_LEARNER_SECTION = `QuorumLearner { ${DIGEST} username="zk" password="quorum-secret"; };\n`;

const CASES: readonly Case[] = [
  {
    name: 'nothing special',
    files: { 'zoo.cfg': PLAIN },
    exitCode: ExitCode.ok,
    says: [/can take its place as it is/, /holds no data yet/, /TTL nodes are off/],
    saysNot: [/What will differ/],
  },
  {
    name: 'data of a server',
    files: { 'zoo.cfg': PLAIN, 'data/version-2/snapshot.0': '', 'data/version-2/log.1': '' },
    exitCode: ExitCode.ok,
    says: [/1 snapshots and .* 1 logs, which are used as they are/],
  },
  {
    name: 'snapshots compressed with snappy',
    files: { 'zoo.cfg': PLAIN, 'data/version-2/snapshot.5.snappy': '' },
    exitCode: ExitCode.ok,
    says: [/can take its place as it is/, /1 snapshots and .* are used as they are/],
  },
  {
    name: 'flags of the Java machine',
    files: {
      'zoo.cfg': PLAIN,
      'java.env': 'SERVER_JVMFLAGS="-Xmx2g -javaagent:/opt/jmx.jar=7070 -Dzookeeper.extendedTypesEnabled=true"\n',
    },
    exitCode: ExitCode.differs,
    says: [/--max-old-space-size=2048/, /-javaagent:\/opt\/jmx\.jar=7070: agents/, /TTL nodes are on/],
  },
  {
    name: 'JMX',
    files: { 'zoo.cfg': PLAIN, 'zookeeper-env.sh': 'JMXPORT=9010\n' },
    exitCode: ExitCode.differs,
    says: [/JMXPORT=9010: there is no JMX/],
  },
  {
    name: 'stores named to Java itself',
    files: { 'zoo.cfg': PLAIN, 'java.env': 'JVMFLAGS="-Djavax.net.ssl.keyStore=/etc/key.jks"\n' },
    exitCode: ExitCode.differs,
    says: [/name stores by ssl\.\* keys/],
  },
  {
    name: 'a key that has no counterpart',
    files: { 'zoo.cfg': `${PLAIN}messageTracker.Enabled=true\n` },
    exitCode: ExitCode.differs,
    says: [/messageTracker\.Enabled/],
  },
  {
    name: 'an ensemble that does not answer mntr',
    files: { 'zoo.cfg': ENSEMBLE, 'data/myid': '1\n' },
    exitCode: ExitCode.ok,
    says: [/mntr is not answered/],
  },
  {
    name: 'a key store that is not there',
    files: {
      'zoo.cfg': `${PLAIN}secureClientPort=2281\nssl.keyStore.location=HERE/none.p12\nssl.keyStore.password=secret\n`,
    },
    exitCode: ExitCode.unexpected,
    says: [/cannot take its place/, /none\.p12/],
    saysNot: [/secret/],
  },
  {
    name: 'SASL of servers and of clients, in the JAAS file that java.env names',
    files: {
      'zoo.cfg': `${ENSEMBLE}${QUORUM_SASL}authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider\n`,
      'data/myid': '1\n',
      'java.env': JAAS_FLAG,
      'jaas.conf': SERVER_SECTION + QUORUM_SERVER_SECTION + QUORUM_LEARNER_SECTION,
    },
    exitCode: ExitCode.ok,
    says: [
      /can take its place as it is/,
      /between servers: this one logs in as zk by DIGEST-MD5, takes 1 user of the JAAS file .*, and refuses those/,
      /of clients: this server takes 2 users of the JAAS file by DIGEST-MD5/,
    ],
    saysNot: [/-secret/],
  },
  {
    name: 'SASL of servers that is being rolled out',
    files: {
      'zoo.cfg': `${ENSEMBLE}quorum.auth.enableSasl=true\n`,
      'data/myid': '1\n',
      'java.env': JAAS_FLAG,
      'jaas.conf': QUORUM_SERVER_SECTION + QUORUM_LEARNER_SECTION,
    },
    exitCode: ExitCode.ok,
    says: [
      /this one does not log in, .* takes those that do not log in, too/,
      /so clients do not authenticate with SASL/,
    ],
    saysNot: [/SASL of clients/],
  },
  {
    name: 'SASL of servers without the section of those who dial',
    files: {
      'zoo.cfg': ENSEMBLE + QUORUM_SASL,
      'data/myid': '1\n',
      'java.env': JAAS_FLAG,
      'jaas.conf': SERVER_SECTION + QUORUM_SERVER_SECTION,
    },
    exitCode: ExitCode.usage,
    says: [/cannot take its place/, /jaas\.conf has no section QuorumLearner\. Add QuorumLearner \{/],
  },
  {
    name: 'a JAAS file that is not there',
    files: { 'zoo.cfg': PLAIN, 'java.env': JAAS_FLAG },
    exitCode: ExitCode.usage,
    says: [/java\.env:1: java\.security\.auth\.login\.config: there is no file .*jaas\.conf/],
  },
  {
    name: 'a section of a login module of somebody else',
    files: {
      'zoo.cfg': PLAIN,
      'java.env': JAAS_FLAG,
      'jaas.conf': 'Server {\n  com.example.LdapLoginModule required;\n};\n',
    },
    exitCode: ExitCode.usage,
    says: [/jaas\.conf:1: Server: it has com\.example\.LdapLoginModule, which this server does not know/],
  },
  {
    name: 'no configuration',
    files: { 'other.cfg': '' },
    exitCode: ExitCode.usage,
    says: [/there is no file/],
  },
];

async function install(folder: string, files: Case['files']): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text.replaceAll('HERE', folder));
  }
}

describe('check --from', () => {
  for (const { exitCode, files, name, says, saysNot = [] } of CASES) {
    it(name, async (t) => {
      const folder = await scratch(t);
      await install(folder, files);
      const result = await cli(['check', '--from', folder]);
      for (const pattern of says) assert.match(result.out, pattern);
      for (const pattern of saysNot) assert.doesNotMatch(result.out, pattern);
      assert.equal(result.exitCode, exitCode, result.out);
    });
  }

  it('answers JSON', async (t) => {
    const folder = await scratch(t);
    await install(folder, { 'zoo.cfg': PLAIN, 'java.env': 'JVMFLAGS=-Xmx512m\n' });
    const { out } = await cli(['check', '--from', folder, '--json']);
    const { usable, differs } = JSON.parse(out) as Record<string, unknown>;
    assert.deepEqual([usable, differs], [true, true]);
  });
});
