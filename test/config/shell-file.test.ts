// What is read of each form that env files have. The expected values of SAFE are what bash makes of the same text; the test
// asks it, where it is there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { readShellFile, type ShellScope } from '../../src/config/shell-file.js';

class MapScope implements ShellScope {
  readonly lines = new Map<string, number>();
  readonly values: Map<string, string>;

  constructor(env: Readonly<Record<string, string>>) {
    this.values = new Map(Object.entries(env));
  }

  get(name: string): string | undefined {
    return this.values.get(name);
  }

  set(name: string, value: string, line: number): void {
    this.values.set(name, value);
    this.lines.set(name, line);
  }

  unset(name: string): void {
    this.values.delete(name);
  }
}

const ENV = { HOME: '/home/zk', OLD: 'old', EMPTY: '' };

/** Text, and what V and W are behind it. */
const SAFE: readonly (readonly [text: string, v: string | undefined, w?: string])[] = [
  ['V=a', 'a'],
  ['export V=a', 'a'],
  ['export V="a b"', 'a b'],
  ["V='a $OLD b'", 'a $OLD b'],
  ['V="a $OLD b"', 'a old b'],
  ['V="${OLD}er"', 'older'],
  ['V=$OLD$EMPTY.$NONE.', 'old..'],
  ['V="$V -Da=b"\nV="$V -Dc=d"', ' -Da=b -Dc=d'],
  ['V="${NONE:-x y}"', 'x y'],
  ['V="${EMPTY:-x}" W="${EMPTY-x}"', 'x', ''],
  ['V="${OLD:-x}"', 'old'],
  ['V=${NONE:-"a b"}c', 'a bc'],
  ['V="${NONE:-${OLD:-x}}"', 'old'],
  ['V="${OLD:+-Dx=$OLD}" W="${NONE:+y}"', '-Dx=old', ''],
  ['V="a \\"b\\" \\$c \\\\ \\d"', 'a "b" $c \\ \\d'],
  ['V=a\\ b', 'a b'],
  ['V="one \\\n  two"', 'one   two'],
  ['V=one\\\ntwo', 'onetwo'],
  ['V="one\ntwo"', 'one\ntwo'],
  ['# V=a\nW=b # c', undefined, 'b'],
  ['V=a#b', 'a#b'],
  ['  V=a  ;  W=b', 'a', 'b'],
  ['V=a; export V', 'a'],
  ['export V=a W=b', 'a', 'b'],
  ['export V', undefined],
  ['V=a\nunset V', undefined],
  ['V=a\nV+=b', 'ab'],
  ['V=', ''],
  ['V="it\'s"', "it's"],
  ['V="a"\'b\'c', 'abc'],
  ['V="$"', '$'],
  ['V=a=b=c', 'a=b=c'],
  ['set -a\nV=a\nset +a', 'a'],
  ['readonly V=a', 'a'],
  ['declare -x V=a', 'a'],
  ['V="-XX:OnOutOfMemoryError=\'kill -9 %p\'"', "-XX:OnOutOfMemoryError='kill -9 %p'"],
];

/** Text, the lines that are named, and what is set all the same. */
const STRANGE: readonly (readonly [text: string, named: readonly string[], set: Readonly<Record<string, string>>])[] = [
  ['V=$(hostname)\nW=b', ['1: the output of a command is not expanded'], { W: 'b' }],
  ['V=`hostname -f`', ['1: the output of a command is not expanded'], {}],
  ['V="-Dhost=$(hostname -f | tr a b) -Dx=y"', ['1: the output of a command is not expanded'], {}],
  ['W=b\n. /etc/default/zookeeper', ['2: commands are not run'], { W: 'b' }],
  ['V=a java -version', ['1: commands are not run'], {}],
  ['echo hello', ['1: commands are not run'], {}],
  ['[ -f /x ] && V=a\nW=b', ['1: whether it takes place depends on commands, which are not run'], { W: 'b' }],
  ['true ||\nV=a\nW=b', ['1: whether it takes place depends on commands, which are not run'], { W: 'b' }],
  [
    'if [ -z "$V" ]; then\n  V=a\nelse\n  V=b\nfi\nW=c',
    ['1: only assignments are read, so all of it is left out'],
    { W: 'c' },
  ],
  [
    'if true; then if true; then V=a; fi; V=b; fi; W=c',
    ['1: only assignments are read, so all of it is left out'],
    { W: 'c' },
  ],
  ['for x in a b; do\n  V="$V $x"\ndone\nW=c', ['1: only assignments are read, so all of it is left out'], { W: 'c' }],
  [
    'case "$V" in\n  a) V=b ;;\n  *) V=c ;;\nesac\nW=d',
    ['1: only assignments are read, so all of it is left out'],
    { W: 'd' },
  ],
  ['f() {\n  V=a\n}\nW=b', ['1: only assignments are read, so all of it is left out'], { W: 'b' }],
  ['f()\n{\n  V=a\n}\nW=b', ['1: only assignments are read, so all of it is left out'], { W: 'b' }],
  ['function f {\n  V=a\n}\nW=b', ['1: only assignments are read, so all of it is left out'], { W: 'b' }],
  ['( V=a )\nW=b', ['1: only assignments are read, so all of it is left out'], { W: 'b' }],
  ['{ V=a; }\nW=b', ['1: only assignments are read, so all of it is left out'], { W: 'b' }],
  ['W=b\nV="never closed\nX=c', ['2: a quote is never closed; from here on the file is left out'], { W: 'b' }],
  ['W=b\ncat <<END\nV=a\nEND', ['2: a here-document; from here on the file is left out'], { W: 'b' }],
  ['V=${OLD%x}', ['1: ${OLD%x} is not expanded'], {}],
  ['V=$1', ['1: $1 is not expanded'], {}],
  ['V=~/x', ['1: a home folder (~) is not expanded'], {}],
  ['V=(a b)', ['1: only assignments are read, so all of it is left out'], {}],
  ['V=a > /dev/null', ['1: whether it takes place depends on commands, which are not run'], {}],
];

/** What bash makes of V and W; undefined where there is no bash. */
function askBash(text: string): readonly [string | undefined, string | undefined] | undefined {
  const script = `${text}\nprintf '%s\\0' "\${V-unset}" "\${W-unset}"`;
  const { stdout, status } = spawnSync('bash', ['-c', script], { env: ENV, encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [v, w] = stdout.split('\0').map((value) => (value === 'unset' ? undefined : value));
  return [v, w];
}

describe('an env file', () => {
  for (const [text, v, w] of SAFE) {
    it(JSON.stringify(text), () => {
      const scope = new MapScope(ENV);
      assert.deepEqual(readShellFile(text, scope), []);
      assert.deepEqual([scope.get('V'), scope.get('W')], [v, w]);
      assert.deepEqual([v, w], askBash(text) ?? [v, w], 'bash says so');
    });
  }

  for (const [text, named, set] of STRANGE) {
    it(`${JSON.stringify(text)} is left out`, () => {
      const scope = new MapScope(ENV);
      const problems = readShellFile(text, scope);
      assert.deepEqual(
        problems.map(({ line, reason }) => `${line}: ${reason}`),
        named,
      );
      assert.deepEqual(Object.fromEntries(scope.values), { ...ENV, ...set });
    });
  }

  it('knows the line of each assignment', () => {
    const scope = new MapScope(ENV);
    readShellFile('# one\r\nV=a\r\n\r\nW="b\r\nc"\r\nX=d\r\n', scope);
    assert.deepEqual(Object.fromEntries(scope.lines), { V: 2, W: 4, X: 6 });
    assert.equal(scope.get('X'), 'd');
  });

  it('shows what it leaves out on one line', () => {
    const [problem] = readShellFile(`if true; then\n${'V=a\n'.repeat(100)}fi`, new MapScope(ENV));
    assert.equal(problem?.text, 'if true; then');
  });
});
