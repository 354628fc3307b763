// Servers of both kinds in one ensemble, encrypted and proven to each other: this server leading, and Apache ZooKeeper.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Authority } from '../support/certificates.js';
import { Ensemble, type EnsembleOptions } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServer } from '../support/java.js';

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'zk-server-quorum-'));
const PASSWORD = 'changeit';
const jaas = join(folder, 'jaas.conf');
const MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule';

const TLS = {
  sslQuorum: 'true',
  'ssl.quorum.keyStore.location': join(folder, 'server.jks'),
  'ssl.quorum.keyStore.password': PASSWORD,
  'ssl.quorum.trustStore.location': join(folder, 'ca-trust.jks'),
  'ssl.quorum.trustStore.password': PASSWORD,
};
const SASL = {
  'quorum.auth.enableSasl': 'true',
  'quorum.auth.learnerRequireSasl': 'true',
  'quorum.auth.serverRequireSasl': 'true',
  'quorum.cnxn.threads.size': 20,
};

function writeJaas(path: string, password: string): void {
  writeFileSync(
    path,
    `QuorumServer { ${MODULE} required user_zk="quorum-secret"; };
QuorumLearner { ${MODULE} required username="zk" password="${password}"; };
`,
  );
}

/** Three servers, those of `ours` of this project. */
function servers(
  ours: readonly number[],
  config: EnsembleOptions['config'],
  properties: (sid: number) => readonly string[] = () => [`java.security.auth.login.config=${jaas}`],
): Promise<Ensemble> {
  return Ensemble.create({
    // A server that stands still for a while is no reason to end an epoch.
    config: { initLimit: 60, syncLimit: 60, ...config },
    command: (index, file) => {
      const sid = index + 1;
      if (!ours.includes(sid)) return javaServer(file, properties(sid));
      return [
        'env',
        `SERVER_JVMFLAGS=${properties(sid)
          .map((one) => `-D${one}`)
          .join(' ')}`,
        LAUNCHER,
        'start',
        file,
      ];
    },
  });
}

function writeThrough(hosts: string): string {
  const script = `
from kazoo.client import KazooClient
z = KazooClient('${hosts}', timeout=20)
z.start(60)
z.create('/proof', b'x')
print(z.get('/proof')[0].decode())
z.stop()
`;
  return execFileSync('/usr/bin/python3', ['-c', script], { encoding: 'utf8', timeout: 120_000 }).trim();
}

describe('an ensemble with TLS and SASL between its servers', () => {
  before(() => {
    const authority = Authority.create(folder);
    authority.issue({ name: 'server', altNames: 'IP:127.0.0.1,DNS:localhost', keyType: 'rsa' });
    authority.jks('server', PASSWORD);
    authority.trustStore('JKS', PASSWORD);
    writeJaas(jaas, 'quorum-secret');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const MIXES: readonly {
    readonly what: string;
    readonly ours: readonly number[];
    readonly leader: 'ours' | 'theirs';
  }[] = [
    { what: 'this server leads two of Apache ZooKeeper', ours: [3], leader: 'ours' },
    { what: 'Apache ZooKeeper leads two of this server', ours: [1, 2], leader: 'theirs' },
    { what: 'all are of this server', ours: [1, 2, 3], leader: 'ours' },
  ];
  for (const { what, ours, leader } of MIXES) {
    it(what, async () => {
      const ensemble = await servers(ours, { ...TLS, ...SASL });
      try {
        // Servers 1 and 2 alone could be a quorum before server 3, the one meant to lead, is there.
        for (const sid of [3, 1]) await ensemble.member(sid).start();
        await Promise.all([1, 3].map((sid) => ensemble.member(sid).serving(60_000)));
        await ensemble.member(2).start();
        await ensemble.member(2).serving(60_000);
        const leading = await ensemble.leader();
        assert.equal(ours.includes(leading.sid) ? 'ours' : 'theirs', leader);
        const follower = (await ensemble.followers())[0];
        assert.equal(writeThrough(`127.0.0.1:${follower?.clientPort ?? 0}`), 'x');
      } finally {
        await ensemble.remove();
      }
    });
  }

  it('keeps out a server whose password is wrong', async () => {
    const wrong = join(folder, 'wrong.conf');
    writeJaas(wrong, 'guessed');
    const ensemble = await servers([1, 2, 3], { ...TLS, ...SASL }, (sid) => [
      `java.security.auth.login.config=${sid === 3 ? wrong : jaas}`,
    ]);
    try {
      for (const member of ensemble.members) await member.start();
      await ensemble.member(1).serving();
      await ensemble.member(2).serving();
      const refusal = /SASL authentication failed: the password of user/;
      await eventually('a word about server 3', 60_000, async () => {
        const logs = (await ensemble.member(1).log()) + (await ensemble.member(2).log());
        return refusal.test(logs) || undefined;
      });
      assert.equal(await ensemble.member(3).mode(), '');
    } finally {
      await ensemble.remove();
    }
  });
});
