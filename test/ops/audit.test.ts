// The audit log beside that of real Apache ZooKeeper.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ensemble, type Member } from '../support/ensemble.js';
import { javaServer } from '../support/java.js';
import { WireClient } from '../support/wire-client.js';

const LIMIT_MS = 120_000;
const AUDIT = { 'audit.enable': 'true' };
const DATA = Buffer.from('x');

/** Everything that is audited, once with success and, where that is possible, once without. */
async function doThings(port: number): Promise<void> {
  const client = await WireClient.connect(port);
  const quietly = async (promise: Promise<unknown>): Promise<void> => {
    await promise.catch(() => undefined);
  };
  await client.create('/a', DATA);
  await quietly(client.create('/a', DATA));
  await client.create('/a/e', DATA, 1);
  await client.create('/a/s-', DATA, 2);
  await client.create('/a/f-', DATA, 3);
  await client.create2('/a/c', DATA, 4);
  await client.setData('/a', DATA);
  await quietly(client.setData('/none', DATA));
  await client.setAcl('/a', [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]);
  await client.setAcl('/a', [
    { perms: 1, id: { scheme: 'world', id: 'anyone' } },
    { perms: 31, id: { scheme: 'ip', id: '127.0.0.1' } },
  ]);
  await quietly(client.setAcl('/none', [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]));
  await client.getData('/a');
  await client.multi([
    { op: 'create', path: '/m', data: DATA },
    { op: 'set', path: '/m', data: DATA },
    { op: 'check', path: '/m', version: 1 },
    { op: 'delete', path: '/m' },
  ]);
  await quietly(
    client.multi([
      { op: 'create', path: '/m2', data: DATA },
      { op: 'delete', path: '/none' },
    ]),
  );
  await client.delete('/a/c');
  await quietly(client.delete('/a'));
  await quietly(client.delete('/none'));
  await client.close();
}

/** What the lines say, with what differs from run to run made alike. */
function said(text: string, separator: RegExp): string[] {
  const lines = text.split('\n').flatMap((line) => (separator.test(line) ? [line.split(separator).at(-1) ?? ''] : []));
  const sessions = new Map<string, string>();
  return lines.map((line) =>
    line.replace(/session=(0x[0-9a-f]+)/, (_all, id: string) => {
      if (!sessions.has(id)) sessions.set(id, `session=#${sessions.size + 1}`);
      return sessions.get(id) ?? '';
    }),
  );
}

async function withServer<T>(
  options: Parameters<typeof Ensemble.create>[0],
  use: (member: Member) => Promise<T>,
): Promise<T> {
  const ensemble = await Ensemble.create({ servers: 1, ...options });
  try {
    await ensemble.start();
    return await use(ensemble.member(1));
  } finally {
    await ensemble.remove();
  }
}

/** The ephemeral nodes of a session are deleted when it ends, in no particular order. */
function sortedEnds(lines: readonly string[]): string[] {
  const isEnd = (line: string): boolean => line.includes('ephemeralZNodeDeletion');
  return [...lines.filter((line) => !isEnd(line)), ...lines.filter(isEnd).sort()];
}

/** A server with an audit log of its own format and place; answers the text of the file that `place` names. */
async function ownAudit(config: Readonly<Record<string, string>>, fileName: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zk-server-audit-'));
  try {
    return await withServer({ config: { ...AUDIT, 'log.dir': folder, ...config } }, async (member) => {
      await doThings(member.clientPort);
      await member.stop();
      return await readFile(join(folder, fileName), 'utf8');
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('the audit log', { timeout: LIMIT_MS }, () => {
  it('says what that of Apache ZooKeeper says, to the byte', async () => {
    const java = await withServer(
      { command: (_index, configFile) => javaServer(configFile, ['zookeeper.audit.enable=true']) },
      async (member) => {
        await doThings(member.clientPort);
        await member.stop();
        return said(await member.log(), /Slf4jAuditLogger - /);
      },
    );
    const text = await ownAudit({}, 'zookeeper_audit.log');
    const own = said(text, /Slf4jAuditLogger: /);
    assert.deepEqual(sortedEnds(own), sortedEnds(java));
    assert.ok(own.length > 20);
    for (const line of text.trimEnd().split('\n')) {
      const level = line.endsWith('result=failure') ? 'ERROR' : 'INFO';
      assert.match(
        line,
        new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3} ${level} o\\.a\\.z\\.a\\.Slf4jAuditLogger: `),
      );
    }
  });

  it('is JSON when it is told to be', async () => {
    const text = await ownAudit({ 'audit.format': 'json', 'auditlog.file': 'audit.json' }, 'audit.json');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>);
    const create = lines.find(({ operation, znode }) => operation === 'create' && znode === '/a/e');
    assert.ok(create);
    const { time = '', session = '', ...rest } = create;
    assert.match(time, /^\d{4}-\d\d-\d\dT/);
    assert.match(session, /^0x[0-9a-f]+$/);
    assert.deepEqual(rest, {
      user: '127.0.0.1',
      ip: '127.0.0.1',
      operation: 'create',
      znode: '/a/e',
      znode_type: 'ephemeral',
      result: 'success',
    });
  });

  it('goes into the log where it has no file, and is off by default', async () => {
    const lines = async (config: Readonly<Record<string, string>>): Promise<string[]> =>
      withServer({ config }, async (member) => {
        await doThings(member.clientPort);
        await member.stop();
        return (await member.log()).split('\n').filter((line) => line.includes('"AUDIT"'));
      });
    assert.ok(
      (await lines(AUDIT)).some((line) => line.includes('operation=create\\tznode=/a\\tznode_type=persistent')),
    );
    assert.deepEqual(await lines({}), []);
  });
});
