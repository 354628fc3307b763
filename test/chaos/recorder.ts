import type { HistoryLine, HistoryOp } from '../sim/history.js';
import { OpCode } from '../../src/protocol/index.js';
import { JuteReader } from '../../src/jute/index.js';
import { decodeReply, encodeOp } from '../sim/client/requests.js';
import type { WireClient, WireReply } from '../support/wire-client.js';

/** `int length; int xid; int type` stand before a request's body. */
const TYPE_AT = 8;
const BODY_AT = 12;

/** What all clients did and what they were answered, on one clock, as the checkers of test/sim read it. */
export class Recorder {
  readonly lines: HistoryLine[] = [];
  acknowledgedWrites = 0;
  unanswered = 0;
  private readonly beganMs = performance.now();

  nowMs(): number {
    return performance.now() - this.beganMs;
  }

  /**
   * Sends one operation (a read with `isSynced` behind a sync of its own) and notes how it went. Answers the error code;
   * undefined when the connection was lost.
   */
  async perform(name: string, client: WireClient, op: HistoryOp): Promise<number | undefined> {
    const invokedMs = this.nowMs();
    const session = `0x${client.sessionId.toString(16)}`;
    const base = { client: name, session, op, invokedMs };
    if ('isSynced' in op && op.isSynced) {
      // Its fate is the read's: both are on the same connection, in this order.
      ask(client, { kind: 'sync', path: op.path }).catch(() => undefined);
    }
    let reply: WireReply;
    try {
      reply = await ask(client, op);
    } catch {
      this.unanswered++;
      this.lines.push({ ...base, returnedMs: null, zxid: 0, err: 0, result: {} });
      return undefined;
    }
    const { err, zxid } = reply.header;
    const { result } = decodeReply(op, zxid, err, new JuteReader(reply.body));
    this.lines.push({ ...base, returnedMs: this.nowMs(), zxid, err, result });
    if (err === 0 && isWrite(op)) this.acknowledgedWrites++;
    return err;
  }
}

export function isWrite({ kind }: HistoryOp): boolean {
  return kind === 'create' || kind === 'set' || kind === 'delete' || kind === 'multi';
}

function ask(client: WireClient, op: HistoryOp): Promise<WireReply> {
  const bytes = encodeOp(0, op, false);
  const type = bytes.readInt32BE(TYPE_AT);
  const body = type === OpCode.closeSession ? Buffer.alloc(0) : bytes.subarray(BODY_AT);
  return client.requestAny(type, (w) => w.raw(body));
}
