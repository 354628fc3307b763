import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Acl, Txn } from '../../src/protocol/index.js';
import {
  AddWatchMode,
  EventType,
  OpCode,
  OPEN_ACL_UNSAFE,
  READ_ACL_UNSAFE,
  WatcherType,
} from '../../src/protocol/index.js';
import type { Watcher, WatchEvent } from '../../src/tree/index.js';
import { Driver } from './support.js';

const EVENT_NAMES = new Map<number, string>(Object.entries(EventType).map(([name, type]) => [type, name]));

/** Notes what it is told into a list that several may share. */
class Listener implements Watcher {
  readonly acls: (readonly Acl[] | null)[] = [];
  constructor(
    readonly name: string,
    readonly heard: string[],
  ) {}

  process(event: WatchEvent, acl: readonly Acl[] | null): void {
    const zxid = event.zxid < 0 ? '' : ` @${event.zxid}`;
    this.heard.push(`${this.name}: ${EVENT_NAMES.get(event.type) ?? '?'} ${event.path}${zxid}`);
    this.acls.push(acl);
  }
}

const node = (path: string) =>
  ({ type: OpCode.create, path, data: null, acl: OPEN_ACL_UNSAFE, ephemeral: false, parentCVersion: -1 }) as const;

/**
 * A script: one word or more a line.
 * `A data|child|persistent|recursive PATH` watches, `A remove TYPE PATH` removes (the line after tells whether there was
 * one), `A gone` closes the connection; `create|delete|set|acl PATH...` are transactions (several paths: a multi), `close`
 * ends the session that `ephemeral PATH` creates for. What is heard follows each line, after `->`.
 */
class Script {
  readonly driver = new Driver();
  private readonly heard: string[] = [];
  private readonly listeners = new Map<string, Listener>();

  listener(name: string): Listener {
    const known = this.listeners.get(name) ?? new Listener(name, this.heard);
    this.listeners.set(name, known);
    return known;
  }

  /** What the line makes heard. */
  run(line: string): string {
    const [first = '', ...words] = line.split(' ');
    if (/^[A-Z]$/.test(first)) this.watch(this.listener(first), words);
    else this.driver.run(this.txn(first, words), 0x99n);
    return this.heard.splice(0).join(', ');
  }

  private watch(listener: Listener, [verb = '', path = '', last = '']: string[]): void {
    const { tree } = this.driver;
    if (verb === 'data') tree.addDataWatch(path, listener);
    else if (verb === 'child') tree.addChildWatch(path, listener);
    else if (verb === 'persistent') tree.addWatch(path, AddWatchMode.persistent, listener);
    else if (verb === 'recursive') tree.addWatch(path, AddWatchMode.persistentRecursive, listener);
    else if (verb === 'gone') tree.removeWatcher(listener);
    else if (verb === 'remove') {
      const type = WatcherType[path as keyof typeof WatcherType];
      const had = tree.containsWatch(last, type, listener);
      assert.equal(tree.removeWatch(last, type, listener), had);
      assert.equal(tree.containsWatch(last, type, listener), false);
      this.heard.push(had ? 'removed' : 'none');
    } else assert.fail(verb);
  }

  private txn(verb: string, paths: string[]): Txn {
    const parts = paths.map((path) => this.part(verb, path));
    if (verb === 'close') return { type: OpCode.closeSession, paths };
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { type: OpCode.multi, txns: parts };
  }

  private part(verb: string, path: string): Txn {
    switch (verb) {
      case 'create':
        return node(path);
      case 'ephemeral':
        return { ...node(path), ephemeral: true };
      case 'delete':
        return { type: OpCode.delete, path };
      case 'set':
        return { type: OpCode.setData, path, data: null, version: 1 };
      case 'acl':
        return { type: OpCode.setACL, path, acl: READ_ACL_UNSAFE, version: 1 };
      default:
        return { type: OpCode.error, err: -1 };
    }
  }
}

const scripts: readonly { name: string; script: string }[] = [
  {
    name: 'a data watch hears one change of its node',
    script: `
      create /a
      A data /a
      create /b
      create /a/x
      acl /a
      set /a -> A: dataChanged /a @5
      set /a`,
  },
  {
    name: 'a data watch hears the deletion of its node',
    script: `
      create /a
      A data /a
      delete /a -> A: deleted /a @2
      create /a`,
  },
  {
    name: 'an exists watch hears the creation of its node',
    script: `
      A data /a
      create /a -> A: created /a @1
      delete /a`,
  },
  {
    name: 'a child watch hears one change among children, or the end of its node',
    script: `
      create /a
      A child /a
      set /a
      create /a/x -> A: childrenChanged /a @3
      create /a/y
      A child /a
      delete /a/x -> A: childrenChanged /a @5
      A child /a/y
      create /a/y/z -> A: childrenChanged /a/y @6
      A child /a/y
      delete /a/y/z -> A: childrenChanged /a/y @7
      A child /a/y
      delete /a/y -> A: deleted /a/y @8`,
  },
  {
    name: 'a child watch on the root hears its children',
    script: `
      A child /
      create /a -> A: childrenChanged / @1
      create /b`,
  },
  {
    name: 'a deletion is told once to who watches data and children',
    script: `
      create /a
      A data /a
      A child /a
      B child /a
      C child /
      delete /a -> A: deleted /a @2, B: deleted /a @2, C: childrenChanged / @2
      create /a
      delete /a`,
  },
  {
    name: "the node's watches fire before its parent's",
    script: `
      A child /
      A data /a
      create /a -> A: created /a @1, A: childrenChanged / @1`,
  },
  {
    name: 'watchers of one path are told in the order in which they came',
    script: `
      C data /a
      A data /a
      B data /a
      A data /a
      create /a -> C: created /a @1, A: created /a @1, B: created /a @1`,
  },
  {
    name: 'a persistent watch hears all of its node and of its children, again and again',
    script: `
      A persistent /a
      create /a -> A: created /a @1
      set /a -> A: dataChanged /a @2
      create /a/x -> A: childrenChanged /a @3
      set /a/x
      create /a/x/y
      delete /a/x/y
      delete /a/x -> A: childrenChanged /a @7
      delete /a -> A: deleted /a @8
      create /a -> A: created /a @9`,
  },
  {
    name: 'a recursive watch hears each node at and below its path, never of changed children',
    script: `
      A recursive /a
      create /a -> A: created /a @1
      create /a/x -> A: created /a/x @2
      create /a/x/y -> A: created /a/x/y @3
      set /a/x/y -> A: dataChanged /a/x/y @4
      create /ab
      delete /a/x/y -> A: deleted /a/x/y @6
      acl /a/x`,
  },
  {
    name: 'a recursive watch on the root hears everything',
    script: `
      A recursive /
      create /a -> A: created /a @1
      set / -> A: dataChanged / @2
      create /a/b -> A: created /a/b @3`,
  },
  {
    name: 'who watches a path in several ways is told once, and keeps the lasting ones',
    script: `
      create /a
      create /a/b
      A recursive /
      A persistent /a/b
      A data /a/b
      B recursive /a
      set /a/b -> A: dataChanged /a/b @3, B: dataChanged /a/b @3
      A remove data /a/b -> none
      A remove persistent /a/b -> removed
      set /a/b -> B: dataChanged /a/b @4, A: dataChanged /a/b @4
      A remove persistentRecursive / -> removed
      set /a/b -> B: dataChanged /a/b @5`,
  },
  {
    name: 'removal takes the kind that it names',
    script: `
      A data /a
      A child /a
      A persistent /a
      A recursive /a
      A remove data /b -> none
      B remove any /a -> none
      A remove children /a -> removed
      A remove children /a -> none
      A remove data /a -> removed
      A remove persistent /a -> removed
      A remove persistent /a -> none
      create /a -> A: created /a @1
      A remove any /a -> removed
      A remove any /a -> none
      set /a`,
  },
  {
    name: 'any removes every kind at once',
    script: `
      A data /a
      A child /a
      A persistent /a
      A recursive /a
      B data /a
      A remove any /a -> removed
      create /a -> B: created /a @1`,
  },
  {
    name: 'a closed connection hears nothing',
    script: `
      A data /a
      A child /
      A recursive /
      B child /
      A gone
      create /a -> B: childrenChanged / @1
      A gone`,
  },
  {
    name: 'a multi fires part by part, with one zxid',
    script: `
      A data /a
      A child /
      create /a /b -> A: created /a @1, A: childrenChanged / @1
      A persistent /a
      A child /a
      set /a /b -> A: dataChanged /a @2`,
  },
  {
    name: 'the end of a session fires for each of its nodes',
    script: `
      ephemeral /a
      ephemeral /b
      A data /a
      B data /b
      C child /
      close /a /b -> A: deleted /a @3, C: childrenChanged / @3, B: deleted /b @3`,
  },
  {
    name: 'what cannot be applied fires nothing',
    script: `
      create /a
      A persistent /a
      A persistent /
      create /a
      delete /nope
      set /nope
      fail /a`,
  },
];

describe('watches', () => {
  for (const { name, script } of scripts) {
    it(name, () => {
      const runner = new Script();
      for (const line of script.trim().split('\n')) {
        const [command = '', expected = ''] = line.split('->').map((part) => part.trim());
        assert.equal(runner.run(command), expected, line);
      }
    });
  }

  it('come with the ACL that decides who may be told', () => {
    const script = new Script();
    const a = script.listener('A');
    const { driver } = script;
    const { tree } = driver;
    const told = (txn: Txn) => {
      a.acls.length = 0;
      driver.run(txn);
      return [...a.acls];
    };
    tree.addWatch('/n', AddWatchMode.persistent, a);
    tree.addWatch('/', AddWatchMode.persistent, a);
    driver.run({ type: OpCode.setACL, path: '/', acl: READ_ACL_UNSAFE, version: 1 });
    const mine: readonly Acl[] = [{ perms: 1, id: { scheme: 'digest', id: 'me:x' } }];
    assert.deepEqual(
      told({ ...node('/n'), acl: mine }),
      [mine, READ_ACL_UNSAFE],
      'created: its own, the parent its own',
    );
    assert.deepEqual(told({ type: OpCode.setData, path: '/n', data: null, version: 1 }), [mine]);
    assert.deepEqual(told({ type: OpCode.delete, path: '/n' }), [mine, READ_ACL_UNSAFE]);
    assert.deepEqual(told({ ...node('/n'), acl: null }), [null, READ_ACL_UNSAFE], 'no list: open');
  });

  it('may be changed by who is told', () => {
    const { driver } = new Script();
    const { tree } = driver;
    const heard: string[] = [];
    const last = new Listener('last', heard);
    const meddler: Watcher = {
      process: () => {
        tree.removeWatcher(meddler);
        tree.removeWatcher(last);
        tree.addDataWatch('/a', last);
      },
    };
    tree.addDataWatch('/a', meddler);
    tree.addDataWatch('/a', last);
    driver.run(node('/a'));
    assert.deepEqual(heard, ['last: created /a @1'], 'the event was under way already');
    driver.run({ type: OpCode.delete, path: '/a' });
    assert.deepEqual(heard.slice(1), ['last: deleted /a @2']);
    assert.equal(tree.watchCount, 0);
  });

  it('are counted, and told when they fire', () => {
    const script = new Script();
    const { tree } = script.driver;
    const fired: (readonly [number, number])[] = [];
    tree.watches.onFired = (type, watchers) => fired.push([type, watchers]);
    for (const line of ['A data /a', 'B data /a', 'A child /', 'A persistent /b', 'A recursive /']) script.run(line);
    assert.equal(tree.watchCount, 6);
    assert.deepEqual(tree.watches.summary, { connections: 2, paths: 3, watches: 4 });
    const { A, B } = { A: script.listener('A'), B: script.listener('B') };
    const byWatcher = [...tree.watches.data.watchers()].map(([watcher, paths]) => [watcher, [...paths].sort()]);
    assert.deepEqual(byWatcher, [
      [A, ['/', '/a', '/b']],
      [B, ['/a']],
    ]);
    const byPath = new Map([...tree.watches.data.watchedPaths()].map(([path, watchers]) => [path, [...watchers]]));
    assert.deepEqual(
      byPath,
      new Map([
        ['/a', [A, B]],
        ['/b', [A]],
        ['/', [A]],
      ]),
    );
    script.run('create /a');
    assert.deepEqual(fired, [
      [EventType.created, 2],
      [EventType.childrenChanged, 1],
    ]);
    assert.deepEqual(tree.watches.summary, { connections: 1, paths: 2, watches: 2 });
  });
});

describe('setWatches', () => {
  // /old changed last at zxid 2, /new (data) and /new/c (children) at zxid 4 and 5; the client saw zxid 3.
  const prepared = () => {
    const script = new Script();
    for (const line of ['create /old', 'create /old/c', 'create /new', 'set /new', 'create /new/c']) script.run(line);
    return script;
  };
  const none = { data: [], exist: [], child: [], persistent: [], persistentRecursive: [] };
  const cases = [
    { list: 'data', path: '/old', heard: [], kept: WatcherType.data },
    { list: 'data', path: '/new', heard: ['A: dataChanged /new'], kept: null },
    { list: 'data', path: '/gone', heard: ['A: deleted /gone'], kept: null },
    { list: 'exist', path: '/old', heard: ['A: created /old'], kept: null },
    { list: 'exist', path: '/gone', heard: [], kept: WatcherType.data },
    { list: 'child', path: '/old', heard: [], kept: WatcherType.children },
    { list: 'child', path: '/new', heard: ['A: childrenChanged /new'], kept: null },
    { list: 'child', path: '/gone', heard: ['A: deleted /gone'], kept: null },
    { list: 'persistent', path: '/new', heard: [], kept: WatcherType.persistent },
    { list: 'persistentRecursive', path: '/new', heard: [], kept: WatcherType.persistentRecursive },
  ] as const;
  for (const { list, path, heard, kept } of cases) {
    it(`${list} ${path}: ${heard.length > 0 ? heard.join() : 'watched again'}`, () => {
      const { tree } = prepared().driver;
      const listener = new Listener('A', []);
      tree.setWatches(3, { ...none, [list]: [path] }, listener);
      assert.deepEqual(listener.heard, heard);
      assert.deepEqual(
        listener.acls,
        heard.map(() => null),
      );
      for (const type of [1, 2, 4, 5]) assert.equal(tree.containsWatch(path, type, listener), type === kept);
      assert.equal(tree.watchCount, kept === null ? 0 : list === 'persistent' ? 2 : 1);
    });
  }
});
