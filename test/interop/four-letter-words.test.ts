// Every four-letter word on a live ensemble of three, laid out as three Apache ZooKeeper servers lay it out after the same
// history: on the leader and on a follower.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FOUR_LETTER_WORDS } from '../../src/client/index.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { javaServer } from '../support/java.js';
import { WireClient } from '../support/wire-client.js';

const ROLES = ['leader', 'follower'] as const;
/** Long enough that no session ends meanwhile, though nobody pings. */
const TICK = { tickTime: 1000, maxSessionTimeout: 120_000 };
const SESSION_MS = 120_000;
const JAVA_LIMIT_MS = 30_000;
const JAVA_ATTEMPTS = 4;
type Role = (typeof ROLES)[number];

/** Three servers of one kind with clients on the leader and on a follower. */
class Subject {
  readonly clients: WireClient[] = [];
  private readonly members = new Map<Role, Member>();

  constructor(readonly ensemble: Ensemble) {}

  async start(): Promise<void> {
    // One after the other, so that server 2 leads in both ensembles.
    const [first, second, third] = this.ensemble.members;
    assert.ok(first && second && third);
    await Promise.all([first.start(), second.start()]);
    assert.equal(await second.serving(60_000), 'leader');
    await third.start();
    await Promise.all([first.serving(60_000), third.serving(60_000)]);
    this.members.set('leader', second).set('follower', third);
    for (const role of ROLES) await this.makeHistory(role);
  }

  ask(role: Role, word: string): Promise<string> {
    return fourLetter(this.members.get(role)?.clientPort ?? 0, word === 'stmk' ? STMK : word);
  }

  /** A session with every kind of state, one that was closed, and more changes than `hash` needs to show a digest. */
  private async makeHistory(role: Role): Promise<void> {
    const port = this.members.get(role)?.clientPort ?? 0;
    const client = await WireClient.connect(port, { timeoutMs: SESSION_MS });
    this.clients.push(client);
    await client.create(`/${role}`, Buffer.from('data'));
    await client.create(`/${role}/e`, Buffer.from('data'), 1);
    for (let i = 0; i < 150; i++) await client.setData(`/${role}`, Buffer.from('data'));
    await client.getData(`/${role}`, true);
    await client.exists('/absent', true).catch(() => undefined);
    await client.getChildren('/', true);
    const other = await WireClient.connect(port, { timeoutMs: SESSION_MS });
    await other.getData(`/${role}`, true);
    await other.close();
  }

  async remove(): Promise<void> {
    for (const client of this.clients) client.destroy();
    await this.ensemble.remove();
  }
}

/**
 * On a busy machine a write at three servers of Apache ZooKeeper 3.8.0 is now and then never answered (four of four runs beside two
 * busy loops); then they begin anew.
 */
async function startedJava(): Promise<Subject> {
  for (let attempt = 1; ; attempt++) {
    const subject = new Subject(await Ensemble.create({ config: TICK, command: (_index, file) => javaServer(file) }));
    const late = new AbortController();
    const limit = delay(JAVA_LIMIT_MS, 'late', { signal: late.signal });
    limit.catch(() => undefined);
    const starting = subject.start();
    starting.catch(() => undefined);
    const outcome = await Promise.race([starting, limit]).finally(() => late.abort());
    if (outcome !== 'late') return subject;
    await subject.remove();
    assert.ok(attempt < JAVA_ATTEMPTS, 'Apache ZooKeeper answers its clients');
  }
}

/** What differs from server to server by its nature: numbers, session ids, the version, folders, dates. */
function shape(text: string): string {
  return text
    .replace(/^Zookeeper version: .*$/m, 'Zookeeper version: V')
    .replace(/(dataDir|dataLogDir)=.*/g, '$1=D')
    .replace(/0x[0-9a-f]+/g, 'X')
    .replace(/\d+\.\d+(E-?\d+)?/g, 'F')
    .replace(/-?\d+/g, 'N');
}

/** A trace mask of eight bytes belongs to it. */
const STMK = 'stmk\0\0\0\0\0\0\0\x09';
/** Words whose answers are compared name by name. */
const LAID_OUT_BY_NAME: readonly string[] = ['envi', 'mntr'];
/** Words whose lines come in no particular order from a Java hash table. */
const UNORDERED: readonly string[] = ['cons', 'dump', 'stat', 'wchc', 'wchp'];
/** What a server counts for each namespace that was asked for. */
const UNCOUNTED = /_per_namespace$/;
const EXPIRY_SET = /^\d+ expire at \w{3} \w{3} \d\d \d\d:\d\d:\d\d \w+ \d{4}:\n/gm;
const SAME_VALUE = ['server_state', 'peer_state', 'znode_count', 'watch_count', 'ephemerals_count', 'global_sessions']
  .concat('approximate_data_size', 'quorum_size', 'learners', 'synced_followers', 'num_alive_connections')
  .map((name) => `zk_${name}`);

function layout(word: string, text: string): string {
  // How many sets the sessions fall into, and which of them ran empty, is chance.
  const kept = word === 'dump' ? text.replace(EXPIRY_SET, '') : text;
  const shaped = shape(kept);
  return UNORDERED.includes(word) ? shaped.split('\n').sort().join('\n') : shaped;
}

describe("four-letter words of an ensemble beside Apache ZooKeeper's", () => {
  let ours: Subject;
  let theirs: Subject;

  before(async () => {
    ours = new Subject(await Ensemble.create({ config: TICK }));
    [, theirs] = await Promise.all([ours.start(), startedJava()]);
    // What a leader counts for each learner it counts twice a tick.
    await eventually('figures of both learners', 10_000, async () =>
      /^zk_cnt_1_learner_handler_qp_size.*^zk_cnt_3_learner_handler_qp_size/ms.test(await ours.ask('leader', 'mntr')),
    );
  });
  after(async () => {
    await ours.remove();
    await theirs.remove();
  });

  async function both(role: Role, word: string): Promise<[ours: string, theirs: string]> {
    return [await ours.ask(role, word), await theirs.ask(role, word)];
  }

  for (const role of ROLES) {
    for (const word of FOUR_LETTER_WORDS.filter((one) => !LAID_OUT_BY_NAME.includes(one))) {
      it(`${word} of the ${role}`, async () => {
        // A leader hears of the sessions on other servers with the next ping.
        let own = '';
        let java = '';
        await eventually('the sessions of both', 5000, async () => {
          [own, java] = await both(role, word);
          return word !== 'dump' || layout(word, own) === layout(word, java);
        }).catch(() => undefined);
        assert.equal(layout(word, own), layout(word, java));
      });
    }

    it(`envi of the ${role}: every name that is not about the JVM, in the same order`, async () => {
      const names = (text: string): string[] =>
        text
          .trimEnd()
          .split('\n')
          .map((line) => line.replace(/=.*/, ''))
          .filter((name) => !/^(java|node)\./.test(name));
      const [own, java] = await both(role, 'envi');
      assert.deepEqual(names(own), names(java));
      assert.match(own, /^Environment:\nzookeeper\.version=.*, built on .*\n/);
    });

    it(`mntr of the ${role}: every name once, with a value of the same kind`, async () => {
      const [own, java] = (await both(role, 'mntr')).map(metrics);
      assert.ok(own && java);
      for (const [name, value] of java) {
        if (name === 'zk_version' || UNCOUNTED.test(name)) continue;
        assert.equal(shape(own.get(name) ?? 'absent'), shape(value), name);
      }
      for (const name of SAME_VALUE) assert.equal(own.get(name), java.get(name), name);
    });

    it(`crst and srst of the ${role} forget the same`, async () => {
      for (const subject of [ours, theirs]) {
        await subject.ask(role, 'crst');
        await subject.ask(role, 'srst');
      }
      const figures = (text: string): string[] => text.match(/(recved|sent)=\d+|^(Received|Sent): \d+|lop=\w+/gm) ?? [];
      for (const word of ['cons', 'stat']) {
        const [own, java] = await both(role, word);
        assert.deepEqual(figures(own).sort(), figures(java).sort(), word);
      }
    });
  }
});

/** `zk_name<TAB>value`; a name that comes twice is a fault, because a reader keeps one of the two. */
function metrics(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.trimEnd().split('\n')) {
    const [name = '', value = ''] = line.split('\t');
    assert.ok(!found.has(name), `${name} once`);
    found.set(name, value);
  }
  return found;
}
