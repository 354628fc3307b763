// The schemes beside digest and ip, and what a server demands of its clients.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  Access,
  AuthProviders,
  ClientSasl,
  EnsembleProvider,
  isX500Name,
  SaslProvider,
  subjectOf,
  X509Provider,
} from '../../src/auth/index.js';
import { ErrorCode, Perms } from '../../src/protocol/index.js';
import { SeededRandom } from '../fakes/seeded-random.js';

const folder = mkdtempSync(join(tmpdir(), 'zk-schemes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function certificate(subject: string): Buffer {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-utf8'];
  const file = join(folder, 'one.crt');
  execFileSync('openssl', [...args, '-subj', subject, '-keyout', join(folder, 'one.key'), '-out', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return new X509Certificate(readFileSync(file)).raw;
}

describe('subjects of certificates, as Java writes them', () => {
  const CASES: readonly (readonly [openssl: string, java: string])[] = [
    ['/C=DE/ST=Berlin/L=Berlin/O=Example/OU=Ops/CN=app', 'CN=app,OU=Ops,O=Example,L=Berlin,ST=Berlin,C=DE'],
    ['/DC=net/DC=example/UID=7/CN=Zoë', 'CN=Zoë,UID=7,DC=example,DC=net'],
    ['/O=Smith, Sons \\+ Co; "the" #1/CN= padded ', 'CN=\\ padded\\ ,O=Smith\\, Sons \\+ Co\\; \\"the\\" \\#1'],
    ['/CN=a/emailAddress=b@c.de', '1.2.840.113549.1.9.1=#16066240632e6465,CN=a'],
    ['/CN=back\\\\slash', 'CN=back\\\\slash'],
  ];
  for (const [openssl, java] of CASES) {
    it(java, () => assert.equal(subjectOf(certificate(openssl)), java));
  }

  it('of what is no certificate is none', () => {
    const good = certificate('/CN=x');
    assert.equal(subjectOf(Buffer.alloc(0)), null);
    for (let length = 0; length < 120; length++) subjectOf(good.subarray(0, length));
    assert.equal(subjectOf(good.subarray(0, 40)), null);
  });

  it('tells names from other texts', () => {
    for (const name of ['CN=app', 'cn=app, O="a, b"', 'CN=a\\,b,OU=c+UID=d', '1.2.3=x', ''])
      assert.ok(isX500Name(name), name);
    for (const text of ['app', 'XX=app', 'CN=a,', 'CN=a,b', '=x']) assert.ok(!isX500Name(text), text);
  });
});

const CLIENT = { remoteHost: '10.0.0.1', certificates: [] };

describe('scheme x509', () => {
  it('names the owner of the certificate, and the super user', () => {
    const certificates = [certificate('/O=zk/CN=admin')];
    const plain = new X509Provider(null).authenticate(Buffer.alloc(0), { ...CLIENT, certificates });
    assert.deepEqual(plain, { kind: 'accepted', ids: [{ scheme: 'x509', id: 'CN=admin,O=zk' }] });
    const provider = new X509Provider('CN=admin,O=zk');
    assert.deepEqual(provider.authenticate(Buffer.alloc(0), { ...CLIENT, certificates }), {
      kind: 'accepted',
      ids: [
        { scheme: 'super', id: 'CN=admin,O=zk' },
        { scheme: 'x509', id: 'CN=admin,O=zk' },
      ],
    });
    assert.deepEqual(provider.authenticate(Buffer.alloc(0), CLIENT), { kind: 'refused' });
  });
});

function access(options: ConstructorParameters<typeof Access>[1], anyUser: string | null = null): Access {
  const providers = AuthProviders.standard();
  providers.add(new SaslProvider(anyUser));
  return new Access(providers, options);
}

describe('scheme sasl', () => {
  const options = {
    users: new Map<string, string>(),
    superUsers: new Set(['root', 'admin@R']),
    dropsHost: false,
    dropsRealm: false,
    random: new SeededRandom(1),
  };
  const NAMES: readonly (readonly [user: string, host: boolean, realm: boolean, id: string])[] = [
    ['bob', false, false, 'bob'],
    ['zk/host@R', false, false, 'zk/host@R'],
    ['zk/host@R', true, false, 'zk@R'],
    ['zk/host@R', false, true, 'zk/host'],
    ['zk/host@R', true, true, 'zk'],
    ['a/b', true, true, 'a/b'],
    ['a@b@c', true, true, 'a@b@c'],
  ];
  for (const [user, dropsHost, dropsRealm, id] of NAMES) {
    it(`${user} is ${id}`, () => {
      assert.deepEqual(new ClientSasl({ ...options, dropsHost, dropsRealm }).idsOf(user), [{ scheme: 'sasl', id }]);
    });
  }

  it('gives super users the id that no ACL binds', () => {
    const sasl = new ClientSasl(options);
    assert.deepEqual(sasl.idsOf('root').at(-1), { scheme: 'super', id: '' });
    assert.deepEqual(sasl.idsOf('admin@R').at(-1), { scheme: 'super', id: '' });
  });

  it('matches ids, super and the name that stands for all', () => {
    const acl = (id: string) => [{ perms: Perms.all, id: { scheme: 'sasl', id } }];
    const may = (expression: string, id: string, anyUser: string | null) =>
      access({ skipAcl: false }, anyUser).allows(acl(expression), Perms.read, [{ scheme: 'sasl', id }]);
    assert.ok(may('bob', 'bob', null));
    assert.ok(!may('bob', 'eve', null));
    assert.ok(may('bob', 'super', null));
    assert.ok(may('anyone', 'eve', 'anyone'));
    assert.ok(!may('bob', 'eve', 'anyone'));
  });

  it('takes only Kerberos names into ACLs', () => {
    const fixed = (id: string) => access({ skipAcl: false }).fixup([{ perms: 1, id: { scheme: 'sasl', id } }], []);
    for (const id of ['bob', 'zk/host@R', 'a/b']) assert.notEqual(fixed(id), ErrorCode.invalidACL, id);
    assert.equal(fixed('a@b@c'), ErrorCode.invalidACL);
  });
});

describe('scheme ensemble', () => {
  it('turns away who looks for another ensemble, without an answer', () => {
    const told: string[] = [];
    const provider = new EnsembleProvider({ names: ['one', 'two'], onMismatch: (name) => told.push(name) });
    const answer = (text: string) => provider.authenticate(Buffer.from(text), CLIENT).kind;
    assert.deepEqual(['one', 'two', '', 'three'].map(answer), ['accepted', 'accepted', 'accepted', 'disconnect']);
    assert.deepEqual(told, ['three']);
    const lax = new EnsembleProvider({ names: null, onMismatch: () => assert.fail() });
    assert.equal(lax.authenticate(Buffer.from('x'), CLIENT).kind, 'accepted');
  });
});

describe('what a server demands', () => {
  const ids = (...schemes: readonly string[]) => schemes.map((scheme) => ({ scheme, id: 'x' }));

  it('admits who has an id of an enforced scheme', () => {
    const strict = access({ skipAcl: false, enforcedSchemes: ['sasl', 'digest'] });
    assert.ok(!strict.isAdmitted(ids('ip')));
    assert.ok(strict.isAdmitted(ids('ip', 'digest')));
    assert.ok(access({ skipAcl: false }).isAdmitted(ids('ip')));
  });

  const FAILURES: readonly (readonly [schemes: string[] | null, allows: boolean, answer: number | null])[] = [
    [null, false, ErrorCode.authFailed],
    [null, true, null],
    [['digest'], true, null],
    [['sasl'], true, ErrorCode.sessionClosedRequireSasl],
    [['sasl'], false, ErrorCode.sessionClosedRequireSasl],
  ];
  for (const [enforcedSchemes, allowSaslFailedClients, answer] of FAILURES) {
    it(`answers ${answer ?? 'nothing'} to a wrong proof (${JSON.stringify(enforcedSchemes)}, ${allowSaslFailedClients})`, () => {
      assert.equal(access({ skipAcl: false, enforcedSchemes, allowSaslFailedClients }).saslFailure, answer);
    });
  }
});
