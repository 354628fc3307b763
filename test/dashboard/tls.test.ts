// Servers whose admin ports take only HTTPS ask each other by HTTPS.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { EnsembleView } from '../../src/status/index.js';
import { Authority } from '../support/certificates.js';
import { Ensemble } from '../support/ensemble.js';

function getJson(port: number, path: string, options: { ca: Buffer; cert: Buffer; key: Buffer }): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
      response.once('end', () => resolve(JSON.parse(text)));
    });
    asked.once('error', reject);
    asked.end();
  });
}

it('the dashboard asks other servers by HTTPS, with a certificate', { timeout: 120_000 }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'zk-server-dashboard-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const authority = Authority.create(folder);
  authority.issue({ name: 'server', altNames: 'IP:127.0.0.1' });
  const ensemble = await Ensemble.create({
    http: true,
    config: {
      'admin.forceHttps': 'true',
      'admin.needClientAuth': 'true',
      'ssl.quorum.keyStore.location': join(folder, 'server.pem'),
      'ssl.quorum.trustStore.location': authority.certificate,
      'ssl.quorum.trustStore.type': 'PEM',
    },
  });
  t.after(() => ensemble.remove());
  await ensemble.start();
  const read = (name: string): Buffer => readFileSync(join(folder, name));
  const options = { ca: readFileSync(authority.certificate), cert: read('server.crt'), key: read('server.key') };
  const path = '/dashboard/api/ensemble';
  const { members } = (await getJson(ensemble.member(1).adminPort, path, options)) as EnsembleView;
  assert.deepEqual(
    members.map(({ sid, source, problem }) => [sid, source, problem]),
    [
      [1, 'self', ''],
      [2, 'admin', ''],
      [3, 'admin', ''],
    ],
  );
});
