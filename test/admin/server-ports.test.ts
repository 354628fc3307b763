// The HTTP ports of a single server: who may have them, what is guarded, and what health says.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { Ensemble, type EnsembleOptions, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { freePorts } from '../support/ports.js';
import { WireClient } from '../support/wire-client.js';
import { ask, command } from './http.js';

const LIMIT_MS = 60_000;
const PROMETHEUS = 'org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider';

async function alone(t: TestContext, config: EnsembleOptions['config'] = {}): Promise<Member> {
  const ensemble = await Ensemble.create({ servers: 1, http: true, config });
  t.after(() => ensemble.remove());
  await ensemble.start();
  return ensemble.member(1);
}

async function taken(t: TestContext): Promise<number> {
  const [port = 0] = await freePorts(1);
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.listen({ host: '127.0.0.1', port }, resolve);
  });
  t.after(() => other.close());
  return port;
}

/** The message of the log's line with that code. */
async function logged(member: Member, code: string): Promise<string> {
  const lines = (await member.log()).split('\n').filter((line) => line.includes(`"${code}"`));
  return lines.map((line) => (JSON.parse(line) as { message: string }).message).join('\n');
}

describe('ports of other programs', { timeout: LIMIT_MS }, () => {
  it('the admin server goes to another one and says which', async (t) => {
    const port = await taken(t);
    const member = await alone(t, { 'admin.serverPort': port });
    const message = await logged(member, 'ADMIN_PORT_TAKEN');
    const [, instead] =
      new RegExp(`cannot have 127.0.0.1:${port} .* is at 127.0.0.1:(\\d+) instead`).exec(message) ?? [];
    assert.equal((await command(Number(instead), 'ruok'))['error'], null);
  });

  it('without a class the exporter does without its port', async (t) => {
    const port = await taken(t);
    const member = await alone(t, { 'metricsProvider.httpPort': port });
    assert.match(await logged(member, 'METRICS_PORT_TAKEN'), new RegExp(`127.0.0.1:${port}`));
  });

  it('with the class of Prometheus the server does not start', async (t) => {
    const port = await taken(t);
    const ensemble = await Ensemble.create({
      servers: 1,
      http: true,
      config: { 'metricsProvider.className': PROMETHEUS, 'metricsProvider.httpPort': port },
    });
    t.after(() => ensemble.remove());
    const member = ensemble.member(1);
    await member.start();
    await eventually('it ended', LIMIT_MS, () => Promise.resolve(!member.running));
    assert.equal(member.process?.exitCode, 1);
    assert.match(await logged(member, 'START_FAILED'), /choose another metricsProvider\.httpPort/);
  });
});

describe('guarded commands', { timeout: LIMIT_MS }, () => {
  const SHED = { method: 'POST', body: '{"percentage": 100}' };
  const as = (words: string): { headers: Record<string, string> } => ({ headers: { authorization: words } });

  it('want somebody who may do everything with the root node', async (t) => {
    const member = await alone(t);
    const client = await WireClient.connect(member.clientPort);
    await client.addAuth('digest', 'boss:secret');
    await client.setAcl('/', [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
    const status = async (init: RequestInit): Promise<number> =>
      (await ask(member.adminPort, '/commands/snapshot', init)).status;
    assert.equal(await status({}), 401);
    assert.equal(await status(as('nothing at all')), 401);
    assert.equal(await status(as('unknown x')), 401);
    assert.equal(await status(as('digest boss:wrong')), 403);
    assert.equal(await status(as('ip')), 403);
    assert.equal(await status(as('digest boss:secret')), 200);
    assert.match(await logged(member, 'ADMIN_REFUSED'), /127\.0\.0\.1 was refused the admin command snapshot/);
    await client.close();
  });

  for (const [password, encodings] of [
    ['pässwörd', ['utf8', 'latin1']],
    ['пароль€', ['utf8']],
    ['with some  spaces:and-colons', ['utf8', 'latin1']],
  ] as const) {
    it(`take the password ${password} as ${encodings.join(' and as ')}`, async (t) => {
      const member = await alone(t, { 'admin.rateLimiterIntervalInMS': 0 });
      const client = await WireClient.connect(member.clientPort);
      await client.addAuth('digest', `boss:${password}`);
      await client.setAcl('/', [{ perms: 31, id: { scheme: 'auth', id: '' } }]);
      await client.close();
      const path = '/commands/snapshot?streaming=false';
      for (const encoding of encodings) {
        // fetch sends a header's characters as the bytes that they are.
        const header = (text: string): string => Buffer.from(`digest boss:${text}`, encoding).toString('latin1');
        assert.equal((await ask(member.adminPort, path, as(header(password)))).status, 200, encoding);
        assert.equal((await ask(member.adminPort, path, as(header(password.slice(1))))).status, 403);
      }
    });
  }

  it('snapshot sends the file that was taken, once in a while', async (t) => {
    const member = await alone(t);
    const client = await WireClient.connect(member.clientPort);
    await client.create('/big', Buffer.alloc(700_000, 'x'));
    await client.close();
    const response = await fetch(`http://127.0.0.1:${member.adminPort}/commands/snapshot`, as('ip'));
    const bytes = Buffer.from(await response.arrayBuffer());
    const zxid = response.headers.get('last_zxid') ?? '';
    assert.deepEqual(
      [response.status, response.headers.get('content-type'), Number(response.headers.get('snapshot_size'))],
      [200, 'application/octet-stream', bytes.length],
    );
    const file = join(member.dataDir, 'version-2', `snapshot.${zxid.replace('0x', '')}`);
    assert.ok(bytes.equals(await readFile(file)));
    const { zxid: newest } = await command(member.adminPort, 'last_snapshot');
    assert.equal(`0x${String(newest)}`, zxid);
    const again = await ask(member.adminPort, '/commands/snap?streaming=false', as('ip'));
    assert.equal(again.status, 429);
    assert.equal((await command(member.adminPort, 'monitor'))['snapshot_rate_limited_count'], 1);
  });

  it('snapshot can be switched off, and needs sealed zxids', async (t) => {
    for (const [key, status] of [
      ['admin.snapshot.enabled', 503],
      ['serializeLastProcessedZxid.enabled', 500],
    ] as const) {
      const member = await alone(t, { [key]: 'false' });
      assert.equal((await ask(member.adminPort, '/commands/snapshot', as('ip'))).status, status, key);
    }
  });

  it('shed_connections ends connections of clients', async (t) => {
    const member = await alone(t);
    const client = await WireClient.connect(member.clientPort);
    const bad = async (body: string): Promise<number> =>
      (await ask(member.adminPort, '/commands/shed', { ...as('ip'), method: 'POST', body })).status;
    assert.deepEqual(
      await Promise.all(['', '{}', '{"percentage": 101}', '{"percentage": "5"}'].map(bad)),
      [400, 400, 400, 400],
    );
    const { text } = await ask(member.adminPort, '/commands/shed_connections', { ...as('ip'), ...SHED });
    assert.deepEqual(JSON.parse(text), {
      connections_shed: 1,
      percentage_requested: 100,
      command: 'shed_connections',
      error: null,
    });
    await assert.rejects(client.getData('/'));
  });

  it('methods and paths are those of the command', async (t) => {
    const { adminPort } = await alone(t);
    const status = async (path: string, method: string): Promise<number> =>
      (await ask(adminPort, path, { method })).status;
    assert.equal(await status('/commands/ruok', 'POST'), 405);
    assert.equal(await status('/commands/shed', 'GET'), 405);
    assert.equal(await status('/commands/ruok', 'DELETE'), 405);
    assert.equal(await status('/commands/ruok', 'HEAD'), 200);
    assert.equal(await status('/other', 'GET'), 404);
    assert.equal(await status('/commands/%ff', 'GET'), 400);
  });

  it('initial_configuration hides passwords, also where their lines go on', async (t) => {
    const secrets = {
      'SASLAuthenticationProvider.superPassword': 'hidden1\\\n  hidden2',
      'DigestAuthenticationProvider.superDigest': 'super:hidden3',
      '# ssl.keyStore.password': 'hidden4',
    };
    const { adminPort } = await alone(t, secrets);
    const { text } = await ask(adminPort, '/commands/icfg');
    assert.doesNotMatch(text, /hidden[1-4]/);
    for (const key of Object.keys(secrets)) assert.ok(text.includes(`${key}=(hidden)`), text);
    assert.match(text, /\ndataDir=|\\ndataDir=/);
  });
});

describe('system_properties', { timeout: LIMIT_MS }, () => {
  it('tells the lines of zoo.cfg, without secrets', async (t) => {
    const { adminPort } = await alone(t, {
      snapCount: 7777,
      'ssl.keyStore.password': 'hidden1',
      'SASLAuthenticationProvider.superPassword': 'hidden2',
      'DigestAuthenticationProvider.superDigest': 'super:hidden3',
    });
    const { text } = await ask(adminPort, '/commands/system_properties');
    assert.match(text, /"zookeeper\.snapCount" : "7777"/);
    assert.doesNotMatch(text, /hidden[1-3]/);
  });
});

describe('health', { timeout: LIMIT_MS }, () => {
  it('a member without a quorum lives and is not ready', async (t) => {
    const ensemble = await Ensemble.create({ http: true });
    t.after(() => ensemble.remove());
    await ensemble.start();
    const { adminPort } = ensemble.member(1);
    const ready = await ask(adminPort, '/readyz?verbose');
    assert.equal(ready.status, 200, ready.text);
    const names = ['quorum', 'synced', 'log', 'disk-writable', 'disk-space', 'fsync', 'event-loop'];
    assert.deepEqual(
      ready.text
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(':')[0]),
      [...names.map((name) => `[+]${name} ok`), 'readyz check passed'],
    );
    // Several balancers ask at once: each has its answer, and none spoils the others'.
    const atOnce = await Promise.all(Array.from({ length: 8 }, () => ask(ensemble.member(2).adminPort, '/readyz')));
    assert.deepEqual(
      atOnce.map(({ status, text }) => [status, text]),
      atOnce.map(() => [200, 'ok\n']),
    );
    await Promise.all([ensemble.member(2).kill(), ensemble.member(3).kill()]);
    // The two may die so far apart that it first follows the later of them for a moment, which is not ready either.
    const lost = await eventually('it looks for a leader', LIMIT_MS, async () => {
      const reply = await ask(adminPort, '/readyz');
      return reply.status === 503 && /^\[-\]quorum failed: looking$/m.test(reply.text) ? reply : undefined;
    });
    assert.match(lost.text, /readyz check failed\n$/);
    assert.deepEqual(await ask(adminPort, '/livez').then(({ status, text }) => [status, text]), [200, 'ok\n']);
    const json = await ask(adminPort, '/readyz', { headers: { accept: 'application/json' } });
    const { status, checks } = JSON.parse(json.text) as { status: string; checks: { name: string; ok: boolean }[] };
    assert.equal(status, 'failed');
    assert.deepEqual(
      checks.map(({ name }) => name),
      names,
    );
    await ensemble.member(2).start();
    await eventually('it is ready', LIMIT_MS, async () => (await ask(adminPort, '/readyz')).status === 200);
  });
});
