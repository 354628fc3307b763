// zkCli.sh at a server that serves only who has authenticated; with ZK_TEST_LONG at Apache ZooKeeper, too.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Ensemble } from '../support/ensemble.js';
import { javaCommand, javaServer } from '../support/java.js';

const AUTH = 'org.apache.zookeeper.server.auth';
const folder = mkdtempSync(join(tmpdir(), 'zk-server-enforced-'));
const jaas = join(folder, 'jaas.conf');
writeFileSync(
  jaas,
  `Server { ${AUTH}.DigestLoginModule required user_bob="bob-secret"; };
Client { ${AUTH}.DigestLoginModule required username="bob" password="bob-secret"; };
`,
);
const LOGIN = `java.security.auth.login.config=${jaas}`;
const WAYS: readonly Readonly<Record<string, string>>[] = [
  { sessionRequireClientSASLAuth: 'true' },
  { 'enforce.auth.enabled': 'true', 'enforce.auth.schemes': 'sasl' },
];
const KINDS = process.env['ZK_TEST_LONG'] === undefined ? (['ours'] as const) : (['ours', 'java'] as const);

function zkCli(
  properties: readonly string[],
  hosts: string,
): { readonly status: number | null; readonly text: string } {
  const [command = '', ...flags] = javaCommand('org.apache.zookeeper.ZooKeeperMain', properties);
  const args = [...flags, '-server', hosts, '-waitforconnection', 'get', '/'];
  const { status, stdout, stderr } = spawnSync(command, args, { timeout: 60_000, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

describe('enforced authentication', () => {
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  for (const kind of KINDS) {
    for (const way of WAYS) {
      it(`${kind}: ${JSON.stringify(way)} serves who has proven himself, and tells the others`, async () => {
        const server = await Ensemble.create({
          servers: 1,
          config: { ...way, 'authProvider.sasl': `${AUTH}.SASLAuthenticationProvider` },
          ...(kind === 'java'
            ? { command: (_index: number, file: string) => javaServer(file, [LOGIN]) }
            : { env: { SERVER_JVMFLAGS: `-D${LOGIN}` } }),
        });
        try {
          await server.start();
          const proven = zkCli([LOGIN], server.hosts);
          assert.equal(proven.status, 0, proven.text);
          const unproven = zkCli([], server.hosts);
          assert.equal(unproven.status, 1, unproven.text);
          assert.match(unproven.text, /KeeperErrorCode = Session closed because client failed to authenticate for \//);
        } finally {
          await server.remove();
        }
      });
    }
  }
});
