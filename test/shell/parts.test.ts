import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { OPEN_ACL_UNSAFE } from '../../src/protocol/index.js';
import {
  CliError,
  complete,
  parseLaunch,
  propertiesOfFlags,
  readProperties,
  saslOfProperties,
  tlsOfProperties,
} from '../../src/shell/index.js';
import { COMMANDS } from '../../src/shell/commands/index.js';
import { usageOf } from '../../src/shell/command.js';
import { hexDump, parseAcl, permsText } from '../../src/shell/formats.js';
import { isSecret } from '../../src/shell/edge/history-file.js';
import { parseArguments } from '../../src/shell/options.js';
import { Output } from '../../src/shell/output.js';
import { formatQuota, parseQuota } from '../../src/shell/quotas.js';
import { nest, type NodeCopy, unnest } from '../../src/shell/transfer.js';
import { quoted, wordsOf } from '../../src/shell/words.js';

describe('a line', () => {
  const lines: readonly [line: string, words: readonly string[]][] = [
    ['get /a', ['get', '/a']],
    ['  set  /a   "two words"  ', ['set', '/a', 'two words']],
    ['create /a \'it is "so"\'', ['create', '/a', 'it is "so"']],
    ['set /a in"side"', ['set', '/a', 'in"side"']],
    ['set /a ""', ['set', '/a', '']],
    ['', []],
    ['   ', []],
  ];
  for (const [line, words] of lines) {
    it(`is split: ${line}`, () => assert.deepEqual(wordsOf(line), words));
  }

  it('takes a quoted word for that word', () => {
    fc.assert(
      fc.property(fc.string(), (word) => {
        fc.pre(!(word.includes('"') && word.includes("'")) && !/^\s*$/.test(word));
        assert.deepEqual(wordsOf(`set /a ${quoted(word)}`), ['set', '/a', word]);
      }),
    );
  });
});

describe('options of a command', () => {
  const options = [
    { name: 's', describe: 'stats' },
    { name: 'w', describe: 'watch' },
    { name: 'v', hasValue: true, describe: 'version' },
    { name: 'add', hasValue: true, describe: 'new' },
  ];
  const good: readonly [words: string, rest: string, given: string][] = [
    ['/a', '/a', ''],
    ['-s /a', '/a', 's='],
    ['/a -sw b', '/a b', 's= w='],
    ['-v 5 /a', '/a', 'v=5'],
    ['-v5 /a', '/a', 'v=5'],
    ['-v=5 /a', '/a', 'v=5'],
    ['-v -1 /a', '/a', 'v=-1'],
    ['-add x -- -s', '-s', 'add=x'],
    ['- /a', '- /a', ''],
  ];
  for (const [words, rest, given] of good) {
    it(`are understood: ${words}`, () => {
      const args = parseArguments(words.split(' '), { options });
      assert.equal(args.rest.join(' '), rest);
      const found = options.filter(({ name }) => args.has(name)).map(({ name }) => `${name}=${args.value(name) ?? ''}`);
      assert.equal(found.join(' '), given);
    });
  }

  const bad: readonly [words: string, message: RegExp][] = [
    ['-q /a', /UnrecognizedOptionException: Unrecognized option: -q$/],
    ['-sq /a', /Unrecognized option: -sq$/],
    ['/a -v', /MissingArgumentException: Missing argument for option: v$/],
    ['-v -s', /Missing argument for option: v$/],
  ];
  for (const [words, message] of bad) {
    it(`are refused: ${words}`, () => assert.throws(() => parseArguments(words.split(' '), { options }), message));
  }

  it('may exclude each other', () => {
    const rules = { options: options.slice(2), exclusive: 'required' as const };
    assert.throws(() => parseArguments(['/a'], rules), /Missing required option: \[-v version, -add new\]/);
    assert.throws(() => parseArguments(['-v', '1', '-add', 'x'], rules), /'add' was specified .* 'v'/);
  });
});

describe('formats', () => {
  it('print usages with the table that zkCli.sh 3.9 has', () => {
    const set = COMMANDS.get('set');
    assert.ok(set !== undefined);
    assert.equal(
      usageOf(set),
      'set path data [-s] [-v version] [-b]\n -b         Supply data in base64 format\n' +
        ' -s         Print znode stats additionally\n -v <arg>   Set with an expected version\n',
    );
  });

  it('read ACLs and complain about what is wrong', () => {
    const complaints: string[] = [];
    const acls = parseAcl('world:anyone:cdrwa,digest:amy:a:b:rx,nonsense', (line) => complaints.push(line));
    assert.deepEqual(acls[0], OPEN_ACL_UNSAFE[0]);
    assert.deepEqual(acls[1], { perms: 1, id: { scheme: 'digest', id: 'amy:a:b' } });
    assert.deepEqual(complaints, ['Unknown perm type: x', 'nonsense does not have the form scheme:id:perm']);
    assert.equal(permsText(31), 'cdrwa');
  });

  it('dump bytes in rows of 16', () => {
    const lines = hexDump(Buffer.from('hello, world\u0000\u00ff!!')).split('\n');
    assert.equal(lines.length, 6);
    assert.equal(lines[3], '|00000000| 68 65 6c 6c 6f 2c 20 77 6f 72 6c 64 00 c3 bf 21 |hello, world...!|');
    assert.equal(lines[4], '|00000010| 21                                              |!               |');
    assert.equal(hexDump(Buffer.alloc(0)), '');
  });

  for (const text of ['count=1,bytes=-1', 'count=-1,bytes=-1=;byteHardLimit=1000;countHardLimit=10']) {
    it(`keep the quota ${text}`, () => assert.equal(formatQuota(parseQuota(text)), text));
  }

  it('keep a subtree as JSON and back', () => {
    const open = [...OPEN_ACL_UNSAFE];
    const copies: NodeCopy[] = [
      { path: '', data: null, acl: open },
      { path: '/a', data: Buffer.from([0xff, 0]), acl: open },
      { path: '/a/b', data: Buffer.from('text'), acl: open },
      {
        path: '/__proto__',
        data: Buffer.alloc(0),
        acl: parseAcl('ip:10.0.0.1:r', () => undefined),
      },
    ];
    assert.deepEqual(unnest(JSON.parse(JSON.stringify(nest(copies)))), copies);
  });

  const bad: readonly [json: string, message: RegExp][] = [
    ['3', /the root: a node must be an object/],
    ['{"data":1}', /the root: "data" must be/],
    ['{"children":{"a/b":{}}}', /"a\/b" cannot be a node's name/],
    ['{"children":{"a":{"acl":1}}}', /\/a: "acl" must be a text/],
    ['{"children":{"a":{"acl":"x"}}}', /\/a: x does not have the form/],
  ];
  for (const [json, message] of bad) {
    it(`refuse the subtree ${json}`, () => assert.throws(() => unnest(JSON.parse(json)), message));
  }
});

describe('completion', () => {
  const children: Readonly<Record<string, readonly string[]>> = { '/': ['app', 'apple', 'two words'], '/app': ['one'] };
  const cases: readonly [line: string, candidates: readonly string[], replaced: string][] = [
    ['getA', ['getAcl ', 'getAllChildrenNumber '], 'getA'],
    ['help sy', ['sync '], 'sy'],
    ['ls /a', ['/app', '/apple'], '/a'],
    ['ls -R /app/', ['/app/one'], '/app/'],
    ['cp /app /t', ['"/two words"'], '/t'],
    ['get -', ['-s ', '-w ', '-b ', '-x '], '-'],
    ['set /app v', [], 'v'],
    ['nonsense -', [], '-'],
  ];
  for (const [line, candidates, replaced] of cases) {
    it(`of "${line}"`, async () => {
      const found = await complete(line, (path) => Promise.resolve(children[path] ?? []));
      assert.deepEqual(found, [candidates, replaced]);
    });
  }
});

describe('the command line', () => {
  it('takes the options of zkCli.sh in front of a command', () => {
    const launch = parseLaunch('-server a:1,b:2/app -timeout 5000 -r -waitforconnection ls -R /'.split(' '));
    assert.equal(launch.server, 'a:1,b:2/app');
    assert.equal(launch.timeoutMs, 5000);
    assert.equal(launch.isReadOnly && launch.waitsForConnection, true);
    assert.deepEqual(launch.words, ['ls', '-R', '/']);
  });

  for (const words of ['-server', '-timeout x', '-timeout 0', '--output xml', '-sever a']) {
    it(`is refused: ${words}`, () =>
      assert.throws(
        () => parseLaunch(words.split(' ')),
        (error) => error instanceof CliError && error.exitCode === 2,
      ));
  }

  it('knows which lines hold secrets', () => {
    for (const line of ['addauth digest a:b', '  addauth x', '"addauth" digest a:b', 'ADDAUTH digest a']) {
      assert.equal(isSecret(line), true, line);
    }
    for (const line of ['ls /addauth', 'get /a', 'addauthority']) assert.equal(isSecret(line), false, line);
  });
});

describe('properties of Apache ZooKeeper’s client', () => {
  const noFile = (): string => assert.fail();

  it('turn TLS on', () => {
    const text = [
      'zookeeper.client.secure=true',
      'zookeeper.ssl.trustStore.location=/t.p12',
      'zookeeper.ssl.trustStore.password=a\\u0062c',
      'zookeeper.ssl.keyStore.location=/k',
      'zookeeper.ssl.keyStore.type=jks',
      'zookeeper.ssl.keyStore.passwordPath=/p',
      'zookeeper.ssl.hostnameVerification=false',
    ];
    const tls = tlsOfProperties(readProperties(Buffer.from(text.join('\n')), 'f'), () => 'secret\n');
    assert.deepEqual(tls?.trustStore, { path: '/t.p12', type: 'PKCS12', password: 'abc', passwordPath: null });
    assert.deepEqual(tls.keyStore, { path: '/k', type: 'JKS', password: 'secret', passwordPath: null });
    assert.equal(tls.verifiesServerHost, false);
    assert.equal(tlsOfProperties(new Map(), noFile), null);
  });

  it('name the user of a login configuration', () => {
    const flags = propertiesOfFlags('-Xmx1g -Djava.security.auth.login.config="/j.conf" -Dx=y');
    const jaas = 'Client { a.b.DigestLoginModule required username="bob" password="b s"; };';
    assert.deepEqual(
      saslOfProperties(flags, (path) => (path === '/j.conf' ? jaas : '')),
      { user: 'bob', password: 'b s' },
    );
    assert.throws(() => saslOfProperties(flags, () => 'Client { x.Krb5LoginModule required; };'), CliError);
    assert.equal(
      saslOfProperties(flags, () => 'Server { };'),
      null,
    );
    assert.equal(saslOfProperties(new Map(), noFile), null);
  });
});

describe('a bar of zk-cli', () => {
  function output(isTerminal: boolean) {
    const clock = { nowMs: 0 };
    const written: string[] = [];
    const sink = {
      out: (text: string) => written.push(text),
      err: (text: string) => written.push(text),
      hasColours: false,
      errHasColours: false,
      showsProgress: isTerminal,
      columns: 60,
      nowMs: () => clock.nowMs,
    };
    return { clock, written, out: new Output(sink, 'text') };
  }

  it('is drawn now and then, gives way to other lines and leaves nothing behind', () => {
    const { clock, written, out } = output(true);
    const bar = out.progress('writing /a', 400);
    for (; clock.nowMs < 2000; clock.nowMs += 10) bar.advance(1);
    assert.equal(written.length, 19);
    assert.equal(written.at(-1), '\r\u001b[Kwriting /a [####......]  47 %, 191 of 400, 0:03 left, 101/s');
    out.remark('something happened');
    bar.advance(1);
    bar.done();
    bar.advance(1);
    assert.deepEqual(written.slice(19, 21), ['\r\u001b[K', 'something happened\n']);
    assert.equal(written.at(-1), '\r\u001b[K');
  });

  it('is not drawn for what is over at once, nor where nobody watches', () => {
    for (const isTerminal of [true, false]) {
      const { clock, written, out } = output(isTerminal);
      const bar = out.progress('reading /a', 0);
      for (; clock.nowMs < (isTerminal ? 100 : 5000); clock.nowMs += 10) bar.advance(1);
      bar.done();
      assert.deepEqual(written, []);
    }
  });
});
