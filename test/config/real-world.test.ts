// Configurations as installations have them: each starts, and what is said about it is listed here.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadText, type MemoryTree } from './memory-files.js';

const FOLDER = new URL('real-world/', import.meta.url);
const DYNAMIC = 'server.1=a:2888:3888:participant;2181\nserver.2=b:2888:3888:participant;2181\nserver.3=c:2888:3888\n';

interface Expectation {
  readonly mode: 'standalone' | 'quorum';
  readonly members: number;
  /** Severity and key of all that is said. */
  readonly says?: readonly string[];
  readonly files?: MemoryTree;
}

const EXPECTATIONS: Readonly<Record<string, Expectation>> = {
  'debian.cfg': { mode: 'standalone', members: 0 },
  'container-image.cfg': { mode: 'quorum', members: 3, files: { '/data/myid': '1\n' } },
  'container-alone.cfg': { mode: 'standalone', members: 1, files: { '/data/myid': '1\n' }, says: ['note'] },
  'release-3.4.cfg': {
    mode: 'quorum',
    members: 4,
    files: { '/export/crawlspace/zookeeper/server1/data/myid': '4' },
  },
  'windows-line-ends.cfg': {
    mode: 'standalone',
    members: 1,
    says: ['warning dataDir', 'note'],
  },
  'message-broker.cfg': { mode: 'standalone', members: 0, says: ['note admin.enableServer'] },
  'column-store.cfg': {
    mode: 'quorum',
    members: 3,
    files: { '/etc/zookeeper/conf/zoo.cfg.dynamic': DYNAMIC, '/opt/zookeeper/data/myid': '3\n' },
    says: ['warning metricsProvider.className'],
  },
  'operator.cfg': {
    mode: 'quorum',
    members: 3,
    files: { '/data/zoo.cfg.dynamic': DYNAMIC, '/data/myid': '2\n' },
    says: ['warning reconfigEnabled', 'warning metricsProvider.className'],
  },
  'sasl-of-old.cfg': {
    mode: 'standalone',
    members: 0,
    says: [
      'warning authProvider.1',
      'warning kerberos.removeHostFromPrincipal',
      'warning kerberos.removeRealmFromPrincipal',
      'note requireClientAuthScheme',
    ],
  },
  'groups.cfg': { mode: 'quorum', members: 9, files: { '/var/lib/zookeeper/myid': '9\n' } },
};

describe('configurations of the real world', () => {
  it('are all expected', () => {
    assert.deepEqual(readdirSync(FOLDER).sort(), Object.keys(EXPECTATIONS).sort());
  });

  for (const [name, { mode, members, says = [], files = {} }] of Object.entries(EXPECTATIONS)) {
    it(name, async () => {
      const { config, faults } = await loadText(readFileSync(new URL(name, FOLDER)), { files });
      assert.deepEqual(
        faults.map(({ severity, key }) => (key === null ? severity : `${severity} ${key}`)),
        says,
      );
      assert.ok(config);
      assert.equal(config.mode, mode);
      assert.equal(config.membership.members.size, members);
    });
  }
});
