// kazoo and zkCli.sh with TLS and with SASL, on this server and on Apache ZooKeeper with the same stores and users.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { Authority } from '../support/certificates.js';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { javaCommand, javaServer } from '../support/java.js';
import { freePorts } from '../support/ports.js';

const run = promisify(execFile);
const here = new URL('.', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'zk-server-secure-'));
const PASSWORD = 'changeit';
const jaas = join(folder, 'jaas.conf');
const AUTH = 'org.apache.zookeeper.server.auth';

/** What the script prints, line by line, at whatever server. */
const EXPECTED = `tls [(31, 'x509', 'CN=client,O=zk')]
tls again b'x'
tls super b'x'
tls other NoAuthError
tls stranger KazooTimeoutError
sasl [(31, 'sasl', 'bob')]
sasl again b'x'
sasl super b'x'
sasl other NoAuthError
sasl wrong AuthFailedError
sasl unknown AuthFailedError
plain NoAuthError
`;

function makeFiles(): Authority {
  const authority = Authority.create(folder);
  authority.issue({ name: 'server', altNames: 'IP:127.0.0.1,DNS:localhost', keyType: 'rsa' });
  for (const name of ['client', 'admin', 'other']) authority.issue({ name, keyType: 'rsa' });
  Authority.create(folder, 'other-ca').issue({ name: 'stranger', keyType: 'rsa' });
  for (const name of ['server', 'client']) authority.jks(name, PASSWORD);
  authority.trustStore('PKCS12', PASSWORD);
  authority.trustStore('JKS', PASSWORD);
  writeFileSync(
    jaas,
    `// users
Server {
  ${AUTH}.DigestLoginModule required
    user_super="super-secret" user_bob="bob-secret"
    user_eve="eve secret";
};
Client { ${AUTH}.DigestLoginModule required username="bob" password="bob-secret"; };
`,
  );
  return authority;
}

function settings(tlsPort: number): Record<string, string | number> {
  return {
    secureClientPort: tlsPort,
    'ssl.keyStore.location': join(folder, 'server.jks'),
    'ssl.keyStore.password': PASSWORD,
    'ssl.trustStore.location': join(folder, 'ca-trust.p12'),
    'ssl.trustStore.password': PASSWORD,
    'ssl.trustStore.type': 'PKCS12',
    'X509AuthenticationProvider.superUser': 'CN=admin,O=zk',
    'authProvider.sasl': `${AUTH}.SASLAuthenticationProvider`,
    superUser: 'super',
  };
}

async function answers(port: number, tlsPort: number): Promise<string> {
  const script = join(here, 'secure.py');
  const { stdout } = await run('/usr/bin/python3', [script, String(port), String(tlsPort), folder], {
    timeout: 150_000,
  });
  return stdout;
}

describe('TLS and SASL clients', () => {
  let ensemble: Ensemble;
  let tlsPort = 0;
  let authority: Authority;

  before(async () => {
    authority = makeFiles();
    tlsPort = (await freePorts(1))[0] ?? 0;
    ensemble = await Ensemble.create({
      servers: 1,
      config: { ...settings(tlsPort), 'client.portUnification': 'true', 'client.certReload': 'true' },
      env: { SERVER_JVMFLAGS: `-Djava.security.auth.login.config=${jaas}` },
    });
    await ensemble.start();
  });
  after(async () => {
    await ensemble.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const port = () => ensemble.member(1).clientPort;

  async function zkCli(properties: readonly string[], to: number, ...words: readonly string[]): Promise<string> {
    const [command = '', ...flags] = javaCommand('org.apache.zookeeper.ZooKeeperMain', properties);
    const { stdout } = await run(command, [...flags, '-server', `127.0.0.1:${to}`, ...words], { timeout: 60_000 });
    return stdout;
  }

  it('kazoo is answered as it should be', async () => {
    assert.equal(await answers(port(), tlsPort), EXPECTED);
  });

  it('Apache ZooKeeper answers it the same', async () => {
    const [otherTls = 0] = await freePorts(1);
    const java = await Ensemble.create({
      servers: 1,
      config: settings(otherTls),
      command: (_index, configFile) =>
        javaServer(configFile, [
          `java.security.auth.login.config=${jaas}`,
          'zookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
        ]),
    });
    try {
      await java.start();
      assert.equal(await answers(java.member(1).clientPort, otherTls), EXPECTED);
    } finally {
      await java.remove();
    }
  });

  it('zkCli.sh connects with TLS, on the TLS port and on the one for both', async () => {
    const tls = [
      'zookeeper.client.secure=true',
      'zookeeper.clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty',
      `zookeeper.ssl.keyStore.location=${join(folder, 'client.jks')}`,
      `zookeeper.ssl.keyStore.password=${PASSWORD}`,
      `zookeeper.ssl.trustStore.location=${join(folder, 'ca-trust.jks')}`,
      `zookeeper.ssl.trustStore.password=${PASSWORD}`,
    ];
    for (const to of [tlsPort, port()]) assert.match(await zkCli(tls, to, 'whoami'), /x509: CN=client,O=zk/);
  });

  it('zkCli.sh connects with SASL', async () => {
    assert.match(await zkCli([`java.security.auth.login.config=${jaas}`], port(), 'whoami'), /sasl: bob/);
  });

  async function tlsSocket(): Promise<TLSSocket> {
    const [ca, cert, key] = ['ca.crt', 'client.crt', 'client.key'].map((name) => readFileSync(join(folder, name)));
    const socket = connect({ port: tlsPort, host: '127.0.0.1', ca, cert, key });
    await once(socket, 'secureConnect');
    return socket;
  }

  async function tlsAnswer(word: string): Promise<string> {
    const socket = await tlsSocket();
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString()));
    socket.write(word);
    await once(socket, 'close');
    return text;
  }

  async function serialNumber(): Promise<string> {
    const socket = await tlsSocket();
    const serial = socket.getPeerX509Certificate()?.serialNumber ?? '';
    socket.destroy();
    return serial;
  }

  it('answers no four-letter word over TLS, and those of plain clients on the port for both', async () => {
    assert.equal(await tlsAnswer('srvr'), '');
    assert.match(await fourLetter(port(), 'srvr'), /Mode: standalone/);
    assert.match(await fourLetter(port(), 'conf'), new RegExp(`secureClientPort=${tlsPort}`));
  });

  it('shows a new certificate when the file changes, and keeps who is connected', async () => {
    const old = await serialNumber();
    const stays = await tlsSocket();
    authority.issue({ name: 'server', altNames: 'IP:127.0.0.1', keyType: 'rsa', subject: '/O=zk/CN=renewed' });
    rmSync(join(folder, 'server.jks'));
    authority.jks('server', PASSWORD);
    await eventually('the new certificate', 30_000, async () => (await serialNumber()) !== old || undefined);
    assert.equal(stays.destroyed, false);
    stays.destroy();
  });
});
