import assert from 'node:assert/strict';
import { ErrorCode } from '../../src/protocol/index.js';
import { atServer } from '../support/at-server.js';
import { Ensemble, type EnsembleOptions, type Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { fourLetter } from '../support/four-letter.js';
import { javaServer } from '../support/java.js';
import { treeLines } from '../support/tree-lines.js';
import { WireError } from '../support/wire-client.js';
import { difference } from '../zab/java-dump.js';

export type Kind = 'zk-server' | 'Apache ZooKeeper';

export function otherKind(kind: Kind): Kind {
  return kind === 'zk-server' ? 'Apache ZooKeeper' : 'zk-server';
}

const LAUNCHER = new URL('../../bin/zk-server', import.meta.url).pathname;
/** The last sessions end half a minute after their clients; and ten minutes of writes are read in as long on a busy machine. */
const SAME_TREE_MS = 120_000;
/** Short ticks, so that sessions can be short; generous limits, so that a busy machine does not part the servers. */
const TIMING = { tickTime: 250, initLimit: 80, syncLimit: 40, maxSessionTimeout: 30_000 };
/** TTL nodes must exist on all servers or on none: a server without them takes their mark for a session's. */
const KINDS_OF_NODES = { extendedTypesEnabled: 'true' };
const START_MS = 60_000;
const START_ATTEMPTS = 3;
const LAST_WORDS = 40;
const ABOUT_DIGESTS =
  /igest|Snapshot loaded|Reading snapshot|Snapshotting|txns loaded|synchronizes? by|Getting a|Truncating|LEADING|FOLLOWING/;

/** One ensemble of Apache ZooKeeper's servers and ours; which is which may change from one start to the next. */
export class MixedEnsemble {
  private constructor(
    readonly ensemble: Ensemble,
    private readonly kinds: Kind[],
    private readonly observers: readonly number[],
  ) {}

  /** `kinds` by server id, the first for server 1. */
  static async create(
    kinds: readonly Kind[],
    options: Omit<EnsembleOptions, 'servers' | 'command'> = {},
    javaProperties: readonly string[] = [],
  ): Promise<MixedEnsemble> {
    const own = [...kinds];
    const ensemble = await Ensemble.create({
      ...options,
      config: { ...TIMING, ...KINDS_OF_NODES, ...options.config },
      servers: kinds.length,
      command: (index, file) =>
        own[index] === 'zk-server' ? [LAUNCHER, 'start', file] : javaServer(file, javaProperties),
    });
    return new MixedEnsemble(ensemble, own, options.observers ?? []);
  }

  get members(): readonly Member[] {
    return this.ensemble.members;
  }

  member(sid: number): Member {
    return this.ensemble.member(sid);
  }

  kind(sid: number): Kind {
    return this.kinds[sid - 1] ?? 'zk-server';
  }

  /** From its next start on, server `sid` is of this kind. */
  become(sid: number, kind: Kind): void {
    this.kinds[sid - 1] = kind;
  }

  /** Starts all; the voter with the highest id leads, because none has data and it is there from the beginning. */
  async start(): Promise<void> {
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
      await this.startInOrder();
      if (await this.isLedAsStarted()) return;
      // The machine stood still until servers gave each other up, and elected anew: all have the same now.
      await Promise.all(this.members.map((member) => member.kill()));
    }
    assert.fail(`in ${START_ATTEMPTS} attempts another server than the voter with the highest id led`);
  }

  /** As after `start`, also where a leader was given up meanwhile, or a server is not there. */
  async startAnewUnlessLed(): Promise<void> {
    if (this.members.every((member) => member.running) && (await this.isLedAsStarted())) return;
    await Promise.all(this.members.map((member) => member.kill()));
    await this.start();
  }

  private async isLedAsStarted(): Promise<boolean> {
    return (await this.ensemble.leader()) === this.voters().at(-1);
  }

  private async startInOrder(): Promise<void> {
    const voters = this.voters();
    const quorum = voters.slice(-(Math.floor(voters.length / 2) + 1));
    for (const some of [quorum, this.members.filter((member) => !quorum.includes(member))]) {
      for (const member of some) await member.start();
      await Promise.all(some.map((member) => member.serving(START_MS)));
    }
  }

  private voters(): Member[] {
    return this.members.filter((member) => !this.observers.includes(member.sid));
  }

  async restart(sid: number): Promise<string> {
    await this.member(sid).start();
    return this.member(sid).serving(START_MS);
  }

  /** Waits until all running servers show the same tree, node for node with every field. */
  async sameTrees(): Promise<void> {
    const running = this.members.filter((member) => member.running);
    let differs = '';
    await eventually('the same tree', SAME_TREE_MS, async () => {
      try {
        const [first = [], ...others] = await Promise.all(running.map(treeLines));
        differs = others.map((other) => difference(first, other)).join('\n');
      } catch (error) {
        // A node that went away between two questions: sessions end and empty containers are deleted meanwhile.
        differs = String(error);
      }
      return differs.trim() === '';
    }).catch(() => {
      assert.fail(differs);
    });
  }

  /** No server found a digest other than its leader's, and where two servers kept the digest of one zxid it is the same. */
  async sameDigests(): Promise<void> {
    const known = new Map<string, string>();
    for (const member of this.members.filter((one) => one.running)) {
      const [, count] = /^zk_digest_mismatches_count\t(\d+)$/m.exec(await fourLetter(member.clientPort, 'mntr')) ?? [];
      assert.equal(count, '0', `digests differed at server ${member.sid}:\n${await this.aboutDigests(member)}`);
      for (const [, zxid = '', digest = ''] of (await fourLetter(member.clientPort, 'hash')).matchAll(
        /^(\w+): (\d+)$/gm,
      )) {
        assert.equal(digest, known.get(zxid) ?? digest, `server ${member.sid} at ${zxid}`);
        known.set(zxid, digest);
      }
    }
  }

  /** Where all servers' data came from, as they logged it: what a mismatch has to be explained with. */
  private async aboutDigests(suspect: Member): Promise<string> {
    const told: string[] = [];
    for (const member of [suspect, ...this.members.filter((one) => one !== suspect)]) {
      const lines = (await member.log()).split('\n').filter((line) => ABOUT_DIGESTS.test(line));
      told.push(`server ${member.sid}, ${this.kind(member.sid)}:`, ...lines.slice(-40));
    }
    return told.join('\n');
  }

  /** In all their lives our servers found no digest wrong, and no word of a server of the other kind against the protocol. */
  async noQuarrels(): Promise<void> {
    for (const member of this.members) {
      const lines = (await member.log()).split('\n');
      assert.deepEqual(
        lines.filter((line) => /"code":"DIGEST_MISMATCH"|"end":"(PROTOCOL|INTERNAL)"/.test(line)),
        [],
        `server ${member.sid}`,
      );
    }
  }

  /** What each server logged last: a pause that nobody expected has to be explained by it. */
  async lastWords(): Promise<string> {
    const told: string[] = [];
    for (const member of this.members) {
      const lines = (await member.log()).trimEnd().split('\n').slice(-LAST_WORDS);
      told.push(`server ${member.sid}, ${this.kind(member.sid)}:`, ...lines.map((line) => line.slice(0, 400)));
    }
    return told.join('\n');
  }

  /** Is the node there, on each running server? */
  everywhere(path: string): Promise<boolean[]> {
    return Promise.all(
      this.members
        .filter((member) => member.running)
        .map((member) =>
          atServer(member, async (client) => {
            await client.sync(path);
            return client.exists(path).then(
              () => true,
              (error: unknown) => {
                if (error instanceof WireError && error.code === ErrorCode.noNode) return false;
                throw error;
              },
            );
          }),
        ),
    );
  }

  /** How `learner` was last synchronized by `leader`, as the one of them that is ours logged it. */
  async lastSync(learner: Member, leader: Member): Promise<string | undefined> {
    const isOurs = this.kind(learner.sid) === 'zk-server';
    const line = isOurs ? /The leader synchronizes by (\w+)/g : syncedBy(learner.sid);
    return [...(await (isOurs ? learner : leader).log()).matchAll(line)].at(-1)?.[1];
  }

  remove(): Promise<void> {
    return this.ensemble.remove();
  }
}

function syncedBy(sid: number): RegExp {
  return new RegExp(`Server ${sid} at \\S+ is synchronized by (\\w+)`, 'g');
}
