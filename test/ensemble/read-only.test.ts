// A server that lost its quorum, with readonlymode.enabled: what it serves, to whom, and that it writes nothing.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ErrorCode, errorName } from '../../src/protocol/index.js';
import { Ensemble, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { LineProcess } from '../support/line-process.js';
import { WireClient, WireClosed, WireError } from '../support/wire-client.js';

const LIMIT_MS = 60_000;
const KAZOO = new URL('../interop/read-only.py', import.meta.url).pathname;

/** Everything that is on disk, byte for byte. */
async function filesOf({ dataDir }: Member): Promise<Map<string, string>> {
  const names = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = names.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path, 'latin1')] as const)));
}

async function errorOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return 'none';
  } catch (error) {
    return error instanceof WireError ? errorName(error.code) : String(error);
  }
}

describe('a server without a quorum that may serve read-only', () => {
  let ensemble: Ensemble;
  let member: Member;
  /** Made while there was a quorum. */
  let owner: WireClient;
  let files: Map<string, string>;
  let kazoo: LineProcess | undefined;

  before(async () => {
    ensemble = await Ensemble.create({
      // A machine that stands still for a second must not cost the leader its followers before the test takes them away.
      config: { tickTime: 300, syncLimit: 30, 'readonlymode.enabled': 'true', ruokOnlyWhileServing: 'true' },
    });
    await ensemble.start();
    const [first] = await ensemble.followers();
    assert.ok(first);
    member = first;
    assert.equal(await fourLetter(member.clientPort, 'isro'), 'rw');
    owner = await WireClient.connect(member.clientPort);
    await owner.create('/kept', Buffer.from('x'));
    await owner.create('/kept/mine', null, 1);
    const others = ensemble.members.filter((one) => one !== member);
    await Promise.all(others.map((one) => one.kill()));
    await eventually('the switch shows', LIMIT_MS, async () => {
      return (await fourLetter(member.clientPort, 'ruok')).includes('not currently serving');
    });
    await eventually('it serves read-only', LIMIT_MS, async () => {
      return (await fourLetter(member.clientPort, 'isro')) === 'ro';
    });
    files = await filesOf(member);
  });
  after(async () => {
    await kazoo?.kill();
    await ensemble.remove();
  });

  it('tells so in its words', async () => {
    assert.equal(await fourLetter(member.clientPort, 'ruok'), 'imok');
    assert.match(
      await fourLetter(member.clientPort, 'srvr'),
      /READ-ONLY mode; serving only read-only clients[\s\S]*Mode: read-only/,
    );
    assert.match(await fourLetter(member.clientPort, 'mntr'), /^zk_server_state\tread-only$/m);
  });

  it('lets clients that allow it read, and refuses what would change something', async () => {
    const client = await WireClient.connect(member.clientPort, { readOnly: true });
    assert.equal(client.readOnly, true);
    assert.equal(String((await client.getData('/kept', true)).data), 'x');
    assert.deepEqual(await client.getChildren('/kept'), ['mine']);
    const refused = [
      client.create('/no'),
      client.create('/no', null, 1),
      client.create2('/no', null, 4),
      client.setData('/kept', null),
      client.setAcl('/kept', [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }]),
      client.delete('/kept/mine'),
      client.sync('/kept'),
      client.multi([{ op: 'check', path: '/kept', version: 0 }]),
    ];
    const read = client.getData('/kept');
    const errors = await Promise.all(refused.map(errorOf));
    assert.deepEqual(errors, new Array(refused.length).fill(errorName(ErrorCode.notReadOnly)));
    assert.equal(String((await read).data), 'x');
    await client.ping();
    // Its session can be taken up again here.
    client.destroy();
    const again = await WireClient.connect(member.clientPort, {
      readOnly: true,
      sessionId: client.sessionId,
      password: client.password,
    });
    assert.equal(again.sessionId, client.sessionId);
    await again.close();
  });

  it('sends away who wants to write, and sessions of the ensemble, without a word', async () => {
    await assert.rejects(WireClient.connect(member.clientPort), WireClosed);
    await assert.rejects(WireClient.connect(member.clientPort, { hasReadOnly: false }), WireClosed);
    const { sessionId, password } = owner;
    await assert.rejects(WireClient.connect(member.clientPort, { readOnly: true, sessionId, password }), WireClosed);
  });

  it('serves a kazoo client that allows it', async () => {
    kazoo = new LineProcess('/usr/bin/python3', [KAZOO, `127.0.0.1:${member.clientPort}`]);
    assert.equal(await kazoo.ask('start', LIMIT_MS), 'ok True');
    assert.equal(await kazoo.ask('get /kept'), 'ok x');
    assert.equal(await kazoo.ask('set /kept'), 'error NotReadOnlyCallError');
  });

  it('has written nothing, and serves all again once there is a quorum', async () => {
    const now = await filesOf(member);
    assert.deepEqual([...now.keys()], [...files.keys()]);
    const changed = [...now].filter(([path, bytes]) => files.get(path) !== bytes).map(([path]) => path);
    assert.deepEqual(changed, []);
    const others = ensemble.members.filter((one) => one !== member);
    await Promise.all(others.map((one) => one.start()));
    await eventually('it serves all', LIMIT_MS, async () => (await fourLetter(member.clientPort, 'isro')) === 'rw');
    // The ensemble may elect once more until all are there.
    await eventually('a session that may write', LIMIT_MS, async () => {
      const client = await WireClient.connect(member.clientPort, { readOnly: true }).catch(() => null);
      if (client === null || client.readOnly) return undefined;
      const made = await client.create('/again').catch(() => undefined);
      client.destroy();
      return made;
    });
    // The session of the read-only service ended with it; kazoo makes another one, which may write.
    await kazoo?.expect(/^state CONNECTED CONNECTED$/, LIMIT_MS);
    assert.equal(await kazoo?.ask('set /kept', LIMIT_MS), 'ok 1');
    await kazoo?.quit();
  });

  it('tells clients which servers there are, though it has never been in a quorum since its start', async () => {
    await Promise.all(ensemble.members.map((one) => one.kill()));
    await member.start();
    await eventually('it serves read-only', LIMIT_MS, async () => {
      return (await fourLetter(member.clientPort, 'isro')) === 'ro';
    });
    const client = await WireClient.connect(member.clientPort, { readOnly: true });
    const { data, stat } = await client.getData('/zookeeper/config');
    const lines = String(data).split('\n');
    assert.deepEqual(
      lines.map((line) => line.split('=')[0]),
      ['server.1', 'server.2', 'server.3', 'version'],
    );
    assert.equal(stat.version, -1);
    await client.close();
  });
});
