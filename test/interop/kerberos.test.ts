// Kerberos clients with tickets of a real KDC: zkCli.sh and kazoo, on this server and on Apache ZooKeeper with the same files.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Ensemble } from '../support/ensemble.js';
import { javaCommand, javaServer } from '../support/java.js';
import { Kdc, KEY_TYPES, REALM } from './kdc.js';

const run = promisify(execFile);
const here = new URL('.', import.meta.url).pathname;
const SERVICE = 'zookeeper/localhost';
const USERS = ['bob', 'carol/laptop'] as const;
const MODULE =
  'com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true useTicketCache=false';
const BASE = { 'authProvider.sasl': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider' };

interface Naming {
  readonly config: Readonly<Record<string, string>>;
  /** The ids of USERS, one each. */
  readonly ids: readonly [string, string];
}
const NAMINGS: readonly Naming[] = [
  { config: {}, ids: [`bob@${REALM}`, `carol/laptop@${REALM}`] },
  { config: { 'kerberos.removeHostFromPrincipal': 'true' }, ids: [`bob@${REALM}`, `carol@${REALM}`] },
  {
    config: { 'kerberos.removeHostFromPrincipal': 'true', 'kerberos.removeRealmFromPrincipal': 'true' },
    ids: ['bob', 'carol'],
  },
  {
    config: {
      'kerberos.removeRealmFromPrincipal': 'true',
      'security.auth_to_local': 'RULE:[2:$2-$1]s/lap/desk/ DEFAULT',
    },
    ids: ['bob', 'desktop-carol/laptop'],
  },
];

if (process.env['ZK_TEST_LONG'] !== undefined) {
  describe('Kerberos clients', () => {
    const kdc = new Kdc();
    const userKeys = new Map<string, string>();
    before(async () => {
      await kdc.start();
      for (const name of [SERVICE, ...USERS]) await kdc.addPrincipal(name);
      for (const name of USERS) userKeys.set(name, await kdc.keyTab(name));
    });
    after(() => kdc.remove());

    function properties(section: string, principal: string, keyTab: string): string[] {
      const file = `${keyTab}.jaas`;
      const options = `keyTab="${keyTab}" principal="${principal}@${REALM}"`;
      writeFileSync(file, `${section} {\n  ${MODULE}\n    ${options};\n};\n`);
      return [`java.security.auth.login.config=${file}`, `java.security.krb5.conf=${kdc.configFile}`];
    }

    /** A server of one kind or the other while `use` goes on. */
    async function withServer(
      kind: 'ours' | 'java',
      keyTab: string,
      config: Readonly<Record<string, string>>,
      use: (server: Ensemble) => Promise<void>,
    ): Promise<void> {
      const own = properties('Server', SERVICE, keyTab);
      const server = await Ensemble.create({
        servers: 1,
        config: { ...BASE, ...config },
        ...(kind === 'java'
          ? { command: (_index: number, file: string) => javaServer(file, own) }
          : { env: { SERVER_JVMFLAGS: own.map((one) => `-D${one}`).join(' ') } }),
      });
      try {
        await server.start();
        await use(server);
      } finally {
        await server.remove();
      }
    }

    const hosts = (server: Ensemble): string => `localhost:${server.member(1).clientPort}`;

    async function zkCli(user: string, server: Ensemble, ...words: readonly string[]): Promise<string> {
      const own = [...properties('Client', user, userKeys.get(user) ?? ''), `zookeeper.server.principal=${SERVICE}`];
      const [command = '', ...flags] = javaCommand('org.apache.zookeeper.ZooKeeperMain', own);
      const { stdout } = await run(command, [...flags, '-server', hosts(server), ...words], { timeout: 60_000 });
      return stdout;
    }

    /** What kazoo prints when it comes with a fresh ticket of bob's, or with this one. */
    async function kazoo(server: Ensemble, cache?: string): Promise<string> {
      const tickets = cache ?? (await kdc.ticketOf('bob', userKeys.get('bob') ?? ''));
      const env = { ...process.env, ...kdc.env, KRB5CCNAME: `FILE:${tickets}` };
      const args = [join(here, 'tickets.py'), hosts(server)];
      return (await run('/usr/bin/python3', args, { env, timeout: 60_000 })).stdout.trim();
    }

    for (const kind of ['ours', 'java'] as const) {
      for (const { config, ids } of NAMINGS) {
        it(`${kind}: with ${JSON.stringify(config)} they are ${ids.join(' and ')}`, async () => {
          const keyTab = await kdc.keyTab(SERVICE);
          await withServer(kind, keyTab, config, async (server) => {
            for (const [index, user] of USERS.entries()) {
              const id = /sasl: (.*)/.exec(await zkCli(user, server, 'whoami'))?.[1];
              assert.equal(id, ids[index]);
            }
          });
        });
      }
    }

    for (const type of KEY_TYPES) {
      it(`kazoo gets the server's proof and its id with ${type}`, async () => {
        const keyTab = await kdc.keyTab(SERVICE, type);
        await withServer('ours', keyTab, {}, async (server) => {
          assert.equal(await kazoo(server), `[(31, 'sasl', 'bob@${REALM}')]`);
          assert.match(await zkCli('bob', server, 'whoami'), new RegExp(`sasl: bob@${REALM}`));
        });
      });
    }

    for (const kind of ['ours', 'java'] as const) {
      it(`${kind}: a ticket for a newer key than the server has is refused until it gets the key`, async () => {
        const keyTab = await kdc.keyTab(SERVICE);
        await withServer(kind, keyTab, {}, async (server) => {
          const newer = await kdc.keyTab(SERVICE);
          assert.equal(await kazoo(server), 'AuthFailedError');
          copyFileSync(newer, keyTab);
          assert.equal(await kazoo(server), `[(31, 'sasl', 'bob@${REALM}')]`);
          if (kind === 'ours') assert.match(await server.member(1).log(), /"SASL_FAILED".*its connection is closed/);
        });
      });
    }

    it('only clients with tickets are served where sasl is enforced', async () => {
      const keyTab = await kdc.keyTab(SERVICE);
      await withServer('ours', keyTab, { sessionRequireClientSASLAuth: 'true' }, async (server) => {
        assert.equal(await kazoo(server), `[(31, 'sasl', 'bob@${REALM}')]`);
      });
    });
  });
}
