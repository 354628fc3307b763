// TLS, SASL and providers: what the settings make together, and what is refused with which words.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatFault, loadConfig } from '../../src/config/index.js';
import { JaasSyntaxError, parseJaas } from '../../src/config/jaas.js';
import { memoryFiles } from './memory-files.js';

const AUTH = 'org.apache.zookeeper.server.auth';
const JAAS = `Server { ${AUTH}.DigestLoginModule required user_super="s" user_bob="b"; };
QuorumServer { ${AUTH}.DigestLoginModule required user_zk="q"; };
QuorumLearner { ${AUTH}.DigestLoginModule required username="zk" password="q"; };
Kerberos { com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true keyTab="/k" principal="zookeeper/h@R"; };
Empty { com.example.OtherModule optional; };
`;

async function load(lines: readonly string[], jaas = JAAS) {
  const list = [1, 2, 3].map((sid) => `server.${sid}=h${sid}:2888:3888`);
  const isQuorum = lines.some((line) => /^(quorum\.|sslQuorum|ssl\.quorum)/.test(line));
  const head = ['tickTime=2000', 'dataDir=/data', 'clientPort=2181', 'initLimit=5', 'syncLimit=2'];
  const { config, faults } = await loadConfig({
    disk: memoryFiles({
      '/conf/zoo.cfg': [...head, ...(isQuorum ? list : []), ...lines, ''].join('\n'),
      '/conf/jaas.conf': jaas,
      '/data/myid': '1\n',
    }),
    configFile: '/conf/zoo.cfg',
    workingDir: '/conf',
    env: {},
  });
  return { config, words: faults.filter(({ severity }) => severity === 'error').map(formatFault) };
}

const WITH_JAAS = 'java.security.auth.login.config=/conf/jaas.conf';

describe('JAAS files', () => {
  it('are read as Java reads them', () => {
    const [one, two] = parseJaas(
      `/* users */ A { x.Y required k="a\\"b" 'l'=word; z.W OPTIONAL; }; // end\n"B C" { };`,
    );
    assert.deepEqual(one, {
      name: 'A',
      line: 1,
      entries: [
        {
          module: 'x.Y',
          flag: 'required',
          options: new Map([
            ['k', 'a"b'],
            ['l', 'word'],
          ]),
        },
        { module: 'z.W', flag: 'optional', options: new Map() },
      ],
    });
    assert.equal(two?.name, 'B C');
  });

  const BROKEN: readonly (readonly [text: string, line: number, words: RegExp])[] = [
    ['A { x.Y required;\n}', 2, /";" should stand here, but there is the end of the file/],
    ['A { x.Y needed; };', 1, /required, requisite, sufficient, optional should stand here/],
    ['A {\n x.Y required user_a="secret"\n user_b; };', 3, /"=" should stand here/],
    ['A { x.Y required k="open; };', 1, /never closed/],
    ['};', 1, /the name of a section/],
  ];
  for (const [text, line, words] of BROKEN) {
    it(`tell where they are broken: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseJaas(text),
        (error) => error instanceof JaasSyntaxError && error.line === line && words.test(error.message),
      );
    });
  }

  it('never show a password in an error', () => {
    assert.throws(
      () => parseJaas('A { x.Y required user_a "secret"; };'),
      (error) => error instanceof JaasSyntaxError && !error.message.includes('secret'),
    );
  });
});

describe('settings of TLS', () => {
  it('are read with the suffix telling the type', async () => {
    const { config, words } = await load([
      'secureClientPort=2281',
      'secureClientPortAddress=0.0.0.0',
      'ssl.keyStore.location=/k.jks',
      'ssl.keyStore.passwordPath=secret.txt',
      'ssl.trustStore.location=/t.P12',
      'ssl.clientAuth=want',
      'ssl.enabledProtocols=TLSv1.3,TLSv1.2',
      'ssl.ciphersuites=TLS_AES_128_GCM_SHA256',
      'ssl.hostnameVerification=false',
      'ssl.clientHostnameVerification=true',
    ]);
    assert.deepEqual(words, []);
    assert.deepEqual(config?.clients.secureEndpoint, { host: '', port: 2281 });
    assert.deepEqual(config.clients.tls, {
      options: {
        keyStore: { path: '/k.jks', type: 'JKS', password: '', passwordPath: '/conf/secret.txt' },
        trustStore: { path: '/t.P12', type: 'PKCS12', password: '', passwordPath: null },
        clientAuth: 'want',
        protocols: ['TLSv1.2', 'TLSv1.3'],
        cipherSuites: ['TLS_AES_128_GCM_SHA256'],
        verifiesServerHost: false,
        verifiesClientHost: false,
        asksReverseDns: false,
        checksRevocation: false,
        asksOcsp: false,
        crlPath: null,
      },
      handshakeTimeoutMs: 5000,
    });
  });

  it('of the quorum are their own, and check hosts on both sides', async () => {
    const { config } = await load(['sslQuorum=true', 'ssl.quorum.keyStore.location=/q.pem', 'portUnification=true']);
    assert.equal(config?.clients.tls, null);
    const { tls, dialsTls, acceptsPlain } = config.quorumSecurity;
    assert.deepEqual([dialsTls, acceptsPlain, tls?.options.verifiesClientHost], [true, true, true]);
  });

  it('ask OCSP responders where they are told to', async () => {
    const clients = ['secureClientPort=2281', 'ssl.keyStore.location=/k.pem'];
    const quorum = ['sslQuorum=true', 'ssl.quorum.keyStore.location=/q.pem', 'ssl.quorum.ocsp=true'];
    const { config, words } = await load([...clients, ...quorum]);
    assert.deepEqual(words, []);
    const asks = [config?.clients.tls, config?.quorumSecurity.tls].map((tls) => tls?.options.asksOcsp);
    assert.deepEqual(asks, [false, true]);
    assert.equal((await load([...clients, 'ssl.ocsp=true'])).config?.clients.tls?.options.asksOcsp, true);
  });

  const REFUSED: readonly (readonly [lines: readonly string[], words: RegExp])[] = [
    [['secureClientPort=2281'], /ssl\.keyStore\.location: secureClientPort needs a certificate\. Add/],
    [['sslQuorum=true'], /ssl\.quorum\.keyStore\.location: sslQuorum needs a certificate\. Add/],
    [['client.portUnification=true', 'ssl.keyStore.location=/k.bcfks'], /BCFKS store, which only Java reads.*keytool/],
    [['secureClientPort=2281', 'ssl.keyStore.location=/k.store'], /does not tell what it is\. Set ssl\.keyStore\.type/],
    [
      ['secureClientPort=2281', 'ssl.keyStore.location=/k.pem', 'ssl.enabledProtocols=TLSv9'],
      /there is no protocol TLSv9 here/,
    ],
    [
      ['secureClientPort=2281', 'ssl.keyStore.location=/k.pem', 'ssl.context.supplier.class=com.example.Tls'],
      /ssl\.context\.supplier\.class: this server cannot do it/,
    ],
  ];
  for (const [lines, expected] of REFUSED) {
    it(`refuses ${lines.join(' ')}`, async () => assert.match((await load(lines)).words.join('\n'), expected));
  }
});

describe('settings of SASL', () => {
  it('take users from the section Server, or the one that is named', async () => {
    const { config } = await load([
      WITH_JAAS,
      'SASLAuthenticationProvider.superPassword=other',
      'superUser=super',
      'superUser.2=root',
    ]);
    assert.deepEqual(config?.access.sasl, {
      mechanism: 'DIGEST-MD5',
      users: new Map([
        ['super', 'other'],
        ['bob', 'b'],
      ]),
    });
    assert.deepEqual([...config.access.saslSuperUsers], ['super', 'root']);
    const named = await load([WITH_JAAS, 'sasl.serverconfig=Kerberos']);
    assert.deepEqual(named.config?.access.sasl, { mechanism: 'GSSAPI', principal: 'zookeeper/h@R', keyTab: '/k' });
    const none = await load([WITH_JAAS, 'sasl.serverconfig=Nobody']);
    assert.equal(none.config?.access.sasl, null);
  });

  it('take fips-mode only when it is written down', async () => {
    assert.deepEqual((await load([WITH_JAAS])).words, []);
    assert.deepEqual((await load([WITH_JAAS, 'fips-mode=false'])).words, []);
    const { words } = await load([WITH_JAAS, 'fips-mode=true']);
    assert.equal(words.length, 1);
    assert.match(words[0] ?? '', /fips-mode=true does not allow DIGEST-MD5/);
  });

  it('of the quorum are read from two sections', async () => {
    const all = [
      'quorum.auth.enableSasl=true',
      'quorum.auth.learnerRequireSasl=true',
      'quorum.auth.serverRequireSasl=true',
    ];
    const { config } = await load([WITH_JAAS, ...all]);
    assert.deepEqual(config?.quorumSecurity.sasl, {
      client: { mechanism: 'DIGEST-MD5', user: 'zk', password: 'q' },
      server: { mechanism: 'DIGEST-MD5', users: new Map([['zk', 'q']]) },
      servicePrincipal: 'zkquorum/localhost',
      serverRequires: true,
    });
  });

  const REFUSED: readonly (readonly [lines: readonly string[], words: RegExp])[] = [
    [['java.security.auth.login.config=/conf/absent.conf'], /there is no file \/conf\/absent\.conf/],
    [[WITH_JAAS, 'sasl.serverconfig=Empty'], /com\.example\.OtherModule, which this server does not know/],
    [['quorum.auth.enableSasl=true'], /no JAAS file is named/],
    [['quorum.auth.serverRequireSasl=true'], /quorum\.auth\.enableSasl is not true/],
    [[WITH_JAAS, 'quorum.auth.enableSasl=true', 'quorum.auth.learner.saslLoginContext=No'], /has no section No/],
    [['sessionRequireClientSASLAuth=true'], /scheme sasl is not available.*authProvider\.sasl=/],
    [['enforce.auth.enabled=true'], /enforce\.auth\.schemes is not set/],
    [['authProvider.1=com.example.Mine'], /cannot load the Java class com\.example\.Mine/],
  ];
  for (const [lines, expected] of REFUSED) {
    it(`refuses ${lines.join(' ')}`, async () => assert.match((await load(lines)).words.join('\n'), expected));
  }

  it('name providers by class or by module', async () => {
    const { config } = await load([
      `authProvider.1=${AUTH}.SASLAuthenticationProvider`,
      'authProvider.mine=./mine.mjs',
    ]);
    assert.deepEqual(config?.access.providers, [
      { kind: 'built-in', scheme: 'sasl' },
      { kind: 'module', key: 'authProvider.mine', path: '/conf/mine.mjs' },
    ]);
  });
});
