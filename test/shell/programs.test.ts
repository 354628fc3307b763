// zk-cli as people and scripts run it: on a terminal, with a command, with TLS and SASL.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { tlsOptions, ZooKeeperClient } from '../../src/zk-client/index.js';
import { Authority } from '../support/certificates.js';
import { Ensemble } from '../support/ensemble.js';
import { freePorts } from '../support/ports.js';
import { TerminalProcess } from './terminal-process.js';

const run = promisify(execFile);
const CLI = new URL('../../bin/zk-cli', import.meta.url).pathname;
const AUTH = 'org.apache.zookeeper.server.auth';
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const UP = '\u001b[A';

const folder = mkdtempSync(join(tmpdir(), 'zk-cli-test-'));
let ensemble: Ensemble;
let server = '';
let tlsPort = 0;

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** Runs one command; colours and progress are off, for it is no terminal. */
async function cli(...words: readonly string[]): Promise<Ran> {
  return program(['-server', server, '--quiet', ...words]);
}

async function program(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  try {
    const { stdout, stderr } = await run(CLI, [...words], { env: { ...process.env, ...env }, timeout: 60_000 });
    return { out: stdout, err: stderr, code: 0 };
  } catch (error) {
    const { stdout, stderr, code } = error as { stdout: string; stderr: string; code: number };
    return { out: stdout, err: stderr, code };
  }
}

async function json(...words: readonly string[]): Promise<unknown> {
  const { out, err, code } = await cli('--output', 'json', ...words);
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

before(async () => {
  const authority = Authority.create(folder);
  authority.issue({ name: 'server', altNames: 'IP:127.0.0.1,DNS:localhost', keyType: 'rsa' });
  authority.issue({ name: 'client', keyType: 'rsa' });
  authority.jks('server', 'changeit');
  authority.trustStore('PKCS12', 'changeit');
  writeFileSync(join(folder, 'password'), 'changeit\n');
  writeFileSync(join(folder, 'bob'), 'bob-secret\n');
  const jaas = join(folder, 'jaas.conf');
  writeFileSync(jaas, `Server { ${AUTH}.DigestLoginModule required user_bob="bob-secret"; };\n`);
  tlsPort = (await freePorts(1))[0] ?? 0;
  ensemble = await Ensemble.create({
    servers: 1,
    config: {
      extendedTypesEnabled: 'true',
      secureClientPort: tlsPort,
      'ssl.keyStore.location': join(folder, 'server.jks'),
      'ssl.keyStore.password': 'changeit',
      'ssl.trustStore.location': join(folder, 'ca-trust.p12'),
      'ssl.trustStore.password': 'changeit',
      'ssl.clientAuth': 'none',
      'authProvider.sasl': `${AUTH}.SASLAuthenticationProvider`,
    },
    env: { SERVER_JVMFLAGS: `-Djava.security.auth.login.config=${jaas}` },
  });
  await ensemble.start();
  server = `127.0.0.1:${ensemble.member(1).clientPort}`;
});
after(async () => {
  await ensemble.remove();
  rmSync(folder, { recursive: true, force: true });
});

describe('a command of zk-cli', () => {
  it('ends without a word when nobody reads its answer', async () => {
    const { stdout, stderr } = await run('bash', [
      '-c',
      `"${CLI}" --quiet -server ${server} ls -R / | true; echo "\${PIPESTATUS[0]}"`,
    ]);
    assert.deepEqual([stdout, stderr], ['0\n', '']);
  });

  it('ends by SIGINT while it waits for a connection, and while it waits for a line', async (t) => {
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    t.after(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const waiting = spawn(CLI, ['-server', `127.0.0.1:${port}`, '-waitforconnection', 'ls', '/'], { stdio: 'pipe' });
    const [dialled] = (await once(silent, 'connection')) as [Socket];
    dialled.on('error', () => undefined);
    const reading = spawn(CLI, ['-server', server], { stdio: 'pipe' });
    let said = '';
    while (!said.includes('SyncConnected')) said += String(((await once(reading.stdout, 'data')) as [Buffer])[0]);
    for (const child of [waiting, reading]) {
      child.kill('SIGINT');
      assert.deepEqual(await once(child, 'exit'), [130, null]);
    }
  });

  it('answers by its exit code', async () => {
    assert.deepEqual(await cli('create', '/codes', 'x'), { out: '', err: 'Created /codes\n', code: 0 });
    assert.deepEqual(await cli('get', '/codes'), { out: 'x\n', err: '', code: 0 });
    assert.deepEqual(await cli('get', '/none'), { out: '', err: 'Node does not exist: /none\n', code: 1 });
    assert.equal((await cli('nonsense')).code, 127);
    assert.equal((await program(['--nonsense'])).code, 2);
    const [closed = 0] = await freePorts(1);
    const at = `127.0.0.1:${closed}`;
    const lost = await program(['-server', `127.0.0.1:${closed}`, '--quiet', 'ls', '/']);
    assert.deepEqual(
      [lost.code, lost.err],
      [1, `KeeperErrorCode = ConnectionLoss for /\nconnecting to ${at}: connect ECONNREFUSED ${at}\n`],
    );
    const untrusted = await program([
      '-server',
      server,
      '--quiet',
      '--tls',
      '--trust-store',
      '/nowhere.pem',
      'ls',
      '/',
    ]);
    assert.equal(untrusted.code, 1);
    assert.match(untrusted.err, /ConnectionLoss for \/\n.*\/nowhere\.pem/);
    const waiting = await program([
      '-server',
      `127.0.0.1:${closed}`,
      '-timeout',
      '1000',
      '-waitforconnection',
      'ls',
      '/',
    ]);
    assert.equal(waiting.code, 1);
  });

  it('takes answers as long as jute.maxbuffer allows', async () => {
    await cli('create', '/long', 'x'.repeat(500));
    const short = ['-server', server, '--quiet', 'get', '/long'];
    const refused = await program(short, { CLIENT_JVMFLAGS: '-Djute.maxbuffer=300' });
    assert.equal(refused.code, 1);
    assert.match(refused.err, /ConnectionLoss for \/long\n.*at most 300 are taken \(jute\.maxbuffer\)/);
    assert.equal((await program(short, { CLIENT_JVMFLAGS: '-Djute.maxbuffer=0x400' })).code, 0);
    const mistaken = await program(short, { CLIENT_JVMFLAGS: '-Djute.maxbuffer=1m' });
    assert.deepEqual([mistaken.code, mistaken.err], [2, 'jute.maxbuffer=1m is no number of bytes\n']);
    await cli('delete', '/long');
  });

  it('answers in JSON', async () => {
    await cli('create', '/json', 'text');
    await cli('create', '/json/bytes');
    await cli('set', '-b', '/json/bytes', '/wA=');
    assert.deepEqual(await json('ls', '/json'), ['bytes']);
    assert.deepEqual(await json('get', '/json'), { data: 'text' });
    assert.deepEqual(await json('get', '/json/bytes'), { base64: '/wA=' });
    assert.deepEqual(await json('getAcl', '/json'), { acl: [{ scheme: 'world', id: 'anyone', perms: 'cdrwa' }] });
    const stat = (await json('stat', '/json')) as Record<string, unknown>;
    assert.equal(stat['numChildren'], 1);
    const failed = await cli('--output', 'json', 'get', '/none');
    assert.deepEqual(JSON.parse(failed.err), {
      error: { message: 'Node does not exist: /none', code: 'noNode', path: '/none' },
    });
  });

  it('draws, finds, copies, moves and deletes subtrees', async () => {
    for (const path of ['/sub', '/sub/a', '/sub/a/one', '/sub/a/two', '/sub/b']) await cli('create', path, path);
    await cli('create', '-c', '/sub/box');
    const drawn = await cli('tree', '/sub');
    assert.equal(drawn.out, '/sub\n├── a\n│   ├── one\n│   └── two\n├── b\n└── box\n6 nodes\n');
    assert.equal((await cli('find', '-name', 't*', '/sub')).out, '/sub/a/two\n');
    assert.equal((await cli('find', '-type', 'ephemeral', '/sub')).out, '');
    assert.equal((await cli('find', '-data', 'a/o', '/sub')).out, '/sub/a/one\n');
    assert.equal((await cli('find-super-nodes', '1', '/sub')).out, '/sub: 3\n/sub/a: 2\n');
    assert.equal((await cli('cp', '/sub', '/copy')).out, 'Copied 6 nodes\n');
    assert.equal((await cli('get', '/copy/a/two')).out, '/sub/a/two\n');
    assert.equal((await cli('cp', '/sub', '/copy')).code, 1);
    assert.equal((await cli('cp', '/sub', '/sub/a/x')).code, 1);
    assert.deepEqual(await json('mv', '/copy', '/moved'), { moved: 6, isOneStep: true });
    assert.equal((await cli('ls', '/copy')).code, 1);
    assert.equal((await cli('rmr', '/moved')).out, 'Deleted 6 nodes\n');
  });

  it('exports and imports a subtree with ACLs', async () => {
    const file = join(folder, 'subtree.json');
    await cli('create', '/out', 'root', 'world:anyone:cdrwa');
    await cli('create', '/out/closed', 'x', 'world:anyone:rda');
    await cli('create', '/out/empty');
    assert.equal((await cli('export', '/out', file)).out, `Exported 3 nodes to ${file}\n`);
    await cli('rmr', '/out');
    assert.equal((await cli('import', file, '/in')).out, 'Imported 3 nodes\n');
    assert.match((await cli('getAcl', '/in/closed')).out, /: dra\n$/);
    assert.equal((await cli('get', '/in')).out, 'root\n');
    assert.equal((await cli('get', '/in/empty')).out, 'null\n');
    assert.equal((await cli('import', file, '/in')).code, 1);
    writeFileSync(file, '{');
    assert.match((await cli('import', file, '/in')).err, /subtree\.json is not JSON/);
  });

  it('edits in $EDITOR, unless somebody else was faster', async () => {
    await cli('create', '/edit', 'before');
    const words = ['-server', server, '--quiet', 'edit', '/edit'];
    const edited = await program(words, { VISUAL: '', EDITOR: `sh -c 'printf after > "$0"'` });
    assert.equal(edited.out, 'Changed /edit, version 1\n', edited.err);
    const again = `${CLI} -server ${server} --quiet set /edit other; printf mine >`;
    const late = await program(words, { VISUAL: `sh -c '${again} "$0"'` });
    assert.equal(late.code, 1);
    assert.match(late.err, /changed by somebody else/);
    assert.equal((await cli('get', '/edit')).out, 'other\n');
  });

  it('streams events', async () => {
    await cli('create', '/stream');
    const words = ['-server', server, '--quiet', '--output', 'json', 'watch', '-R', '-d', '-n', '3', '/stream'];
    const watching = spawn(CLI, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    watching.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    const client = new ZooKeeperClient(server);
    try {
      // The watch is there when a change is told.
      for (let round = 0; out === ''; round++) await client.setData('/stream', `round ${round}`);
      await client.create('/stream/a', 'new');
      await client.delete('/stream/a').catch(() => undefined);
      await once(watching, 'exit');
      const [first] = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      assert.equal(first?.['event'], 'NodeDataChanged');
      assert.match(String(first['data']), /^round \d+$/);
      assert.equal(out.trim().split('\n').length, 3);
    } finally {
      await client.close();
    }
  });
});

describe('secure connections of zk-cli', () => {
  const tls = () => ['-server', `localhost:${tlsPort}`, '--quiet', '--trust-store', join(folder, 'ca-trust.p12')];
  const password = () => ['--trust-store-password-file', join(folder, 'password')];

  it('are encrypted, and know the server', async () => {
    const known = await program([...tls(), ...password(), 'ls', '/zookeeper']);
    assert.equal(known.out, '[config, quota]\n', known.err);
    const unknown = await program(['-server', `localhost:${tlsPort}`, '--quiet', '--tls', 'ls', '/zookeeper']);
    assert.equal(unknown.code, 1);
  });

  it('read the properties of Apache ZooKeeper’s client', async () => {
    const file = join(folder, 'client.properties');
    const lines = [
      'zookeeper.client.secure=true',
      `zookeeper.ssl.trustStore.location=${join(folder, 'ca-trust.p12')}`,
      'zookeeper.ssl.trustStore.password=changeit',
    ];
    writeFileSync(file, lines.join('\n'));
    const words = ['-server', `localhost:${tlsPort}`, '-client-configuration', file, '--quiet', 'ls', '/zookeeper'];
    const { out, err } = await program(words);
    assert.equal(out, '[config, quota]\n', err);
  });

  it('have a user by SASL, from options and from a login configuration', async () => {
    const words = ['--sasl-user', 'bob', '--sasl-password-file', join(folder, 'bob')];
    assert.match((await program([...tls(), ...password(), ...words, 'whoami'])).out, /^sasl: bob$/m);
    assert.match((await cli(...words, 'whoami')).out, /^sasl: bob$/m);
    const jaas = join(folder, 'client.conf');
    writeFileSync(jaas, `Client { ${AUTH}.DigestLoginModule required username="bob" password="bob-secret"; };\n`);
    const flags = { CLIENT_JVMFLAGS: `-Djava.security.auth.login.config=${jaas}` };
    assert.match((await program(['-server', server, 'whoami'], flags)).out, /^sasl: bob$/m);
    const wrong = await program(['-server', server, '--sasl-user', 'bob', 'whoami'], { ZK_CLI_SASL_PASSWORD: 'x' });
    assert.equal(wrong.code, 1);
  });

  it('are there for programs that import the client', async () => {
    const client = new ZooKeeperClient(`localhost:${tlsPort}`, {
      tls: tlsOptions({ trustStore: join(folder, 'ca-trust.p12'), trustStorePassword: 'changeit' }),
      sasl: { user: 'bob', password: 'bob-secret' },
    });
    assert.ok((await client.whoAmI()).some(({ scheme, user }) => scheme === 'sasl' && user === 'bob'));
    await client.close();
    const wrong = new ZooKeeperClient(server, { sasl: { user: 'bob', password: 'wrong' } });
    await assert.rejects(wrong.getData('/'), { code: 'authFailed' });
  });
});

describe('zk-cli on a terminal', () => {
  const state = join(folder, 'state');
  const started: TerminalProcess[] = [];
  const start = (): TerminalProcess => {
    const terminal = new TerminalProcess([CLI, '-server', server], { XDG_STATE_HOME: state, NO_COLOR: '1' });
    started.push(terminal);
    return terminal;
  };
  after(() => {
    for (const terminal of started) terminal.kill();
  });

  it('completes commands and paths, keeps a history without secrets, and stops a command by Ctrl-C', async () => {
    await cli('create', '/terminal', 'x');
    await cli('create', '/terminal/child', 'data of the child');
    const first = start();
    await first.expect(/\(CONNECTED\) \d+\] /);
    first.type('getAl\t');
    await first.expect(/getAllChildrenNumber /);
    first.type('/term\t');
    await first.expect(/\/terminal/);
    first.type('/\t');
    await first.expect(/\/child/);
    first.type('\r');
    await first.expect(/\r\n0\r\n/);
    first.type('get /terminal/child\r');
    await first.expect(/\r\ndata of the child\r\n/);
    first.type('addauth digest amy:secret\r');
    await first.expect(/addauth digest amy:secret[^]*3\] /);
    first.type('watch /terminal\r');
    await first.expect(/watch \/terminal[\r\n]+/);
    for (let told = false; !told;) {
      await cli('set', '/terminal', 'new');
      told = /type:NodeDataChanged path:\/terminal/.test(first.shown);
    }
    first.type(CTRL_C);
    await first.expect(/4\] /);
    first.type('quit\r');
    assert.equal(await first.ended(), 0);

    const file = join(state, 'zk-cli', 'history');
    const kept = readFileSync(file, 'utf8').trim().split('\n');
    assert.deepEqual(kept, ['getAllChildrenNumber /terminal/child', 'get /terminal/child', 'watch /terminal', 'quit']);
    assert.equal(statSync(file).mode & 0o777, 0o600);

    const second = start();
    await second.expect(/\(CONNECTED\) 0\] /);
    second.type(`${UP}${UP}${UP}\r`);
    await second.expect(/\r\ndata of the child\r\n/);
    second.type(CTRL_D);
    assert.equal(await second.ended(), 0);
  });

  it('prints events above the line that is being typed', async () => {
    await cli('create', '/above', 'x');
    const terminal = start();
    await terminal.expect(/\(CONNECTED\) 0\] /);
    terminal.type('get -w /above\r');
    await terminal.expect(/1\] /);
    terminal.type('get /abo');
    await terminal.expect(/get \/abo/);
    await cli('set', '/above', 'newest');
    await terminal.expect(/type:NodeDataChanged path:\/above[^]*1\] [^\n]*get \/abo/);
    terminal.type('ve\r');
    await terminal.expect(/\r\nnewest\r\n/);
    terminal.type(CTRL_D);
    assert.equal(await terminal.ended(), 0);
  });
});
