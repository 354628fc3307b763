import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.js';
import { LineProcess } from '../support/line-process.js';

/** A client program with one session, driven by the commands of session.c. */
export interface SessionProgram {
  /** Sends a command and returns its `ok` or `error` line. */
  ask(command: string, timeoutMs?: number): Promise<string>;
  /** The first line that matches; waits for it. */
  expect(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Closes the session and ends. */
  quit(): Promise<void>;
  kill(): Promise<void>;
}

const ANSWER_MS = 60_000;
const ZK_CLI = '/usr/share/zookeeper/bin/zkCli.sh';
const NOISE =
  /^(|SLF4J: .*|WATCHER::|WatchedEvent .*|Connecting to .*|Welcome to ZooKeeper!|JLine support is disabled)$/;
const VERSION = /^ZooKeeper CLI version: /;
const FAILURE = /^(?:KeeperErrorCode = (\w+).*|(Node (?:already exists|does not exist)): .*)$/;

/** `zkCli.sh` on its interactive prompt, its words and answers translated. It tells nothing on success where others do. */
export class ZkCli implements SessionProgram {
  private readonly program: LineProcess;
  private read = 0;

  constructor(hosts: string) {
    this.program = new LineProcess('/bin/sh', ['-c', 'exec "$0" -server "$1" 2>&1', ZK_CLI, hosts]);
  }

  async ask(command: string, timeoutMs = 30_000): Promise<string> {
    const [verb = '', path = '', ...rest] = command.split(' ');
    const words: Record<string, string> = {
      create: `create ${path} ${rest.join(' ')}`,
      ephemeral: `create -e ${path}`,
      set: `set ${path} ${rest.join(' ')}`,
      get: `get ${path}`,
      watch: `get -w ${path}`,
      children: `ls ${path}`,
    };
    this.program.send(words[verb] ?? verb);
    // Which it answers without the server, so what comes before is the whole answer.
    this.program.send('version');
    await this.program.expect(VERSION, timeoutMs, this.read);
    const end = this.program.lines.findIndex((line, at) => at >= this.read && VERSION.test(line));
    const lines = this.program.lines.slice(this.read, end).filter((line) => !NOISE.test(line));
    this.read = end + 1;
    return translate(verb, lines.at(-1) ?? '');
  }

  expect(pattern: RegExp, timeoutMs?: number): Promise<string> {
    return this.program.expect(pattern, timeoutMs);
  }

  quit(): Promise<void> {
    return this.program.quit();
  }

  kill(): Promise<void> {
    return this.program.kill();
  }
}

function translate(verb: string, line: string): string {
  const failure = FAILURE.exec(line);
  if (failure !== null) return `error ${failure[1] ?? failure[2] ?? ''}`;
  if (verb === 'children') return `ok ${line.split(/[[\], ]+/).filter((name) => name !== '').length}`;
  return `ok ${line.replace(/^Created /, '')}`;
}

/** Asks until the program has a connection again; an answer other than a connection loss fails. */
export function answered(client: SessionProgram, command: string): Promise<string> {
  return eventually(`an answer to ${command}`, ANSWER_MS, async () => {
    const answer = await client.ask(command, ANSWER_MS);
    if (/^error (-4$|connection_?loss)/i.test(answer)) return undefined;
    assert.match(answer, /^ok/);
    return answer;
  });
}
