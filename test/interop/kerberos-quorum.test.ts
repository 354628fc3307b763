// Servers of both kinds that prove themselves to each other with tickets of a real KDC.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServer } from '../support/java.js';
import { writesThrough } from '../support/writes-through.js';
import { Kdc, REALM } from './kdc.js';

const run = promisify(execFile);
const here = new URL('.', import.meta.url).pathname;
const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
const MODULE =
  'com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true useTicketCache=false';
const SIDS = [1, 2, 3] as const;
/** In no server's line. */
const STRANGER = '127.0.0.9';
const CLIENTS_SERVICE = 'zookeeper/localhost';
const SASL = {
  'authProvider.sasl': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
  'quorum.auth.enableSasl': 'true',
  'quorum.auth.learnerRequireSasl': 'true',
  'quorum.auth.serverRequireSasl': 'true',
  'quorum.auth.server.saslLoginContext': 'Dialled',
  'quorum.auth.learner.saslLoginContext': 'Dialling',
  'quorum.auth.kerberos.servicePrincipal': 'zkquorum/_HOST',
  'quorum.cnxn.threads.size': 20,
};

const hostOf = (sid: number): string => `127.0.0.${sid}`;
const principalOf = (host: string): string => `zkquorum/${host}`;

if (process.env['ZK_TEST_LONG'] !== undefined) {
  describe('Kerberos between servers', { timeout: 600_000 }, () => {
    const kdc = new Kdc();
    const tables = new Map<string, string>();
    before(async () => {
      await kdc.start();
      for (const name of [
        ...SIDS.map((sid) => principalOf(hostOf(sid))),
        principalOf(STRANGER),
        CLIENTS_SERVICE,
        'bob',
      ]) {
        await kdc.addPrincipal(name);
        tables.set(name, await kdc.keyTab(name));
      }
    });
    after(() => kdc.remove());

    function section(name: string, principal: string): string {
      return `${name} {\n  ${MODULE}\n  keyTab="${tables.get(principal) ?? ''}" principal="${principal}@${REALM}";\n};\n`;
    }

    /** Three servers, those of `ours` of this project; one may log in as somebody else than its line says. */
    function servers(ours: readonly number[], loginOf: (sid: number) => string = (sid) => principalOf(hostOf(sid))) {
      return Ensemble.create({
        hostOf,
        config: SASL,
        command: (index, file) => {
          const sid = index + 1;
          const jaas = `${file}.jaas`;
          const own = [section('Dialled', principalOf(hostOf(sid))), section('Dialling', loginOf(sid))];
          writeFileSync(jaas, [...own, section('Server', CLIENTS_SERVICE)].join(''));
          const properties = [`java.security.auth.login.config=${jaas}`, `java.security.krb5.conf=${kdc.configFile}`];
          if (!ours.includes(sid)) return javaServer(file, properties);
          const flags = properties.map((one) => `-D${one}`).join(' ');
          return ['env', `SERVER_JVMFLAGS=${flags}`, LAUNCHER, 'start', file];
        },
      });
    }

    const MIXES: readonly { readonly what: string; readonly ours: readonly number[] }[] = [
      { what: 'all are of this server', ours: [1, 2, 3] },
      { what: 'this server leads two of Apache ZooKeeper', ours: [3] },
      { what: 'Apache ZooKeeper leads two of this server', ours: [1, 2] },
    ];
    for (const { what, ours } of MIXES) {
      it(what, async () => {
        const ensemble = await servers(ours);
        try {
          // Servers 1 and 2 alone could be a quorum before server 3, the one meant to lead, is there.
          for (const sid of [3, 1]) await ensemble.member(sid).start();
          await Promise.all([1, 3].map((sid) => ensemble.member(sid).serving(60_000)));
          await ensemble.member(2).start();
          await Promise.all(SIDS.map((sid) => ensemble.member(sid).serving(60_000)));
          assert.equal((await ensemble.leader()).sid, 3);
          for (const sid of SIDS) {
            await writesThrough(ensemble.member(sid), `/by-${sid}`);
          }
          if (ours.length === SIDS.length) await clientsHaveTheirOwnTable(ensemble);
        } finally {
          await ensemble.remove();
        }
      });
    }

    /** The keys of clients' tickets stand in another table than those of the servers'. */
    async function clientsHaveTheirOwnTable(ensemble: Ensemble): Promise<void> {
      const tickets = await kdc.ticketOf('bob', tables.get('bob') ?? '');
      const env = { ...process.env, ...kdc.env, KRB5CCNAME: `FILE:${tickets}` };
      const args = [join(here, 'tickets.py'), `localhost:${ensemble.member(1).clientPort}`];
      const { stdout } = await run('/usr/bin/python3', args, { env, timeout: 60_000 });
      assert.equal(stdout.trim(), `[(31, 'sasl', 'bob@${REALM}')]`);
    }

    for (const [what, ours] of [
      ['of this server', [1, 2, 3]],
      ['of Apache ZooKeeper', [1, 2]],
    ] as const) {
      it(`a server ${what} whose principal has the host of no server is kept out`, async () => {
        const ensemble = await servers(ours, (sid) => principalOf(sid === 3 ? STRANGER : hostOf(sid)));
        try {
          for (const member of ensemble.members) await member.start();
          await Promise.all([1, 2].map((sid) => ensemble.member(sid).serving(60_000)));
          await eventually('a word about server 3', 60_000, async () => {
            const logs = (await ensemble.member(1).log()) + (await ensemble.member(2).log());
            return logs.includes(`${principalOf(STRANGER)}@${REALM} may not take part`) || undefined;
          });
          assert.equal(await ensemble.member(3).mode(), '');
        } finally {
          await ensemble.remove();
        }
      });
    }

    it('a server gets back in when the KDC has been away', async () => {
      const ensemble = await servers([1, 2, 3]);
      try {
        for (const sid of [1, 2]) await ensemble.member(sid).start();
        await Promise.all([1, 2].map((sid) => ensemble.member(sid).serving(60_000)));
        kdc.pause();
        await ensemble.member(3).start();
        await eventually('server 3 cannot prove itself', 60_000, async () => {
          return (
            /Kerberos gave no ticket within|no ticket for zkquorum/.test(await ensemble.member(3).log()) || undefined
          );
        });
        kdc.resume();
        assert.equal(await ensemble.member(3).serving(120_000), 'follower');
      } finally {
        kdc.resume();
        await ensemble.remove();
      }
    });
  });
}
