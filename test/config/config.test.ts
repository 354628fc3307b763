import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatOrigin, type LoadResult, type ServerConfig } from '../../src/config/index.js';
import { type CaseOptions, loadText } from './memory-files.js';

const ALONE = 'dataDir=/data\nclientPort=2181\n';
const TIMES = 'tickTime=2000\ninitLimit=10\nsyncLimit=5\n';
const MYID = { '/data/myid': '1\n' };

function configOf({ config, faults }: LoadResult): ServerConfig {
  assert.deepEqual(
    faults.filter(({ severity }) => severity === 'error'),
    [],
  );
  assert.ok(config);
  return config;
}

async function load(text: string, options: CaseOptions = {}): Promise<ServerConfig> {
  return configOf(await loadText(text, options));
}

describe('a standalone server', () => {
  it('gets ZooKeeper’s defaults', async () => {
    const config = await load(ALONE);
    assert.equal(config.mode, 'standalone');
    assert.equal(config.myId, 0);
    assert.equal(config.configFile, '/etc/zoo.cfg');
    assert.equal(config.tickTimeMs, 3000);
    assert.equal(config.membership.members.size, 0);
    assert.deepEqual(
      { ...config.clients, fourLetterWords: [...config.clients.fourLetterWords] },
      {
        endpoint: { host: '', port: 2181 },
        secureEndpoint: null,
        portUnification: false,
        tls: null,
        tlsReloads: false,
        sslAuthProvider: 'x509',
        maxTlsHandshakes: -1,
        dropsEarly: false,
        fourLetterWordsOverTls: false,
        listenBacklog: -1,
        maxClientCnxns: 60,
        maxCnxns: 0,
        minSessionTimeoutMs: 6000,
        maxSessionTimeoutMs: 60_000,
        sessionlessTimeoutMs: 10_000,
        maxRequestBytes: 1_048_575,
        extraRequestBytes: 1_048_575,
        globalOutstandingLimit: 1000,
        tcpKeepAlive: false,
        fourLetterWords: ['srvr'],
      },
    );
    assert.deepEqual(config.storage, {
      dataDir: '/data',
      dataLogDir: '/data',
      autoCreateDirs: true,
      snapCount: 100_000,
      snapSizeLimitBytes: 4 * 1024 ** 3,
      preAllocBytes: 64 * 1024 ** 2,
      commitLogCount: 500,
      forceSync: true,
      fsyncWarningThresholdMs: 1000,
      digestEnabled: true,
      extendedTypes: false,
      trustEmptySnapshot: false,
      dbAutoCreate: true,
      serializeLastProcessedZxid: true,
      spaceWarnBytes: 1024 * 1024 * 1024,
      spaceStopBytes: 80 * 1024 * 1024,
    });
    assert.deepEqual(config.election, {
      cnxTimeoutMs: 5000,
      electionPortBindRetry: 3,
      listenOnAllIPs: false,
      multiAddress: false,
      tcpKeepAlive: false,
      minNotificationIntervalMs: 200,
      maxNotificationIntervalMs: 60_000,
    });
    assert.deepEqual(config.purge, { intervalMs: 86_400_000, snapRetainCount: 3 });
    assert.deepEqual(config.access, {
      skipAcl: false,
      digestSchemeEnabled: true,
      digestAlgorithm: 'SHA1',
      superDigest: null,
      x509SuperUser: null,
      saslSuperUsers: new Set(),
      anySaslUser: null,
      ensembleNames: null,
      enforcedSchemes: null,
      allowSaslFailedClients: false,
      sasl: null,
      saslDropsHost: false,
      saslDropsRealm: false,
      saslNameRules: 'DEFAULT',
      kerberosConfigFile: null,
      providers: [],
    });
  });

  it('is frozen', async () => {
    const config = await load(ALONE);
    for (const part of [config, config.clients, config.storage, config.election, config.learner, config.values]) {
      assert.ok(Object.isFrozen(part));
    }
  });

  it('takes one server line for itself, with the client port behind it', async () => {
    const config = await load(`dataDir=/data\nserver.1=a:2888:3888;2183\n`, { files: MYID });
    assert.equal(config.mode, 'standalone');
    assert.deepEqual(config.clients.endpoint, { host: '', port: 2183 });
  });
});

describe('an ensemble', () => {
  const SERVER_LINES: readonly (readonly [line: string, text: string, client: ServerConfig['clients']['endpoint']])[] =
    [
      ['a:2888:3888', 'a:2888:3888:participant', { host: '', port: 2181 }],
      ['a:2888:3888:participant', 'a:2888:3888:participant', { host: '', port: 2181 }],
      ['a:2888:3888:observer', 'a:2888:3888:observer', { host: '', port: 2181 }],
      ['a:2888:3888;2181', 'a:2888:3888:participant;0.0.0.0:2181', { host: '', port: 2181 }],
      ['a:2888:3888;0.0.0.0:2181', 'a:2888:3888:participant;0.0.0.0:2181', { host: '', port: 2181 }],
      ['a:2888:3888:OBSERVER;b:2181', 'a:2888:3888:observer;b:2181', { host: 'b', port: 2181 }],
      [
        '[::1]:2888:3888;[::1]:2181',
        '[0:0:0:0:0:0:0:1]:2888:3888:participant;[0:0:0:0:0:0:0:1]:2181',
        { host: '::1', port: 2181 },
      ],
      ['10.0.0.1:2888:3888', '10.0.0.1:2888:3888:participant', { host: '', port: 2181 }],
      [
        'a:2888:3888|b:2889:3889:participant;2181',
        'a:2888:3888|b:2889:3889:participant;0.0.0.0:2181',
        { host: '', port: 2181 },
      ],
    ];
  for (const [line, text, client] of SERVER_LINES) {
    it(`server.1=${line}`, async () => {
      const others = 'server.2=x:2888:3888\nserver.3=y:2888:3888\nmultiAddress.enabled=true\n';
      const config = await load(`${ALONE}${TIMES}server.1=${line}\n${others}`, { files: MYID });
      assert.equal(config.mode, 'quorum');
      assert.equal(config.myId, 1);
      assert.equal(config.membership.toText().split('\n')[0], `server.1=${text}`);
      assert.equal(config.role, text.includes('observer') ? 'observer' : 'participant');
      assert.deepEqual(config.clients.endpoint, client);
    });
  }

  it('groups and weights', async () => {
    const servers = [1, 2, 3].map((sid) => `server.${sid}=h${sid}:2888:3888\n`).join('');
    const config = await load(`${ALONE}${TIMES}${servers}group.1=1:2:3\nweight.3=0\n`, { files: MYID });
    assert.equal(config.membership.kind, 'hierarchical');
    assert.equal(config.membership.weight(3), 0);
  });

  it('a quorum of one, when standaloneEnabled=false', async () => {
    const config = await load(`${ALONE}${TIMES}standaloneEnabled=false\nserver.1=a:2888:3888\n`, { files: MYID });
    assert.equal(config.mode, 'quorum');
  });

  it('reads only the first line of myid, and numbers beyond 255', async () => {
    const servers = [300, 2, 3].map((sid) => `server.${sid}=h${sid}:2888:3888\n`).join('');
    const config = await load(`${ALONE}${TIMES}${servers}`, { files: { '/data/myid': '300\r\nnote\n' } });
    assert.equal(config.myId, 300);
  });

  it('connects within initLimit unless told otherwise', async () => {
    const servers = [1, 2, 3].map((sid) => `server.${sid}=h${sid}:2888:3888\n`).join('');
    const plain = await load(`${ALONE}${TIMES}${servers}`, { files: MYID });
    assert.equal(plain.learner.connectToLearnerMasterLimitTicks, 10);
    const told = await load(`${ALONE}${TIMES}${servers}connectToLearnerMasterLimit=3\n`, { files: MYID });
    assert.equal(told.learner.connectToLearnerMasterLimitTicks, 3);
  });
});

describe('the dynamic file', () => {
  const STATIC = `${ALONE}${TIMES}dynamicConfigFile=/etc/zoo.cfg.dynamic.100000003\n`;
  const LIST = 'server.1=a:2888:3888:participant;2181\nserver.2=b:2888:3888\nserver.3=c:2888:3888\n';

  it('has the server list, and the version in its name', async () => {
    const config = await load(STATIC, { files: { ...MYID, '/etc/zoo.cfg.dynamic.100000003': LIST } });
    assert.equal(config.dynamicConfigFile, '/etc/zoo.cfg.dynamic.100000003');
    assert.equal(config.membership.version, 0x1_0000_0003);
    assert.equal(config.membership.members.size, 3);
    assert.equal(config.nextMembership, null);
  });

  it('needs no version', async () => {
    const text = `${ALONE}${TIMES}dynamicConfigFile=zoo.dynamic\n`;
    const config = await load(text, { files: { ...MYID, '/etc/zoo.dynamic': LIST } });
    assert.equal(config.dynamicConfigFile, '/etc/zoo.dynamic');
    assert.equal(config.membership.version, 0);
  });

  it('may have a successor that was not decided', async () => {
    const files = {
      ...MYID,
      '/etc/zoo.cfg.dynamic.100000003': LIST,
      '/etc/zoo.cfg.dynamic.next': `${LIST}server.4=d:2888:3888\nversion=100000007\n`,
    };
    const config = await load(STATIC, { files });
    assert.equal(config.nextMembership?.version, 0x1_0000_0007);
    assert.equal(config.nextMembership.members.size, 4);
  });
});

describe('system properties', () => {
  interface EnvCase {
    readonly what: string;
    readonly text?: string;
    readonly env: Readonly<Record<string, string>>;
    readonly key: string;
    readonly value: string;
    readonly origin: string;
  }
  const CASES: readonly EnvCase[] = [
    {
      what: 'SERVER_JVMFLAGS',
      env: { SERVER_JVMFLAGS: '-Xmx1g -Dzookeeper.snapCount=5000' },
      key: 'snapCount',
      value: '5000',
      origin: '$SERVER_JVMFLAGS',
    },
    {
      what: 'quotes around a value with spaces',
      env: { JVMFLAGS: '-Dzookeeper.4lw.commands.whitelist="stat, ruok" -Dx=1' },
      key: '4lw.commands.whitelist',
      value: 'stat, ruok',
      origin: '$JVMFLAGS',
    },
    {
      what: 'quotes around a word',
      env: { JDK_JAVA_OPTIONS: `'-Dzookeeper.4lw.commands.whitelist=*'` },
      key: '4lw.commands.whitelist',
      value: '*',
      origin: '$JDK_JAVA_OPTIONS',
    },
    {
      what: 'JVMFLAGS over SERVER_JVMFLAGS over JDK_JAVA_OPTIONS, as on the command line of Java',
      env: {
        JVMFLAGS: '-Dzookeeper.snapCount=3',
        SERVER_JVMFLAGS: '-Dzookeeper.snapCount=4',
        JDK_JAVA_OPTIONS: '-Dzookeeper.snapCount=5',
      },
      key: 'snapCount',
      value: '3',
      origin: '$JVMFLAGS',
    },
    {
      what: 'the last word of a variable',
      env: { JVMFLAGS: '-Dzookeeper.snapCount=3 -Dzookeeper.snapCount=4' },
      key: 'snapCount',
      value: '4',
      origin: '$JVMFLAGS',
    },
    {
      what: 'zoo.cfg over a prefixed property, for it sets that one',
      text: 'snapCount=9\n',
      env: { JVMFLAGS: '-Dzookeeper.snapCount=3' },
      key: 'snapCount',
      value: '9',
      origin: 'zoo.cfg:3',
    },
    {
      what: 'a property without prefix over zoo.cfg, which does not set that one',
      text: 'jute.maxbuffer=1000\n',
      env: { JVMFLAGS: '-Djute.maxbuffer=0x200000' },
      key: 'jute.maxbuffer',
      value: '2097152',
      origin: '$JVMFLAGS',
    },
    {
      what: 'the older name of a property',
      env: { JVMFLAGS: '-Dfsync.warningthresholdms=20' },
      key: 'fsync.warningthresholdms',
      value: '20',
      origin: '$JVMFLAGS',
    },
    {
      what: 'the newer name over the older',
      env: { JVMFLAGS: '-Dfsync.warningthresholdms=20 -Dzookeeper.fsync.warningthresholdms=30' },
      key: 'fsync.warningthresholdms',
      value: '30',
      origin: '$JVMFLAGS',
    },
    {
      what: 'the observer’s property over the key of the file',
      text: 'syncEnabled=true\n',
      env: { JVMFLAGS: '-Dzookeeper.observer.syncEnabled=false' },
      key: 'syncEnabled',
      value: 'false',
      origin: '$JVMFLAGS',
    },
    {
      what: 'a property with an empty value',
      env: { JVMFLAGS: '-Dreadonlymode.enabled' },
      key: 'readonlymode.enabled',
      value: 'false',
      origin: '$JVMFLAGS',
    },
    {
      what: 'the launcher’s variable against making folders',
      env: { ZOO_DATADIR_AUTOCREATE_DISABLE: '1', JVMFLAGS: '-Dzookeeper.datadir.autocreate=true' },
      key: 'datadir.autocreate',
      value: 'true',
      origin: '$JVMFLAGS',
    },
    { what: 'nothing', env: {}, key: 'snapCount', value: '100000', origin: 'default' },
  ];
  for (const { what, text = '', env, key, value, origin } of CASES) {
    it(what, async () => {
      const { settings } = await loadText(`${ALONE}${text}`, { env });
      const setting = settings.find((candidate) => candidate.key === key);
      assert.ok(setting);
      assert.equal(setting.text, value);
      assert.equal(formatOrigin(setting.origin), origin);
    });
  }
});

describe('values', () => {
  const CASES: readonly (readonly [line: string, pick: (config: ServerConfig) => unknown, value: unknown])[] = [
    ['maxClientCnxns=0', (c) => c.clients.maxClientCnxns, 0],
    ['clientPortListenBacklog=0', (c) => c.clients.listenBacklog, -1],
    ['clientPortListenBacklog=511', (c) => c.clients.listenBacklog, 511],
    ['clientPortAddress=127.0.0.1', (c) => c.clients.endpoint, { host: '127.0.0.1', port: 2181 }],
    ['minSessionTimeout=100\nmaxSessionTimeout=200', (c) => c.clients.minSessionTimeoutMs, 100],
    ['tickTime=500', (c) => c.clients.maxSessionTimeoutMs, 10_000],
    [
      '4lw.commands.whitelist=stat, ruok,  ,mntr',
      (c) => [...c.clients.fourLetterWords],
      ['srvr', 'stat', 'ruok', 'mntr'],
    ],
    ['4lw.commands.whitelist=*', (c) => c.clients.fourLetterWords.has('*'), true],
    ['preAllocSize=0x10', (c) => c.storage.preAllocBytes, 16 * 1024],
    ['preAllocSize=010', (c) => c.storage.preAllocBytes, 8 * 1024],
    ['preAllocSize=-1', (c) => c.storage.preAllocBytes, 0],
    ['snapSizeLimitInKb=-1', (c) => c.storage.snapSizeLimitBytes, 0],
    ['forceSync=no', (c) => c.storage.forceSync, false],
    ['forceSync=NO', (c) => c.storage.forceSync, true],
    ['skipACL=yes', (c) => c.access.skipAcl, true],
    ['leaderServes=no', (c) => c.learner.leaderServes, false],
    ['autopurge.purgeInterval=2', (c) => c.purge.intervalMs, 7_200_000],
    ['autopurge.purgeInterval=0', (c) => c.purge.intervalMs, 0],
    ['autopurge.purgeInterval=-1', (c) => c.purge.intervalMs, 0],
    ['electionPortBindRetry=-5', (c) => c.election.electionPortBindRetry, 3],
    ['snapshotSizeFactor=-1', (c) => c.learner.snapshotSizeFactor, -1],
    ['snapshotSizeFactor=2', (c) => c.learner.snapshotSizeFactor, 0.33],
    ['extendedTypesEnabled=TRUE', (c) => c.storage.extendedTypes, true],
    ['DigestAuthenticationProvider.superDigest=super:x=', (c) => c.access.superDigest, 'super:x='],
    ['dataLogDir=./log', (c) => c.storage.dataLogDir, '/etc/log'],
    ['snapshot.trust.empty=true', (c) => c.storage.trustEmptySnapshot, true],
    ['tickTime=+2000', (c) => c.tickTimeMs, 2000],
    ['peerType=OBSERVER', (c) => c.values.peerType, 'observer'],
  ];
  for (const [line, pick, value] of CASES) {
    it(JSON.stringify(line), async () => {
      assert.deepEqual(pick(await load(`${ALONE}${line}\n`)), value);
    });
  }
});
