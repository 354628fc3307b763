// What README.md tells a newcomer to type must exist.
import assert from 'node:assert/strict';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ALL_KEYS, familyOf } from '../../src/config/keys/index.js';
import { cli } from './harness.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const BLOCKS = [...README.matchAll(/```(\w*)\n(.*?)```/gs)].map(([, language = '', text = '']) => ({ language, text }));
const COMMAND_LINES = BLOCKS.filter(({ language }) => language === 'sh').flatMap(({ text }) => text.trim().split('\n'));

describe('README.zh-CN.md', () => {
  const chinese = readFileSync(join(ROOT, 'README.zh-CN.md'), 'utf8');

  it('names commands and files that are there', async () => {
    const { out } = await cli(['--help']);
    const commands = [...chinese.matchAll(/^\| `zk-server ([a-z-]+)/gm)].map(([, name = '']) => name);
    assert.ok(commands.length > 0);
    for (const command of commands) assert.match(out, new RegExp(`^ {2}zk-server ${command}\\b`, 'm'));
    const paths = [...chinese.matchAll(/\]\((docs\/[\w.-]+|README\.md|LICENSE)/g)].map(([, path = '']) => path);
    assert.ok(paths.length >= 3);
    for (const path of paths) assert.ok(existsSync(join(ROOT, path)), path);
  });
});

describe('README.md', () => {
  const commands = [...README.matchAll(/^\| `zk-server ([a-z-]+)/gm)].map(([, name = '']) => name);

  it('lists the commands that the help lists', async () => {
    const { out } = await cli(['--help']);
    const listed = [...out.matchAll(/^ {2}zk-server ([a-z-]+)/gm)].map(([, name = '']) => name);
    assert.deepEqual([...commands].sort(), [...new Set(listed)].sort());
  });

  for (const command of commands) {
    it(`zk-server ${command} exists, with the options that are named`, async () => {
      const { exitCode, out } = await cli([command, '--help']);
      assert.equal(exitCode, 0);
      const row = README.split('\n').find((line) => line.startsWith(`| \`zk-server ${command}`)) ?? '';
      const lines = COMMAND_LINES.filter((line) => line.includes(`zk-server ${command}`)).join('\n');
      for (const [option] of `${row}\n${lines}`.matchAll(/--[a-z-]+/g)) assert.ok(out.includes(option), option);
    });
  }

  it('names files that are there', () => {
    const paths = new Set(
      [...README.matchAll(/(?<![\w./])((?:scripts|bin|conf|docs|\.ci)\/[\w.-]+)/g)].map(([, path = '']) => path),
    );
    paths.delete('conf/zoo.cfg');
    assert.ok(paths.size >= 5);
    for (const path of paths) assert.ok(existsSync(join(ROOT, path)), path);
  });

  it('names programs that can be run', () => {
    for (const path of ['bin/zk-server', 'scripts/quickstart', 'scripts/test', '.ci/run']) {
      accessSync(join(ROOT, path), constants.X_OK);
    }
  });

  it('names npm scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...README.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
    assert.ok(named.length > 0);
    for (const name of named) assert.ok(name in scripts, name);
  });

  it('shows configurations with keys that are known', () => {
    const lines = BLOCKS.filter(({ language }) => language === '').flatMap(({ text }) => text.trim().split('\n'));
    assert.ok(lines.length > 0);
    for (const line of lines) {
      const key = line.split('=')[0] ?? '';
      assert.ok(ALL_KEYS.has(key) || familyOf(key) !== undefined, key);
    }
  });
});
