import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Access, AuthConfigError, type AuthProvider, AuthProviders, digestId, ipId } from '../../src/auth/index.js';
import type { Acl, Id } from '../../src/protocol/index.js';
import { aclListBytes, ErrorCode, Perms } from '../../src/protocol/index.js';
import { aclText, parseAcl, parseId } from '../pipeline/texts.js';

const BOB = `digest:${digestId('bob:secret')}`;
const ADMIN_DIGEST = 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=';

function ids(text: string): Id[] {
  return text === '' ? [] : text.split(' ').map(parseId);
}

describe('ACL checks', () => {
  // ACL | who asks | for what | allowed
  const table = `
    empty                               |                      | cdrwa | yes
    world:anyone=r                      |                      | r     | yes
    world:anyone=r                      |                      | w     | no
    world:anyone=r                      |                      | rw    | yes
    world:someone=r                     | world:someone        | r     | no
    ${BOB}=cdrwa                        | ${BOB}               | a     | yes
    ${BOB}=cdrwa                        | digest:bob:x         | a     | no
    ${BOB}=cdrwa                        |                      | a     | no
    ${BOB}=r,world:anyone=w             |                      | w     | yes
    ${BOB}=r,world:anyone=w             | ${BOB}               | r     | yes
    ${BOB}=r,world:anyone=w             | ${BOB}               | d     | no
    ip:10.1.0.0/16=r                    | ip:10.1.2.3          | r     | yes
    ip:10.1.0.0/16=r                    | ip:10.2.2.3          | r     | no
    ip:10.1.0.0/16=r                    | digest:10.1.2.3      | r     | no
    digest:x:y=                         | super:               | cdrwa | yes
    digest:x:y=r                        | super:joe            | a     | yes
    sasl:bob=r                          | sasl:bob             | r     | no
  `;
  for (const line of table.trim().split('\n')) {
    const [acl = '', who = '', perm = '', allowed] = line.split('|').map((cell) => cell.trim());
    it(line.trim(), () => {
      const perms = (parseAcl(`world:anyone=${perm}`) ?? [])[0]?.perms ?? 0;
      assert.equal(new Access().allows(parseAcl(acl) ?? [], perms, ids(who)), allowed === 'yes');
    });
  }

  it('are left out with skipACL', () => {
    const access = new Access(AuthProviders.standard(), { skipAcl: true });
    assert.ok(access.allows(parseAcl('digest:x:y=r') ?? [], Perms.write, []));
  });
});

describe('lists that clients ask for', () => {
  // asked for | by whom | what the node gets
  const table = `
    none                                |               | invalid
    empty                               |               | invalid
    world:anyone=cdrwa                  |               | world:anyone=cdrwa
    world:anyone=r,world:anyone=r       |               | world:anyone=r
    world:anyone=r,world:anyone=w       |               | world:anyone=r,world:anyone=w
    world:nobody=r                      |               | invalid
    world:=r                            |               | invalid
    :=r                                 |               | invalid
    auth:=cdr                           | ip:1.2.3.4    | invalid
    auth:=cdr                           | ip:1.2.3.4 digest:a:1 digest:b:2 | digest:a:1=cdr,digest:b:2=cdr
    auth:whatever=r,world:anyone=w      | digest:a:1    | digest:a:1=r,world:anyone=w
    auth:=r                             | sasl:joe      | invalid
    auth:=r                             | super:        | invalid
    digest:a=r                          |               | invalid
    digest:a:b=r                        |               | digest:a:b=r
    digest::b=r                         |               | digest::b=r
    digest:a:=r                         |               | invalid
    digest:a:b:c=r                      |               | invalid
    digest:a:b:=r                       |               | digest:a:b:=r
    sasl:joe=r                          |               | invalid
    super:=r                            |               | invalid
    ip:1.2.3.4=r                        |               | ip:1.2.3.4=r
    ip:1.2.3.4/32=r                     |               | ip:1.2.3.4/32=r
    ip:1.2.3.4/33=r                     |               | invalid
    ip:1.2.3.4/-1=r                     |               | invalid
    ip:1.2.3.4/=r                       |               | invalid
    ip:1.2.3.4/0=r                      |               | ip:1.2.3.4/0=r
    ip:1.2.3=r                          |               | invalid
    ip:1.2.3.256=r                      |               | invalid
    ip:localhost=r                      |               | invalid
    ip:fe80::1/64=r                     |               | ip:fe80::1/64=r
    ip:::/0=r                           |               | ip:::/0=r
    ip:1:2:3:4:5:6:7:8/128=r            |               | ip:1:2:3:4:5:6:7:8/128=r
    ip:1:2:3:4:5:6:7:8/129=r            |               | invalid
    ip:1:2:3:4:5:6:7=r                  |               | invalid
    ip:1::2::3=r                        |               | invalid
    ip:1:2:3:4::5:6:7:8=r               |               | invalid
    ip:12345::=r                        |               | invalid
    ip:g::=r                            |               | invalid
  `;
  for (const line of table.trim().split('\n')) {
    const [asked = '', who = '', expected] = line.split('|').map((cell) => cell.trim());
    it(line.trim(), () => {
      const fixed = new Access().fixup(parseAcl(asked), ids(who));
      assert.equal(typeof fixed === 'number' ? 'invalid' : aclText(fixed), expected);
    });
  }
});

describe('lists of clients that ask for much', () => {
  const COUNT = 2000;
  const users = ids(Array.from({ length: COUNT }, (_, n) => `digest:user${n}:x`).join(' '));

  it('are looked through once, however many entries differ', () => {
    let looks = 0;
    const asked = users.map((id) => ({
      get perms() {
        looks++;
        return Perms.read;
      },
      id,
    }));
    const fixed = new Access().fixup([...asked, ...asked], []);
    assert.ok(typeof fixed !== 'number' && fixed.length === COUNT);
    assert.ok(looks <= 4 * COUNT, `${looks} looks at ${2 * COUNT} entries`);
  });

  it('keep what only looks alike', () => {
    const named = (scheme: string): AuthProvider => ({
      scheme,
      identifiesUser: true,
      authenticate: () => ({ kind: 'refused' }),
      isValidId: () => true,
      matches: () => false,
      userName: (id) => id,
    });
    const providers = AuthProviders.standard();
    for (const scheme of ['a', 'a ', '1 a']) providers.add(named(scheme));
    const entries: Acl[] = [
      { perms: 1, id: { scheme: 'a', id: ' b' } },
      { perms: 1, id: { scheme: 'a ', id: 'b' } },
      { perms: 1, id: { scheme: '1 a', id: ' b' } },
      { perms: 11, id: { scheme: 'a', id: ' b' } },
      { perms: 1, id: { scheme: 'a', id: 'b' } },
    ];
    assert.deepEqual(new Access(providers).fixup([...entries, ...entries], []), entries);
  });

  it('are refused when the users for `auth:` take more than they may', () => {
    const access = new Access();
    const asked = parseAcl('auth:=r,auth:again=w') ?? [];
    const fixed = access.fixup(asked, users);
    assert.ok(typeof fixed !== 'number' && fixed.length === 2 * COUNT);
    const userBytes = aclListBytes(fixed) - 4;
    assert.deepEqual(access.fixup(asked, users, userBytes), fixed);
    assert.equal(access.fixup(asked, users, userBytes - 1), ErrorCode.marshallingError);
  });
});

describe('addresses in ACLs', () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['10.20.30.40', '10.20.0.0/16', true],
    ['10.21.30.40', '10.20.0.0/16', false],
    ['10.20.30.40', '10.20.99.99/16', true],
    ['10.20.30.40', '10.20.28.0/22', true],
    ['10.20.32.1', '10.20.28.0/22', false],
    ['1.2.3.4', '0.0.0.0/0', true],
    ['1.2.3.4', '::/0', false],
    ['0:0:0:0:0:0:0:1', '::1', true],
    ['::1', '0:0:0:0:0:0:0:1/128', true],
    ['2001:db8::1:2', '2001:db8::/32', true],
    ['2001:db9::1:2', '2001:db8::/32', false],
    ['2001:db8:8000::', '2001:db8:8000::/33', true],
    ['2001:db8:7fff::', '2001:db8:8000::/33', false],
    ['fe80::1%eth0', 'fe80::/10', true],
    ['nonsense', '::/0', false],
    ['1.2.3.4', 'nonsense', false],
  ];
  const access = new Access();
  for (const [address, range, fits] of table) {
    it(`${address} ${fits ? 'is' : 'is not'} in ${range}`, () => {
      const acl = [{ perms: Perms.read, id: { scheme: 'ip', id: range } }];
      for (let again = 0; again < 2; again++) {
        assert.equal(access.allows(acl, Perms.read, [{ scheme: 'ip', id: address }]), fits);
      }
    });
  }

  for (const [host, id] of [
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['2001:DB8::a0', '2001:db8:0:0:0:0:0:a0'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1%eth0'],
  ] as const) {
    it(`a client from ${host} is ip:${id}`, () => {
      assert.deepEqual(ipId(host), { scheme: 'ip', id });
    });
  }
});

describe('authentication', () => {
  const client = { remoteHost: '10.0.0.7', certificates: [] };
  const ask = (access: Access, scheme: string, auth: string): unknown =>
    access.authenticate({ scheme, auth: Buffer.from(auth) }, client);

  it('makes a digest of user and password', () => {
    // Values that ZooKeeper's own documentation and tests name.
    assert.equal(digestId('super:admin'), ADMIN_DIGEST);
    assert.equal(digestId('super:test'), 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=');
    assert.deepEqual(ask(new Access(), 'digest', 'super:admin'), {
      kind: 'accepted',
      ids: [{ scheme: 'digest', id: ADMIN_DIGEST }],
    });
    assert.deepEqual(ask(new Access(), 'digest', 'bob:a:b'), {
      kind: 'accepted',
      ids: [{ scheme: 'digest', id: digestId('bob:a:b') }],
    });
    assert.match(digestId('nocolon'), /^nocolon:/);
  });

  it('reads user and password as Java does', () => {
    const { providers } = new Access();
    for (const [hex, text] of [
      ['6a6f653aff', 'joe:\ufffd'],
      ['eda0803a78', '\ufffd:x'],
      ['c0af3a78', '\ufffd\ufffd:x'],
    ] as const) {
      const ids = [{ scheme: 'digest', id: digestId(text) }];
      assert.deepEqual(providers.get('digest')?.authenticate(Buffer.from(hex, 'hex'), client), {
        kind: 'accepted',
        ids,
      });
    }
  });

  it('knows the super user by its digest', () => {
    const options = { digestEnabled: true, algorithm: 'SHA1', superDigest: ADMIN_DIGEST };
    const access = new Access(AuthProviders.standard(options));
    assert.deepEqual(ask(access, 'digest', 'super:admin'), {
      kind: 'accepted',
      ids: [
        { scheme: 'super', id: '' },
        { scheme: 'digest', id: ADMIN_DIGEST },
      ],
    });
    assert.deepEqual(ask(access, 'digest', 'super:wrong'), {
      kind: 'accepted',
      ids: [{ scheme: 'digest', id: digestId('super:wrong') }],
    });
  });

  it('uses the configured algorithm', () => {
    assert.equal(digestId('a:b', 'SHA-256'), 'a:Z4OjHqv2jMwGYPk1wIJigr3SJB86gKny0Q1Zrqnrtdg=');
    assert.equal(digestId('a:b', 'SHA-512/256').length, 46);
    assert.throws(
      () => AuthProviders.standard({ digestEnabled: true, algorithm: 'ROT13', superDigest: null }),
      (error) => error instanceof AuthConfigError && /ROT13/.test(error.message),
    );
  });

  it('takes addresses from the connection', () => {
    assert.deepEqual(ask(new Access(), 'ip', '1.2.3.4'), { kind: 'accepted', ids: [{ scheme: 'ip', id: '10.0.0.7' }] });
  });

  it('refuses schemes that it does not know', () => {
    assert.deepEqual(ask(new Access(), 'sasl', 'x'), { kind: 'refused' });
    assert.deepEqual(ask(new Access(), 'world', 'anyone'), { kind: 'refused' });
    const off = AuthProviders.standard({ digestEnabled: false, algorithm: 'SHA1', superDigest: null });
    assert.deepEqual(ask(new Access(off), 'digest', 'a:b'), { kind: 'refused' });
    assert.deepEqual(off.schemes, ['ip']);
  });

  it('tells users without what proves them', () => {
    const known = ids(`ip:10.0.0.7 ${BOB} super: sasl:joe`);
    assert.deepEqual(new Access().describe(known), [
      { scheme: 'ip', user: '10.0.0.7' },
      { scheme: 'digest', user: 'bob' },
      { scheme: 'super', user: '' },
      { scheme: 'sasl', user: '' },
    ]);
  });

  it('asks providers of one’s own', () => {
    const asked: unknown[] = [];
    const key: AuthProvider = {
      scheme: 'key',
      identifiesUser: true,
      authenticate: () => ({ kind: 'disconnect' }),
      isValidId: (id) => id !== '',
      matches: (question) => {
        asked.push(question);
        return question.expression === '*';
      },
      userName: (id) => id,
    };
    const providers = AuthProviders.standard();
    providers.add(key);
    const access = new Access(providers);
    const acl = parseAcl('key:*=r') ?? [];
    assert.deepEqual(ask(access, 'key', ''), { kind: 'disconnect' });
    assert.equal(access.fixup(parseAcl('key:=r'), []), ErrorCode.invalidACL);
    assert.deepEqual(access.fixup(parseAcl('auth:=r'), ids('key:k')), parseAcl('key:k=r'));
    assert.ok(access.allows(acl, Perms.read, ids('key:k'), '/a', acl));
    assert.deepEqual(asked, [{ id: 'k', expression: '*', perm: Perms.read, path: '/a', newAcl: acl }]);
  });
});
