// The admin port with TLS.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { cli } from '../cli/harness.js';
import { Authority } from '../support/certificates.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { ask, command } from './http.js';

const LIMIT_MS = 60_000;

describe('the admin port with TLS', { timeout: LIMIT_MS }, () => {
  let folder: string;
  let authority: Authority;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zk-server-https-'));
    authority = Authority.create(folder);
    authority.issue({ name: 'server', altNames: 'IP:127.0.0.1' });
    authority.issue({ name: 'client' });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function alone(t: TestContext, config: Readonly<Record<string, string>>): Promise<Member> {
    const ensemble = await Ensemble.create({
      servers: 1,
      http: true,
      config: {
        'ssl.quorum.keyStore.location': join(folder, 'server.pem'),
        'ssl.quorum.trustStore.location': authority.certificate,
        'ssl.quorum.trustStore.type': 'PEM',
        ...config,
      },
    });
    t.after(() => ensemble.remove());
    await ensemble.start();
    return ensemble.member(1);
  }

  /** The answer to /livez by HTTPS, as `client` if named. */
  function livez(port: number, client?: string): Promise<string> {
    const own = client === undefined ? {} : { cert: read(`${client}.crt`), key: read(`${client}.key`) };
    const options = { host: '127.0.0.1', port, path: '/livez', ca: readFileSync(authority.certificate), agent: false };
    return new Promise((resolve, reject) => {
      const asked = request({ ...options, ...own }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
        response.once('end', () => resolve(text));
      });
      asked.once('error', reject);
      asked.end();
    });
  }

  function read(name: string): Buffer {
    return readFileSync(join(folder, name));
  }

  it('takes only HTTPS when it is forced', async (t) => {
    const { adminPort } = await alone(t, { 'admin.forceHttps': 'true' });
    assert.equal(await livez(adminPort), 'ok\n');
    await assert.rejects(ask(adminPort, '/livez'));
  });

  it('takes both when ports are unified', async (t) => {
    const { adminPort } = await alone(t, { 'admin.portUnification': 'true' });
    assert.equal(await livez(adminPort), 'ok\n');
    assert.equal((await ask(adminPort, '/livez')).text, 'ok\n');
    // One or two connections: that of the first question may be used again.
    assert.match(String((await command(adminPort, 'monitor'))['insecure_admin_count']), /^[12]$/);
  });

  it('is asked by zk-server status with the key and the trust of the server itself', async (t) => {
    const { configFile } = await alone(t, { 'admin.forceHttps': 'true', 'admin.needClientAuth': 'true' });
    const { exitCode, out } = await cli(['status', configFile]);
    assert.equal(exitCode, 0, out);
    assert.match(out, /ready +yes, 7 checks passed/);
    const text = await readFile(configFile, 'utf8');
    const another = join(dirname(configFile), 'another.cfg');
    await writeFile(another, text.replace(/(trustStore.location)=.*/, `$1=${join(folder, 'client.crt')}`));
    const distrusting = await cli(['status', another]);
    assert.equal(distrusting.exitCode, 0, distrusting.out);
    assert.match(
      distrusting.out,
      /ready +unknown: https:\/\/127\.0\.0\.1:\d+\/readyz.* does not answer: .*ssl\.quorum\./,
    );
    await writeFile(another, text.replace(/(keyStore.location)=.*/, `$1=${join(folder, 'absent.pem')}`));
    assert.match((await cli(['status', another])).out, /ready +unknown: .*absent\.pem.* as the user of the server/);
  });

  it('asks for a certificate when it is told to', async (t) => {
    const { adminPort } = await alone(t, { 'admin.forceHttps': 'true', 'admin.needClientAuth': 'true' });
    await assert.rejects(livez(adminPort));
    assert.equal(await livez(adminPort, 'client'), 'ok\n');
  });
});
