// What a running server takes of a changed configuration, by SIGHUP and by the admin port.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { ask } from '../admin/http.js';
import { Authority } from '../support/certificates.js';
import { Ensemble, type EnsembleOptions, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { freePorts } from '../support/ports.js';

const LIMIT_MS = 60_000;

async function alone(t: TestContext, config: EnsembleOptions['config'] = {}): Promise<Member> {
  const ensemble = await Ensemble.create({ servers: 1, http: true, config });
  t.after(() => ensemble.remove());
  await ensemble.start();
  return ensemble.member(1);
}

async function edit(member: Member, change: (text: string) => string): Promise<void> {
  await writeFile(member.configFile, change(await readFile(member.configFile, 'utf8')));
}

interface LogLine {
  readonly code?: string;
  readonly message: string;
  readonly changed?: readonly string[];
  readonly needsRestart?: readonly string[];
}

async function lines(member: Member, code: string): Promise<LogLine[]> {
  const text = await member.log();
  return text
    .split('\n')
    .filter((line) => line.includes(`"${code}"`))
    .map((line) => JSON.parse(line) as LogLine);
}

/** The next line with that code, `seen` of which were there before. */
function nextLine(member: Member, code: string, seen = 0): Promise<LogLine> {
  return eventually(`a line ${code}`, LIMIT_MS, async () => (await lines(member, code))[seen]);
}

function post(member: Member, name: string, body = '') {
  return ask(member.adminPort, `/commands/${name}`, { method: 'POST', headers: { authorization: 'ip' }, body });
}

describe('a changed configuration', { timeout: LIMIT_MS }, () => {
  it('is taken on SIGHUP as far as it can be, and the rest is named', async (t) => {
    const member = await alone(t);
    await edit(member, (text) =>
      text
        .replace(/^maxClientCnxns=.*$/m, 'maxClientCnxns=7')
        .replace(/^4lw.commands.whitelist=.*$/m, '4lw.commands.whitelist=conf')
        .replace(/^tickTime=.*$/m, 'tickTime=700'),
    );
    assert.match(await fourLetter(member.clientPort, 'ruok'), /imok/);
    member.send('SIGHUP');
    const told = await nextLine(member, 'RELOADED');
    assert.deepEqual([...(told.changed ?? [])].sort(), ['4lw.commands.whitelist', 'maxClientCnxns']);
    assert.deepEqual((await nextLine(member, 'RELOAD_NEEDS_RESTART')).needsRestart, ['tickTime']);
    assert.match(await fourLetter(member.clientPort, 'ruok'), /not in the whitelist/);
    assert.match(await fourLetter(member.clientPort, 'conf'), /^maxClientCnxns=7$/m);
    assert.match(await fourLetter(member.clientPort, 'conf'), /^tickTime=500$/m);
    assert.equal(member.running, true);
  });

  it('that is broken changes nothing and says why', async (t) => {
    const member = await alone(t);
    await edit(member, (text) =>
      text.replace(/^maxClientCnxns=.*$/m, 'maxClientCnxns=7').replace(/^tickTime=.*$/m, 'tickTime=never'),
    );
    member.send('SIGHUP');
    assert.match((await nextLine(member, 'RELOAD_FAILED')).message, /nothing has changed: .*zoo\.cfg:1.*never/);
    assert.match(await fourLetter(member.clientPort, 'conf'), /^maxClientCnxns=0$/m);
    const { status, text } = await post(member, 'reload');
    assert.equal(status, 409);
    assert.match(text, /never/);
  });

  it('is taken when an administrator asks for it, who has to prove himself', async (t) => {
    const member = await alone(t);
    assert.equal((await ask(member.adminPort, '/commands/reload', { method: 'POST' })).status, 401);
    await edit(member, (text) => text.replace(/^maxClientCnxns=.*$/m, 'maxClientCnxns=9'));
    const { status, text } = await post(member, 'reload');
    assert.equal(status, 200, text);
    assert.deepEqual(JSON.parse(text), {
      changed: ['maxClientCnxns'],
      needs_restart: [],
      command: 'reload',
      error: null,
    });
    assert.match(await fourLetter(member.clientPort, 'conf'), /^maxClientCnxns=9$/m);
  });

  it('changes the level of the log', async (t) => {
    const member = await alone(t);
    const logback = join(member.folder, 'logback.xml');
    const text = (level: string): string =>
      `<configuration><appender name="C" class="ch.qos.logback.core.ConsoleAppender"/><root level="${level}"><appender-ref ref="C"/></root></configuration>`;
    await writeFile(logback, text('DEBUG'));
    member.send('SIGHUP');
    await nextLine(member, 'RELOADED');
    await fourLetter(member.clientPort, 'ruok');
    await nextLine(member, 'FOUR_LETTER_WORD');
    assert.equal((await post(member, 'log_level', '{"level": "error"}')).status, 200);
    assert.equal((await post(member, 'log_level', '{"level": "loud"}')).status, 400);
    assert.equal((await post(member, 'log_level', '')).status, 400);
    const before = (await lines(member, 'FOUR_LETTER_WORD')).length;
    await fourLetter(member.clientPort, 'ruok');
    assert.equal((await post(member, 'log_level', '{"level": "debug"}')).status, 200);
    await fourLetter(member.clientPort, 'ruok');
    await nextLine(member, 'FOUR_LETTER_WORD', before);
    assert.equal((await lines(member, 'FOUR_LETTER_WORD')).length, before + 1);
  });

  it('brings the users of the JAAS file', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'zk-server-jaas-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const jaas = join(folder, 'jaas.conf');
    const users = (list: string): string =>
      `Server { org.apache.zookeeper.server.auth.DigestLoginModule required ${list}; };\n`;
    await writeFile(jaas, users('user_alice="a"'));
    const member = await alone(t, {
      'java.security.auth.login.config': jaas,
      'authProvider.sasl': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
    });
    await writeFile(jaas, users('user_alice="a" user_bob="b"'));
    const { text } = await post(member, 'reload');
    assert.deepEqual((JSON.parse(text) as { changed: unknown }).changed, ['the users of the JAAS file']);
    await writeFile(jaas, 'Server {');
    assert.equal((await post(member, 'reload')).status, 409);
  });

  it('brings certificates, those of the admin port too, all or none', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'zk-server-roll-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const authority = Authority.create(folder);
    for (const name of ['client', 'admin', 'client2', 'admin2']) {
      authority.issue({ name, subject: `/CN=${name}`, altNames: 'IP:127.0.0.1' });
    }
    authority.copy('client.pem', 'port.pem');
    authority.copy('admin.pem', 'http.pem');
    const [securePort = 0] = await freePorts(1);
    const member = await alone(t, {
      secureClientPort: securePort,
      'ssl.keyStore.location': join(folder, 'port.pem'),
      'ssl.trustStore.location': authority.certificate,
      'ssl.trustStore.type': 'PEM',
      'ssl.clientAuth': 'none',
      'client.certReload': 'false',
      'ssl.quorum.keyStore.location': join(folder, 'http.pem'),
      'ssl.quorum.trustStore.location': authority.certificate,
      'ssl.quorum.trustStore.type': 'PEM',
      'admin.portUnification': 'true',
    });
    const shown = async (): Promise<(string | undefined)[]> =>
      Promise.all([securePort, member.adminPort].map((port) => certificateOf(port)));
    assert.deepEqual(await shown(), ['CN=client', 'CN=admin']);
    authority.copy('client2.pem', 'port.pem');
    await writeFile(join(folder, 'http.pem'), 'no certificate');
    assert.equal((await post(member, 'reload')).status, 409);
    assert.deepEqual(await shown(), ['CN=client', 'CN=admin']);
    authority.copy('admin2.pem', 'http.pem');
    assert.equal((await post(member, 'reload')).status, 200);
    assert.deepEqual(await shown(), ['CN=client2', 'CN=admin2']);
  });
});

/** Whose certificate a TLS port shows. */
function certificateOf(port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new X509Certificate(raw).subject);
    });
    socket.once('error', reject);
  });
}
