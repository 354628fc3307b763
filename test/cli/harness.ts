import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { runCli } from '../../src/cli/program.js';
import { ownProgram } from '../support/own-program.js';

export interface CliResult {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process. */
export async function cli(
  args: readonly string[],
  options: { readonly workingDir?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<CliResult> {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await runCli(args, {
    env: options.env ?? {},
    workingDir: options.workingDir ?? '/',
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    self: [process.execPath, ...MAIN],
  });
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

export const MAIN = ownProgram(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs a program to its end. */
export function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ exitCode: code ?? (signal === null ? -1 : -2), out, err });
    });
  });
}

/** Runs the command line as a process of its own. */
export function cliProcess(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> {
  return run(process.execPath, [...MAIN, ...args], env);
}

/** A folder that goes with the test. */
export async function scratch(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zk-server-cli-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that passes for a server: it runs until SIGTERM, and then writes that word into the file `mark`. */
export async function fakeServer(t: TestContext, mark: string): Promise<ChildProcess> {
  const folder = join(await scratch(t), 'cli');
  await mkdir(folder);
  const script = join(folder, 'main.js');
  await writeFile(
    script,
    `const { writeFileSync } = require('node:fs');
     const timer = setInterval(() => undefined, 1000);
     process.on('SIGTERM', () => { writeFileSync(process.argv[2], 'SIGTERM'); clearInterval(timer); });
     console.log('ready');`,
  );
  const child = spawn(process.execPath, [script, mark], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}
