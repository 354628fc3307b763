// Kerberos of a JAAS file: what is loaded, and what is refused with its mend. The package itself is played by a fake one.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadKerberos, loadQuorumKerberos } from '../../src/cli/kerberos.js';
import { loadConfig, type ServerConfig } from '../../src/config/index.js';
import { createRealHost } from '../../src/platform/index.js';

const folder = mkdtempSync(join(tmpdir(), 'zk-kerberos-'));
const host = createRealHost({ log: { level: 'fatal' } });
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await host.close();
});

const PRINCIPAL = 'zookeeper/localhost@ZK.TEST';
const FIXTURE = readFileSync(new URL('../auth/fixtures/kerberos.json', import.meta.url), 'utf8');
const KEY_TAB = Buffer.from((JSON.parse(FIXTURE) as { keyTab: string }[])[0]?.keyTab ?? '', 'base64');
const keyTab = join(folder, 'zk.keytab');
writeFileSync(keyTab, KEY_TAB);

async function configOf(options: string, lines = ''): Promise<ServerConfig> {
  const jaas = join(folder, 'jaas.conf');
  writeFileSync(jaas, `Server { com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true ${options}; };\n`);
  const configFile = join(folder, 'zoo.cfg');
  const text = `dataDir=${folder}\nclientPort=2181\njava.security.auth.login.config=${jaas}\n${lines}`;
  writeFileSync(configFile, text);
  const { config } = await loadConfig({ disk: host.disk, configFile, workingDir: folder, env: {} });
  return config ?? assert.fail('no configuration');
}

const MODULE = 'com.sun.security.auth.module.Krb5LoginModule required';
const GOOD = `keyTab="${keyTab}" principal="${PRINCIPAL}"`;

/** Takes every token, and answers it turned around. */
const FAKE = {
  initializeServer: (service: string) => {
    assert.equal(service, '');
    const context = {
      username: null as string | null,
      targetName: null as string | null,
      response: null as string | null,
      step: (token: string) => {
        const bytes = Buffer.from(token, 'base64');
        context.username = 'bob@ZK.TEST';
        context.targetName = PRINCIPAL;
        context.response = bytes.reverse().toString('base64');
        return Promise.resolve(context.response);
      },
    };
    return Promise.resolve(context);
  },
};

describe('Kerberos of a JAAS file', () => {
  it('is not loaded where nobody asks for it', async () => {
    const config = await configOf(GOOD, 'sasl.serverconfig=Other\n');
    assert.equal(await loadKerberos(config, {}, () => assert.fail('loaded')), null);
  });

  it('has the keys of its principal, and tells the library where they are', async () => {
    const krb5 = join(folder, 'krb5.conf');
    writeFileSync(krb5, '[libdefaults]\n  default_realm = HOME.TEST\n');
    const env: Record<string, string> = {};
    const service = await loadKerberos(await configOf(GOOD, `java.security.krb5.conf=${krb5}\n`), env, () => FAKE);
    assert.deepEqual(env, { KRB5_KTNAME: `FILE:${keyTab}`, KRB5_CONFIG: krb5 });
    assert.equal(service?.principal, PRINCIPAL);
    assert.equal(service.defaultRealm, 'HOME.TEST');
    assert.deepEqual(
      (await service.keys()).map(({ type }) => type),
      [18],
    );
    const ticket = await service.verifier.accept(Buffer.from('abc'));
    assert.deepEqual(ticket, { reply: Buffer.from('cba'), client: 'bob@ZK.TEST', service: PRINCIPAL });
    assert.equal((await service.verifier.accept(Buffer.alloc(0))).reply, null, 'an empty answer is none');
  });

  it('takes the key table of the environment and the realm of its principal when nothing else is said', async () => {
    const env = { KRB5_KTNAME: `FILE:${keyTab}`, KRB5_CONFIG: join(folder, 'none.conf') };
    const service = await loadKerberos(await configOf(`principal="${PRINCIPAL}"`), env, () => FAKE);
    assert.equal(service?.defaultRealm, 'ZK.TEST');
  });

  const BETWEEN =
    'initLimit=5\nsyncLimit=5\nquorum.auth.enableSasl=true\nquorum.auth.learnerRequireSasl=true\nserver.1=a:2888:3888\nserver.2=b:2888:3888\n';
  /** The sections of servers, behind that of clients. */
  const betweenServers = (learner: string) =>
    `${GOOD}; };\nQuorumServer { ${MODULE} ${GOOD}; };\nQuorumLearner { ${MODULE} ${learner}`;

  it('has another login for dialling, with tickets of its key table or of somebody else', async () => {
    writeFileSync(join(folder, 'myid'), '1');
    const LOGINS: readonly (readonly [learner: string, env: Record<string, string>])[] = [
      [`useKeyTab=true ${GOOD}`, { KRB5_CLIENT_KTNAME: `FILE:${keyTab}`, KRB5CCNAME: 'MEMORY:zk-server' }],
      [`useTicketCache=true ticketCache="/tickets" principal="${PRINCIPAL}"`, { KRB5CCNAME: 'FILE:/tickets' }],
      [`useTicketCache=true principal="${PRINCIPAL}"`, {}],
    ];
    for (const [learner, expected] of LOGINS) {
      const env: Record<string, string> = {};
      const { service, tickets } = await loadQuorumKerberos(
        await configOf(betweenServers(learner), BETWEEN),
        env,
        () => FAKE,
      );
      assert.deepEqual(env, expected);
      assert.deepEqual([service?.principal, tickets?.principal], [PRINCIPAL, PRINCIPAL]);
      await service?.verifier.accept(Buffer.from('abc'));
      assert.equal(env['KRB5_KTNAME'], `FILE:${keyTab}`, 'named at each use');
    }
    assert.deepEqual(await loadQuorumKerberos(await configOf(GOOD), {}, () => assert.fail('loaded')), {
      service: null,
      tickets: null,
    });
  });

  it('between servers is refused without the package', async () => {
    const config = await configOf(betweenServers(GOOD), BETWEEN);
    await assert.rejects(loadQuorumKerberos(config, {}, notThere), {
      name: 'KerberosLoadError',
      message: /servers are to authenticate .* package kerberos .* npm install kerberos/,
    });
  });

  const notThere = () => {
    throw new Error("Cannot find module 'kerberos'\nRequire stack: ...");
  };
  const noTable = join(folder, 'no.keytab');
  const text = join(folder, 'text.keytab');
  writeFileSync(text, '[libdefaults]');
  const oldTypes = join(folder, 'old.keytab');
  // Type 18 stands behind the version: the last 0x0012 before the key's length of 32.
  const old = Buffer.from(KEY_TAB);
  old.writeUInt16BE(23, old.lastIndexOf(Buffer.from('00120020', 'hex')));
  writeFileSync(oldTypes, old);
  const REFUSED: readonly (readonly [what: string, options: string, message: RegExp])[] = [
    [
      'without the package',
      GOOD,
      /package kerberos .*Cannot find module 'kerberos'\)\. Install .*npm install kerberos/,
    ],
    ['without the key table', `keyTab="${noTable}" principal="${PRINCIPAL}"`, /no\.keytab cannot be read: ENOENT/],
    ['with something else as key table', `keyTab="${text}" principal="${PRINCIPAL}"`, /no key table .*ktadd/],
    [
      'without a key of its own',
      `keyTab="${keyTab}" principal="zookeeper/other@ZK.TEST"`,
      /no key of zookeeper\/other@ZK\.TEST, only of zookeeper\/localhost@ZK\.TEST/,
    ],
    ['with old keys only', `keyTab="${oldTypes}" principal="${PRINCIPAL}"`, /no AES key .*ktadd -e aes256/],
  ];
  for (const [what, options, message] of REFUSED) {
    it(`is refused ${what}`, async () => {
      await assert.rejects(loadKerberos(await configOf(options), {}, notThere), { name: 'KerberosLoadError', message });
    });
  }
});
