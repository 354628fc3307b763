import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Member } from '../support/ensemble.js';
import { LineProcess } from '../support/line-process.js';

const run = promisify(execFile);
const INTEROP = new URL('../interop/', import.meta.url).pathname;

/**
 * The whole tree that a server shows to a client, a line a node, sorted by the line. Without `/zookeeper/config`, which each
 * server makes for itself when it starts.
 */
export async function dump(member: Member): Promise<string[]> {
  const { stdout } = await run('/usr/bin/python3', [`${INTEROP}dump.py`, `127.0.0.1:${member.clientPort}`], {
    maxBuffer: 64 * 1024 * 1024,
  });
  const plain = stdout.replace(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
  const lines = plain.trimEnd().split('\n');
  return lines.filter((line) => !line.includes('"path": "/zookeeper/config"')).sort();
}

/** Nodes of all kinds under `/fill-<seed>`, made by a client that stays. */
export async function fill(member: Member, seed: number): Promise<LineProcess> {
  const client = new LineProcess('/usr/bin/python3', [
    `${INTEROP}fill.py`,
    `127.0.0.1:${member.clientPort}`,
    String(seed),
  ]);
  await client.expect(/^filled$/, 60_000);
  return client;
}

/** The lines that only one side has, shortened. */
export function difference(ours: readonly string[], theirs: readonly string[]): string {
  const only = (mark: string, some: readonly string[], others: readonly string[]) => {
    const known = new Set(others);
    return some.filter((line) => !known.has(line)).map((line) => `${mark} ${line.slice(0, 300)}`);
  };
  return [...only('ours  ', ours, theirs), ...only('theirs', theirs, ours)].slice(0, 10).join('\n');
}
