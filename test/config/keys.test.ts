import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  ALL_KEYS,
  familyOf,
  KEY_FAMILIES,
  KEY_OF_FILE_NAME,
  KEY_OF_PROPERTY,
  namesOf,
} from '../../src/config/keys/index.js';

const STORED = readFileSync(new URL('fixtures/zookeeper-3.9.5-names.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' ') as [kind: 'file' | 'property' | 'guide' | 'old', name: string]);

/** Keys that ZooKeeper's own tree never names: ours, log settings of its launcher, and names of old guides. */
const NOT_IN_THE_SOURCES = new Set(
  `diskSpaceWarnInMb diskSpaceStopInMb snapshotOnStopInMs backup.dir backup.intervalInMinutes backup.retainCount audit.format
   strictConfig ruokOnlyWhileServing admin.peerAddresses admin.maxConnections sslQuorumPlainDials 4lw.commands.tls ssl.crlFile ssl.quorum.crlFile
   log.file console.threshold log.threshold log.maxfilesize log.maxbackupindex
   tracelog.dir tracelog.file auditlog.file auditlog.threshold jaasLoginRenew requireClientAuthScheme java.security.krb5.conf`
    .trim()
    .split(/\s+/),
);

function isKnown(kind: 'file' | 'property' | 'guide' | 'old', name: string): boolean {
  if (kind === 'property' || kind === 'old') return KEY_OF_PROPERTY.has(name);
  const bare = kind === 'guide' ? name.replace(/^zookeeper\./, '') : name;
  return KEY_OF_FILE_NAME.has(bare) || familyOf(bare) !== undefined;
}

describe('the key table and the names of ZooKeeper 3.9.5', () => {
  const KINDS = [
    ['file', 40],
    ['property', 200],
    ['guide', 150],
    ['old', 5],
  ] as const;
  for (const [kind, fewest] of KINDS) {
    const names = STORED.filter(([stored]) => stored === kind).map(([, name]) => name);

    it(`has all ${names.length} ${kind} names`, () => {
      assert.ok(names.length >= fewest);
      assert.deepEqual(
        names.filter((name) => !isKnown(kind, name)),
        [],
      );
    });
  }

  it('has no name that ZooKeeper does not have', () => {
    const stored = new Set(
      STORED.map(([kind, name]) => (kind === 'guide' ? name : `${kind === 'old' ? 'property' : kind} ${name}`)),
    );
    const strange = [...ALL_KEYS].filter(([key, definition]) => {
      if (NOT_IN_THE_SOURCES.has(key)) return false;
      return !namesOf(key, definition).some(({ kind, name }) => stored.has(`${kind} ${name}`) || stored.has(key));
    });
    assert.deepEqual(
      strange.map(([key]) => key),
      [],
    );
  });

  it('reads from the file alone what ZooKeeper reads from the file alone', () => {
    const fileOnly = STORED.filter(([kind]) => kind === 'file').map(([, name]) => name);
    const wrong = fileOnly.filter((name) => {
      const definition = ALL_KEYS.get(name);
      return definition !== undefined && definition.source !== 'file' && !name.startsWith('multiAddress.');
    });
    assert.deepEqual(wrong, []);
  });
});

describe('each key', () => {
  for (const [key, definition] of ALL_KEYS) {
    it(key, () => {
      assert.match(definition.effect, /^[A-Z].*\.$/, 'a sentence');
      assert.ok(definition.effect.length <= 130, 'a short one');
      const shown = definition.type.show(definition.default);
      if (definition.default === null) return;
      const read = definition.type.read(shown);
      assert.equal(read.kind, 'value', `its default "${shown}" can be written`);
      assert.deepEqual(read.value, definition.default);
    });
  }

  it('has one meaning for each name', () => {
    const owners = new Map<string, string[]>();
    for (const [key, definition] of ALL_KEYS) {
      for (const { kind, name } of namesOf(key, definition)) {
        owners.set(`${kind} ${name}`, [...(owners.get(`${kind} ${name}`) ?? []), key]);
      }
    }
    assert.deepEqual(
      [...owners].filter(([, keys]) => keys.length > 1),
      [],
    );
  });
});

describe('families', () => {
  it('each has an effect', () => {
    for (const family of KEY_FAMILIES) assert.match(family.effect, /^[A-Z].*\.$/);
  });

  it('takes server, group and weight lines', () => {
    for (const key of ['server.1', 'group.1', 'weight.3']) assert.equal(familyOf(key)?.kind, 'membership');
    assert.equal(familyOf('servers'), undefined);
  });
});
