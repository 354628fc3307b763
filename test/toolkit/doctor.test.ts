// What the doctor finds: each rule by facts that it is told, and whole ensembles as they run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Acl } from '../../src/protocol/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { diagnose, doctorExitCode, type DoctorWorld, type Finding } from '../../src/toolkit/index.js';
import { Authority } from '../support/certificates.js';
import { faketimeLibrary } from '../chaos/cluster.js';
import { Ensemble } from '../support/ensemble.js';
import { javaServerWithAdmin } from '../support/java.js';
import { freePorts } from '../support/ports.js';
import { javaSample } from './samples.js';

const DOCTOR = new URL('../../bin/zk-doctor', import.meta.url).pathname;
const DAY_MS = 86_400_000;

let folder = '';
const host = createRealHost({ log: { level: 'error', fd: 2 } });
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zk-doctor-test-'));
});
after(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

/** How a server answers. */
interface Said {
  readonly srvr?: string;
  readonly conf?: string;
  readonly mntr?: string;
  readonly envi?: string;
  /** Milliseconds that its clock is ahead. */
  readonly aheadMs?: number;
  readonly properties?: Readonly<Record<string, string>>;
}

const NOW_MS = 1_800_000_000_000;
const FOLLOWER = 'Zookeeper version: 3.9.5\nZxid: 0x100000005\nMode: follower\n';
const LEADER = FOLLOWER.replace('follower', 'leader');

/** A world with the real disk in which only these servers answer. */
function world(servers: Readonly<Record<string, Said>>, changes: Partial<DoctorWorld> = {}): DoctorWorld {
  const at = (port: number) => servers[String(port)];
  return {
    disk: host.disk,
    wallMs: () => NOW_MS,
    pause: () => Promise.resolve(),
    ask: ({ port }, word) => {
      const said = at(port);
      if (said === undefined) return Promise.resolve({ text: null, why: 'connect ECONNREFUSED' });
      return Promise.resolve({ text: (said as Record<string, string | undefined>)[word] ?? '' });
    },
    reach: () => Promise.resolve(null),
    resolve: () => Promise.resolve(['10.0.0.1']),
    httpGet: ({ port }) => {
      const said = at(port);
      if (said === undefined) return Promise.resolve(null);
      const serverMs = said.aheadMs === undefined ? null : NOW_MS + said.aheadMs - 500;
      return Promise.resolve({ serverMs, localMs: NOW_MS, body: JSON.stringify(said.properties ?? {}) });
    },
    space: () => Promise.resolve({ freeBytes: 5e11, totalBytes: 1e12, device: 1 }),
    certificates: () => Promise.resolve([]),
    ...changes,
  };
}

const NOTHING = { configs: [], dataDirs: [], servers: [], asksServers: true, workingDir: '/', env: {} };

async function findings(
  from: DoctorWorld,
  request: Partial<Parameters<typeof diagnose>[1]>,
): Promise<readonly Finding[]> {
  return (await diagnose(from, { ...NOTHING, ...request })).findings;
}

const codes = (found: readonly Finding[]) => found.map(({ severity, code }) => `${severity} ${code}`);

describe('running servers', () => {
  const conf = (more: string) => `clientPort=1\ntickTime=2000\ninitLimit=10\n${more}`;
  const cases: readonly (readonly [
    name: string,
    servers: Readonly<Record<string, Said>>,
    expected: readonly string[],
  ])[] = [
    [
      'all is well',
      { 1: { srvr: LEADER, conf: conf('serverId=1\n') }, 2: { srvr: FOLLOWER, conf: conf('serverId=2\n') } },
      [],
    ],
    [
      'one serves nobody',
      { 1: { srvr: 'This ZooKeeper instance is not currently serving requests\n' } },
      ['error NOT_SERVING'],
    ],
    [
      'words are not whitelisted',
      { 1: { srvr: LEADER, conf: 'conf is not executed because it is not in the whitelist.\n' } },
      ['note WORD_NOT_WHITELISTED'],
    ],
    [
      'not even srvr',
      { 1: { srvr: 'srvr is not executed because it is not in the whitelist.\n' } },
      ['warning WORD_NOT_WHITELISTED'],
    ],
    [
      'two are one',
      { 1: { srvr: LEADER, conf: conf('serverId=1\n') }, 2: { srvr: FOLLOWER, conf: conf('serverId=1\n') } },
      ['error SAME_MYID'],
    ],
    ['two lead', { 1: { srvr: LEADER }, 2: { srvr: LEADER } }, ['error TWO_LEADERS']],
    ['none leads', { 1: { srvr: FOLLOWER }, 2: { srvr: FOLLOWER } }, ['warning NO_LEADER_SEEN']],
    [
      'one is alone',
      { 1: { srvr: LEADER }, 2: { srvr: LEADER.replace('leader', 'standalone') } },
      ['error STANDALONE_MEMBER'],
    ],
    [
      'ticks and limits differ',
      { 1: { srvr: LEADER, conf: conf('') }, 2: { srvr: FOLLOWER, conf: 'tickTime=3000\ninitLimit=5\n' } },
      ['error MISMATCH', 'warning MISMATCH'],
    ],
    [
      'server lists differ',
      {
        1: { srvr: LEADER, conf: 'membership: \nserver.1=a:1:2:participant\nversion=0' },
        2: { srvr: FOLLOWER, conf: 'membership: \nserver.1=b:1:2:participant\nversion=0' },
      },
      ['error MISMATCH'],
    ],
    [
      'server lists in another order',
      {
        1: { srvr: LEADER, conf: 'membership: \nserver.1=a:1:2\nserver.2=b:1:2\nversion=0' },
        2: { srvr: FOLLOWER, conf: 'membership: \nserver.2=b:1:2\nserver.1=a:1:2\nversion=0' },
      },
      [],
    ],
    [
      'heaps differ',
      { 1: { srvr: LEADER, envi: 'jvm.memory.max=1000MB\n' }, 2: { srvr: FOLLOWER, envi: 'jvm.memory.max=512MB\n' } },
      ['warning MISMATCH'],
    ],
    [
      'jute.maxbuffer differs',
      {
        1: { srvr: LEADER, properties: { 'jute.maxbuffer': '4194304' } },
        2: { srvr: FOLLOWER, properties: { 'jute.maxbuffer': '1' } },
      },
      ['error MISMATCH'],
    ],
    ['releases differ', { 1: { srvr: LEADER }, 2: { srvr: FOLLOWER.replace('3.9.5', '3.8.0') } }, ['note MISMATCH']],
    [
      'clocks differ',
      { 1: { srvr: LEADER, aheadMs: 0 }, 2: { srvr: FOLLOWER, aheadMs: -7000 } },
      ['warning CLOCK_SKEW'],
    ],
    [
      'clocks differ by less than they can be read',
      { 1: { srvr: LEADER, aheadMs: 400 }, 2: { srvr: FOLLOWER, aheadMs: -900 } },
      [],
    ],
    ['one clock differs from ours', { 1: { srvr: LEADER, aheadMs: 60_000 } }, ['warning CLOCK_SKEW']],
    [
      'a follower is behind',
      { 1: { srvr: LEADER }, 2: { srvr: FOLLOWER.replace('0x100000005', '0x100000001') } },
      ['warning ZXID_BEHIND'],
    ],
    [
      'a follower is not synchronized',
      { 1: { srvr: LEADER, mntr: 'zk_followers\t2\nzk_synced_followers\t1\n' } },
      ['warning FOLLOWER_NOT_SYNCED'],
    ],
    [
      'files run out',
      { 1: { srvr: LEADER, mntr: 'zk_open_file_descriptor_count\t950\nzk_max_file_descriptor_count\t1024\n' } },
      ['warning FILE_DESCRIPTORS'],
    ],
  ];
  for (const [name, servers, expected] of cases) {
    it(name, async () => {
      const targets = Object.keys(servers).map((port) => {
        const endpoint = { host: 'zk', port: Number(port) };
        return { endpoint, admin: endpoint, sid: null };
      });
      assert.deepEqual(codes(await findings(world(servers), { servers: targets })), expected);
    });
  }

  it('nobody answers', async () => {
    const target = { endpoint: { host: 'zk', port: 9 }, admin: null, sid: null };
    const found = await findings(world({}), { servers: [target] });
    assert.deepEqual(codes(found), ['error NOT_REACHABLE']);
    assert.equal(doctorExitCode(found), 2);
  });
});

describe('configurations', () => {
  let next = 0;
  /** What is found in configurations with these lines. */
  async function inConfigs(texts: readonly string[], changes: Partial<DoctorWorld> = {}): Promise<string[]> {
    const configs: string[] = [];
    for (const text of texts) {
      const dir = join(folder, `config-${next++}`);
      await mkdir(join(dir, 'data', 'version-2'), { recursive: true });
      const [, myId] = /^# myid (\d+)$/m.exec(text) ?? [];
      if (myId !== undefined) await writeFile(join(dir, 'data', 'myid'), `${myId}\n`);
      const common = `dataDir=${join(dir, 'data')}\ninitLimit=10\nsyncLimit=5\n`;
      await writeFile(
        join(dir, 'zoo.cfg'),
        `${common}${text.includes('autopurge') ? '' : 'autopurge.purgeInterval=24\n'}${text}`,
      );
      configs.push(join(dir, 'zoo.cfg'));
    }
    const found = await findings(world({}, changes), { configs, asksServers: false });
    return codes(found).filter(
      (code) => !/DATA_IN_TMP|LOG_SHARES_DISK|CONFIG_ADVICE|CONFIG_ADJUSTED|CONFIG_NO_EFFECT/.test(code),
    );
  }
  const list = (count: number) =>
    Array.from({ length: count }, (_, i) => `server.${i + 1}=zk${i + 1}:2888:3888\n`).join('');
  const member = (id: number, count = 3, more = '') => `# myid ${id}\nclientPort=2181\n${more}${list(count)}`;

  const cases: readonly (readonly [
    name: string,
    texts: readonly string[],
    expected: readonly string[],
    changes?: Partial<DoctorWorld>,
  ])[] = [
    ['three well ones', [member(1), member(2), member(3)], []],
    ['an even number of voters', [member(1, 4)], ['warning EVEN_VOTERS']],
    ['an observer makes it odd', [member(1, 3, 'server.9=zk9:2888:3888:observer\n')], []],
    ['purge off', [member(1, 3, 'autopurge.purgeInterval=0\n')], ['warning PURGE_OFF']],
    ['purge not said', [member(1, 3, 'autopurge.snapRetainCount=3\n')], ['note PURGE_OFF']],
    ['writes that are not durable', [member(1, 3, 'forceSync=no\n')], ['warning RISKY_SETTING']],
    ['a fault', ['clientPort=many\n'], ['error CONFIG_BAD_VALUE']],
    ['this server is not in the list', [member(7)], ['error CONFIG_NOT_A_MEMBER']],
    ['no number', [`clientPort=2181\n${list(3)}`], ['error CONFIG_MYID']],
    ['two with one number', [member(1), member(1)], ['error SAME_MYID']],
    ['different ticks', [member(1), member(2, 3, 'tickTime=2500\n')], ['error MISMATCH']],
    ['different lists', [member(1), member(2, 5)], ['error MISMATCH']],
    ['different jute.maxbuffer', [member(1), member(2, 3, 'jute.maxbuffer=4194304\n')], ['error MISMATCH']],
    [
      'an unknown name',
      [member(1)],
      ['error NAME_UNKNOWN'],
      { resolve: (name) => Promise.resolve(name === 'zk2' ? [] : ['10.0.0.1']) },
    ],
    [
      'a name that is this machine only',
      [member(1)],
      ['warning NAME_IS_LOOPBACK'],
      { resolve: (name) => Promise.resolve([name === 'zk1' ? '127.0.1.1' : '10.0.0.1']) },
    ],
    ['all on this machine', [member(1)], [], { resolve: () => Promise.resolve(['127.0.0.1']) }],
    [
      'a port that cannot be reached',
      [member(1)],
      ['error PORT_NOT_REACHABLE'],
      { reach: (endpoint) => Promise.resolve(endpoint.host === 'zk3' ? 'connect ECONNREFUSED' : null) },
    ],
  ];
  for (const [name, texts, expected, changes] of cases) {
    it(name, async () => {
      assert.deepEqual(await inConfigs(texts, changes), expected);
    });
  }

  const tls =
    'clientPort=2181\nsecureClientPort=2281\nserverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory\n';
  const stores = `${tls}ssl.keyStore.location=/k.pem\nssl.trustStore.location=/t.pem\n`;
  for (const [days, expected] of [
    [-3, ['error CERTIFICATE_EXPIRED']],
    [20, ['warning CERTIFICATE_EXPIRES']],
    [200, []],
  ] as const) {
    it(`a certificate with ${days} days left`, async () => {
      const certificates = () => Promise.resolve([{ subject: 'CN=zk', notAfterMs: NOW_MS + days * DAY_MS }]);
      const found = await inConfigs([stores], { certificates });
      assert.deepEqual([...new Set(found.filter((code) => code.includes('CERTIFICATE')))], expected);
    });
  }

  it('a store that cannot be read', async () => {
    const found = await inConfigs([stores], { certificates: () => Promise.reject(new Error('no such file')) });
    assert.deepEqual([...new Set(found)], ['error STORE_UNREADABLE']);
  });
});

describe('data folders', () => {
  const header = Buffer.from('ZKLG\0\0\0\x02\0\0\0\0\0\0\0\0', 'latin1');
  let snapshot: Buffer;
  before(async () => {
    const sample = await javaSample();
    const { largest } = await import('./samples.js');
    snapshot = (await largest(sample.snapshots)).bytes;
    await sample.remove();
  });
  let next = 0;
  async function inFolder(
    files: Readonly<Record<string, Buffer | string>>,
    changes: Partial<DoctorWorld> = {},
  ): Promise<string[]> {
    const dataDir = join(folder, `data-${next++}`);
    await mkdir(join(dataDir, 'version-2'), { recursive: true });
    for (const [name, content] of Object.entries(files)) await writeFile(join(dataDir, 'version-2', name), content);
    return codes(await findings(world({}, changes), { dataDirs: [dataDir] })).filter(
      (code) => !/DATA_IN_TMP|LOG_SHARES_DISK|ROOT_OPEN/.test(code),
    );
  }
  const gigabytes = (free: number, total: number) => ({
    space: () => Promise.resolve({ freeBytes: free * 1e9, totalBytes: total * 1e9, device: 1 }),
  });
  const cases: readonly (readonly [
    string,
    () => Readonly<Record<string, Buffer | string>>,
    readonly string[],
    Partial<DoctorWorld>?,
  ])[] = [
    ['a snapshot and its log', () => ({ 'snapshot.5': snapshot, 'log.1': header }), []],
    ['a log without a snapshot', () => ({ 'log.1': header }), ['error LOG_WITHOUT_SNAPSHOT']],
    ['a snapshot without a log', () => ({ 'snapshot.5': snapshot }), ['warning SNAPSHOT_WITHOUT_LOG']],
    [
      'a snapshot that had a log',
      () => ({ 'snapshot.5': snapshot, 'place-of-logs': '/var/log/zookeeper/version-2\n' }),
      ['error LOGS_GONE'],
    ],
    [
      'a snapshot that had a log, and has one',
      () => ({ 'snapshot.5': snapshot, 'log.1': header, 'place-of-logs': '/var/log/zookeeper/version-2\n' }),
      [],
    ],
    ['a gap', () => ({ 'snapshot.5': snapshot, 'log.9': header }), ['error LOG_GAP']],
    [
      'a snapshot cut off',
      () => ({ 'snapshot.5': snapshot.subarray(0, 900), 'log.1': header }),
      ['error SNAPSHOT_DAMAGED'],
    ],
    [
      'a snapshot with a wrong byte',
      () => ({
        'snapshot.5': Buffer.concat([snapshot.subarray(0, 300), Buffer.from('~'), snapshot.subarray(301)]),
        'log.1': header,
      }),
      ['error SNAPSHOT_DAMAGED'],
    ],
    [
      'a damaged one set aside',
      () => ({ 'snapshot.5': snapshot, 'log.1': header, 'damaged-snapshot.4': '' }),
      ['warning DAMAGED_SET_ASIDE'],
    ],
    [
      'epochs in the wrong order',
      () => ({ 'snapshot.5': snapshot, 'log.1': header, currentEpoch: '3', acceptedEpoch: '2' }),
      ['error EPOCH_ORDER'],
    ],
    [
      'an epoch behind the log',
      () => ({ 'snapshot.300000001': snapshot, 'log.1': header, currentEpoch: '2', acceptedEpoch: '2' }),
      ['error EPOCH_BEHIND_LOG'],
    ],
    [
      'many snapshots',
      () => ({
        ...Object.fromEntries(Array.from({ length: 31 }, (_, i) => [`snapshot.${(i + 1).toString(16)}`, snapshot])),
        'log.1': header,
      }),
      ['warning MANY_SNAPSHOTS'],
    ],
    [
      'a disk nearly full',
      () => ({ 'snapshot.5': snapshot, 'log.1': header }),
      ['warning DISK_NEARLY_FULL'],
      gigabytes(10, 100),
    ],
    ['a full disk', () => ({ 'snapshot.5': snapshot, 'log.1': header }), ['error DISK_NEARLY_FULL'], gigabytes(1, 100)],
    [
      'no room for a log',
      () => ({ 'snapshot.5': snapshot, 'log.1': header }),
      ['error DISK_NEARLY_FULL'],
      gigabytes(0.05, 0.1),
    ],
  ];
  for (const [name, files, expected, changes] of cases) {
    it(name, async () => {
      assert.deepEqual(await inFolder(files(), changes), expected);
    });
  }

  it('no data at all', async () => {
    const found = await findings(world({}), { dataDirs: [join(folder, 'nothing')] });
    assert.ok(codes(found).includes('warning NO_DATA'));
  });

  it('nodes that are too large, and too many children', async () => {
    const dataDir = join(folder, `data-${next++}`);
    await mkdir(join(dataDir, 'version-2'), { recursive: true });
    const nodes: [string, number][] = [
      ['', 0],
      ['/large', 600_000],
      ['/huge', 2_000_000],
      ['/crowd', 0],
    ];
    for (let i = 0; i < 40_000; i++) nodes.push([`/crowd/a-child-with-a-long-name-${i}`, 0]);
    await writeFile(join(dataDir, 'version-2', 'snapshot.1'), await snapshotOf(nodes));
    await writeFile(join(dataDir, 'version-2', 'log.1'), header);
    const found = codes(await findings(world({}), { dataDirs: [dataDir] }));
    assert.deepEqual(
      found.filter((code) => /LARGE|MANY/.test(code)),
      ['error LARGE_NODE', 'error TOO_MANY_CHILDREN', 'warning LARGE_NODE'],
    );
    assert.ok(found.includes('note ROOT_OPEN'));
  });
});

async function snapshotOf(nodes: readonly (readonly [path: string, dataBytes: number])[]): Promise<Buffer> {
  const { encodeToBuffer } = await import('../../src/jute/index.js');
  const { adler32, SNAPSHOT_HEADER } = await import('../../src/storage/index.js');
  const { writeAclList } = await import('../../src/protocol/index.js');
  const open: Acl[] = [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }];
  const body = encodeToBuffer((w) => {
    w.raw(SNAPSHOT_HEADER);
    w.int(0);
    w.int(1);
    w.long(1);
    writeAclList(w, open);
    for (const [path, dataBytes] of nodes) {
      w.string(path);
      w.buffer(Buffer.alloc(dataBytes));
      w.long(1);
      w.raw(Buffer.alloc(60));
    }
    w.string('/');
  });
  const seal = encodeToBuffer((w) => {
    w.int(0);
    w.int(adler32(body));
    w.string('/');
  });
  return Buffer.concat([body, seal]);
}

function doctor(...args: string[]): Promise<{ exitCode: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(DOCTOR, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ZOOCFGDIR: '' } });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, out, err }));
  });
}

interface Report {
  readonly exitCode: number;
  readonly findings: readonly Finding[];
}

/** They are true of every test's folder. */
const OF_TESTS = /DATA_IN_TMP|LOG_SHARES_DISK|PURGE_OFF|ROOT_OPEN|CONFIG_|DISK_NEARLY_FULL/;

describe('zk-doctor on running ensembles', { concurrency: false }, () => {
  for (const who of ['zk-server', 'Apache ZooKeeper'] as const) {
    it(`of ${who}: well, then with one server gone`, async () => {
      const ensemble = await Ensemble.create({
        http: true,
        ...(who === 'zk-server' ? {} : { command: (_index, configFile) => javaServerWithAdmin(configFile) }),
      });
      try {
        await ensemble.start();
        const configs = ensemble.members.map(({ configFile }) => configFile);
        const well = JSON.parse((await doctor('--json', ...configs)).out) as Report;
        assert.deepEqual(
          codes(well.findings).filter((code) => !OF_TESTS.test(code)),
          [],
        );
        const [follower] = await ensemble.followers();
        await follower?.stop();
        const ill = await doctor(...configs);
        assert.equal(ill.exitCode, 2, ill.out);
        assert.match(
          ill.out,
          new RegExp(
            `^error: 127\\.0\\.0\\.1:${String(follower?.clientPort)}: .* \\(NOT_REACHABLE\\)\n  why: .*\n  mend: `,
            'm',
          ),
        );
        assert.match(ill.out, /\(PORT_NOT_REACHABLE\)/);
      } finally {
        await ensemble.remove();
      }
    });
  }

  it('tells a clock that is ahead', async () => {
    const ensemble = await Ensemble.create({
      servers: 1,
      http: true,
      command: (_index, configFile) => [
        // Not the program faketime: the server would be its child and outlive it.
        'env',
        `LD_PRELOAD=${faketimeLibrary() ?? ''}`,
        'FAKETIME=+120s',
        new URL('../../bin/zk-server', import.meta.url).pathname,
        'start',
        configFile,
      ],
    });
    try {
      const member = ensemble.member(1);
      await member.start();
      await member.serving();
      const { out } = await doctor(
        '--json',
        '--server',
        `127.0.0.1:${member.clientPort}`,
        '--admin-port',
        String(member.adminPort),
      );
      const found = (JSON.parse(out) as Report).findings.find(({ code }) => code === 'CLOCK_SKEW');
      assert.match(found?.what ?? out, /is 1(19|20|21) s ahead/);
    } finally {
      await ensemble.remove();
    }
  });

  it('reads certificates that expire', async () => {
    const authority = Authority.create(folder);
    const pem = authority.issue({ name: 'doctor' });
    const dir = join(folder, 'certificates');
    await mkdir(join(dir, 'data'), { recursive: true });
    const [port = 0, secure = 0] = await freePorts(2);
    const lines = [
      `dataDir=${dir}/data`,
      `clientPort=${port}`,
      `secureClientPort=${secure}`,
      `ssl.keyStore.location=${pem}`,
    ];
    lines.push(`ssl.trustStore.location=${authority.certificate}`, 'ssl.trustStore.type=PEM', '');
    await writeFile(join(dir, 'zoo.cfg'), lines.join('\n'));
    const { out } = await doctor('--offline', '--json', dir);
    const found = (JSON.parse(out) as Report).findings.filter(({ code }) => code === 'CERTIFICATE_EXPIRES');
    assert.ok(found.length >= 2, out);
    assert.match(found[0]?.what ?? '', /expires in 30 days/);
  });

  it('refuses what it cannot look at', async () => {
    for (const [args, words] of [
      [['/nowhere'], /There is no \/nowhere/],
      [[folder], /holds neither zoo\.cfg, conf\/zoo\.cfg nor version-2/],
      [['--server', 'zk1'], /"zk1" is not host:port/],
      [['--dance'], /Unknown argument: dance/],
    ] as const) {
      const { exitCode, err } = await doctor(...args);
      assert.equal(exitCode, 64, args.join(' '));
      assert.match(err, words);
    }
  });
});
