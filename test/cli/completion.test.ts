// The completion script of bash as bash runs it; those of zsh and fish as texts. GOLDEN_REWRITE=1 writes the texts anew, which
// then have to be tried in the shell: `fish -c 'source FILE; complete -C "zk-server st"'`.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.js';
import { cli, run, scratch } from './harness.js';

const NAMES = COMMANDS.map(({ name }) => name);
const DRIVER = `
  source "$1"
  cd "$2"
  # The function that the script registered, asked as readline asks it.
  spec=$(complete -p zk-server)
  function=\${spec#*-F }
  COMP_WORDS=("\${@:3}")
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  "\${function%% *}" zk-server "\${COMP_WORDS[COMP_CWORD]}"
  for word in "\${COMPREPLY[@]}"; do printf '%s\\n' "$word"; done
`;

describe('completion in bash', () => {
  let script = '';

  before(async () => {
    script = (await cli(['completion', 'bash'])).out;
  });

  async function completed(t: TestContext, words: readonly string[]): Promise<string[]> {
    const folder = await scratch(t);
    const place = join(folder, 'place');
    await mkdir(join(place, 'conf'), { recursive: true });
    for (const name of ['zoo.cfg', 'a b.cfg', 'run.pid', 'conf/three.cfg']) await writeFile(join(place, name), '');
    await writeFile(join(folder, 'script'), script);
    const { err, exitCode, out } = await run('bash', [
      '--norc',
      '-c',
      DRIVER,
      'bash',
      join(folder, 'script'),
      place,
      'zk-server',
      ...words,
    ]);
    assert.equal(err, '');
    assert.equal(exitCode, 0);
    return out.split('\n').filter((line) => line !== '');
  }

  // "=" is a word of its own, because it is one of $COMP_WORDBREAKS.
  const CASES: readonly (readonly [words: readonly string[], offered: readonly string[]])[] = [
    [[''], [...NAMES, '--help', '--version']],
    [['st'], ['start', 'stop', 'status']],
    [['--v'], ['--version']],
    [['nothing', ''], []],
    [
      ['start', '--'],
      ['--daemon', '--timeout', '--log-level', '--log-format', '--help'],
    ],
    [
      ['start-foreground', '--log-'],
      ['--log-level', '--log-format'],
    ],
    [
      ['start', '--log-level', ''],
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    ],
    [['start', '--log-level', 'd'], ['debug']],
    [
      ['start', '--log-format', '='],
      ['json', 'text'],
    ],
    [['start', '--log-format', '=', 'j'], ['json']],
    [['start', '--timeout', ''], []],
    [['start', '--timeout', '5', 'z'], ['zoo.cfg']],
    [
      ['status', ''],
      ['zoo.cfg', 'a b.cfg', 'conf'],
    ],
    [['check', 'conf/'], ['conf/three.cfg']],
    [['check', 'run'], ['run.pid']],
    [['stop', '--pid-file', 'ru'], ['run.pid']],
    [['version', ''], []],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['completion', 'z'], ['zsh']],
  ];
  for (const [words, offered] of CASES) {
    it(`zk-server ${words.join(' ')}`, async (t) => {
      assert.deepEqual((await completed(t, words)).sort(), [...offered].sort());
    });
  }
});

for (const shell of ['zsh', 'fish']) {
  describe(`completion in ${shell}`, () => {
    it('is as it was when it was last tried', async () => {
      const { exitCode, out } = await cli(['completion', shell]);
      assert.equal(exitCode, 0);
      const file = new URL(`completion/zk-server.${shell}`, import.meta.url).pathname;
      if (process.env['GOLDEN_REWRITE'] === '1') writeFileSync(file, `${out}\n`);
      assert.ok(existsSync(file), `${file} is there`);
      assert.equal(`${out}\n`, readFileSync(file, 'utf8'));
    });

    it('knows every command, option and value', async () => {
      const { out } = await cli(['completion', shell]);
      for (const { name, options } of COMMANDS) {
        assert.ok(out.includes(name), name);
        for (const [option, spec] of Object.entries(options)) {
          assert.ok(out.includes(shell === 'zsh' ? `--${option}` : `-l ${option} `), option);
          if (spec.kind === 'choice') assert.ok(out.includes(spec.choices.join(' ')), option);
        }
      }
    });
  });
}
