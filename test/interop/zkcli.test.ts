// Every command of zkCli.sh, on Apache ZooKeeper's server and on ours: the same lines.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { Ensemble, type EnsembleOptions } from '../support/ensemble.js';
import { javaCommand, javaServer } from '../support/java.js';

const COMMANDS = new URL('zkcli-commands.txt', import.meta.url);
const MAIN = 'org.apache.zookeeper.ZooKeeperMain';
const CONFIG: NonNullable<EnsembleOptions['config']> = { extendedTypesEnabled: 'true', enforceQuota: 'true' };

interface Transcript {
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** Come when they come; so in order of their text. */
  readonly events: readonly string[];
}

async function transcriptOf(port: number, commands: string): Promise<Transcript> {
  const [command = '', ...rest] = javaCommand(MAIN, ['org.slf4j.simpleLogger.defaultLogLevel=off']);
  const program = spawn(command, [...rest, '-server', `127.0.0.1:${port}`, '-waitforconnection'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const chunks: [Buffer[], Buffer[]] = [[], []];
  program.stdout.on('data', (chunk: Buffer) => chunks[0].push(chunk));
  program.stderr.on('data', (chunk: Buffer) => chunks[1].push(chunk));
  program.stdin.end(commands);
  await once(program, 'close');
  const [out = [], err = []] = chunks.map((some) => linesOf(Buffer.concat(some).toString('utf8'), port));
  const isEvent = (line: string): boolean => /^WATCHER::|^WatchedEvent/.test(line);
  return {
    out: out.filter((line) => !isEvent(line)),
    err,
    events: out.filter(isEvent).sort(),
  };
}

/** Without what is another each time: times, sessions, ports; and what 3.9 tells of an event that 3.8 did not. */
function linesOf(text: string, port: number): string[] {
  return (
    text
      .replaceAll(String(port), 'PORT')
      // whoami tells the users in the order of a hash table.
      .replace(/(?:^(?:ip|digest): .*\n)+/gm, (users) => `${users.trim().split('\n').sort().join('\n')}\n`)
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .map((line) => line.replace(/^(ctime|mtime) = .*/, '$1 = TIME'))
      .map((line) => line.replace(/^(ephemeralOwner = 0x)[1-9a-f][0-9a-f]{10,}$/, '$1SESSION'))
      .map((line) => (/^\[.*\]$/.test(line) ? sortedList(line) : line))
      .map((line) => line.replace(/ zxid: -?\d+$/, ''))
  );
}

/** Children come in the order of a hash table. */
function sortedList(line: string): string {
  return `[${line.slice(1, -1).split(', ').sort().join(', ')}]`;
}

async function startAlone(command?: EnsembleOptions['command']): Promise<Ensemble> {
  const options = { servers: 1, config: CONFIG, ...(command === undefined ? {} : { command }) };
  const ensemble = await Ensemble.create(options);
  await ensemble.start();
  return ensemble;
}

describe('zkCli.sh', () => {
  let java: Ensemble;
  let ours: Ensemble;
  before(async () => {
    [java, ours] = await Promise.all([startAlone((_index, file) => javaServer(file)), startAlone()]);
  });
  after(() => Promise.all([java.remove(), ours.remove()]));

  it('prints the same on both servers', async () => {
    const commands = await readFile(COMMANDS, 'utf8');
    const [theirs, own] = await Promise.all(
      [java, ours].map((one) => transcriptOf(one.member(1).clientPort, commands)),
    );
    assert.ok(theirs !== undefined && theirs.out.length > 100, theirs?.err.join('\n'));
    assert.deepEqual(own, theirs);
  });
});
