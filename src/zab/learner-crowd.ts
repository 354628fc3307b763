import { type Clock, type Complaints, type Logger, type Socket, WaitingRoom } from '../host/index.js';
import type { LearnerMaster, LearnerView } from './learner-handler.js';
import { LearnerHandler } from './learner-handler.js';
import { type EndCode, type Life, ZabError } from './life.js';

/** So many connections may wait at a time for the learner to say who it is. */
const WAITING_LIMIT = 256;
/** What the same server may cause as often as it likes: once a minute is enough. */
const REPEATED: ReadonlySet<EndCode | undefined> = new Set(['REPLACED', 'EPOCH_FAR']);
/** So many learners that are in no configuration are served at a time. */
const MAX_STRANGERS = 128;

export interface CrowdContext {
  readonly clock: Clock;
  readonly complaints: Complaints;
  readonly log: Logger;
  /** Of the role that serves them. */
  readonly life: Life;
  readonly tickTimeMs: number;
  /** Nothing is left of this one. */
  readonly gone: (handler: LearnerHandler) => void;
}

/** The learners that are connected to one server: who may come in, and who makes room for whom. */
export class LearnerCrowd {
  private readonly handlers = new Map<LearnerHandler, Promise<void>>();
  private readonly waiting = new WaitingRoom<LearnerHandler>(WAITING_LIMIT);

  constructor(private readonly context: CrowdContext) {}

  get size(): number {
    return this.handlers.size;
  }

  [Symbol.iterator](): IterableIterator<LearnerHandler> {
    return this.handlers.keys();
  }

  get views(): readonly LearnerView[] {
    const nowMs = this.context.clock.monotonicMs();
    return [...this.handlers.keys()].map((handler) => handler.view(nowMs));
  }

  accept(socket: Socket, master: LearnerMaster): void {
    const { gone, life } = this.context;
    if (life.isOver) {
      socket.destroy();
      return;
    }
    const handler = new LearnerHandler(socket, master);
    const leaving = this.waiting.enter(handler, socket.remote.host);
    leaving?.life.finish('CROWDED', `more than ${WAITING_LIMIT} connections have not said who they are`);
    const run = handler.run().finally(() => {
      this.handlers.delete(handler);
      this.waiting.leave(handler);
      this.logGone(handler);
      gone(handler);
    });
    this.handlers.set(handler, run);
  }

  /** A learner has said who it is. Throws a `ZabError` when it must go. */
  introduced(handler: LearnerHandler): void {
    const { complaints, log } = this.context;
    this.waiting.leave(handler);
    const { isStranger, sid, stream } = handler;
    if (isStranger) this.checkStrangers();
    const replaces = this.makeRoomFor(handler);
    const message = `Server ${sid} came from ${stream.peer} to ${handler.isObserver ? 'observe' : 'follow'}`;
    const fields = { code: 'ZAB_LEARNER_CAME', sid };
    if (replaces) complaints.info(`came ${sid}`, `${message}, in place of an older connection.`, fields);
    else if (!isStranger) log.info(`${message}.`, fields);
    else complaints.info(`came ${stream.peerHost}`, `${message}; it is in no configuration.`, fields);
  }

  /** Is a connection of this server there, which has said so? */
  has(sid: number): boolean {
    for (const handler of this.handlers.keys()) {
      if (handler.sid === sid && handler.isIntroduced && !handler.life.isOver) return true;
    }
    return false;
  }

  /** Ends all of them; resolves when nothing of them is left. */
  async dismiss(reason: string): Promise<void> {
    for (const handler of this.handlers.keys()) handler.life.finish('SHUTDOWN', reason);
    await Promise.all(this.handlers.values());
  }

  /**
   * An older connection of the same server is given up for the new one, unless its server is there and well: then whoever
   * came has another's id. (A server that comes anew has ended its connection before, or is silent on it.) Was there one?
   */
  private makeRoomFor(handler: LearnerHandler): boolean {
    const { clock, tickTimeMs } = this.context;
    const { sid, stream } = handler;
    let replaces = false;
    for (const other of this.handlers.keys()) {
      if (other === handler || other.sid !== sid || other.life.isOver) continue;
      const silentMs = Math.round(clock.monotonicMs() - other.stream.lastHeardMs);
      if (other.isLive && silentMs <= tickTimeMs) {
        const why = `says it is server ${sid}, which is at ${other.stream.peer} and was heard ${silentMs} ms ago`;
        throw new ZabError('DOUBLE', `${why}: two servers have ${sid} in their myid file`);
      }
      const hint = `if this goes on, two servers have ${sid} in their myid file`;
      other.life.finish('REPLACED', `server ${sid} connected anew from ${stream.peer}; ${hint}`);
      replaces = true;
    }
    return replaces;
  }

  private checkStrangers(): void {
    let count = 0;
    for (const { isIntroduced, isStranger } of this.handlers.keys()) if (isIntroduced && isStranger) count++;
    if (count >= MAX_STRANGERS) {
      throw new ZabError('CROWDED', `is in no configuration, as ${count} learners are that are here already`);
    }
  }

  private logGone(handler: LearnerHandler): void {
    const { complaints, life, log } = this.context;
    const { isIntroduced, sid, stream } = handler;
    const { end } = handler.life;
    const who = isIntroduced ? `Server ${sid}` : 'A connection';
    const fields = { code: 'ZAB_LEARNER_GONE', sid, peer: stream.peer, end: end?.code };
    const message = `${who} from ${stream.peer} is gone: ${end?.reason ?? 'unknown'}`;
    const level = life.isOver || end?.code === 'CONNECTION_LOST' ? 'info' : 'warn';
    const isKnown = isIntroduced && !handler.isStranger;
    if (isKnown && !REPEATED.has(end?.code)) log[level](message, fields);
    else complaints[level](`gone ${isKnown ? sid : stream.peerHost} ${end?.code}`, message, fields);
  }
}
