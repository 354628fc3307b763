// Certificates of servers that are renewed while they run: one that names another host keeps its server out until then.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect, type SecureContextOptions } from 'node:tls';
import { type Kind, MixedEnsemble } from '../mixed/mixed-ensemble.js';
import { Authority } from '../support/certificates.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { writesThrough } from '../support/writes-through.js';

const LIMIT_MS = 60_000;
const PASSWORD = 'changeit';
/** As servers know each other. */
const HERE = 'IP:127.0.0.1,DNS:localhost';
const MIXES: readonly (readonly [leader: string, kinds: readonly Kind[]])[] = [
  ['all of this server', ['zk-server', 'zk-server', 'zk-server']],
  ['led by Apache ZooKeeper', ['zk-server', 'zk-server', 'Apache ZooKeeper']],
];
const STRANGER = 1;
const LEADER = 3;
/** What a server says of the stranger that it reaches, and of the stranger that comes to it. */
const WORDS = [
  new RegExp(`"ELECTION_DIAL","sid":${STRANGER},"reason":"TLS".*does not match certificate's altnames`),
  /"QUORUM_REFUSED".*its certificate is not for 127\.0\.0\.1/,
];

type Port = 'quorum' | 'election';

async function portOf(member: Member, which: Port): Promise<number> {
  const line = new RegExp(`^server\\.${member.sid}=[^:]+:(\\d+):(\\d+)`, 'm').exec(await member.config());
  return Number(line?.[which === 'quorum' ? 1 : 2]);
}

/** The common name of the certificate that this port shows; an error's text when there is none. */
function shownAt(port: number, own: SecureContextOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...own }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.once('error', (error) => {
      resolve(String(error));
    });
  });
}

describe('quorum TLS whose certificates are renewed', { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'zk-server-certificates-'));

  before(() => {
    const authority = Authority.create(folder);
    for (const [name, altNames] of [
      ['first', HERE],
      ['elsewhere', 'IP:10.9.9.9,DNS:elsewhere'],
      ['renewed', HERE],
    ] as const) {
      authority.issue({ name, altNames, keyType: 'rsa' });
      authority.jks(name, PASSWORD);
    }
    authority.trustStore('JKS', PASSWORD);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** A server may read its file at any moment, so it never finds half of one. */
  async function give(sid: number, certificate: string): Promise<string> {
    const path = join(folder, `server-${sid}.jks`);
    await copyFile(join(folder, `${certificate}.jks`), `${path}.new`);
    await rename(`${path}.new`, path);
    return path;
  }

  async function create(kinds: readonly Kind[]): Promise<MixedEnsemble> {
    const mixed = await MixedEnsemble.create(kinds, {
      config: {
        sslQuorum: 'true',
        sslQuorumReloadCertFiles: 'true',
        'ssl.quorum.keyStore.password': PASSWORD,
        'ssl.quorum.trustStore.location': join(folder, 'ca-trust.jks'),
        'ssl.quorum.trustStore.password': PASSWORD,
      },
    });
    for (const member of mixed.members) {
      const location = await give(member.sid, member.sid === STRANGER ? 'elsewhere' : 'first');
      await member.configure({ 'ssl.quorum.keyStore.location': location });
    }
    return mixed;
  }

  async function shows(member: Member, which: Port, certificate: string): Promise<void> {
    const port = await portOf(member, which);
    // Servers ask for the certificate of who connects, too.
    const own = { key: readFileSync(join(folder, 'first.key')), cert: readFileSync(join(folder, 'first.crt')) };
    let shown = '';
    await eventually('the certificate', LIMIT_MS, async () => {
      shown = await shownAt(port, own);
      return shown === certificate;
    }).catch(() => {
      assert.equal(shown, certificate, `${which} port of server ${member.sid}`);
    });
  }

  for (const [what, kinds] of MIXES) {
    it(`lets a server in once its certificate names it: ${what}`, async () => {
      const mixed = await create(kinds);
      try {
        const stranger = mixed.member(STRANGER);
        const others = mixed.members.filter((member) => member !== stranger);
        const leader = mixed.member(LEADER);
        // First, so that the others reach it while they elect; later they let it come to them.
        await stranger.start();
        await shows(stranger, 'election', 'elsewhere');
        for (const member of others) await member.start();
        await Promise.all(others.map((member) => member.serving(LIMIT_MS)));
        for (const member of others) await writesThrough(member, `/by-${member.sid}`, LIMIT_MS);
        assert.equal(await mixed.ensemble.leader(), leader);
        for (const member of others) await shows(member, 'election', 'first');

        for (const member of others.filter(({ sid }) => mixed.kind(sid) === 'zk-server')) {
          for (const word of WORDS) {
            const isSaid = async (): Promise<boolean> => word.test(await member.log());
            await eventually(`${String(word)} of server ${member.sid}`, LIMIT_MS, isSaid);
          }
        }
        assert.equal(await stranger.mode(), '');

        for (const { sid } of mixed.members) await give(sid, 'renewed');
        for (const member of mixed.members) await shows(member, 'election', 'renewed');
        assert.equal(await stranger.serving(LIMIT_MS), 'follower');
        await shows(leader, 'quorum', 'renewed');
        await writesThrough(stranger, `/by-${STRANGER}`, LIMIT_MS);
        // What is encrypted already is not disturbed.
        assert.equal(await mixed.ensemble.leader(), leader);
        await mixed.sameTrees();
        await mixed.noQuarrels();
      } finally {
        await mixed.remove();
      }
    });
  }
});
