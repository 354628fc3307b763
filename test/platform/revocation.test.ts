// Handshakes with ssl.ocsp beside OpenSSL's own responder, and with ssl.crl and OpenSSL's lists: who is good gets in, and nobody of
// whom nothing is known.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { TlsContext, TlsOptions } from '../../src/host/index.js';
import { createRealHost } from '../../src/platform/index.js';
import { faketimeLibrary } from '../chaos/cluster.js';
import { Authority } from '../support/certificates.js';
import { OcspResponder } from '../support/ocsp-responder.js';
import { freePorts } from '../support/ports.js';
import { connected } from './network-pair.js';
import { TLS_RULES } from './tls-rules.js';

const TIMEOUT_MS = 20_000;
const folder = mkdtempSync(join(tmpdir(), 'zk-ocsp-'));
const host = createRealHost({ log: { level: 'fatal' } });
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await host.close();
});

/** Answers every question in the same way. */
async function answering(port: number, status: number, body: Buffer): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(status, { 'content-type': 'application/ocsp-response' }).end(body);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** What OpenSSL answers for `name` on a day that `date` tells, as a file. */
function answerOf(name: string, date: string): Buffer {
  const args = ['ocsp', '-index', 'ca.index', '-CA', 'ca.crt', '-rsigner', 'ca.crt', '-rkey', 'ca.key'];
  const request = ['-issuer', 'ca.crt', '-cert', `${name}.crt`, '-no_nonce', '-reqout', `${name}.request`];
  execFileSync('openssl', ['ocsp', ...request], { cwd: folder, stdio: 'ignore' });
  // Not the program faketime: it fails where one that was killed had its process id.
  const env = { ...process.env, LD_PRELOAD: faketimeLibrary(), FAKETIME: date };
  const files = ['-reqin', `${name}.request`, '-respout', `${name}.response`];
  execFileSync('openssl', [...args, ...files, '-nmin', '60', '-noverify'], { cwd: folder, stdio: 'ignore', env });
  return readFileSync(join(folder, `${name}.response`));
}

function load(name: string, more: Partial<TlsOptions> = {}): Promise<TlsContext> {
  const store = (path: string) => ({ path, type: 'PEM', password: '', passwordPath: null }) as const;
  return host.network.loadTls({
    ...TLS_RULES,
    asksOcsp: true,
    keyStore: store(join(folder, `${name}.pem`)),
    trustStore: store(join(folder, 'ca.crt')),
    ...more,
  });
}

/** `ok`, or with which words the handshake fails: at the accepting side, which asks about `client`, or at the dialling one. */
async function handshake(client: string, more: Partial<TlsOptions> = {}, server = 'server'): Promise<string> {
  const rules = { protocols: ['TLSv1.3'], ...more } as const;
  const [accepting, dialling] = [await load(server, rules), await load(client, { asksOcsp: false, ...rules })];
  return meet(accepting, dialling);
}

async function meet(accepting: TlsContext, dialling: TlsContext): Promise<string> {
  const pair = await connected(host);
  const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  const [far, near] = await Promise.allSettled([
    host.network.secure(pair.server, { context: accepting, side: 'accept', timeoutMs: TIMEOUT_MS }),
    host.network.secure(pair.client, {
      context: dialling,
      side: 'dial',
      timeoutMs: TIMEOUT_MS,
      peerHost: '127.0.0.1',
    }),
  ]);
  for (const end of [far, near]) if (end.status === 'fulfilled') end.value.destroy();
  await pair.listener.close();
  const said = far.status === 'rejected' ? [words(far.reason)] : [];
  if (near.status === 'rejected') said.push(`dialling: ${words(near.reason)}`);
  return said.length === 0 ? 'ok' : said.join('; ');
}

describe('ssl.ocsp', () => {
  let [port, upper] = [0, 0];
  let authority: Authority;
  before(async () => {
    [port = 0, upper = 0] = await freePorts(2);
    authority = Authority.create(folder);
    const other = Authority.create(folder, 'stranger');
    const responder = `http://127.0.0.1:${port}/`;
    authority.issue({ name: 'server', altNames: 'IP:127.0.0.1', responder });
    for (const name of ['good', 'revoked', 'unknown']) authority.issue({ name, responder });
    authority.issue({ name: 'rsa', responder, keyType: 'rsa' });
    authority.issue({ name: 'silent' });
    authority.issue({ name: 'delegate', extension: 'extendedKeyUsage=OCSPSigning' });
    authority.issue({ name: 'usurper' });
    other.issue({ name: 'outsider', extension: 'extendedKeyUsage=OCSPSigning' });
    authority.note('server', 'good', 'rsa', 'silent');
    authority.revoke('revoked');
    authority.issue({
      name: 'between',
      responder: `http://127.0.0.1:${upper}/`,
      extension: 'basicConstraints=critical,CA:TRUE',
    });
    authority.note('between');
    const between = Authority.of(folder, 'between');
    between.issue({ name: 'below', responder });
    between.issue({ name: 'second', extension: 'extendedKeyUsage=OCSPSigning' });
    between.note('below');
    writeFileSync(
      join(folder, 'below.pem'),
      ['below.key', 'below.crt', 'between.crt'].map((file) => readFileSync(join(folder, file), 'utf8')).join('\n'),
    );
  });
  const cases: readonly { title: string; client: string; signer?: string; says: RegExp }[] = [
    { title: 'lets in who is good', client: 'good', says: /^ok$/ },
    { title: 'lets in who is good with a key of RSA', client: 'rsa', says: /^ok$/ },
    { title: 'believes whom the issuer made his responder', client: 'good', signer: 'delegate', says: /^ok$/ },
    {
      title: 'refuses who is revoked',
      client: 'revoked',
      says: /its certificate \(.*CN=revoked\) is revoked, says http/,
    },
    { title: 'refuses who is revoked, says the delegate', client: 'revoked', signer: 'delegate', says: /is revoked/ },
    { title: 'refuses whom the responder does not know', client: 'unknown', says: /CN=unknown\) is not known to http/ },
    { title: 'refuses who names no responder', client: 'silent', says: /CN=silent\) names no OCSP responder/ },
    {
      title: 'does not believe another certificate of the issuer',
      client: 'good',
      signer: 'usurper',
      says: /may be revoked, for .* does not tell: .*not authorized/,
    },
    {
      title: 'does not believe another authority',
      client: 'good',
      signer: 'outsider',
      says: /may be revoked, for .* does not tell: .*chain/,
    },
  ];
  for (const { title, client, signer = 'ca', says } of cases) {
    it(title, async () => {
      const responder = await OcspResponder.start(folder, port, signer);
      try {
        assert.match(await handshake(client), says);
      } finally {
        await responder.stop();
      }
    });
  }

  it('asks with TLSv1.2, too, and at the side that dials', async () => {
    const responder = await OcspResponder.start(folder, port, 'ca');
    try {
      for (const protocols of [['TLSv1.2'], ['TLSv1.3']] as const) {
        assert.equal(await handshake('good', { protocols, asksOcsp: true }), 'ok');
        assert.match(await handshake('revoked', { protocols }), /is revoked/);
        const dialling = await load('good', { protocols, verifiesServerHost: false });
        const accepting = await load('revoked', { protocols, asksOcsp: false });
        assert.match(await meet(accepting, dialling), /^dialling: .*CN=revoked\) is revoked/);
      }
    } finally {
      await responder.stop();
    }
  });

  it('asks nobody about who shows no certificate and need not', async () => {
    const accepting = await load('server', { clientAuth: 'want' });
    assert.equal(await meet(accepting, await load('good', { keyStore: null, asksOcsp: false })), 'ok');
  });

  it('refuses all while no responder answers', async () => {
    assert.match(await handshake('good'), /may be revoked, for .* does not tell: .*ECONNREFUSED/);
  });

  it('asks about the authorities in between', async () => {
    let [responder, above] = [
      await OcspResponder.start(folder, port, 'between', 'between'),
      await OcspResponder.start(folder, upper, 'ca'),
    ];
    try {
      assert.equal(await handshake('below'), 'ok');
      await responder.stop();
      responder = await OcspResponder.start(folder, port, 'second', 'between');
      assert.equal(await handshake('below'), 'ok');
      await above.stop();
      assert.match(await handshake('below'), /CN=between\) may be revoked/);
      authority.revoke('between');
      above = await OcspResponder.start(folder, upper, 'ca');
      assert.match(await handshake('below'), /CN=between\) is revoked/);
    } finally {
      await Promise.all([responder.stop(), above.stop()]);
    }
  });

  const wrong: readonly { title: string; status?: number; body: () => Buffer; says: RegExp }[] = [
    { title: 'an answer of yesterday', body: () => answerOf('good', '-1d'), says: /its answer is stale since/ },
    { title: 'an answer of tomorrow', body: () => answerOf('good', '+1d'), says: /its answer is of .* to come/ },
    { title: 'the answer for another', body: () => answerOf('rsa', '+0d'), says: /it answers for another certificate/ },
    { title: 'an answer that was changed', body: () => changed(answerOf('good', '+0d')), says: /does not tell: / },
    { title: 'bytes that are none', body: () => Buffer.from('hello'), says: /does not tell: / },
    { title: 'no bytes', body: () => Buffer.alloc(0), says: /does not tell: / },
    { title: 'an endless answer', body: () => Buffer.alloc(100_000), says: /longer than 65536 bytes/ },
    { title: '"try later"', body: () => Buffer.from('30030a0103', 'hex'), says: /it answers tryLater/ },
    { title: 'an error of HTTP', status: 500, body: () => answerOf('good', '+0d'), says: /HTTP status 500/ },
  ];
  for (const { title, status = 200, body, says } of wrong) {
    it(`takes ${title} for none`, async () => {
      const server = await answering(port, status, body());
      try {
        assert.match(await handshake('good'), says);
      } finally {
        server.close();
      }
    });
  }

  it('takes an answer that somebody keeps, as long as it holds', async () => {
    const server = await answering(port, 200, answerOf('good', '-10m'));
    try {
      assert.equal(await handshake('good'), 'ok');
    } finally {
      server.close();
    }
  });

  it('is over when the client is gone or the time is', async () => {
    const server = createServer((incoming) => incoming.resume());
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    try {
      const pair = await connected(host);
      const accepting = host.network.secure(pair.server, {
        context: await load('server'),
        side: 'accept',
        timeoutMs: 300,
      });
      const refused = assert.rejects(accepting, { name: 'NetworkError', code: 'TIMEOUT' });
      const near = await host.network.secure(pair.client, {
        context: await load('good', { asksOcsp: false }),
        side: 'dial',
        timeoutMs: TIMEOUT_MS,
        peerHost: '127.0.0.1',
      });
      await refused;
      near.destroy();
      await pair.listener.close();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('ssl.crl', () => {
  const lists: Partial<TlsOptions> = { asksOcsp: false, checksRevocation: true };
  let authority: Authority;
  before(() => {
    authority = Authority.create(folder, 'lister');
    authority.issue({ name: 'guard', altNames: 'IP:127.0.0.1' });
    for (const name of ['clean', 'later', 'listed']) authority.issue({ name });
  });

  /** `trust`: file with the authority's certificate, and perhaps with lists. */
  async function meets(client: string, accepting: Partial<TlsOptions>, trust = 'lister.crt'): Promise<string> {
    const trustStore = { path: join(folder, trust), type: 'PEM', password: '', passwordPath: null } as const;
    const dialling = await load(client, { asksOcsp: false, trustStore });
    return meet(await load('guard', { trustStore, ...lists, ...accepting }), dialling);
  }

  it('refuses who is in the list, whether it is a file of its own or in the trust store', async () => {
    const crlPath = authority.revoke('listed');
    const both = ['lister.crt', 'lister.crl'].map((file) => readFileSync(join(folder, file), 'utf8'));
    writeFileSync(join(folder, 'trust-and-list.pem'), both.join('\n'));
    for (const protocols of [['TLSv1.2'], ['TLSv1.3']] as const) {
      assert.equal(await meets('clean', { crlPath, protocols }), 'ok');
      assert.match(await meets('listed', { crlPath, protocols }), /not trusted \(CERT_REVOKED\)/);
    }
    assert.equal(await meets('clean', {}, 'trust-and-list.pem'), 'ok');
    assert.match(await meets('listed', {}, 'trust-and-list.pem'), /not trusted \(CERT_REVOKED\)/);
  });

  it('refuses at the side that dials, too', async () => {
    const trustStore = { path: join(folder, 'lister.crt'), type: 'PEM', password: '', passwordPath: null } as const;
    const dialling = await load('clean', {
      trustStore,
      ...lists,
      crlPath: authority.revoke(),
      verifiesServerHost: false,
    });
    const accepting = await load('listed', { trustStore, asksOcsp: false });
    assert.match(await meet(accepting, dialling), /dialling: .*revoked/i);
  });

  it('goes by a new list from when it is loaded', async () => {
    const crlPath = authority.revoke();
    const trustStore = { path: join(folder, 'lister.crt'), type: 'PEM', password: '', passwordPath: null } as const;
    const accepting = await load('guard', { trustStore, ...lists, crlPath });
    const dialling = await load('later', { trustStore, asksOcsp: false });
    assert.equal(await meet(accepting, dialling), 'ok');
    authority.revoke('later');
    assert.equal(await accepting.reload(), true);
    assert.match(await meet(accepting, dialling), /CERT_REVOKED/);
  });

  it('takes an old list for none', async () => {
    const ca = ['ca', '-config', 'lister.cnf', '-cert', 'lister.crt', '-keyfile', 'lister.key'];
    const times = ['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate', '20200102000000Z'];
    execFileSync('openssl', [...ca, '-gencrl', ...times, '-out', 'old.crl'], { cwd: folder, stdio: 'ignore' });
    assert.match(await meets('clean', { crlPath: join(folder, 'old.crl') }), /not trusted \(CRL_HAS_EXPIRED\)/);
  });
});

/** With one bit of the signed part turned over. */
function changed(answer: Buffer): Buffer {
  const copy = Buffer.from(answer);
  const at = Math.floor(copy.length / 3);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}
