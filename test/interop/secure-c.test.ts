// The C client, built with SASL and TLS, on this server and on Apache ZooKeeper with the same stores and users.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { Authority } from '../support/certificates.js';
import { Ensemble } from '../support/ensemble.js';
import { javaServer } from '../support/java.js';
import { freePorts } from '../support/ports.js';
import { buildSecureClient } from './c-client.js';

const run = promisify(execFile);
const AUTH = 'org.apache.zookeeper.server.auth';
const PASSWORD = 'changeit';

if (process.env['ZK_TEST_LONG'] !== undefined) {
  describe('the C client with SASL and TLS', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zk-server-secure-c-'));
    const jaas = join(folder, 'jaas.conf');
    let program = '';

    before(() => {
      program = buildSecureClient(folder);
      const authority = Authority.create(folder);
      authority.issue({ name: 'server', altNames: 'IP:127.0.0.1,DNS:localhost', keyType: 'rsa' });
      for (const name of ['client', 'other']) authority.issue({ name, keyType: 'rsa' });
      Authority.create(folder, 'other-ca').issue({ name: 'stranger', keyType: 'rsa' });
      authority.jks('server', PASSWORD);
      authority.trustStore('JKS', PASSWORD);
      writeFileSync(
        jaas,
        `Server { ${AUTH}.DigestLoginModule required user_bob="bob-secret" user_eve="eve secret"; };\n`,
      );
      for (const [name, text] of Object.entries({ bob: 'bob-secret', eve: 'eve secret', wrong: 'nonsense' })) {
        writeFileSync(join(folder, `${name}.password`), `${text}\n`);
      }
    });
    after(() => {
      rmSync(folder, { recursive: true, force: true });
    });

    /** What the program says, mode by mode. */
    async function answers(port: number, tlsPort: number): Promise<string[]> {
      const ask = async (mode: string, to: number, path: string, ...more: string[]): Promise<string> => {
        const { stdout } = await run(program, [mode, `127.0.0.1:${to}`, path, ...more], { timeout: 60_000 });
        return `${mode} ${stdout.trim()}`;
      };
      const certificate = (name: string): string =>
        ['ca.crt', `${name}.crt`, `${name}.key`].map((file) => join(folder, file)).join(',') + ',';
      const password = (name: string): string => join(folder, `${name}.password`);
      return [
        await ask('tls', tlsPort, '/tls', certificate('client')),
        await ask('tls', tlsPort, '/tls', certificate('other')),
        await ask('tls', tlsPort, '/tls', certificate('stranger')),
        await ask('sasl', port, '/sasl', 'bob', password('bob')),
        await ask('sasl', port, '/sasl', 'bob', password('bob')),
        await ask('sasl', port, '/sasl', 'eve', password('eve')),
        await ask('sasl', port, '/sasl', 'bob', password('wrong')),
        await ask('plain', port, '/sasl'),
      ];
    }

    const EXPECTED = [
      'tls ok 1 x509 CN=client,O=zk',
      'tls error not authenticated',
      'tls error not connected',
      'sasl ok 1 sasl bob',
      'sasl ok 1 sasl bob',
      'sasl error not authenticated',
      'sasl error not connected',
      'plain error invalid acl',
    ];

    for (const kind of ['zk-server', 'Apache ZooKeeper'] as const) {
      it(`is answered as it should be by ${kind}`, async () => {
        const [tlsPort = 0] = await freePorts(1);
        const login = `java.security.auth.login.config=${jaas}`;
        const ensemble = await Ensemble.create({
          servers: 1,
          config: {
            secureClientPort: tlsPort,
            'ssl.keyStore.location': join(folder, 'server.jks'),
            'ssl.keyStore.password': PASSWORD,
            'ssl.trustStore.location': join(folder, 'ca-trust.jks'),
            'ssl.trustStore.password': PASSWORD,
            'authProvider.sasl': `${AUTH}.SASLAuthenticationProvider`,
          },
          ...(kind === 'zk-server'
            ? { env: { SERVER_JVMFLAGS: `-D${login}` } }
            : {
                command: (_index: number, file: string) =>
                  javaServer(file, [
                    login,
                    'zookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
                  ]),
              }),
        });
        try {
          await ensemble.start();
          assert.deepEqual(await answers(ensemble.member(1).clientPort, tlsPort), EXPECTED);
        } finally {
          await ensemble.remove();
        }
      });
    }
  });
}
