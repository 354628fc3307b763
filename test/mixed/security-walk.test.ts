// A plaintext ensemble moves to TLS, and to SASL, between its servers, one restart after the other under load: nothing
// acknowledged is lost, and at the end nobody is let in without.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cli } from '../cli/harness.js';
import { assertNothingLost, progress } from '../ensemble/nothing-lost.js';
import { RecordingWriter } from '../ensemble/recording-writer.js';
import { Authority } from '../support/certificates.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { javaServer } from '../support/java.js';
import { writesThrough } from '../support/writes-through.js';

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
const PASSWORD = 'changeit';
/** Below what a server gives its disk before it ends without it. */
const STOP_LIMIT_MS = 8000;
const MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule';
const folder = mkdtempSync(join(tmpdir(), 'zk-server-walk-'));
const jaas = join(folder, 'jaas.conf');

const STORES = {
  'ssl.quorum.keyStore.location': join(folder, 'server.jks'),
  'ssl.quorum.keyStore.password': PASSWORD,
  'ssl.quorum.trustStore.location': join(folder, 'ca-trust.jks'),
  'ssl.quorum.trustStore.password': PASSWORD,
};

type Settings = Readonly<Record<string, string | null>>;

interface Walk {
  readonly name: string;
  /** Servers of Apache ZooKeeper. */
  readonly java: readonly number[];
  /** What each round of restarts sets and takes out. */
  readonly rounds: readonly Settings[];
  /** Does it end with TLS? */
  readonly endsWithTls: boolean;
}

const TLS_AS_ZOOKEEPER: readonly Settings[] = [
  { ...STORES, portUnification: 'true' },
  { sslQuorum: 'true' },
  { portUnification: null },
];
const SASL: readonly Settings[] = [
  { 'quorum.auth.enableSasl': 'true' },
  { 'quorum.auth.learnerRequireSasl': 'true' },
  { 'quorum.auth.serverRequireSasl': 'true' },
];

const ALWAYS: readonly Walk[] = [
  {
    name: 'to TLS in two rounds, with a switch for the time in between',
    java: [],
    rounds: [
      { ...STORES, sslQuorum: 'true', portUnification: 'true', sslQuorumPlainDials: 'true' },
      { portUnification: null, sslQuorumPlainDials: null },
    ],
    endsWithTls: true,
  },
];
const LONG: readonly Walk[] = [
  { name: 'to TLS in three rounds, with Apache ZooKeeper', java: [2], rounds: TLS_AS_ZOOKEEPER, endsWithTls: true },
  { name: 'to TLS in three rounds, under Apache ZooKeeper', java: [3], rounds: TLS_AS_ZOOKEEPER, endsWithTls: true },
  { name: 'to SASL in three rounds', java: [], rounds: SASL, endsWithTls: false },
  { name: 'to SASL in three rounds, with Apache ZooKeeper', java: [2], rounds: SASL, endsWithTls: false },
];

/** Does a greeting in plain words get through to the election port? */
function isPlainTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    // A connection of a server without certificates: what it is answered, and when, tells.
    socket.once('connect', () => socket.write(Buffer.from('ffffffffffff0000', 'hex')));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    setTimeout(() => {
      resolve(!socket.destroyed);
      socket.destroy();
    }, 1500).unref();
  });
}

before(() => {
  const authority = Authority.create(folder);
  authority.issue({ name: 'server', altNames: 'IP:127.0.0.1,DNS:localhost', keyType: 'rsa' });
  authority.jks('server', PASSWORD);
  authority.trustStore('JKS', PASSWORD);
  const secret = 'quorum-secret';
  writeFileSync(
    jaas,
    `QuorumServer { ${MODULE} required user_zk="${secret}"; };\n` +
      `QuorumLearner { ${MODULE} required username="zk" password="${secret}"; };\n`,
  );
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

for (const { endsWithTls, java, name, rounds } of process.env['ZK_TEST_LONG'] === undefined
  ? ALWAYS
  : [...ALWAYS, ...LONG]) {
  describe(`an ensemble moves ${name}`, { timeout: 400_000 }, () => {
    let ensemble: Ensemble;
    const property = `java.security.auth.login.config=${jaas}`;

    before(async () => {
      ensemble = await Ensemble.create({
        config: { tickTime: 300, initLimit: 30, syncLimit: 15 },
        command: (index, file) =>
          java.includes(index + 1)
            ? javaServer(file, [property])
            : ['env', `SERVER_JVMFLAGS=-D${property}`, LAUNCHER, 'start', file],
      });
      await ensemble.start();
    });
    after(() => ensemble.remove());

    async function restart(member: Member, settings: Settings): Promise<void> {
      await member.configure(settings);
      const sinceMs = performance.now();
      await member.stop();
      const tookMs = performance.now() - sinceMs;
      assert.ok(tookMs < STOP_LIMIT_MS, `server ${member.sid} ended ${Math.round(tookMs)} ms after it was told to`);
      await member.start();
      await member.serving(60_000);
    }

    it('without losing a write', async () => {
      const [first] = ensemble.members;
      assert.ok(first);
      await writesThrough(first, '/writer');
      const writer = new RecordingWriter('/writer', ensemble.members, 0, { depth: 2, pauseMs: 5 });
      try {
        for (const settings of rounds) {
          for (const member of ensemble.members) {
            await restart(member, settings);
            await progress([writer], 5);
          }
          const dialsPlain = settings['sslQuorumPlainDials'] === 'true';
          const { out } = await cli(['status', first.configFile]);
          assert.equal(out.includes('may be dialled without TLS'), dialsPlain, out);
        }
      } finally {
        await writer.stop();
      }
      await assertNothingLost(ensemble, [writer]);
    });

    if (!endsWithTls) return;

    it('and takes no plain connection in the end', async () => {
      const [, port = '0'] = /^server\.1=[^:]+:\d+:(\d+)/m.exec(await ensemble.member(1).config()) ?? [];
      assert.equal(await isPlainTaken(Number(port)), false);
    });
  });
}
