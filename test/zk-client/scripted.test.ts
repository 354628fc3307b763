// The client against a server that says what each case needs, in a simulated world.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpCode, Xid } from '../../src/protocol/index.js';
import { World } from '../fakes/index.js';
import { clientIn, replyOf, ScriptedServer } from './fake-world.js';

describe('the client', () => {
  it('pings when it has nothing to say, and leaves a server that is silent', async () => {
    const world = new World('ping');
    const server = await ScriptedServer.start(world, 'a');
    const { client, events } = clientIn(world, 'a:2181');
    await world.settle(client.connected());
    await world.run(20_000);
    assert.ok(server.asked.filter(({ type }) => type === OpCode.ping).length >= 6);
    assert.deepEqual(events, ['connected']);
    server.answer = () => null;
    await world.until(() => events.length === 3, 20_000);
    assert.deepEqual(events, ['connected', 'disconnected', 'connected']);
    assert.deepEqual(server.sessions, [0n, 5n]);
  });

  it('fails what was sent when the connection breaks, and sends later what was not', async () => {
    const world = new World('loss');
    const server = await ScriptedServer.start(world, 'a');
    server.answer = () => null;
    const { client } = clientIn(world, 'a:2181');
    await world.settle(client.connected());
    const sent = client.delete('/sent');
    const checked = assert.rejects(sent, { code: 'connectionLoss', errorCode: -4, path: '/sent' });
    await world.until(() => server.asked.length === 1);
    server.socket?.destroy();
    await world.settle(checked);
    const later = client.delete('/later');
    server.answer = ({ xid }) => replyOf(xid, 0);
    await world.settle(later);
    assert.equal(server.asked.filter(({ type }) => type === OpCode.delete).length, 2);
  });

  it('ends the session when the server says that it has expired', async () => {
    const world = new World('expired');
    const server = await ScriptedServer.start(world, 'a');
    const { client, events } = clientIn(world, 'a:2181');
    const ended: string[] = [];
    await world.settle(client.connected());
    const watching = client.exists('/a', { watch: ({ type }) => ended.push(type) });
    server.answer = ({ xid }) => replyOf(xid, -101);
    await world.settle(watching.catch(() => undefined));
    server.expires = true;
    const late = assert.rejects(client.delete('/a', { timeoutMs: 60_000 }), { code: 'noNode' });
    await world.settle(late);
    server.socket?.destroy();
    await world.until(() => client.state === 'expired');
    assert.deepEqual(events, ['connected', 'disconnected', 'expired']);
    assert.deepEqual(ended, ['sessionEnded']);
    await assert.rejects(client.getData('/a'), { code: 'sessionExpired' });
    await client.close();
  });

  it('gives up a call by time and by signal, and takes the late answer for nobody', async () => {
    const world = new World('limits');
    const server = await ScriptedServer.start(world, 'a');
    const held: number[] = [];
    server.answer = ({ xid }) => {
      held.push(xid);
      return null;
    };
    const { client } = clientIn(world, 'a:2181');
    await world.settle(client.connected());
    const abort = new AbortController();
    const slow = assert.rejects(client.delete('/slow', { timeoutMs: 100 }), { code: 'timeout', path: '/slow' });
    const stopped = assert.rejects(client.delete('/stopped', { signal: abort.signal }), { code: 'aborted' });
    await world.until(() => held.length === 2);
    abort.abort(new Error('enough'));
    await world.settle(Promise.all([slow, stopped]));
    await assert.rejects(client.delete('/x', { signal: abort.signal }), { code: 'aborted' });
    const next = client.delete('/next');
    await world.until(() => held.length === 3);
    for (const xid of held) server.socket?.write(replyOf(xid, 0));
    await world.settle(next);
  });

  it('does not send what was given up before there was a connection', async () => {
    const world = new World('unsent');
    const { client } = clientIn(world, 'a:2181');
    const waiting = assert.rejects(client.delete('/a', { timeoutMs: 50 }), { code: 'timeout' });
    await world.settle(waiting);
    const server = await ScriptedServer.start(world, 'a');
    await world.settle(client.connected());
    await world.settle(client.delete('/b'));
    assert.equal(server.asked.length, 1);
  });

  it('says that no server can be reached when it is asked to', async () => {
    const world = new World('unreachable');
    world.host('a');
    world.host('b');
    const { client } = clientIn(world, 'a:1,b:1', { failsWhenUnreachable: true });
    const all = Promise.all([
      assert.rejects(client.connected(), { code: 'connectionLoss' }),
      assert.rejects(client.getData('/'), { code: 'connectionLoss', path: '/' }),
    ]);
    await world.settle(all);
    await world.settle(client.close());
    await assert.rejects(client.getData('/'), { code: 'closed' });
  });

  it('looks for a server that writes while its own only reads', async () => {
    const world = new World('read-only');
    const reader = await ScriptedServer.start(world, 'a');
    reader.readOnly = true;
    reader.word = 'ro';
    const { client, events } = clientIn(world, 'a:2181,b:2181', { readOnly: true });
    await world.settle(client.connected());
    assert.equal(client.state, 'connectedReadOnly');
    const writer = await ScriptedServer.start(world, 'b');
    await world.until(() => client.state === 'connected', 200_000);
    assert.deepEqual(events, ['connectedReadOnly', 'disconnected', 'connected']);
    // The session of the server without a quorum is nobody's.
    assert.deepEqual(writer.sessions, [0n]);
  });

  it('sends identities and watches anew before anything else', async () => {
    const world = new World('anew');
    const server = await ScriptedServer.start(world, 'a');
    server.answer = ({ xid, type }) => replyOf(xid, type === OpCode.exists ? -101 : 0);
    const { client } = clientIn(world, 'a:2181');
    await world.settle(client.addAuth('digest', 'amy:secret'));
    assert.equal(await world.settle(client.exists('/a', { watch: () => undefined })), null);
    await world.settle(client.addWatch('/b', 'persistentRecursive', () => undefined));
    server.asked.length = 0;
    server.socket?.destroy();
    await world.until(() => client.state === 'connecting');
    await world.settle(client.delete('/c'));
    assert.deepEqual(
      server.asked.map(({ xid, type }) => [xid < 0 ? xid : 1, type]),
      [
        [Xid.auth, OpCode.auth],
        [Xid.setWatches, OpCode.setWatches2],
        [1, OpCode.delete],
      ],
    );
  });

  it('is over when an identity is refused', async () => {
    const world = new World('refused');
    const server = await ScriptedServer.start(world, 'a');
    server.answer = ({ xid, type }) => replyOf(xid, type === OpCode.auth ? -115 : 0);
    const { client, events } = clientIn(world, 'a:2181');
    await world.settle(client.connected());
    await world.settle(assert.rejects(client.addAuth('digest', 'x'), { code: 'authFailed', errorCode: -115 }));
    await assert.rejects(client.getData('/'), { code: 'authFailed' });
    assert.deepEqual(events, ['connected', 'authFailed']);
  });

  it('leaves a server that answers out of turn or with what is no frame', async () => {
    const world = new World('nonsense');
    const server = await ScriptedServer.start(world, 'a');
    const { client, events } = clientIn(world, 'a:2181');
    await world.settle(client.connected());
    const nonsense = [replyOf(77, 0), Buffer.from('ffffffff', 'hex'), Buffer.from('00000002abcd', 'hex')];
    for (const [round, bytes] of nonsense.entries()) {
      server.answer = () => bytes;
      await world.settle(assert.rejects(client.delete('/a'), { code: 'connectionLoss' }));
      server.answer = ({ xid }) => replyOf(xid, 0);
      await world.settle(client.connected());
      await world.settle(client.delete('/a'));
      assert.equal(events.length, 3 + 2 * round);
    }
  });
});
