// Shell scripts as shellcheck sees them, and the Dockerfile by the rules of hadolint that can be told from its text.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const ROOT = new URL('../../', import.meta.url).pathname;
const run = promisify(execFile);

function shellScripts(): string[] {
  const files = ['bin', 'scripts', 'conf/docker'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
  );
  const isShell = (file: string): boolean =>
    statSync(join(ROOT, file)).isFile() && /^#!.*\b(ba)?sh\b/.test(readFileSync(join(ROOT, file), 'utf8'));
  return files.filter(isShell);
}

describe('shell scripts', () => {
  it('are well with shellcheck', async () => {
    const scripts = shellScripts();
    assert.ok(scripts.length > 15);
    const { stdout } = await run('shellcheck', ['--external-sources', '--format=gcc', ...scripts], {
      cwd: ROOT,
    }).catch((error: unknown) => error as { stdout: string });
    assert.equal(stdout, '');
  });
});

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Continued lines are one instruction. */
function instructions(text: string): Instruction[] {
  const whole = text.replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ');
  return whole
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ name: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1).trim() }));
}

/** Of an instruction that breaks it: hadolint's number. */
const RULES: readonly (readonly [rule: string, isBroken: (one: Instruction) => boolean])[] = [
  ['DL3000 an absolute WORKDIR', ({ name, rest }) => name === 'WORKDIR' && !rest.startsWith('/')],
  ['DL3004 no sudo', ({ name, rest }) => name === 'RUN' && /\bsudo\b/.test(rest)],
  ['DL3006 a tagged image', ({ name, rest }) => name === 'ARG' && /_IMAGE=/.test(rest) && !/=[^:]+:[^:]+$/.test(rest)],
  ['DL3007 not the latest image', ({ name, rest }) => /^(ARG|FROM)$/.test(name) && /:latest\b/.test(rest)],
  [
    'DL3011 ports there can be',
    ({ name, rest }) => name === 'EXPOSE' && rest.split(/\s+/).some((p) => !(Number(p) > 0 && Number(p) < 65_536)),
  ],
  ['DL3020 COPY, not ADD', ({ name }) => name === 'ADD'],
  ['DL3025 CMD and ENTRYPOINT as JSON', ({ name, rest }) => /^(CMD|ENTRYPOINT)$/.test(name) && !isJson(rest)],
  ['DL3046 useradd without a log of its size', ({ rest }) => /useradd /.test(rest) && !rest.includes('--no-log-init')],
  ['DL4000 no MAINTAINER', ({ name }) => name === 'MAINTAINER'],
  ['DL4006 no pipe whose failure is not seen', ({ name, rest }) => name === 'RUN' && /[^|]\|[^|]/.test(rest)],
];

function isJson(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

describe('the Dockerfile', () => {
  const all = instructions(readFileSync(join(ROOT, 'conf/docker/Dockerfile'), 'utf8'));
  for (const [rule, isBroken] of RULES) {
    it(`keeps ${rule}`, () => {
      assert.deepEqual(all.filter(isBroken), []);
    });
  }

  it('is read instruction by instruction', () => {
    assert.ok(all.length > 20);
    for (const { name } of all) assert.match(name, /^[A-Z]+$/);
  });
});
