import assert from 'node:assert/strict';
import { ClientPrograms } from '../interop/programs.js';
import { atServer } from '../support/at-server.js';
import type { Member } from '../support/ensemble.js';
import { eventually } from '../support/eventually.js';
import { type LoadFigures, LoadTool } from '../support/load-tool.js';
import { type Kind, MixedEnsemble } from './mixed-ensemble.js';
import { SessionWriter } from './session-writer.js';

const PROGRESS_MS = 120_000;

/** One server was replaced. */
export interface Replacement {
  readonly sid: number;
  readonly role: string;
  readonly kind: Kind;
  /** From the order to stop until the other kind served. */
  readonly awayMs: number;
  /** The longest time without an acknowledgement, by client. */
  readonly pausesMs: readonly { readonly client: string; readonly ms: number }[];
  /** Of the load generator, from the replacement before to this one. */
  readonly load: LoadFigures;
}

export interface MigrationResult {
  readonly acknowledged: number;
  readonly sessions: number;
}

/** An ensemble of Apache ZooKeeper with clients of four kinds that write, and a load generator beside them, whose servers are replaced one by one. */
export class Migration {
  private readonly programs = new ClientPrograms();
  private readonly owners = new Map<SessionWriter, bigint>();
  private writers: SessionWriter[] = [];
  private load: LoadTool | null = null;

  private constructor(
    readonly mixed: MixedEnsemble,
    private readonly writesBetween: number,
    private readonly zkload: string | null,
  ) {}

  /**
   * `writesBetween`: how often each client writes, at least, between two replacements. `zkload`: that program makes the load
   * instead of zk-bench.
   */
  static async start(writesBetween: number, zkload: string | null = null): Promise<Migration> {
    const kinds: Kind[] = ['Apache ZooKeeper', 'Apache ZooKeeper', 'Apache ZooKeeper'];
    const config = { tickTime: 2000, initLimit: 10, syncLimit: 5 };
    const migration = new Migration(await MixedEnsemble.create(kinds, { config }), writesBetween, zkload);
    try {
      await migration.mixed.start();
      await migration.startWriters();
    } catch (error) {
      await migration.remove();
      throw error;
    }
    return migration;
  }

  get clientNames(): string[] {
    return this.writers.map((writer) => writer.kind.name);
  }

  private async startWriters(): Promise<void> {
    const { kazoo, c, node, curator } = this.programs;
    const { hosts } = this.mixed.ensemble;
    this.writers = [kazoo, c, node, curator].map((kind, i) => new SessionWriter(kind, hosts, `/writer-${i}`));
    await Promise.all(this.writers.map((writer) => writer.start()));
    for (const writer of this.writers) this.owners.set(writer, await this.ownerOf(this.mixed.member(1), writer));
    this.load = new LoadTool(hosts, this.zkload);
    await this.progress();
  }

  /** Replaces every server that is not of this kind: the followers, then the leader. */
  async *replaceAll(kind: Kind): AsyncGenerator<Replacement> {
    for (;;) {
      const left = this.mixed.members.filter((member) => this.mixed.kind(member.sid) !== kind);
      if (left.length === 0) return;
      const leader = await this.mixed.ensemble.leader();
      yield await this.replace(left.find((member) => member !== leader) ?? leader, kind);
    }
  }

  private async replace(member: Member, kind: Kind): Promise<Replacement> {
    const role = await member.mode();
    for (const writer of this.writers) writer.takeLongestMs();
    const beganMs = performance.now();
    await member.stop();
    this.mixed.become(member.sid, kind);
    await this.mixed.restart(member.sid);
    const awayMs = performance.now() - beganMs;
    await this.progress();
    const pausesMs = this.writers.map((writer) => ({ client: writer.kind.name, ms: writer.takeLongestMs() }));
    return {
      sid: member.sid,
      role,
      kind,
      awayMs,
      pausesMs,
      load: this.load?.take() ?? assert.fail('there is no load'),
    };
  }

  private async progress(): Promise<void> {
    const wanted = this.writers.map((writer) => writer.acknowledged.length + this.writesBetween);
    // The one under way may have begun before.
    const runs = (this.load?.goodRuns ?? 0) + 2;
    await eventually('further writes of every client', PROGRESS_MS, () =>
      Promise.resolve(this.writers.every((writer, i) => writer.acknowledged.length >= (wanted[i] ?? 0))),
    );
    await eventually('further runs of the load generator', PROGRESS_MS, () =>
      Promise.resolve((this.load?.goodRuns ?? 0) >= runs),
    );
  }

  /** Stops the writers, and fails unless every server has every acknowledged write, and every session is still there. */
  async finish(): Promise<MigrationResult> {
    await Promise.all([this.load?.stop(), ...this.writers.map((writer) => writer.stop())]);
    await this.mixed.sameTrees();
    await this.mixed.sameDigests();
    await this.mixed.noQuarrels();
    let acknowledged = 0;
    for (const member of this.mixed.members) {
      for (const writer of this.writers) {
        assert.equal(await this.ownerOf(member, writer), this.owners.get(writer), `the session of ${writer.kind.name}`);
        const names = new Set(await this.childrenOf(member, writer.folder));
        for (const number of writer.acknowledged) {
          const node = writer.nodeOf(number);
          assert.ok(
            names.has(node),
            `server ${member.sid} has ${writer.folder}/${node}, acknowledged to ${writer.kind.name}`,
          );
        }
        if (member.sid === 1) acknowledged += writer.acknowledged.length;
      }
    }
    await Promise.all(this.writers.map((writer) => writer.quit()));
    return { acknowledged, sessions: this.writers.length };
  }

  async remove(): Promise<void> {
    await Promise.all([this.load?.stop(), ...this.writers.map((writer) => writer.kill())]);
    await this.mixed.remove();
    this.programs.remove();
  }

  private ownerOf(member: Member, writer: SessionWriter): Promise<bigint> {
    return atServer(member, async (client) => {
      await client.sync('/');
      return (await client.exists(writer.ephemeral)).ephemeralOwner;
    });
  }

  private childrenOf(member: Member, folder: string): Promise<string[]> {
    return atServer(member, async (client) => {
      await client.sync('/');
      return client.getChildren(folder);
    });
  }
}
