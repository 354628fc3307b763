// Every command in a block of README.md and docs/*.md that is marked as `sh` is run here, by another test, or cannot be.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { serverMode } from '../support/four-letter.js';
import { HTTP_OFF_LINES } from '../support/http-off.js';
import { freePorts } from '../support/ports.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const LIMIT_MS = 60_000;

/**
 * Commands that other tests run: the file, and what it names: a word of the command, or of what runs it (scripts/quickstart
 * installs and builds).
 */
const ELSEWHERE: Readonly<Record<string, readonly [file: string, names: string]>> = {
  'scripts/quickstart': ['test/cli/quickstart.test.ts', 'scripts/quickstart'],
  'PORT_BASE=12000 scripts/quickstart': ['test/cli/quickstart.test.ts', 'PORT_BASE'],
  'npm ci && npm run build': ['test/cli/quickstart.test.ts', 'scripts/quickstart'],
};

/** Commands that cannot be run here, and why. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'docker build -f conf/docker/Dockerfile -t zk-server .': 'no Docker engine; test/packaging reads the file',
  'docker compose -f conf/docker/compose.yaml up -d --wait': 'no Docker engine; test/packaging reads the file',
  'kubectl apply -f conf/kubernetes/zk-server.yaml': 'no Kubernetes; test/packaging reads the file',
  'systemctl disable --now zookeeper': 'systemd is not the first process; test/packaging checks the units',
  'scripts/test': 'it runs this test',
  'scripts/test --long': 'it runs this test',
  'scripts/test config cli': 'it runs tests beside this one',
};

interface Step {
  readonly command: string;
  /** What must stand in its output. */
  readonly says: RegExp;
  /** 0 when absent. */
  readonly exitCodes?: readonly number[];
  readonly stdin?: string;
  /** It goes on until it is stopped: the next steps come when the server of this configuration serves. */
  readonly runs?: Server;
  /** Options that make it shorter. */
  readonly more?: string;
  readonly before?: () => Promise<void>;
  readonly after?: () => Promise<void> | void;
}

type Server = 'first' | 'second';

let folder = '';
let ports: Readonly<Record<Server, number>> & { readonly admin: number; readonly metrics: number };
const running = new Map<Server, ChildProcess>();

const DOCTOR = { says: /^Looked at /m, exitCodes: [0, 1, 2] };
const SHORT = ' --seconds 0.2 --warm-up 0 --keys 5';

/** In the order in which they are run: each finds what those before it have left. */
const STEPS: readonly Step[] = [
  { command: 'cp conf/zoo_sample.cfg conf/zoo.cfg', says: /^$/, after: configureFirst },
  { command: 'bin/zk-server check conf/zoo.cfg', says: /conf\/zoo\.cfg/ },
  { command: 'bin/zk-server start conf/zoo.cfg', says: /^/, runs: 'first' },
  { command: 'bin/zk-server status conf/zoo.cfg', says: /leader/ },
  { command: 'echo srvr | nc 127.0.0.1 2181', says: /^Mode: leader$/m },
  { command: 'echo srvr | nc zk1 2181 | grep Mode', says: /^Mode: leader$/m },
  {
    command: "echo mntr | nc zk3 2181 | grep -E 'zk_synced_(followers|observers)|zk_pending_syncs'",
    says: /^zk_synced_followers\t0$/m,
  },
  { command: 'curl -s http://127.0.0.1:8080/readyz?verbose', says: /readyz check passed/ },
  { command: 'curl -s http://127.0.0.1:7000/metrics', says: /^znode_count /m },
  {
    command: 'zkCli.sh -server 127.0.0.1:2181',
    stdin: 'create /app\ncreate /app/leader me\nls /\n',
    says: /Welcome to ZooKeeper![^]*\[app, zookeeper\]/,
  },
  {
    command: `python3 -c "from kazoo.client import KazooClient as K; c = K('127.0.0.1:2181'); c.start(); print(c.get_children('/'))"`,
    says: /'zookeeper'/,
  },
  { command: 'bin/zk-cli -server zk1:2181,zk2:2181/app', stdin: 'ls /\n', says: /^\[leader\]$/m },
  { command: 'bin/zk-cli -server zk1:2181 get /app/leader', says: /^me$/m },
  { command: "echo 'ls /' | bin/zk-cli -server zk1:2181", says: /^\[app, zookeeper\]$/m },
  { command: 'bin/zk-cli --quiet --output json stat /app', says: /^\{.*"numChildren":1.*\}$/m },
  { command: 'bin/zk-bench --server zk1:2181 --profile writes', more: SHORT, says: /^0 errors$/m },
  { command: 'bin/zk-bench --server zk1:2181 --mix get=90,set=10 --rate 5000', more: SHORT, says: /^0 errors$/m },
  {
    command: 'bin/zk-bench --server new:2181 --compare old:2181 --rounds 5 --json',
    more: ' --seconds 0.1 --warm-up 0 --keys 5',
    says: /^\{.*"comparison":.*\}$/m,
  },
  { command: 'zk-server check --from /etc/zookeeper/conf', says: /zk-server can take its place/, exitCodes: [0, 4] },
  { command: 'zk-doctor /etc/zookeeper/conf/zoo.cfg', ...DOCTOR },
  { command: 'zk-doctor zk1/zoo.cfg zk2/zoo.cfg zk3/zoo.cfg', ...DOCTOR },
  { command: 'zk-doctor /opt/zookeeper', ...DOCTOR },
  { command: 'zk-doctor /var/lib/zookeeper', ...DOCTOR },
  { command: 'zk-doctor --server zk1:2181,zk2:2181,zk3:2181', ...DOCTOR },
  {
    command:
      "curl -H 'Authorization: digest root:secret' 'http://zk1:8080/commands/snapshot?streaming=true' --output snapshot",
    says: /^/,
    after: () => {
      const kind = readFileSync(join(folder, 'snapshot')).subarray(0, 4).toString('latin1');
      assert.equal(kind, 'ZKSN');
    },
  },
  {
    command:
      "curl -H 'Authorization: digest root:secret' -H 'Content-Type: application/octet-stream' --data-binary @snapshot " +
      'http://zk1:8080/commands/restore',
    says: /"last_zxid"/,
  },
  {
    command: 'zk-server stop conf/zoo.cfg',
    says: /stopped|ended/i,
    before: async () => {
      const { exitCode, output } = await run(`zk-server backup conf/zoo.cfg --to ${folder}/backup`);
      assert.equal(exitCode, 0, output);
    },
    after: async () => assert.deepEqual(await hasEnded('first'), [0, null]),
  },
  { command: 'zk-server restore conf/zoo.cfg --from /backup/zk --check', says: /is whole/ },
  { command: 'zk-server restore conf/zoo.cfg --from /backup/zk --force', says: /before-restore-/ },
  {
    command: 'zk-server start --daemon conf/zoo.cfg',
    says: /^/,
    after: async () => {
      assert.equal(await serverMode(ports.first), 'leader');
      await run('zk-server stop conf/zoo.cfg');
    },
  },
  { command: 'zk-server start /etc/zookeeper/conf/zoo.cfg', says: /^/, runs: 'first' },
  { command: 'zk-server status /etc/zookeeper/conf/zoo.cfg', says: /leader/ },
  { command: 'zk-server status /etc/zookeeper/conf/zoo.cfg --election', says: /round|vote/i },
  {
    command: 'bin/zk-server init zoo.cfg --myid 1',
    says: /^/,
    after: () => assert.equal(readFileSync(join(folder, 'second/myid'), 'utf8').trim(), '1'),
  },
  { command: 'bin/zk-server start zoo.cfg', says: /^/, runs: 'second' },
  { command: 'bin/zk-server status zoo.cfg', says: /leader/ },
];

/** An ensemble of one, which answers as a member of a larger one does. */
function ensembleOfOne(dataDir: string, [port, quorum, election]: readonly number[]): string {
  const members = `server.1=127.0.0.1:${quorum ?? 0}:${election ?? 0};127.0.0.1:${port ?? 0}\n`;
  return `standaloneEnabled=false\ninitLimit=10\nsyncLimit=5\ndataDir=${dataDir}\n${members}`;
}

let peerPorts: readonly number[] = [];

/** The sample with the folder and ports of this test in place of its own. */
function configureFirst(): void {
  const file = join(folder, 'conf/zoo.cfg');
  const sample = readFileSync(file, 'utf8').replace(/^(dataDir|clientPort)=.*$/gm, '');
  const http = `admin.serverPort=${ports.admin}\nmetricsProvider.httpPort=${ports.metrics}\n`;
  const own = ensembleOfOne(join(folder, 'data'), [ports.first, ...peerPorts]);
  writeFileSync(file, `${sample}\n${own}${http}`);
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/myid'), '1\n');
}

/** The command with this test's folder and ports in place of those of the documents. */
function substituted(command: string): string {
  const here = `127.0.0.1:${ports.first}`;
  return command
    .replace(/^python3 /, '/usr/bin/python3 ')
    .replace('bin/zk-cli --quiet', `bin/zk-cli -server ${here} --quiet`)
    .replace(/\b(zk[1-3]|old|new|127\.0\.0\.1):2181\b/g, here)
    .replace(/\b(?:zk[1-3]|127\.0\.0\.1) 2181\b/g, `127.0.0.1 ${ports.first}`)
    .replace(/\b(?:zk1|127\.0\.0\.1):8080\b/g, `127.0.0.1:${ports.admin}`)
    .replace(/\b127\.0\.0\.1:7000\b/g, `127.0.0.1:${ports.metrics}`)
    .replace('/etc/zookeeper/conf', join(folder, 'conf'))
    .replace('/opt/zookeeper', join(folder, 'installation'))
    .replace('/var/lib/zookeeper', join(folder, 'data'))
    .replace('/backup/zk', join(folder, 'backup'));
}

function start(command: string): ChildProcess {
  const path = [join(folder, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(':');
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^ZOO|JVMFLAGS/.test(name)));
  return spawn('bash', ['-c', command], { cwd: folder, env: { ...env, PATH: path, LC_ALL: 'C' }, stdio: 'pipe' });
}

async function run(command: string, stdin = ''): Promise<{ exitCode: number | null; output: string }> {
  const child = start(command);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, output };
}

async function hasEnded(server: Server): Promise<readonly [number | null, string | null]> {
  const child = running.get(server);
  assert.ok(child !== undefined);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  running.delete(server);
  return [child.exitCode, child.signalCode];
}

async function serve(command: string, server: Server): Promise<void> {
  const child = start(`exec ${command}`);
  running.set(server, child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
  const serves = async (): Promise<boolean> => {
    assert.equal(child.exitCode, null, output);
    return (await serverMode(ports[server])) === 'leader';
  };
  await eventually(`${command} serves`, LIMIT_MS, serves);
}

/** Commands of the blocks of a document, without comments; lines that end with a backslash go on. */
function commandsOf(document: string): string[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  const blocks = [...text.matchAll(/^ *```sh\n([^]*?)^ *```/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .replace(/\\\n */g, '')
      .split('\n')
      .map((line) => line.replace(/(?:^|\s+)#\s.*$/, '').trim())
      .filter((line) => line !== ''),
  );
}

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zk-docs-test-'));
  const [first = 0, second = 0, admin = 0, metrics = 0, ...others] = await freePorts(8);
  ports = { first, second, admin, metrics };
  peerPorts = others.slice(0, 2);
  symlinkSync(join(ROOT, 'bin'), join(folder, 'bin'));
  mkdirSync(join(folder, 'conf'));
  cpSync(join(ROOT, 'conf/zoo_sample.cfg'), join(folder, 'conf/zoo_sample.cfg'));
  mkdirSync(join(folder, 'installation'));
  symlinkSync(join(folder, 'conf'), join(folder, 'installation/conf'));
  const more = `tickTime=2000\n${HTTP_OFF_LINES}`;
  writeFileSync(join(folder, 'zoo.cfg'), ensembleOfOne(join(folder, 'second'), [second, ...others.slice(2)]) + more);
  for (const name of ['zk1', 'zk2', 'zk3']) {
    mkdirSync(join(folder, name));
    const members = ['1', '2', '3'].map((sid) => `server.${sid}=127.0.0.1:1:2;127.0.0.1:3\n`);
    writeFileSync(
      join(folder, name, 'zoo.cfg'),
      `${more}initLimit=5\nsyncLimit=2\ndataDir=${folder}/${name}\n${members.join('')}`,
    );
  }
});
after(async () => {
  for (const child of running.values()) child.kill('SIGTERM');
  await Promise.all([...running.keys()].map(hasEnded));
  rmSync(folder, { recursive: true, force: true });
});

describe('commands of the documents', { concurrency: false }, () => {
  const known = [...STEPS.map(({ command }) => command), ...Object.keys(ELSEWHERE), ...Object.keys(NOT_HERE)];

  for (const document of DOCUMENTS) {
    it(`${document}: each is run, or it is said here why not`, () => {
      assert.deepEqual(
        commandsOf(document).filter((command) => !known.includes(command)),
        [],
      );
    });
  }

  it('none stands here once and twice, or is in no document any more', () => {
    const told = new Set(DOCUMENTS.flatMap(commandsOf));
    assert.deepEqual(
      known.filter((command, at) => !told.has(command) || known.indexOf(command) !== at),
      [],
    );
  });

  for (const [command, [file, names]] of Object.entries(ELSEWHERE)) {
    it(`${command}: ${file} runs it`, () => {
      assert.ok(existsSync(join(ROOT, file)));
      assert.ok(readFileSync(join(ROOT, file), 'utf8').includes(names), names);
    });
  }

  for (const step of STEPS) {
    it(step.command, { timeout: LIMIT_MS }, async () => {
      await step.before?.();
      const command = substituted(step.command) + (step.more ?? '');
      if (step.runs !== undefined) await serve(command, step.runs);
      else {
        const { exitCode, output } = await run(command, step.stdin);
        assert.ok((step.exitCodes ?? [0]).includes(exitCode ?? -1), `exit code ${exitCode}: ${output}`);
        assert.match(output, step.says);
      }
      await step.after?.();
    });
  }
});
