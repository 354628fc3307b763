import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from '../../src/protocol/index.js';
import { SeededRandom } from '../fakes/index.js';
import type { HistoryOp } from '../sim/history.js';
import type { Member } from '../support/ensemble.js';
import { WireClient, WireError } from '../support/wire-client.js';
import type { Recorder } from './recorder.js';
import { inTime } from './in-time.js';

export const SESSION_TIMEOUT_MS = 6000;
/** A server that says nothing for so long is given up for another. */
const SILENT_MS = 2500;
const LANES = 3;
/** How long the clients work on one set of nodes: short histories a node are quickly checked. */
const GENERATION_MS = 2500;
const KEYS = 6;
const THINK_MS = 30;

/** The parents that must be there before the load begins. */
export const ROOTS = ['/nodes', '/numbers', '/sessions'] as const;

/** All nodes that clients of one generation share. */
export function generationAt(ms: number): number {
  return Math.floor(ms / GENERATION_MS);
}

export function keysOf(generation: number): string[] {
  return Array.from({ length: KEYS }, (_, key) => `/nodes/${generation}-${key}`);
}

/** One client: a session that moves between servers as connections break, with several requests under way. */
export class LoadClient {
  sessionsExpired = 0;
  private sessionId = 0n;
  private password = Buffer.alloc(16);
  private lastZxidSeen = 0;
  private writes = 0;
  private isStopped = false;
  private readonly random: SeededRandom;
  private readonly done: Promise<void>;

  constructor(
    readonly name: string,
    seed: number,
    private readonly members: readonly Member[],
    private readonly recorder: Recorder,
  ) {
    this.random = new SeededRandom(`${name} ${seed}`);
    this.done = this.run();
  }

  /** Finishes what is under way and closes the session. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const client = await this.connect();
      if (client === null) {
        await delay(20 + this.random.below(60));
        continue;
      }
      const watchdog = watch(client);
      await Promise.all(Array.from({ length: LANES }, () => this.lane(client)));
      clearInterval(watchdog);
      this.lastZxidSeen = Math.max(this.lastZxidSeen, client.lastZxid);
      client.destroy();
    }
    await this.close();
  }

  private async connect(): Promise<WireClient | null> {
    const member = this.members[this.random.below(this.members.length)];
    if (member === undefined) return null;
    const { lastZxidSeen, password, sessionId } = this;
    const isNew = sessionId === 0n;
    const attempt = WireClient.connect(member.clientPort, {
      ...{ host: member.host, timeoutMs: SESSION_TIMEOUT_MS, sessionId, password, lastZxidSeen },
    });
    try {
      const client = await inTime('a connection', SILENT_MS, attempt);
      this.sessionId = client.sessionId;
      this.password = Buffer.from(client.password);
      if (isNew) await this.begin(client);
      return client;
    } catch (error) {
      if (error instanceof WireError && error.code === ErrorCode.sessionExpired) {
        this.sessionsExpired++;
        this.sessionId = 0n;
        this.password = Buffer.alloc(16);
      }
      // It may still come: a server that stood still goes on.
      attempt.then((late) => late.destroy()).catch(() => undefined);
      return null;
    }
  }

  /** Each session has a node that must end with it. */
  private async begin(client: WireClient): Promise<void> {
    const path = `/sessions/${client.sessionId.toString(16)}`;
    const op: HistoryOp = { kind: 'create', path, data: this.name, sequential: false, ephemeral: true };
    await inTime('a first answer', SILENT_MS, this.recorder.perform(this.name, client, op));
  }

  /** One request after the other until the connection breaks or the load ends. */
  private async lane(client: WireClient): Promise<void> {
    while (!this.isStopped && !client.isClosed) {
      const err = await this.recorder.perform(this.name, client, this.draw());
      if (err === undefined) return;
      if (err === ErrorCode.sessionExpired || err === ErrorCode.sessionMoved) {
        client.destroy();
        return;
      }
      await delay(this.random.below(THINK_MS));
    }
  }

  private draw(): HistoryOp {
    const { random } = this;
    const generation = generationAt(this.recorder.nowMs());
    const keys = keysOf(generation);
    const path = keys[random.below(keys.length)] ?? '';
    const data = `${this.name}.${this.writes++}`;
    const version = random.oneIn(3) ? random.below(4) : -1;
    switch (random.below(12)) {
      case 0:
      case 1:
      case 2:
        return { kind: 'create', path, data, sequential: false, ephemeral: false };
      case 3:
      case 4:
      case 5:
        return { kind: 'set', path, data, version };
      case 6:
        return { kind: 'delete', path, version };
      case 7: {
        const parent = `/numbers/${generation}`;
        if (random.oneIn(4)) return { kind: 'create', path: parent, data, sequential: false, ephemeral: false };
        return { kind: 'create', path: `${parent}/n-`, data, sequential: true, ephemeral: false };
      }
      case 8: {
        const other = keys[random.below(keys.length)] ?? '';
        const parts: HistoryOp[] = [{ kind: 'set', path, data, version: -1 }];
        if (other !== path) parts.push({ kind: 'create', path: other, data, sequential: false, ephemeral: false });
        return { kind: 'multi', parts };
      }
      default:
        return { kind: 'get', path, isSynced: random.oneIn(2) };
    }
  }

  private async close(): Promise<void> {
    while (this.sessionId !== 0n) {
      const client = await this.connect();
      if (client === null) {
        await delay(50);
        continue;
      }
      try {
        await inTime('a close', SILENT_MS, client.close());
        return;
      } catch {
        client.destroy();
      }
    }
  }
}

/** Breaks a connection on which nothing comes while something is waited for. */
function watch(client: WireClient): NodeJS.Timeout {
  let frames = client.frames.length;
  return setInterval(() => {
    if (client.frames.length === frames) client.destroy();
    frames = client.frames.length;
  }, SILENT_MS);
}
