// A script of every command through Apache ZooKeeper's zkCli.sh and through zk-cli, on its server and on ours: the same lines.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { Ensemble, type EnsembleOptions } from '../support/ensemble.js';
import { javaCommand, javaServer } from '../support/java.js';

const SCRIPTS = [
  new URL('../interop/zkcli-commands.txt', import.meta.url),
  new URL('more-commands.txt', import.meta.url),
];
const CONFIG: NonNullable<EnsembleOptions['config']> = { extendedTypesEnabled: 'true', enforceQuota: 'true' };
const OURS = new URL('../../bin/zkCli.sh', import.meta.url).pathname;
const THEIRS = javaCommand('org.apache.zookeeper.ZooKeeperMain', ['org.slf4j.simpleLogger.defaultLogLevel=off']);

interface Transcript {
  readonly out: readonly string[];
  readonly err: readonly string[];
  /** They come when they come; so in order of their text. */
  readonly events: readonly string[];
}

async function transcriptOf(command: readonly string[], port: number, lines: string): Promise<Transcript> {
  const [file = '', ...rest] = command;
  const program = spawn(file, [...rest, '-server', `127.0.0.1:${port}`, '-waitforconnection'], {
    env: { ...process.env, TZ: 'UTC' },
  });
  const chunks: [Buffer[], Buffer[]] = [[], []];
  program.stdout.on('data', (chunk: Buffer) => chunks[0].push(chunk));
  program.stderr.on('data', (chunk: Buffer) => chunks[1].push(chunk));
  program.stdin.end(lines);
  await once(program, 'close');
  const [out = [], err = []] = chunks.map((some) => linesOf(Buffer.concat(some).toString('utf8'), port));
  const isEvent = (line: string): boolean => /^WATCHER::|^WatchedEvent/.test(line);
  // Whether a client that ends still tells of that is up to the machine.
  const isTold = (line: string): boolean => line.startsWith('WatchedEvent') && !line.includes('state:Closed');
  return { out: zxidsFromFirst(out.filter((line) => !isEvent(line))), err, events: out.filter(isTold).sort() };
}

/** What another version, another run, or the list of commands may change. */
function linesOf(text: string, port: number): string[] {
  return (
    text
      .replaceAll(String(port), 'PORT')
      .replace(/(?:^(?:ip|digest): .*\n)+/gm, (users) => `${users.trim().split('\n').sort().join('\n')}\n`)
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      // The list of commands, and the table of options behind some usages of 3.9.
      .filter((line) => !/^\t| {3}(Print|Watch|Output|Supply|Set) |^JLine support/.test(line))
      .map((line) => line.replace(/^(ctime|mtime) = .*/, '$1 = TIME'))
      .map((line) => line.replace(/^(ephemeralOwner = 0x)[1-9a-f][0-9a-f]{10,}$/, '$1SESSION'))
      .map((line) => line.replace(/^(ZooKeeper CLI version: ).*/, '$1VERSION'))
      .map((line) => (/^\[.*\]$/.test(line) ? sortedList(line) : line))
      .map((line) => line.replace(/ zxid: -?\d+$/, ''))
  );
}

function sortedList(line: string): string {
  return `[${line.slice(1, -1).split(', ').sort().join(', ')}]`;
}

/** How many transactions lie between is the same, wherever they begin. */
function zxidsFromFirst(lines: readonly string[]): string[] {
  let first: number | null = null;
  return lines.map((line) => {
    const [, name, hex] = /^([cmp]Zxid) = 0x([0-9a-f]+)$/.exec(line) ?? [];
    if (hex === undefined) return line;
    const zxid = Number.parseInt(hex, 16);
    if (zxid === 0) return line;
    first ??= zxid;
    return `${name ?? ''} = first + ${zxid - first}`;
  });
}

async function startAlone(command?: EnsembleOptions['command']): Promise<Ensemble> {
  const options = { servers: 1, config: CONFIG, ...(command === undefined ? {} : { command }) };
  const ensemble = await Ensemble.create(options);
  await ensemble.start();
  return ensemble;
}

describe('zk-cli and zkCli.sh', () => {
  const servers: { readonly name: string; readonly start: () => Promise<Ensemble> }[] = [
    { name: 'this server', start: () => startAlone() },
    { name: 'Apache ZooKeeper', start: () => startAlone((_index, file) => javaServer(file)) },
  ];
  for (const { name, start } of servers) {
    describe(`at ${name}`, () => {
      let pair: readonly Ensemble[] = [];
      before(async () => {
        pair = await Promise.all([start(), start()]);
      });
      after(() => Promise.all(pair.map((ensemble) => ensemble.remove())));

      for (const script of SCRIPTS) {
        const file = script.pathname.split('/').at(-1) ?? '';
        it(`print the same for ${file}`, async () => {
          const lines = await readFile(script, 'utf8');
          const [theirs, ours] = await Promise.all(
            pair.map((ensemble, at) => transcriptOf(at === 0 ? THEIRS : [OURS], ensemble.member(1).clientPort, lines)),
          );
          assert.ok(theirs !== undefined && theirs.out.length > 20, theirs?.err.join('\n'));
          assert.deepEqual(ours?.out, theirs.out);
          assert.deepEqual(ours.err, theirs.err);
          assert.deepEqual(ours.events, theirs.events);
        });
      }
    });
  }
});
