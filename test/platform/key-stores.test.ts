// Stores of every type, revocation and cipher suites: what is read, and with which words what cannot be is refused.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { StoreType, TlsOptions, TlsStore } from '../../src/host/index.js';
import { openSslCipherName } from '../../src/platform/cipher-names.js';
import { createRealHost } from '../../src/platform/index.js';
import { readStore } from '../../src/platform/key-stores.js';
import { Authority } from '../support/certificates.js';
import { TLS_RULES } from './tls-rules.js';

const PASSWORD = 'changeit';
const folder = mkdtempSync(join(tmpdir(), 'zk-stores-'));
const host = createRealHost({ log: { level: 'fatal' } });
let authority: Authority;

function store(path: string, type: StoreType, password = PASSWORD): TlsStore {
  return { path, type, password, passwordPath: null };
}

function load(keyStore: TlsStore, more: Partial<TlsOptions> = {}): Promise<unknown> {
  return host.network.loadTls({
    ...TLS_RULES,
    keyStore,
    trustStore: store(authority.certificate, 'PEM'),
    ...more,
  });
}

describe('key stores', () => {
  before(() => {
    authority = Authority.create(folder);
    authority.issue({ name: 'ec', keyType: 'ec' });
    authority.issue({ name: 'rsa', keyType: 'rsa' });
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await host.close();
  });

  for (const name of ['ec', 'rsa']) {
    it(`are the same in every type (${name})`, () => {
      const pem = readStore(readFileSync(join(folder, `${name}.pem`)), '', { path: 'pem', type: 'PEM' });
      assert.equal(pem.chain.length, 1);
      for (const [path, type] of [
        [authority.pkcs12(name, PASSWORD), 'PKCS12'],
        [authority.jks(name, PASSWORD), 'JKS'],
      ] as const) {
        const content = readStore(readFileSync(path), PASSWORD, { path, type });
        assert.equal(content.key, pem.key, type);
        assert.equal(content.chain[0], pem.chain[0], type);
        assert.equal(content.chain.length, 2, type);
      }
    });
  }

  it('without a key have certificates', () => {
    const expected = readStore(readFileSync(authority.certificate), '', { path: '', type: 'PEM' }).others;
    for (const type of ['JKS', 'PKCS12'] as const) {
      const path = authority.trustStore(type, PASSWORD);
      assert.deepEqual(readStore(readFileSync(path), PASSWORD, { path, type }).others, expected, type);
    }
  });

  it('say what is wrong with them', async () => {
    const broken = join(folder, 'broken.p12');
    writeFileSync(broken, 'nothing of the kind');
    const jks = join(folder, 'rsa.jks');
    const CASES: readonly (readonly [keyStore: TlsStore, code: string, words: RegExp])[] = [
      [store(jks, 'JKS', 'wrong'), 'STORE_PASSWORD', /password does not open .*rsa\.jks/],
      [store(join(folder, 'rsa.p12'), 'PKCS12', 'wrong'), 'STORE_PASSWORD', /password does not open .*rsa\.p12/],
      [store(broken, 'PKCS12'), 'STORE_CONTENT', /broken\.p12 is no usable PKCS12 store/],
      [store(broken, 'JKS'), 'STORE_CONTENT', /broken\.p12 is no usable JKS store/],
      [store(broken, 'PEM'), 'STORE_CONTENT', /broken\.p12 is no usable PEM store: it has neither/],
      [store(authority.certificate, 'PEM'), 'STORE_CONTENT', /ca\.crt has no private key with its certificate/],
      [store(join(folder, 'no.pem'), 'PEM'), 'STORE_FILE', /no\.pem cannot be read: there is no such file/],
    ];
    for (const [keyStore, code, words] of CASES) {
      await assert.rejects(load(keyStore), (error: { code?: string; message: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, words);
        return true;
      });
    }
  });

  it('can be opened with a password from a file', async () => {
    const passwordPath = join(folder, 'password');
    writeFileSync(passwordPath, `${PASSWORD}\n`);
    await load({ ...store(join(folder, 'rsa.jks'), 'JKS', 'wrong'), passwordPath });
  });

  it('ask revocation lists only where there are some', async () => {
    const key = store(join(folder, 'rsa.pem'), 'PEM', '');
    await assert.rejects(load(key, { checksRevocation: true }), { code: 'REVOCATION' });
    await load(key, { checksRevocation: true, crlPath: authority.revoke('ec') });
  });

  it('go with the cipher suites that are there', async () => {
    const key = store(join(folder, 'rsa.pem'), 'PEM', '');
    await load(key, { cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] });
    await assert.rejects(load(key, { cipherSuites: ['TLS_NO_SUCH_SUITE'] }), {
      code: 'CIPHERS',
      message: /TLS_NO_SUCH_SUITE/,
    });
  });
});

describe('names of cipher suites', () => {
  const NAMES: readonly (readonly [registry: string, openSsl: string])[] = [
    ['TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
    ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
    ['TLS_DHE_RSA_WITH_AES_128_CBC_SHA256', 'DHE-RSA-AES128-SHA256'],
    ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
    ['TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384'],
    ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ];
  for (const [registry, openSsl] of NAMES) it(registry, () => assert.equal(openSslCipherName(registry), openSsl));
});
