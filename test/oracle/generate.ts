import { AddWatchMode, OpCode, Xid } from '../../src/protocol/index.js';
import { SeededRandom } from '../fakes/seeded-random.js';
import { configScene, dyingScene } from './scenes.js';
import { type StageName, STAGES } from './stage.js';
import { type Claim, type Field, type Request, type Step, STRAY_INT } from './steps.js';

export const SLOTS = 4;
/** A seed has so many parts of the same length; in each of them may be a scene. */
const PARTS_OF_SEED = 4;
/**
 * Requests that are answered out of line, or end the connection, or (setACL) are forgotten by Apache ZooKeeper until they are
 * applied: never sent together with others.
 */
const ALONE: ReadonlySet<number> = new Set([
  ...[OpCode.auth, OpCode.sasl, OpCode.ping, OpCode.closeSession, OpCode.check, OpCode.setACL],
]);

/** Requests with a watch flag. */
const WATCHING: ReadonlySet<number> = new Set([
  ...[OpCode.exists, OpCode.getData, OpCode.getChildren, OpCode.getChildren2],
]);

/** A few paths, so that requests meet. */
const PATHS = [
  ...[
    '~',
    '~/a',
    '~/a',
    '~/a',
    '~/a/b',
    '~/a/b',
    '~/a/c',
    '~/a/b/d',
    '~/b',
    '~/b',
    '~/b/x',
    '~/e',
    '~/e',
    '~/e/x',
    '~/s',
  ],
  ...[
    '~/s/n',
    '~/s/n0000000000',
    '~/s/n0000000001',
    '~/a0000000000',
    '~/a0000000001',
    '~/a/b0000000000',
    '~/c',
    '~/c/k',
  ],
  ...['~/t', '~/t/u', '~/ä€'],
];
const QUOTA_TOP = '/zookeeper/quota~/q';
const QUOTA_PATHS = [
  ...['~/q', '~/q', '~/q/r', '~/q/r', '~/q/r/s', QUOTA_TOP],
  ...[`${QUOTA_TOP}/zookeeper_limits`, `${QUOTA_TOP}/zookeeper_stats`],
];
const ODD_PATHS: readonly (string | null)[] = [
  ...[null, '', '/', 'a', '~/', '~//a', '~/a/', '~/./a', '~/../a', '~/a/..', '~/a\u0000b', '~/\u0001', '~/a\u007f'],
  ...['~/\ue000', '~/\ufff5', '/zookeeper', '/zookeeper/quota', '/zookeeper/config', '~/a/b/d/e/f', '~/.', '~/...'],
  '/zookeeper/nothing',
];
const DATA: readonly (string | null)[] = [null, '', 'x', 'x', 'hello', 'y'.repeat(100), '\u0000\u00ff\u0080'];
const LIMITS = [
  'count=2,bytes=10',
  'count=3,bytes=-1=;byteHardLimit=40;countHardLimit=3',
  'count=-1,bytes=-1=;byteHardLimit=20;countHardLimit=-1',
  'count=5,bytes=100',
];
const VERSIONS = [-1, -1, -1, -1, -1, 0, 0, 0, 1, 1, 2, 3, -2, 2_147_483_647];
const USERS = ['amy:secret', 'bob:secret', 'bob:other', 'noColon', '', 'a:b:c'];
const PERMS = [31, 31, 1, 2, 4, 8, 16, 3, 15, 0, 32, -1];

type AclEntry = readonly [perms: number, scheme: string | null, id: string | null];

const AMY = 'amy:Iq0onHjzb4KyxPAp8YWOIC8zzwY=';

/**
 * Which kind of watch a slot sets. With 3.8 each keeps to one: what a client gets that has several kinds on one path changed
 * with 3.9 (ZOOKEEPER-4466), as did what of them the types of checkWatches and removeWatches mean.
 */
type WatchKind = 'standard' | 'persistent' | 'recursive';

const WATCH_KINDS: readonly WatchKind[] = ['standard', 'persistent', 'recursive'];

/** Draws the steps of one seed. Nothing is known of what the servers answer; it only looks likely. */
export class Generator {
  private readonly random: SeededRandom;
  private watchKind: WatchKind = 'standard';
  private isOneByOne = false;

  constructor(
    private readonly seed: number,
    private readonly stage: StageName = 'alone',
    /** Of Apache ZooKeeper: there is more to compare with 3.9. */
    private readonly release = '3.8',
  ) {
    this.random = new SeededRandom(stage === 'alone' ? `oracle ${seed}` : `oracle ${stage} ${seed}`);
  }

  /** Steps with `count` requests in all and a few more. */
  steps(count: number): Step[] {
    // What a quota allows is judged by what is applied: of requests sent together that is a matter of luck.
    this.isOneByOne = this.random.oneIn(4);
    const steps: Step[] = this.isOneByOne ? this.quota() : [];
    const scenes = this.scenes(count);
    for (let made = 0; made < count;) {
      const part = Math.floor((made * PARTS_OF_SEED) / count);
      const next = scenes.get(part)?.() ?? [this.step()];
      scenes.delete(part);
      steps.push(...next);
      for (const step of next) made += step.kind === 'send' ? step.requests.length : 0;
    }
    return steps;
  }

  /** Which scenes the stage has, and at which part of the seed. */
  private scenes(count: number): Map<number, () => Step[]> {
    const { isMortal, hasConfig } = STAGES[this.stage];
    const scenes = new Map<number, () => Step[]>();
    if (count < PARTS_OF_SEED) return scenes;
    const sceneOf = (make: typeof dyingScene): (() => Step[]) => {
      const slot = this.random.below(SLOTS);
      return () =>
        make({
          slot,
          random: this.random,
          watch: (path) => this.watchFrom(path, slot),
          other: () => this.otherThan(slot),
        });
    };
    if (isMortal) scenes.set(1 + this.random.below(2), sceneOf(dyingScene));
    if (hasConfig) scenes.set(3, sceneOf(configScene));
    return scenes;
  }

  /** Another slot than `slot` watches `path` in its own way. */
  private watchFrom(path: string, slot: number): Step {
    const other = (slot + 1) % SLOTS;
    const kind = this.kindOf(other);
    const request: Request =
      kind === 'standard'
        ? { op: OpCode.exists, fields: [{ s: path }, { z: true }] }
        : {
            op: OpCode.addWatch,
            fields: [
              { s: path },
              { i: kind === 'persistent' ? AddWatchMode.persistent : AddWatchMode.persistentRecursive },
            ],
          };
    return { kind: 'send', slot: other, requests: [request] };
  }

  /** Some requests of other slots. */
  private otherThan(slot: number): Step {
    for (;;) {
      const step = this.step();
      if (step.kind === 'send' && step.slot !== slot) return step;
    }
  }

  /** The kinds of watch that the slot sets now. */
  private kindOf(slot: number): WatchKind {
    if (this.release !== '3.8') return this.pick(WATCH_KINDS);
    return WATCH_KINDS[(this.seed + slot) % WATCH_KINDS.length] as WatchKind;
  }

  /** A quota on ~/q, as zkCli makes it. */
  private quota(): Step[] {
    const open = aclField([[31, 'world', 'anyone']]);
    const create = (path: string, data: string | null): Request => ({
      op: OpCode.create,
      fields: [{ s: path }, { b: data }, open, { i: 0 }],
    });
    const requests = [
      create('~/q', 'hello'),
      create(QUOTA_TOP, null),
      create(`${QUOTA_TOP}/zookeeper_limits`, this.pick(LIMITS)),
      create(`${QUOTA_TOP}/zookeeper_stats`, 'count=0,bytes=0'),
      { op: OpCode.getData, fields: [{ s: `${QUOTA_TOP}/zookeeper_stats` }, { z: false }] },
    ];
    return requests.map((request) => ({ kind: 'send', slot: 0, requests: [request] }));
  }

  private step(): Step {
    const slot = this.random.below(SLOTS);
    this.watchKind = this.kindOf(slot);
    if (this.random.oneIn(40)) return { kind: 'drop', slot };
    if (this.random.oneIn(25)) return this.open(slot);
    if (this.isOneByOne || this.random.oneIn(3)) {
      const request = this.wellFormed();
      const isBroken = this.isDaring() && this.random.oneIn(12) && mayBreak(request) && this.keepsKind(request);
      return { kind: 'send', slot, requests: withRemoval(isBroken ? this.broken(request) : request) };
    }
    const requests = [this.request()];
    for (let more = this.random.below(8); more > 0; more--) {
      const next = this.request();
      if (isTogether(requests[0]) && isTogether(next)) requests.push(next);
    }
    return { kind: 'send', slot, requests: requests.flatMap(withRemoval) };
  }

  private open(slot: number): Step {
    return {
      kind: 'open',
      slot,
      claim: this.claim(slot),
      timeoutMs: this.pick(STAGES[this.stage].timeoutsMs),
      seen: this.pick(['none', 'none', 'some', 'some', 'future']),
      readOnly: this.random.oneIn(4),
      hasReadOnly: !this.random.oneIn(5),
    };
  }

  private claim(slot: number): Claim {
    if (this.random.oneIn(4)) return { who: 'new' };
    if (this.random.oneIn(10)) return { who: 'nobody' };
    const password = this.pick(['right', 'right', 'right', 'right', 'right', 'wrong', 'short', 'null'] as const);
    return { who: 'slot', slot: this.random.oneIn(3) ? this.random.below(SLOTS) : slot, password };
  }

  // Requests

  /** Sometimes with a number of its own. */
  private request(): Request {
    const request = this.wellFormed();
    if (request.xid !== undefined || !this.isDaring() || !this.random.oneIn(60)) return request;
    return { ...request, xid: this.pick([0, -5, 7, -2_147_483_648, 2_147_483_647]) };
  }

  /** A ZooKeeper follower waits for ever for the answer to a write whose bytes its leader cannot read. */
  private isDaring(): boolean {
    return STAGES[this.stage].servers === 1;
  }

  private wellFormed(): Request {
    const kind = this.random.below(100);
    if (kind < 20) return this.create(this.pick([OpCode.create, OpCode.create, OpCode.create2, OpCode.create2]));
    if (kind < 22) return this.create(OpCode.createContainer);
    if (kind < 24) return this.create(OpCode.createTTL);
    if (kind < 34) return { op: OpCode.delete, fields: [this.path(), this.version()] };
    if (kind < 44) return { op: OpCode.setData, fields: [...this.dataOf(), this.version()] };
    if (kind < 47) return { op: OpCode.setACL, fields: [this.path(), this.acl(), this.version()] };
    if (kind < 63) return this.pathAndWatch();
    if (kind < 67) return { op: this.pick([OpCode.getACL, OpCode.getAllChildrenNumber]), fields: [this.path()] };
    if (kind < 74) return this.multi();
    if (kind < 77) return this.multiRead();
    if (kind < 90) return this.aboutWatches();
    if (kind < 96) return this.aboutSession();
    return this.rare();
  }

  private create(op: number): Request {
    const fields: Field[] = [...this.dataOf(), this.acl(), { i: this.flagsFor(op) }];
    if (op === OpCode.createTTL) fields.push({ l: this.pick([1, 100_000, 0, -1, 0xff_ffff_ffff, 0x100_0000_0000]) });
    return { op, fields };
  }

  /** createTTL with another mode than a TTL's kills every ZooKeeper server that applies it, so it is not sent. */
  private flagsFor(op: number): number {
    switch (op) {
      case OpCode.createTTL:
        return this.pick([5, 5, 5, 6]);
      case OpCode.createContainer:
        return this.pick([4, 4, 4, 4, 0]);
      default:
        return this.pick([0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, -1]);
    }
  }

  private pathAndWatch(): Request {
    const op = this.pick([OpCode.exists, OpCode.getData, OpCode.getData, OpCode.getChildren, OpCode.getChildren2]);
    return { op, fields: [this.path(), { z: this.watchKind === 'standard' && this.random.oneIn(2) }] };
  }

  private multi(): Request {
    const fields: Field[] = [];
    for (let parts = this.random.below(5); parts > 0; parts--) {
      const part = this.multiPart();
      fields.push({ i: part.op }, { z: false }, { i: -1 }, ...part.fields);
    }
    return { op: OpCode.multi, fields: [...fields, { i: -1 }, { z: true }, { i: -1 }] };
  }

  /**
   * Always with a path: of a part without one ZooKeeper becomes aware when its zxid is given away, and then nobody has that
   * zxid.
   */
  private multiPart(): Request {
    const part = this.anyPart();
    const [path, ...rest] = part.fields;
    return path !== undefined && 's' in path && path.s === null ? { ...part, fields: [{ s: '~/a' }, ...rest] } : part;
  }

  private anyPart(): Request {
    switch (this.random.below(5)) {
      case 0:
      case 1:
        return this.createPart();
      case 2:
        return { op: OpCode.delete, fields: [this.path(), this.version()] };
      case 3:
        return { op: OpCode.check, fields: [this.path(), this.version()] };
      default:
        return { op: OpCode.setData, fields: [...this.dataOf(), this.version()] };
    }
  }

  /**
   * 3.8 takes a createContainer in a multi that has another mode for a create, and where a create has a TTL mode it takes
   * back nothing of what the multi did before.
   */
  private createPart(): Request {
    const op = this.pick([OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL]);
    const request = this.create(op);
    if (op === OpCode.createTTL) return request;
    const flags = op === OpCode.createContainer ? 4 : this.pick([0, 0, 0, 1, 1, 2, 3, 4, 7, -1]);
    return { op, fields: request.fields.with(3, { i: flags }) };
  }

  private multiRead(): Request {
    const fields: Field[] = [];
    for (let parts = this.random.below(4); parts > 0; parts--) {
      const op = this.random.oneIn(20) ? OpCode.exists : this.pick([OpCode.getData, OpCode.getChildren]);
      fields.push({ i: op }, { z: false }, { i: -1 }, this.path(), { z: this.random.oneIn(2) });
    }
    return { op: OpCode.multiRead, fields: [...fields, { i: -1 }, { z: true }, { i: -1 }] };
  }

  private aboutWatches(): Request {
    const isStandard = this.watchKind === 'standard';
    switch (this.random.below(8)) {
      case 0:
      case 1:
      case 2:
        return { op: OpCode.addWatch, fields: [this.watchPath(), { i: this.watchMode() }] };
      case 3:
        return { op: OpCode.checkWatches, fields: [this.watchPath(), { i: this.watcherType() }] };
      case 4:
      case 5:
        return { op: OpCode.removeWatches, fields: [this.watchPath(), { i: this.watcherType() }] };
      case 6:
        return {
          op: OpCode.setWatches,
          fields: [this.seenZxid(), ...this.lists(isStandard, isStandard, isStandard)],
          xid: Xid.setWatches,
        };
      default: {
        const lists = this.lists(
          ...[isStandard, isStandard, isStandard],
          this.watchKind === 'persistent',
          this.watchKind === 'recursive',
        );
        return { op: OpCode.setWatches2, fields: [this.seenZxid(), ...lists], xid: Xid.setWatches };
      }
    }
  }

  private watchMode(): number {
    if (this.watchKind === 'standard' || this.random.oneIn(10)) return this.pick([2, -1]);
    return this.watchKind === 'persistent' ? AddWatchMode.persistent : AddWatchMode.persistentRecursive;
  }

  private watcherType(): number {
    if (this.release !== '3.8') return this.pick([1, 2, 3, 3, 4, 5, 0, 6]);
    return this.watchKind === 'standard' ? this.pick([1, 1, 2, 2, 3, 3, 0, 6]) : this.pick([3, 3, 3, 0, 6]);
  }

  private aboutSession(): Request {
    switch (this.random.below(8)) {
      case 0:
        return { op: OpCode.closeSession, fields: [] };
      case 1:
        return { op: OpCode.whoAmI, fields: [] };
      case 2:
        return { op: OpCode.getEphemerals, fields: [{ s: this.pick([null, '', '/', '~', '~/e', '~/a', ' ', 'x']) }] };
      case 3:
        return { op: OpCode.ping, fields: [], xid: Xid.ping };
      case 4:
        return { op: OpCode.sync, fields: [this.path()] };
      default:
        return this.auth();
    }
  }

  private auth(): Request {
    const scheme = this.pick(['digest', 'digest', 'digest', 'digest', 'ip', 'world', 'nothing', '']);
    const id = scheme === 'digest' ? this.pick(USERS.slice(0, 4)) : this.pick(USERS);
    return { op: OpCode.auth, fields: [{ i: 0 }, { s: scheme }, { b: id }], xid: Xid.auth };
  }

  private rare(): Request {
    switch (this.random.below(8)) {
      case 0:
        return { op: this.pick([0, 10, 23, 99, 108, 127, 128, -1, -2, 2_147_483_647]), fields: [] };
      case 7:
        // A ZooKeeper leader lets a follower's client make sessions; that is not what is compared on an ensemble.
        if (this.isDaring()) return { op: OpCode.createSession, fields: [{ i: 300_000 }] };
        return { op: OpCode.whoAmI, fields: [] };
      case 1:
        // 3.8 never answers one that succeeds.
        return { op: OpCode.check, fields: [{ s: '~/never' }, this.version()] };
      case 2:
      case 3:
        return { op: OpCode.reconfig, fields: [{ s: null }, { s: '2' }, { s: null }, { l: -1 }] };
      case 4:
        return { op: OpCode.sasl, fields: [{ b: this.pick(['', 'token']) }] };
      default:
        // 3.8 refuses every client's, so only such are sent as are refused anyhow.
        return { op: OpCode.deleteContainer, fields: [{ s: this.pick(['/zookeeper', '/', '~/never', 'x', null]) }] };
    }
  }

  /** A broken watch flag may be a set one, which only sessions with one-shot watches send. */
  private keepsKind({ op }: Request): boolean {
    return this.watchKind === 'standard' || !WATCHING.has(op);
  }

  /** A request with something wrong in its bytes. */
  private broken(request: Request): Request {
    const at = this.random.below(request.fields.length);
    const fields = [...request.fields];
    switch (this.random.below(5)) {
      case 0:
        return { ...request, cut: this.random.below(24) };
      case 1:
        if (request.op === OpCode.multi) return { ...request, cut: this.random.below(60) };
        fields[at] = {
          x: this.pick([
            '7fffffff',
            '80000000',
            'fffffffe',
            '00ffffff',
            '',
            NEEDS_PATH.has(request.op) ? '' : 'ffffffff',
          ]),
        };
        return { ...request, fields };
      case 2:
        fields.push({ x: '00' });
        return { ...request, fields };
      case 3: {
        const list = fields.findIndex((field) => 'v' in field);
        const field = fields[list];
        if (field === undefined || !('v' in field)) return { ...request, cut: 3 };
        fields[list] = { v: field.v, count: this.pick([-1, -2, field.v.length + 1, 1_000_000]) };
        return { ...request, fields };
      }
      default:
        fields[at] = NEEDS_PATH.has(request.op) ? { i: STRAY_INT } : { s: null };
        return { ...request, fields };
    }
  }

  // Arguments

  private path(): Field {
    if (this.isOneByOne && this.random.oneIn(3)) return { s: this.pick(QUOTA_PATHS) };
    return { s: this.random.oneIn(14) ? this.pick(ODD_PATHS) : this.pick(PATHS) };
  }

  /**
   * For watches: one on no path keeps Apache ZooKeeper from ending the connection, and 3.8 fails where it looks for one on a
   * path without a slash.
   */
  private watchPath(): Field {
    const path = this.path();
    return 's' in path && /^[~/]/.test(path.s ?? '') ? path : { s: '~/a' };
  }

  /** A path and data that fits it. */
  private dataOf(): Field[] {
    const path = this.path();
    const isLimits = 's' in path && path.s?.endsWith('zookeeper_limits') === true;
    const isStats = 's' in path && path.s?.endsWith('zookeeper_stats') === true;
    if (isLimits) return [path, { b: this.pick(LIMITS) }];
    return [path, { b: isStats ? 'count=1,bytes=0' : this.pick(DATA) }];
  }

  private version(): Field {
    return { i: this.pick(VERSIONS) };
  }

  private seenZxid(): Field {
    return { zxid: this.pick([0, 1, 5, 20, 50, 1_000_000]) };
  }

  /** A list of paths for each, with something in it where that is true. Only the lists of one-shot watches check them. */
  private lists(...filled: readonly boolean[]): Field[] {
    return filled.map((isFilled, at) => ({
      v: Array.from({ length: isFilled ? this.random.below(3) : 0 }, () => [
        at < 3 ? this.path() : { s: this.pick(PATHS) },
      ]),
    }));
  }

  private acl(): Field {
    const kind = this.random.below(20);
    if (kind < 12) return aclField([[31, 'world', 'anyone']]);
    if (kind === 12) return aclField([]);
    if (kind < 15) return aclField([[this.pick(PERMS), 'auth', '']]);
    if (kind < 17) return aclField([[this.pick(PERMS), 'world', 'anyone']]);
    return aclField(Array.from({ length: 1 + this.random.below(3) }, () => this.aclEntry()));
  }

  private aclEntry(): AclEntry {
    return this.pick<AclEntry>([
      [this.pick(PERMS), 'digest', AMY],
      [this.pick(PERMS), 'digest', 'nobody:hash'],
      [this.pick(PERMS), 'digest', 'noColon'],
      [this.pick(PERMS), 'ip', '127.0.0.1'],
      [this.pick(PERMS), 'ip', '127.0.0.0/8'],
      [this.pick(PERMS), 'ip', '10.0.0.0/8'],
      [this.pick(PERMS), 'ip', '127.0.0.1/33'],
      [this.pick(PERMS), 'ip', 'nowhere'],
      [31, 'world', 'anyone'],
      [31, 'world', 'somebody'],
      [this.pick(PERMS), 'auth', 'ignored'],
      [31, 'nothing', 'x'],
    ]);
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random.below(from.length)] as T;
  }
}

/** What checkWatches finds is removed then: that tells whether it was there. */
function withRemoval(request: Request): Request[] {
  return request.op === OpCode.checkWatches ? [request, { ...request, op: OpCode.removeWatches }] : [request];
}

function aclField(entries: readonly AclEntry[]): Field {
  return { v: entries.map(([perms, scheme, id]) => [{ i: perms }, { s: scheme }, { s: id }]) };
}

const NEEDS_PATH: ReadonlySet<number> = new Set([
  ...[OpCode.multi, OpCode.addWatch, OpCode.checkWatches, OpCode.removeWatches],
]);

const KNOWN: ReadonlySet<number> = new Set(Object.values(OpCode).filter((op) => op > 0));

function isTogether(request: Request | undefined): boolean {
  return request !== undefined && KNOWN.has(request.op) && !ALONE.has(request.op);
}

/** Quota nodes with broken contents kill Apache ZooKeeper; SASL has tests of its own. */
function mayBreak({ op, fields }: Request): boolean {
  if (op === OpCode.sasl || fields.length === 0) return false;
  return !fields.some((field) => 's' in field && field.s?.includes('zookeeper_') === true);
}
