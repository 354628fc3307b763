// Modules of authProvider.N: what they are told, and what is refused.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadAuthModules } from '../../src/cli/auth-modules.js';
import { loadConfig } from '../../src/config/index.js';
import { createRealHost } from '../../src/platform/index.js';

const folder = mkdtempSync(join(tmpdir(), 'zk-modules-'));
const host = createRealHost({ log: { level: 'fatal' } });
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await host.close();
});

const PROVIDER = `{ scheme: 'token', identifiesUser: true, authenticate: (data) => data.toString() === token
  ? { kind: 'accepted', ids: [{ scheme: 'token', id: 'ok' }] } : { kind: 'refused' },
  isValidId: () => true, matches: ({ id, expression }) => id === expression, userName: (id) => id }`;

async function load(name: string, text: string) {
  writeFileSync(join(folder, name), text);
  const configFile = join(folder, 'zoo.cfg');
  writeFileSync(
    configFile,
    `dataDir=${folder}\nclientPort=2181\nauthProvider.7=${join(folder, name)}\nmy.token=secret\n`,
  );
  const { config } = await loadConfig({ disk: host.disk, configFile, workingDir: folder, env: {} });
  return loadAuthModules(config ?? assert.fail('no configuration'));
}

describe('authentication modules', () => {
  it('are made from the properties that nobody else knows', async () => {
    const make = `export default async (properties) => { const token = properties.get('zookeeper.my.token'); return ${PROVIDER}; };`;
    const [provider] = await load('good.mjs', make);
    const client = { remoteHost: '10.0.0.1', certificates: [] };
    assert.equal(provider?.scheme, 'token');
    assert.equal(provider.authenticate(Buffer.from('secret'), client).kind, 'accepted');
    assert.equal(provider.authenticate(Buffer.from('guess'), client).kind, 'refused');
  });

  const BAD: readonly (readonly [name: string, text: string, words: RegExp])[] = [
    [
      'throws.mjs',
      `throw new Error('not today');`,
      /authProvider\.7: the module .*throws\.mjs cannot be loaded: not today/,
    ],
    ['empty.mjs', `export const other = 1;`, /is no authentication scheme: it needs scheme/],
    ['half.mjs', `export default { scheme: 'x', identifiesUser: true };`, /is no authentication scheme/],
  ];
  for (const [name, text, words] of BAD) {
    it(`are refused: ${name}`, async () => assert.rejects(load(name, text), words));
  }
});
