import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FOUR_LETTER_WORDS } from '../../src/client/index.js';
import { ADVANCED_SUMMARY_NAMES, BASIC_SUMMARY_NAMES, COUNTER_NAMES } from '../../src/metrics/index.js';
import {
  FULL_VERSION,
  javaAddress,
  javaAverage,
  javaDate,
  javaDouble,
  PRODUCT_VERSION,
} from '../../src/status/index.js';
import { World } from '../fakes/index.js';
import { ClientWorld, testStatus } from './client-world.js';

const REFUSED = (word: string): string => `${word} is not executed because it is not in the whitelist.\n`;
const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';

const SUMMARY = (head: string): string =>
  `Zookeeper version: ${FULL_VERSION}\n${head}Latency min/avg/max: 0/0.0/0\nReceived: 1\nSent: 0\n` +
  'Connections: 1\nOutstanding: 0\nZxid: 0x0\nMode: standalone\nNode count: 5\n';

describe('four-letter words, whole answers', () => {
  const answers: readonly { word: string | Buffer; answer: string }[] = [
    { word: 'ruok', answer: 'imok' },
    { word: 'ruok\n', answer: 'imok' },
    { word: 'isro', answer: 'rw' },
    { word: 'srvr', answer: SUMMARY('') },
    { word: 'stat', answer: SUMMARY('Clients:\n /10.0.0.2:32768[0](queued=0,recved=1,sent=0)\n\n') },
    { word: 'cons', answer: ' /10.0.0.2:32768[0](queued=0,recved=1,sent=0)\n\n' },
    { word: 'crst', answer: 'Connection stats reset.\n' },
    { word: 'srst', answer: 'Server stats reset.\n' },
    { word: 'dirs', answer: 'datadir_size: 457\nlogdir_size: 67108880\n' },
    { word: 'envi', answer: `Environment:\nzookeeper.version=${FULL_VERSION}\nhost.name=localhost\n` },
    { word: 'gtmk', answer: '306' },
    { word: Buffer.from('stmk\0\0\0\0\0\0\x03\x05', 'latin1'), answer: '773' },
    { word: 'wchs', answer: '0 connections watching 0 paths\nTotal watches:0\n' },
    { word: 'wchc', answer: '\n' },
    { word: 'wchp', answer: '\n' },
    { word: 'hash', answer: '' },
    { word: Buffer.from('fff4fffd', 'hex'), answer: '' },
    {
      word: 'conf',
      answer:
        'clientPort=2181\nsecureClientPort=-1\ndataDir=/data/version-2\ndataDirSize=457\n' +
        'dataLogDir=/data/version-2\ndataLogSize=67108880\ntickTime=2000\nmaxClientCnxns=60\n' +
        'minSessionTimeout=4000\nmaxSessionTimeout=40000\nclientPortListenBacklog=-1\nserverId=0\n',
    },
    {
      word: 'dump',
      answer:
        'SessionTracker dump:\nSession Sets (0)/(0):\nephemeral nodes dump:\nSessions with Ephemerals (0):\n' +
        'Connections dump:\nConnections Sets (1)/(1):\n1 expire at Sun Sep 09 01:47:00 UTC 2001:\n' +
        '\tip: /10.0.0.2:32768 sessionId: 0x0\n',
    },
  ];
  for (const { word, answer } of answers) {
    it(word.toString('latin1').trim(), async () => {
      const world = await ClientWorld.make();
      assert.equal(await world.ask(word), answer);
    });
  }

  it('come however the word is cut, stmk with what belongs to it', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const world = await ClientWorld.make({ seed });
      world.world.network.chopOneIn = 1;
      assert.equal(await world.ask('ruok'), 'imok');
      assert.equal(await world.ask(Buffer.from('stmk\0\0\0\0\0\0\0\x01', 'latin1')), '1');
      assert.equal(await world.ask('gtmk'), '1');
    }
  });
});

describe('a four-letter word whose argument comes late', () => {
  it('is answered', async () => {
    const world = await ClientWorld.make();
    const client = await world.dial();
    client.sendRaw(Buffer.from('stmk'));
    await world.world.run(700);
    client.sendRaw(Buffer.from('\0\0\0\0', 'latin1'));
    await world.world.run(700);
    client.sendRaw(Buffer.from('\0\0\0\x05', 'latin1'));
    await world.world.until(() => client.isClosed);
    assert.equal(await world.ask('gtmk'), '5');
  });
});

describe('a four-letter word whose argument never comes', () => {
  for (const sent of ['stmk', 'stmk\0\0\0\x01']) {
    it(`${JSON.stringify(sent)}: the connection goes with its client`, async () => {
      const world = await ClientWorld.make();
      const client = await world.dial();
      client.sendRaw(Buffer.from(sent, 'latin1'));
      await world.world.run(100);
      assert.equal(world.connectionCount(), 1);
      client.transport.end();
      await world.world.run(100);
      assert.equal(world.connectionCount(), 0);
    });

    it(`${JSON.stringify(sent)}: the connection ends though its client stays`, async () => {
      const world = await ClientWorld.make();
      const client = await world.dial();
      client.sendRaw(Buffer.from(sent, 'latin1'));
      await world.world.run(3000);
      assert.deepEqual([world.connectionCount(), client.isClosed, client.frames.length], [0, true, 0]);
      assert.equal(world.logged(/ends: what belongs to stmk did not come/).length, 1);
    });
  }
});

describe('four-letter words of a busy server', () => {
  it('cons shows the last request of each session', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect({ timeoutMs: 9000 });
    const line = async (): Promise<string> => {
      const text = await world.ask('cons');
      const own = text.split('\n').find((one) => one.includes('sid='));
      return own?.replace(/est=\d+/, 'est=N').replace(/lresp=\d+/, 'lresp=N') ?? '';
    };
    const head = ' /10.0.0.2:32768[1](queued=0,';
    const tail = 'lresp=N,llat=0,minlat=0,avglat=0,maxlat=0)';
    const sid = 'sid=0x1000000000000001';
    assert.equal(await line(), `${head}recved=1,sent=1,${sid},lop=SESS,est=N,to=9000,lcxid=0x0,lzxid=0x1,${tail}`);
    await world.get(client.create('/a'));
    assert.equal(await line(), `${head}recved=2,sent=2,${sid},lop=CREA,est=N,to=9000,lcxid=0x1,lzxid=0x2,${tail}`);
    await world.get(client.getData('/a'));
    assert.equal(await line(), `${head}recved=3,sent=3,${sid},lop=GETD,est=N,to=9000,lcxid=0x2,lzxid=0x2,${tail}`);
    await assert.rejects(world.get(client.create('/a')));
    assert.equal(await line(), `${head}recved=4,sent=4,${sid},lop=NA,est=N,to=9000,lcxid=0x3,lzxid=0x3,${tail}`);
    await world.get(client.ping());
    assert.equal(await line(), `${head}recved=5,sent=5,${sid},lop=PING,est=N,to=9000,lcxid=0x3,lzxid=0x3,${tail}`);
    assert.equal(await world.ask('crst'), 'Connection stats reset.\n');
    const fresh = 'lop=NA,est=N,to=9000,lzxid=0xffffffffffffffff,';
    assert.equal(await line(), `${head}recved=0,sent=0,${sid},${fresh}${tail}`);
    const again = await world.connect({ sessionId: client.sessionId, password: client.password }, 'other');
    assert.match(await line(), /recved=1,sent=1,.*,lop=null,.*,lcxid=0x0,lzxid=0x0,/);
    await world.get(again.ping());
  });

  it('srvr and mntr count what was said, and srst forgets it', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    await world.get(client.create('/a', Buffer.from('data'), 1));
    await world.get(client.getData('/a', true));
    world.pipeline.isHolding = true;
    const slow = client.setData('/a', null);
    await world.world.run(250);
    const text = await world.ask('srvr');
    assert.match(
      text,
      /^Received: 5\nSent: 3\nConnections: 2\nOutstanding: 1\nZxid: 0x2\nMode: standalone\nNode count: 6$/m,
    );
    world.pipeline.release();
    await world.get(slow);
    assert.match(await world.ask('srvr'), /^Latency min\/avg\/max: 0\/\d+\.\d+\/2\d\d$/m);
    const values = new Map(
      (await world.ask('mntr'))
        .trim()
        .split('\n')
        .map((line) => line.split('\t') as [string, string]),
    );
    const expected: Record<string, string> = {
      zk_version: FULL_VERSION,
      zk_server_state: 'standalone',
      zk_znode_count: '6',
      zk_watch_count: '0',
      zk_ephemerals_count: '1',
      zk_num_alive_connections: '2',
      zk_outstanding_requests: '0',
      zk_connection_drop_probability: '0.0',
      zk_connection_request_count: '1',
      zk_cnt_readlatency: '1',
      zk_cnt_updatelatency: '3',
      zk_min_client_response_size: '22',
      zk_global_sessions: '1',
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(values.get(name), value, name);
    const quantile = Number(values.get('zk_p999_updatelatency'));
    assert.ok(quantile >= 230 && quantile <= Number(values.get('zk_max_updatelatency')), `p999 ${quantile}`);
    await world.ask('srst');
    assert.match(await world.ask('srvr'), /^Latency min\/avg\/max: 0\/0\.0\/0\nReceived: 1\nSent: 1$/m);
    assert.match(await world.ask('mntr'), /^zk_cnt_updatelatency\t0$/m);
  });

  it('mntr lists every name that ZooKeeper has', async () => {
    const world = await ClientWorld.make();
    const names = new Set((await world.ask('mntr')).split('\n').map((line) => line.split('\t')[0]));
    for (const name of COUNTER_NAMES) assert.ok(names.has(`zk_${name}`), name);
    for (const name of [...BASIC_SUMMARY_NAMES, ...ADVANCED_SUMMARY_NAMES]) {
      for (const part of ['avg', 'min', 'max', 'cnt', 'sum']) assert.ok(names.has(`zk_${part}_${name}`), name);
    }
    for (const name of ADVANCED_SUMMARY_NAMES) {
      for (const part of ['p50', 'p95', 'p99', 'p999']) assert.ok(names.has(`zk_${part}_${name}`), name);
    }
    for (const name of BASIC_SUMMARY_NAMES) assert.ok(!names.has(`zk_p50_${name}`), name);
  });

  it('wchs, wchc and wchp show data watches; dump shows sessions and ephemerals', async () => {
    const world = await ClientWorld.make({
      status: {
        sessions: () => ({
          kind: 'tracked',
          count: 1,
          sets: [{ expiresAtWallMs: 1_000_000_016_000, sessionIds: [0x1000_0000_0000_0001n] }],
        }),
      },
    });
    const client = await world.connect();
    await world.get(client.create('/a', null, 1));
    await world.get(client.getData('/a', true));
    await world.get(client.getChildren('/', true));
    await world.get(client.exists('/b', true).catch(() => undefined));
    assert.equal(await world.ask('wchs'), '1 connections watching 2 paths\nTotal watches:2\n');
    assert.equal(await world.ask('wchc'), '0x1000000000000001\n\t/a\n\t/b\n\n');
    assert.equal(await world.ask('wchp'), '/a\n\t0x1000000000000001\n/b\n\t0x1000000000000001\n\n');
    const dump = await world.ask('dump');
    assert.match(
      dump,
      /^Session Sets \(1\)\/\(1\):\n1 expire at Sun Sep 09 01:46:56 UTC 2001:\n\t0x1000000000000001$/m,
    );
    assert.match(dump, /^Sessions with Ephemerals \(1\):\n0x1000000000000001:\n\t\/a$/m);
    assert.match(dump, /^\tip: \/10\.0\.0\.2:32768 sessionId: 0x1000000000000001$/m);
  });

  it('wchs forgets at once who leaves many watches, whose paths go soon after', async () => {
    const world = await ClientWorld.make();
    const client = await world.connect();
    const paths = Array.from({ length: 5000 }, (_, i) => `/absent-${i}`);
    await world.get(Promise.all(paths.map((path) => client.exists(path, true).catch(() => undefined))));
    assert.equal(await world.ask('wchs'), '1 connections watching 5000 paths\nTotal watches:5000\n');
    client.destroy();
    await world.world.until(() => world.pipeline.tree.watchCount === 0);
    assert.equal(await world.ask('wchp'), '\n');
    await world.world.until(() => world.pipeline.tree.watches.data.pathCount === 0);
  });

  it('a learner dumps the sessions it knows', async () => {
    const sessions = (): { kind: 'known'; count: number; timeoutsMs: [bigint, number][] } => ({
      kind: 'known',
      count: 2,
      timeoutsMs: [
        [0x20n, 6000],
        [0x10n, 4000],
      ],
    });
    const world = await ClientWorld.make({ status: { sessions } });
    assert.match(
      await world.ask('dump'),
      /^SessionTracker dump:\nGlobal Sessions\(2\):\n0x10\t4000ms\n0x20\t6000ms\neph/,
    );
  });

  it('a leader tells the sizes of its proposals, a member its state and membership', async () => {
    const quorum = {
      peerState: 'leading - broadcast',
      leaderSid: 1,
      epoch: 1,
      members: [],
      membershipText: 'server.1=h:2888:3888:participant\nversion=0',
    };
    const settings = { initLimit: 10, syncLimit: 5, electionAlg: 3, electionPorts: [3888, 3889], quorumPorts: [2888] };
    const base = testStatus(new World().host('base')).settings;
    const world = await ClientWorld.make({
      status: {
        quorum: () => quorum,
        proposalSizes: () => ({ last: 48, min: 32, max: 148 }),
        settings: { ...base, serverId: 1, quorum: { ...settings, peerType: 'observer' } },
      },
    });
    world.pipeline.mode = 'leader';
    assert.match(
      await world.ask('srvr'),
      /^Mode: leader\nNode count: 5\nProposal sizes last\/min\/max: 48\/32\/148\n$/m,
    );
    assert.match(await world.ask('mntr'), /^zk_server_state\tleader\nzk_peer_state\tleading - broadcast$/m);
    const tail =
      'serverId=1\ninitLimit=10\nsyncLimit=5\nelectionAlg=3\nelectionPort=3888|3889\nquorumPort=2888\npeerType=1\n' +
      'membership: \nserver.1=h:2888:3888:participant\nversion=0';
    assert.ok((await world.ask('conf')).endsWith(tail));
  });

  it('hash shows digests of the tree, oldest first', async () => {
    const world = await ClientWorld.make();
    const { tree } = world.pipeline;
    for (let i = 0; i < 300; i++) {
      const digest = { version: 2, treeDigest: tree.digest };
      tree.apply({ clientId: 1n, cxid: i, zxid: i + 1, time: 0, type: -1 }, { type: -1, err: -101 }, digest);
    }
    const lines = (await world.ask('hash')).trim().split('\n');
    assert.deepEqual(lines, [`80: ${tree.digest}`, `100: ${tree.digest}`]);
  });

  it('a server that only reads says so', async () => {
    const world = await ClientWorld.make();
    world.pipeline.mode = 'read-only';
    assert.equal(await world.ask('isro'), 'ro');
    assert.match(await world.ask('srvr'), /GMT\nREAD-ONLY mode; serving only read-only clients\nLatency/);
  });
});

describe('four-letter words of a server that does not serve', () => {
  for (const word of FOUR_LETTER_WORDS) {
    it(word, async () => {
      const world = await ClientWorld.make({ serving: false });
      const answer = await world.ask(word === 'stmk' ? `${word}\0\0\0\0\0\0\0\0` : word);
      const own: Record<string, string> = { ruok: 'imok', isro: 'null', gtmk: '306', stmk: '0', hash: NOT_SERVING };
      if (word === 'envi') assert.match(answer, /^Environment:\nzookeeper\.version=/);
      else assert.equal(answer, own[word] ?? `${NOT_SERVING}\n`);
    });
  }

  it('ruok refuses, when it shall tell the truth', async () => {
    const world = await ClientWorld.make({ serving: false, truthfulRuok: true });
    assert.equal(await world.ask('ruok'), `${NOT_SERVING}\n`);
    world.listener.serve(world.pipeline);
    assert.equal(await world.ask('ruok'), 'imok');
  });
});

describe('4lw.commands.whitelist', () => {
  const cases = [
    { text: '', allowed: ['srvr'] },
    { text: 'ruok', allowed: ['ruok', 'srvr'] },
    { text: ' ruok , stat,mntr ', allowed: ['mntr', 'ruok', 'srvr', 'stat'] },
    { text: 'ruok stat', allowed: ['ruok', 'srvr', 'stat'] },
    { text: 'nonsense,conf', allowed: ['conf', 'srvr'] },
    { text: '*', allowed: [...FOUR_LETTER_WORDS] },
    { text: 'ruok, *', allowed: [...FOUR_LETTER_WORDS] },
  ];
  for (const { text, allowed } of cases) {
    it(`"${text}" allows ${allowed.join(' ')}`, async () => {
      const world = await ClientWorld.make({ commandWhitelist: text });
      for (const word of FOUR_LETTER_WORDS) {
        const answer = await world.ask(`${word}\0\0\0\0\0\0\0\0`);
        assert.equal(answer === REFUSED(word), !allowed.includes(word), word);
      }
    });
  }

  it('a server that may serve read-only answers isro', async () => {
    const world = await ClientWorld.make({ commandWhitelist: '', readOnlyMode: true });
    assert.equal(await world.ask('isro'), 'rw');
  });

  it('elec needs it from other machines, and answers whether the server serves or not', async () => {
    assert.equal(await (await ClientWorld.make({ commandWhitelist: '' })).ask('elec'), REFUSED('elec'));
    assert.equal(await (await ClientWorld.make({ commandWhitelist: '' })).ask('elec', 'server'), 'null\n');
    for (const serving of [true, false]) {
      const world = await ClientWorld.make({ commandWhitelist: 'elec', serving });
      assert.equal(await world.ask('elec'), 'null\n');
    }
  });

  it("telnet's goodbye is refused in the same words", async () => {
    const world = await ClientWorld.make({ commandWhitelist: '' });
    assert.equal(await world.ask(Buffer.from('fff4fffd06', 'hex')), REFUSED('telnet close'));
  });

  it('probes leave nothing in the log above debug', async () => {
    const world = await ClientWorld.make();
    for (const word of ['ruok', 'srvr', 'mntr', 'stat']) await world.ask(word);
    assert.deepEqual(world.world.host('server').log.atLeast('info'), []);
  });
});

describe('figures as Java prints them', () => {
  const doubles: [number, string][] = [
    [0, '0.0'],
    [1, '1.0'],
    [0.5, '0.5'],
    [0.3333, '0.3333'],
    [0.001, '0.001'],
    [0.0001, '1.0E-4'],
    [0.00012, '1.2E-4'],
    [1234567, '1234567.0'],
    [12345678, '1.2345678E7'],
    [10_000_000, '1.0E7'],
    [-2.5, '-2.5'],
  ];
  it('doubles', () => {
    for (const [value, text] of doubles) assert.equal(javaDouble(value), text);
  });

  it('averages', () => {
    assert.equal(javaAverage(1, 3), 0.3333);
    assert.equal(javaAverage(2, 3), 0.6667);
    assert.equal(javaAverage(0, 0), 0);
  });

  it('dates', () => {
    assert.equal(javaDate(1_795_487_445_000), 'Tue Nov 24 02:30:45 UTC 2026');
    assert.equal(javaDate(0), 'Thu Jan 01 00:00:00 UTC 1970');
  });

  it('addresses', () => {
    assert.equal(javaAddress('127.0.0.1', 2181), '/127.0.0.1:2181');
    assert.equal(javaAddress('::1', 1), '/[0:0:0:0:0:0:0:1]:1');
    assert.equal(javaAddress('::', 1), '/[0:0:0:0:0:0:0:0]:1');
    assert.equal(javaAddress('fe80::00a1:B%eth0', 1), '/[fe80:0:0:0:0:0:a1:b%eth0]:1');
    assert.equal(javaAddress('2001:db8:1:2:3:4:5:6', 1), '/[2001:db8:1:2:3:4:5:6]:1');
  });
});

describe('the version', () => {
  it('is one that clients can parse', () => {
    const line = `Zookeeper version: ${FULL_VERSION}`;
    assert.match(
      line,
      /^Zookeeper version: ([A-Za-z0-9.-]+), built on (\d\d\/\d\d\/\d\d\d\d \d\d:\d\d [A-Za-z0-9:+-]+)$/,
    );
    assert.match(FULL_VERSION, /^3\.9\.5/);
  });

  it('is that of the package', () => {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    assert.equal((JSON.parse(text) as { version: string }).version, PRODUCT_VERSION);
  });
});
