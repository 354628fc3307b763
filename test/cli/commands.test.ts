import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.js';
import { cli, fakeServer, scratch } from './harness.js';

const NAMES = COMMANDS.map(({ name }) => name);
const ROOT = new URL('../../', import.meta.url).pathname;

/** Text in which lines that were folded are whole again. */
function unfolded(text: string): string {
  return text.replace(/\s+/g, ' ');
}

describe('help', () => {
  it('names every command and the exit codes', async () => {
    const { exitCode, out } = await cli(['--help']);
    assert.equal(exitCode, 0);
    for (const command of NAMES) assert.match(out, new RegExp(`zk-server ${command}`));
    assert.match(out, /Exit codes: 0 .*1 .*2 .*3 .*14/s);
  });

  for (const command of COMMANDS) {
    it(`${command.name} --help has all there is to know, in lines that fit`, async () => {
      const { exitCode, out } = await cli([command.name, '--help']);
      assert.equal(exitCode, 0);
      const text = unfolded(out);
      const terms = [...command.environment, ...command.exitCodes, ...command.examples, ...(command.sections ?? [])];
      for (const [term] of terms) assert.ok(text.includes(term), term);
      for (const [, meaning] of command.environment) assert.ok(text.includes(meaning), meaning);
      for (const [name, { describe: meaning }] of Object.entries(command.options)) {
        assert.ok(text.includes(`--${name}`), name);
        assert.ok(text.includes(unfolded(meaning)), meaning);
      }
      assert.ok(text.includes(unfolded(command.about)), command.about);
      assert.match(out, /^Examples:$/m);
      assert.match(out, /^Exit codes:\n {2}0 {2}/m);
      for (const line of out.split('\n')) assert.ok(line.length <= 100, line);
    });
  }

  for (const args of [['version'], ['--version']]) {
    it(args.join(' '), async () => {
      const { exitCode, out } = await cli(args);
      assert.equal(exitCode, 0);
      assert.match(out, /^zk-server \d+\.\d+\.\d+, compatible with Apache ZooKeeper 3\.9\.5 \(Node\.js v/);
    });
  }
});

describe('bad usage exits with 2', () => {
  const CASES: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [[], /Say what to do/],
    [['strat'], /^Unknown command: strat\nDid you mean start\?$/m],
    [['frobnicate'], /^Unknown command: frobnicate\n\nzk-server --help tells the commands\.$/],
    [['--verison'], /^Unknown option: --verison\nDid you mean --version\?$/m],
    [['status', '--elections'], /Did you mean --election\?\n\nzk-server status --help tells/],
    [['start', '--loglevel', 'info'], /Did you mean --log-level\?/],
    [['stop', '--timeout', 'soon'], /^--timeout takes a number of seconds above 0\.$/m],
    [['stop', '--timeout', '-1'], /^--timeout takes a number of seconds above 0\.$/m],
    [['stop', '--timeout', '0'], /^--timeout takes a number of seconds above 0\.$/m],
    [['init', '--myid', '1.5'], /^--myid takes a whole number, 0 or greater\.$/m],
    [['init', '--myid'], /^--myid takes a whole number, 0 or greater\.$/m],
    [['completion'], /^Missing argument: shell \(bash, zsh, fish\)\.$/m],
    [['completion', 'csh'], /Choices: "bash", "zsh", "fish"/],
    [['start', '--colour'], /Unknown argument: colour/],
    [['check', 'a', 'b'], /Unknown argument: b/],
    [['start', '--log-level', 'loud'], /Invalid values/],
    [['check', '/nowhere/zoo.cfg'], /there is no file \/nowhere\/zoo\.cfg/],
    [['start', '/nowhere/zoo.cfg'], /there is no file \/nowhere\/zoo\.cfg/],
    [['status', '--server', 'here'], /"here" is not host:port/],
    [['status', '--server', 'here:99999'], /"here:99999" is not host:port/],
    [['status', '--server', 'here:0'], /"here:0" is not host:port/],
    [['status', '--server', 'here:2181', '--timeout', 'soon'], /--timeout .*seconds/],
    [['stop', '--timeout', '-1'], /--timeout .*seconds/],
    [['init', 'conf/zoo.cfg', '--myid', 'one'], /--myid .*whole number/],
    [['init', 'conf/zoo.cfg', '--myid', '1.5'], /--myid .*whole number/],
    [['init', 'conf/zoo.cfg', '--myid=-1'], /--myid .*whole number/],
    [['init', 'conf/zoo.cfg', '--myid'], /myid/],
  ];
  for (const [args, says] of CASES) {
    it(args.join(' ') || 'nothing', async () => {
      const { exitCode, out, err } = await cli(args);
      assert.equal(exitCode, 2);
      assert.match(out + err, says);
    });
  }
});

describe('which zoo.cfg is meant', () => {
  it('a name is taken from the working folder first, then from ZOOCFGDIR', async (t) => {
    const folder = await scratch(t);
    await mkdir(join(folder, 'conf'));
    await writeFile(join(folder, 'conf', 'zoo.cfg'), 'dataDir=/one\nclientPort=2181\n');
    const env = { ZOOCFGDIR: 'conf' };
    assert.match((await cli(['print-config', 'zoo.cfg'], { workingDir: folder, env })).out, /dataDir=\/one/);
    await writeFile(join(folder, 'zoo.cfg'), 'dataDir=/two\nclientPort=2181\n');
    assert.match((await cli(['print-config', 'zoo.cfg'], { workingDir: folder, env })).out, /dataDir=\/two/);
  });

  it('a folder means the zoo.cfg in it', async (t) => {
    const folder = await scratch(t);
    await mkdir(join(folder, 'conf'));
    await writeFile(join(folder, 'conf', 'zoo.cfg'), 'dataDir=/one\nclientPort=2181\n');
    assert.match(
      (await cli(['print-config', 'conf'], { workingDir: folder })).out,
      /dataDir=\/one +# conf\/zoo\.cfg:1/,
    );
    const { err, exitCode } = await cli(['print-config', folder]);
    assert.equal(exitCode, 2);
    assert.match(err, /there is no file \S+\/zoo\.cfg/);
  });

  it('without a name it is zoo.cfg in ZOOCFGDIR, or what ZOOCFG says', async (t) => {
    const folder = await scratch(t);
    await writeFile(join(folder, 'zoo.cfg'), 'dataDir=/one\nclientPort=2181\n');
    await writeFile(join(folder, 'other.cfg'), 'dataDir=/two\nclientPort=2181\n');
    assert.match((await cli(['print-config'], { env: { ZOOCFGDIR: folder } })).out, /dataDir=\/one/);
    assert.match((await cli(['print-config'], { env: { ZOO_CONF_DIR: folder } })).out, /dataDir=\/one/);
    assert.match((await cli(['print-config'], { env: { ZOOCFGDIR: folder, ZOOCFG: 'other.cfg' } })).out, /\/two/);
  });
});

describe('check', () => {
  it('has no fault to find in the sample', async () => {
    const { exitCode, out } = await cli(['check', 'conf/zoo_sample.cfg'], { workingDir: ROOT });
    assert.equal(out, 'conf/zoo_sample.cfg describes a standalone server.');
    assert.equal(exitCode, 0);
  });

  it('opens key stores and key tables and tells what is wrong with each', async (t) => {
    const folder = await scratch(t);
    const service = 'keyTab="none.keytab" principal="zookeeper/h@R"';
    await writeFile(join(folder, 'text.pem'), 'no key\n');
    await writeFile(
      join(folder, 'jaas.conf'),
      `Server { com.sun.security.auth.module.Krb5LoginModule required ${service}; };`,
    );
    const tls = 'secureClientPort=2281\nssl.keyStore.location=text.pem\nssl.trustStore.location=text.pem\n';
    const text = `dataDir=data\nclientPort=2181\n${tls}java.security.auth.login.config=jaas.conf\n`;
    await writeFile(join(folder, 'zoo.cfg'), text);
    const { exitCode, out } = await cli(['check', 'zoo.cfg'], { workingDir: folder });
    assert.match(out, /error: \S+text\.pem is no usable PEM store: it has neither a key nor a certificate\. Check/);
    assert.match(out, /error: the key table none\.keytab cannot be read: .* Name a key table in keyTab\./);
    assert.match(out, /zoo\.cfg cannot be used: 2 errors/);
    assert.equal(exitCode, 1);
  });

  it('--json tells place, line, key, reason and mend', async (t) => {
    const folder = await scratch(t);
    await writeFile(join(folder, 'zoo.cfg'), 'dataDir=/data\nclientPort=2181\ntickTme=2000\n');
    const { exitCode, out } = await cli(['check', 'zoo.cfg', '--json'], { workingDir: folder });
    assert.equal(exitCode, 2);
    assert.deepEqual(JSON.parse(out), {
      config: 'zoo.cfg',
      usable: false,
      faults: [
        {
          severity: 'error',
          code: 'UNKNOWN_KEY',
          place: 'zoo.cfg:3',
          line: 3,
          key: 'tickTme',
          reason: 'no ZooKeeper release knows this key.',
          mend: 'Did you mean tickTime?',
        },
      ],
    });
  });
});

describe('print-config', () => {
  it('tells where each value comes from', async (t) => {
    const folder = await scratch(t);
    await writeFile(join(folder, 'zoo.cfg'), 'dataDir=/data\nclientPort=2181\n');
    const env = { SERVER_JVMFLAGS: '-Dzookeeper.snapCount=5000' };
    const { out } = await cli(['print-config', 'zoo.cfg', '--all'], { workingDir: folder, env });
    assert.match(out, /^clientPort=2181 +# zoo\.cfg:2$/m);
    assert.match(out, /^snapCount=5000 +# \$SERVER_JVMFLAGS$/m);
    assert.match(out, /^tickTime=3000 +# default$/m);
    assert.match(out, /^# dataLogDir: dataDir +# default$/m);
  });

  it('hides what is secret', async (t) => {
    const folder = await scratch(t);
    const secret = 'DigestAuthenticationProvider.superDigest=super:xyzzy=\nssl.keyStore.password=sesame\n';
    await writeFile(join(folder, 'zoo.cfg'), `dataDir=/data\nclientPort=2181\n${secret}`);
    for (const more of [[], ['--json']]) {
      const { out } = await cli(['print-config', 'zoo.cfg', ...more], { workingDir: folder });
      assert.doesNotMatch(out, /xyzzy|sesame/);
      assert.match(out, /superDigest/);
    }
  });

  it('--json has value, unit, origin and effect', async (t) => {
    const folder = await scratch(t);
    await writeFile(join(folder, 'zoo.cfg'), 'dataDir=/data\nclientPort=2181\ntickTime=100\n');
    const { out } = await cli(['print-config', 'zoo.cfg', '--json'], { workingDir: folder });
    const { mode, values } = JSON.parse(out) as { mode: string; values: Record<string, unknown>[] };
    assert.equal(mode, 'standalone');
    assert.deepEqual(
      values.find(({ key }) => key === 'tickTime'),
      {
        key: 'tickTime',
        value: 100,
        unit: 'ms',
        from: 'zoo.cfg:3',
        effect: 'Length of a tick, the unit of heartbeats, session time-outs and time limits.',
        support: 'full',
      },
    );
  });
});

describe('init', () => {
  const SERVERS = [1, 2, 3].map((sid) => `server.${sid}=h${sid}:2888:3888\n`).join('');
  const ENSEMBLE = `dataDir=./data\ndataLogDir=./log\nclientPort=2181\ninitLimit=10\nsyncLimit=5\n${SERVERS}`;

  async function prepared(folder: string, text = ENSEMBLE): Promise<(...args: string[]) => ReturnType<typeof cli>> {
    await writeFile(join(folder, 'zoo.cfg'), text);
    return (...args) => cli(['init', 'zoo.cfg', ...args], { workingDir: folder });
  }

  it('makes the folders, myid and the sign that no data is expected', async (t) => {
    const folder = await scratch(t);
    const init = await prepared(folder);
    assert.equal((await init('--myid', '2')).exitCode, 0);
    assert.ok(existsSync(join(folder, 'data', 'version-2')));
    assert.ok(existsSync(join(folder, 'log', 'version-2')));
    assert.ok(existsSync(join(folder, 'data', 'initialize')));
    assert.equal(await readFile(join(folder, 'data', 'myid'), 'utf8'), '2\n');
    const { exitCode } = await cli(['check', 'zoo.cfg'], { workingDir: folder });
    assert.equal(exitCode, 0);
  });

  it("takes the number of a container's ZOO_MY_ID, and never over a file that is there", async (t) => {
    const folder = await scratch(t);
    await prepared(folder);
    const init = (id: string): ReturnType<typeof cli> =>
      cli(['init', 'zoo.cfg'], { workingDir: folder, env: { ZOO_MY_ID: id } });
    assert.equal((await init('3')).exitCode, 0);
    assert.equal((await init('1')).exitCode, 0);
    assert.equal(await readFile(join(folder, 'data', 'myid'), 'utf8'), '3\n');
  });

  it('works where folders must not be made at start', async (t) => {
    const folder = await scratch(t);
    const init = await prepared(folder, 'dataDir=./data\nclientPort=2181\ndatadir.autocreate=false\n');
    assert.equal((await cli(['check', 'zoo.cfg'], { workingDir: folder })).exitCode, 3);
    assert.equal((await init()).exitCode, 0);
    assert.equal((await cli(['check', 'zoo.cfg'], { workingDir: folder })).exitCode, 0);
  });

  it('wants to know which server of an ensemble this is', async (t) => {
    const init = await prepared(await scratch(t));
    const { exitCode, err } = await init();
    assert.equal(exitCode, 2);
    assert.match(err, /--myid/);
  });

  it('refuses a number that is not in the list, and makes nothing', async (t) => {
    const folder = await scratch(t);
    const init = await prepared(folder);
    const { exitCode, err } = await init('--myid', '9');
    assert.equal(exitCode, 1);
    assert.match(err, /this is server 9, but the list has only 1, 2, 3/);
    assert.ok(!existsSync(join(folder, 'data')));
  });

  it('refuses to overwrite, unless forced', async (t) => {
    const folder = await scratch(t);
    const init = await prepared(folder);
    await init('--myid', '1');
    const again = await init('--myid', '2');
    assert.equal(again.exitCode, 1);
    assert.match(again.err, /myid is there; --force would replace it/);

    await writeFile(join(folder, 'log', 'version-2', 'log.1'), 'transactions');
    const withData = await init('--myid', '1');
    assert.equal(withData.exitCode, 1);
    assert.match(withData.err, /log\/version-2 holds data; --force would delete it/);
    assert.ok(existsSync(join(folder, 'log', 'version-2', 'log.1')));

    assert.equal((await init('--myid', '2', '--force')).exitCode, 0);
    assert.equal(await readFile(join(folder, 'data', 'myid'), 'utf8'), '2\n');
    assert.ok(!existsSync(join(folder, 'log', 'version-2', 'log.1')));
  });

  it('refuses while a server runs there, even when forced', async (t) => {
    const folder = await scratch(t);
    const init = await prepared(folder);
    await init('--myid', '1');
    const server = await fakeServer(t, join(folder, 'mark'));
    await writeFile(join(folder, 'data', 'zookeeper_server.pid'), `${server.pid ?? 0}\n`);
    const { exitCode, err } = await init('--myid', '1', '--force');
    assert.equal(exitCode, 1);
    assert.match(err, /^A server \(pid \d+\) runs on .*; stop it first\.$/);
  });

  it('refuses a configuration that it cannot mend', async (t) => {
    const init = await prepared(await scratch(t), 'clientPort=2181\n');
    const { exitCode, err } = await init();
    assert.equal(exitCode, 2);
    assert.match(err, /dataDir: it is not set/);
  });
});
