// With ssl.ocsp this server lets in whom Apache ZooKeeper lets in, beside the same responder.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { encodeToBuffer } from '../../src/jute/index.js';
import { writeConnectRequest } from '../../src/protocol/index.js';
import { Authority } from '../support/certificates.js';
import { Ensemble } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { javaServer } from '../support/java.js';
import { OcspResponder } from '../support/ocsp-responder.js';
import { freePorts } from '../support/ports.js';
import { frameOf } from '../support/wire-client.js';

const PASSWORD = 'changeit';
const NETTY = 'zookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory';

describe('clients whose certificates a responder knows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zk-server-revocation-'));
  let responderPort = 0;
  before(async () => {
    [responderPort = 0] = await freePorts(1);
    const authority = Authority.create(folder);
    const responder = `http://127.0.0.1:${responderPort}/`;
    authority.issue({ name: 'server', altNames: 'IP:127.0.0.1', keyType: 'rsa' });
    for (const name of ['good', 'revoked', 'unknown']) authority.issue({ name, responder, keyType: 'rsa' });
    authority.issue({ name: 'silent', keyType: 'rsa' });
    authority.note('good', 'silent');
    authority.revoke('revoked');
    authority.jks('server', PASSWORD);
    authority.trustStore('JKS', PASSWORD);
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Does the server answer the connect request of a client with this certificate? */
  function isServed(tlsPort: number, name: string): Promise<boolean> {
    const pem = readFileSync(join(folder, `${name}.pem`));
    const socket = connect({
      port: tlsPort,
      host: '127.0.0.1',
      key: pem,
      cert: pem,
      ca: readFileSync(join(folder, 'ca.crt')),
    });
    const request = { protocolVersion: 0, lastZxidSeen: 0, timeoutMs: 10_000, sessionId: 0n };
    const password = Buffer.alloc(16);
    socket.write(
      frameOf(
        encodeToBuffer((w) => writeConnectRequest(w, { ...request, password, readOnly: false, hasReadOnly: true })),
      ),
    );
    return new Promise((resolve) => {
      socket.once('data', () => {
        resolve(true);
        socket.destroy();
      });
      socket.on('error', () => undefined);
      socket.once('close', () => resolve(false));
    });
  }

  for (const kind of ['zk-server', 'Apache ZooKeeper'] as const) {
    it(`are served by ${kind} if they are good, and only then`, async () => {
      const [tlsPort = 0] = await freePorts(1);
      const ensemble = await Ensemble.create({
        servers: 1,
        config: {
          secureClientPort: tlsPort,
          'ssl.keyStore.location': join(folder, 'server.jks'),
          'ssl.keyStore.password': PASSWORD,
          'ssl.trustStore.location': join(folder, 'ca-trust.jks'),
          'ssl.trustStore.password': PASSWORD,
          'ssl.ocsp': 'true',
        },
        ...(kind === 'zk-server' ? {} : { command: (_index: number, file: string) => javaServer(file, [NETTY]) }),
      });
      const responder = await OcspResponder.start(folder, responderPort);
      try {
        await ensemble.start();
        // A responder that has just begun may leave the first question of a Java server unanswered.
        await eventually('the good one is served', 20_000, async () => (await isServed(tlsPort, 'good')) || undefined);
        const served: string[] = [];
        for (const name of ['good', 'revoked', 'unknown', 'silent']) {
          if (await isServed(tlsPort, name)) served.push(name);
        }
        assert.deepEqual(served, ['good']);
        await responder.stop();
        assert.equal(await isServed(tlsPort, 'good'), false, 'nobody tells that it is good');
      } finally {
        await responder.stop();
        await ensemble.remove();
      }
    });
  }
});
