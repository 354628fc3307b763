// The table must not promise what nobody does: each setting that has its full effect is read by some part of the server.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { ALL_KEYS } from '../../src/config/keys/index.js';
import type { ServerConfig } from '../../src/config/index.js';
import { loadText } from './memory-files.js';

function sources(folder: string): string {
  const url = new URL(`../../src/${folder}/`, import.meta.url);
  const files = readdirSync(url).filter((name) => name.endsWith('.ts'));
  return files.map((name) => readFileSync(new URL(name, url), 'utf8')).join('\n');
}

function isNamed(name: string, text: string): boolean {
  return new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`).test(text);
}

/** The settings of TLS exist twice; their reader puts the prefix in front, and stores' names in two pieces. */
function withoutChannel(key: string): string {
  return key.replace(/^ssl\.(quorum\.)?(?!authProvider)(keyStore|trustStore)?\.?/, '');
}

/** Keys whose whole effect is that a bad value is refused. */
const CHECKED_ONLY = new Set(['electionAlg']);

/** What is loaded before a peer is made. */
const READ_BY_CLI = new Set(['kerberosConfigFile']);

describe('settings and the parts that read them', () => {
  const peer = sources('peer');

  it('every field of the configuration is read by the peer', async () => {
    const { config } = await loadText('dataDir=/data\nclientPort=2181\n');
    assert.ok(config);
    // The peer hands `purge` on as a whole.
    const { clients, election, learner, storage, access, quorumSecurity }: ServerConfig = config;
    const sections = { clients, election, learner, storage, access, quorumSecurity };
    const unread = Object.entries(sections).flatMap(([section, fields]) =>
      Object.keys(fields)
        .filter((field) => !isNamed(field, peer) && !READ_BY_CLI.has(field))
        .map((field) => `${section}.${field}`),
    );
    assert.deepEqual(unread, []);
  });

  it('every key of full effect is read by the configuration or the peer', () => {
    const readers = `${sources('config')}\n${peer}`;
    const unread = [...ALL_KEYS]
      .filter(
        ([key, { support = 'full' }]) =>
          support === 'full' && !CHECKED_ONLY.has(key) && !isNamed(withoutChannel(key), readers),
      )
      .map(([key]) => key);
    assert.deepEqual(unread, []);
  });
});
