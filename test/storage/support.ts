import assert from 'node:assert/strict';
import { JuteWriter } from '../../src/jute/index.js';
import { Metrics } from '../../src/metrics/index.js';
import type { Txn, TxnEntry } from '../../src/protocol/index.js';
import { makeTxnEntry, makeZxid, OPEN_ACL_UNSAFE, OpCode, readTxnEntry, zxidHex } from '../../src/protocol/index.js';
import type { DatabaseOptions } from '../../src/storage/index.js';
import { Database, STORAGE_DEFAULTS, StorageError } from '../../src/storage/index.js';
import { DataTree, DIGEST_VERSION } from '../../src/tree/index.js';
import { World } from '../fakes/index.js';

export const DIR = '/data/version-2';

export const TEST_OPTIONS: DatabaseOptions = {
  ...STORAGE_DEFAULTS,
  dataDir: '/data',
  dataLogDir: '/data',
  preAllocBytes: 4096,
  extendedTypes: true,
};

/** One machine with a data directory; the process on it can be restarted. */
export class Machine {
  metrics = new Metrics();

  constructor(
    readonly world = new World(1),
    readonly name = 'local',
  ) {}

  get disk() {
    return this.world.disk(this.name);
  }

  get host() {
    return this.world.host(this.name);
  }

  open(options: Partial<DatabaseOptions> = {}): Promise<Database> {
    this.metrics = new Metrics();
    return this.settle(Database.open(this.host, this.metrics, { ...TEST_OPTIONS, ...options }));
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.world.settle(promise);
  }

  /** Appends, makes durable and applies. */
  async commit(database: Database, entries: readonly TxnEntry[]): Promise<void> {
    for (const entry of entries) database.append(entry);
    await this.settle(database.settle());
  }

  async close(database: Database): Promise<void> {
    await this.settle(database.close());
  }

  /** Names in version-2, sorted; without the note of where the logs are, which log-place.test.ts is about. */
  names(): string[] {
    return [...this.disk.files().keys()]
      .map((path) => path.slice(DIR.length + 1))
      .filter((name) => name !== 'place-of-logs')
      .sort();
  }

  file(name: string): Buffer {
    const bytes = this.disk.peek(`${DIR}/${name}`);
    assert.ok(bytes !== undefined, `${name} is there: ${this.names().join(' ')}`);
    return bytes;
  }

  /** A fresh machine with these files in version-2. */
  static with(files: Readonly<Record<string, Buffer>>): Machine {
    const machine = new Machine();
    machine.disk.installDir(DIR);
    for (const [name, bytes] of Object.entries(files)) machine.disk.install(`${DIR}/${name}`, bytes);
    return machine;
  }
}

/** A check for `assert.rejects`: a StorageError with this code (and file, and offset). */
export function fails(code: string, file?: string | RegExp, offset?: number) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof StorageError, String(error));
    assert.equal(error.code, code, error.message);
    if (file !== undefined) assert.match(error.file ?? '', file instanceof RegExp ? file : new RegExp(`${file}$`));
    if (offset !== undefined) assert.equal(error.offset, offset, error.message);
    return true;
  };
}

/** What memory looks like: the tree by its digest, and the sessions. */
export interface Fingerprint {
  readonly zxid: number;
  readonly digest: bigint;
  readonly sessions: string;
}

export function fingerprint(database: Pick<Database, 'tree' | 'sessions'>): Fingerprint {
  const sessions = [...database.sessions].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    zxid: database.tree.lastProcessedZxid,
    digest: database.tree.digest,
    sessions: sessions.map(([id, timeoutMs]) => `${id}:${timeoutMs}`).join(','),
  };
}

/** A history with every kind of transaction, in which each entry knows the state after it. */
export class Story {
  readonly entries: TxnEntry[] = [];
  readonly states = new Map<number, Fingerprint>();
  private readonly tree = new DataTree(TEST_OPTIONS);
  private readonly sessions = new Map<bigint, number>();
  private zxid: number;

  constructor(afterZxid = 0) {
    this.zxid = afterZxid;
    this.tree.lastProcessedZxid = afterZxid;
    this.note(afterZxid);
  }

  get lastZxid(): number {
    return this.zxid;
  }

  /** Another future of the same past: the story up to `zxid`. */
  static after(past: Story, zxid: number): Story {
    const story = new Story();
    for (const entry of past.entries) {
      if (entry.header.zxid > zxid) break;
      story.zxid = entry.header.zxid - 1;
      story.add(entry.txn, entry.header.clientId);
    }
    return story;
  }

  state(zxid: number): Fingerprint {
    const state = this.states.get(zxid);
    assert.ok(state !== undefined, `the story has a state after 0x${zxidHex(zxid)}`);
    return state;
  }

  /** From here on in another epoch. */
  newEpoch(epoch: number): void {
    this.zxid = makeZxid(epoch, 0);
    this.note(this.zxid);
  }

  add(txn: Txn, clientId = 0x1000n): TxnEntry {
    const header = {
      clientId,
      cxid: this.entries.length,
      zxid: ++this.zxid,
      time: 1_700_000_000_000 + this.zxid,
      type: txn.type,
    };
    if (txn.type === OpCode.createSession) this.sessions.set(clientId, txn.timeoutMs);
    if (txn.type === OpCode.closeSession) this.sessions.delete(clientId);
    // From bytes, as any server gets it.
    this.tree.apply(header, readTxnEntry(makeTxnEntry(header, txn, null).bytes).txn, null);
    const entry = makeTxnEntry(header, txn, { version: DIGEST_VERSION, treeDigest: this.tree.digest });
    this.entries.push(entry);
    this.note(this.zxid);
    return entry;
  }

  create(path: string, data = 'x', clientId = 0x1000n): TxnEntry {
    return this.add(createTxn(path, data), clientId);
  }

  setData(path: string, data: Buffer, version: number): TxnEntry {
    return this.add({ type: OpCode.setData, path, data, version });
  }

  /** So many creations of nodes that do not exist yet. */
  grow(count: number, data = 'x'): readonly TxnEntry[] {
    return Array.from({ length: count }, () => this.create(`/n${this.entries.length}-${this.zxid}`, data));
  }

  /** One of each kind. */
  variety(): readonly TxnEntry[] {
    const from = this.entries.length;
    const owner = 0x2000n + BigInt(from);
    const root = `/v${from}`;
    this.add({ type: OpCode.createSession, timeoutMs: 30_000 }, owner);
    this.create(root);
    this.add({ ...createTxn(`${root}/e`, 'eph'), ephemeral: true }, owner);
    this.add({
      type: OpCode.createContainer,
      path: `${root}/c`,
      data: null,
      acl: [...OPEN_ACL_UNSAFE],
      parentCVersion: 2,
    });
    this.add({
      type: OpCode.createTTL,
      path: `${root}/t`,
      data: Buffer.alloc(0),
      acl: [...OPEN_ACL_UNSAFE],
      parentCVersion: 3,
      ttlMs: 60_000,
    });
    this.setData(root, Buffer.from('y'.repeat(40)), 1);
    this.add({
      type: OpCode.setACL,
      path: root,
      acl: [{ perms: 1, id: { scheme: 'digest', id: 'u:h' } }],
      version: 1,
    });
    this.add({ type: OpCode.error, err: -101 });
    this.add({
      type: OpCode.multi,
      txns: [createTxn(`${root}/m`, 'm'), { type: OpCode.setData, path: root, data: Buffer.from('z'), version: 2 }],
    });
    this.add({ type: OpCode.delete, path: `${root}/m` });
    this.add({ type: OpCode.closeSession, paths: [`${root}/e`] }, owner);
    return this.entries.slice(from);
  }

  /** Sessions and tree as a leader sends them now. */
  wireSnapshot(): Buffer {
    const w = new JuteWriter();
    w.int(this.sessions.size);
    for (const [id, timeoutMs] of this.sessions) {
      w.long64(id);
      w.int(timeoutMs);
    }
    const snapshot = this.tree.beginSnapshot();
    while (snapshot.write(w, 1 << 20));
    snapshot.close();
    return w.take(0);
  }

  private note(zxid: number): void {
    this.states.set(zxid, { ...fingerprint({ tree: this.tree, sessions: this.sessions }), zxid });
  }
}

function createTxn(path: string, data: string) {
  return {
    type: OpCode.create,
    path,
    data: Buffer.from(data),
    acl: [...OPEN_ACL_UNSAFE],
    ephemeral: false,
    parentCVersion: -1,
  } as const;
}
