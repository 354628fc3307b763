import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { EventType } from '../../src/protocol/index.js';
import { FrameSplitter, parseConnectString, ZooKeeperError } from '../../src/zk-client/index.js';
import { onAbort } from '../../src/zk-client/abort-listeners.js';
import { clientPath, serverPath } from '../../src/zk-client/chroot.js';
import { WatchRegistry } from '../../src/zk-client/watch-registry.js';
import { frameOf } from '../support/wire-client.js';

describe('a connect string', () => {
  const good: readonly [text: string, servers: string, chroot: string][] = [
    ['a', 'a 2181', ''],
    ['a:1', 'a 1', ''],
    ['a:1, b:2 ,,c', 'a 1,b 2,c 2181', ''],
    ['a:1/', 'a 1', ''],
    ['a:1/app/one', 'a 1', '/app/one'],
    ['[::1]:5,[fe80::2]', '::1 5,fe80::2 2181', ''],
    ['a:', 'a 2181', ''],
  ];
  for (const [text, servers, chroot] of good) {
    it(`is understood: ${text}`, () => {
      const parsed = parseConnectString(text);
      assert.equal(parsed.servers.map(({ host, port }) => `${host} ${port}`).join(','), servers);
      assert.equal(parsed.chroot, chroot);
    });
  }

  for (const text of ['', ' , ', '/app', 'a:x', 'a:0', 'a:65536', ':1', 'a/b/', 'a//b', '[::1]:x']) {
    it(`is refused: "${text}"`, () => {
      assert.throws(
        () => parseConnectString(text),
        (error) => error instanceof ZooKeeperError && error.code === 'badConnectString',
      );
    });
  }
});

describe('a signal that many calls share', () => {
  it('has one listener, which tells all who still listen, and goes with the last', () => {
    const counted = { listeners: 0 };
    const control = new AbortController();
    const { signal } = control;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (name: string, listener: () => void) => {
      counted.listeners++;
      add(name, listener);
    };
    signal.removeEventListener = (name: string, listener: () => void) => {
      counted.listeners--;
      remove(name, listener);
    };
    const heard: number[] = [];
    const releases = Array.from({ length: 20 }, (_, i) => onAbort(signal, () => heard.push(i)));
    assert.equal(counted.listeners, 1);
    for (const release of releases) release();
    assert.equal(counted.listeners, 0);
    const leave = onAbort(signal, () => heard.push(100));
    onAbort(signal, () => heard.push(101));
    leave();
    control.abort();
    assert.deepEqual(heard, [101]);
  });
});

describe('a chroot', () => {
  const pairs: readonly [chroot: string, client: string, server: string][] = [
    ['', '/a', '/a'],
    ['', '/', '/'],
    ['/app', '/', '/app'],
    ['/app', '/a/b', '/app/a/b'],
  ];
  for (const [chroot, client, server] of pairs) {
    it(`"${chroot}" makes ${client} ${server} and back`, () => {
      assert.equal(serverPath(chroot, client), server);
      assert.equal(clientPath(chroot, server), client);
    });
  }

  it('leaves alone what lies outside', () => {
    assert.equal(clientPath('/app', '/application'), '/application');
    assert.equal(clientPath('/app', '/zookeeper/config'), '/zookeeper/config');
  });

  it('refuses paths that cannot be, but lets a sequential node have an empty name', () => {
    for (const path of ['', 'a', '/a/', '/a//b', '/a/../b', '/\u0000']) {
      assert.throws(() => serverPath('', path), { code: 'badPath' });
    }
    assert.equal(serverPath('/app', '/queue/', true), '/app/queue/');
  });
});

describe('frames', () => {
  it('come out as they went in, however they are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        (payloads, cuts) => {
          const bytes = Buffer.concat(payloads.map((payload) => frameOf(Buffer.from(payload))));
          const splitter = new FrameSplitter(1000);
          const found: string[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = cuts[turn % cuts.length] ?? 1;
            // The chunk is lent: it is scribbled over afterwards.
            const chunk = Buffer.from(bytes.subarray(at, at + size));
            splitter.push(chunk, (all, start, end) => found.push(all.toString('hex', start, end)));
            chunk.fill(0xee);
            at += size;
          }
          assert.deepEqual(
            found,
            payloads.map((payload) => Buffer.from(payload).toString('hex')),
          );
        },
      ),
    );
  });

  for (const head of ['ffffffff', '000003e9']) {
    it(`with the length ${head} are refused`, () => {
      assert.throws(() => new FrameSplitter(1000).push(Buffer.from(head, 'hex'), () => undefined), /frame of/);
    });
  }
});

describe('the registry of watches', () => {
  const watcher = (): void => undefined;
  const other = (): void => assert.fail();
  const event = (type: number, path: string) => ({ type, state: 3, path });

  it('fires one-time watches once and tells everybody once', () => {
    const registry = new WatchRegistry();
    registry.add('data', '/a', watcher);
    registry.add('child', '/a', watcher);
    registry.add('exist', '/a', other);
    assert.equal(registry.fire(event(EventType.childrenChanged, '/a')).size, 1);
    assert.equal(registry.fire(event(EventType.childrenChanged, '/a')).size, 0);
    assert.equal(registry.fire(event(EventType.deleted, '/a')).size, 2);
    assert.equal(registry.fire(event(EventType.deleted, '/a')).size, 0);
  });

  it('keeps persistent ones, and tells recursive ones nothing of lists of children', () => {
    const registry = new WatchRegistry();
    registry.add('persistent', '/a', watcher);
    registry.add('persistentRecursive', '/', other);
    for (let round = 0; round < 2; round++) {
      assert.equal(registry.fire(event(EventType.dataChanged, '/a')).size, 2);
      assert.equal(registry.fire(event(EventType.childrenChanged, '/a')).size, 1);
      assert.deepEqual([...registry.fire(event(EventType.created, '/a/b/c'))], [other]);
    }
  });

  it('removes by kind and by watcher', () => {
    const registry = new WatchRegistry();
    registry.add('data', '/a', watcher);
    registry.add('data', '/a', other);
    registry.add('child', '/a', watcher);
    assert.equal(registry.hasOthers('/a', 'data', watcher), true);
    assert.deepEqual([...registry.remove('/a', 'data', watcher).keys()], ['dataWatchRemoved']);
    assert.equal(registry.has('/a', 'data', watcher), false);
    assert.equal(registry.has('/a', 'data', null), true);
    assert.deepEqual([...registry.remove('/a', 'any', null).keys()], ['childWatchRemoved', 'dataWatchRemoved']);
    assert.equal(registry.has('/a', 'any', null), false);
  });

  it('is told anew in requests below 128 KB that leave nothing out', () => {
    const registry = new WatchRegistry();
    const paths = Array.from({ length: 5000 }, (_, at) => `/${'x'.repeat(60)}/ü${at}`);
    for (const path of paths) registry.add('data', path, watcher);
    registry.add('persistent', '/p', watcher);
    const requests = [...registry.setWatches(7)];
    assert.ok(requests.length > 1);
    for (const { data, relativeZxid } of requests) {
      assert.equal(relativeZxid, 7);
      assert.ok(data.reduce((sum, path) => sum + Buffer.byteLength(path) + 4, 0) <= 128 * 1024);
    }
    assert.deepEqual(requests.flatMap(({ data }) => data).sort(), paths.sort());
    assert.deepEqual(
      requests.flatMap(({ persistent }) => persistent),
      ['/p'],
    );
  });
});
