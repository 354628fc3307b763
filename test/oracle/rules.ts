import { ErrorCode, OpCode } from '../../src/protocol/index.js';
import type { Line } from './lines.js';
import type { Connection, Side } from './side.js';
import { type Request, STRAY_INT } from './steps.js';

/** Where two lines were seen. */
export interface Sight {
  readonly java: Side;
  readonly ours: Side;
  readonly theirs: Connection;
  readonly own: Connection;
}

/** A difference that is meant to be; each is explained in docs/compatibility-client.md. */
interface Rule {
  readonly name: string;
  allows(java: Line, ours: Line): boolean;
  /** What it means for everything behind it. */
  then?(java: Line, ours: Line, sight: Sight): void;
}

const RULES: readonly Rule[] = [
  {
    name: 'zxid of events',
    allows: (java, ours) =>
      java.kind === 'event' && ours.kind === 'event' && java.zxid === -1 && java.text === ours.text,
  },
  {
    name: 'create modes in a multi',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      hasOddCreate(java.request) &&
      ours.err === ErrorCode.marshallingError &&
      java.parts.some((part) => part.startsWith('error')) &&
      java.zxid === ours.zxid,
  },
  {
    // 3.8 makes a create of it, whose answer has no Stat.
    name: 'create2 in a multi',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      java.request?.op === OpCode.multi &&
      java.request.fields.some((field) => 'i' in field && field.i === OpCode.create2) &&
      java.err === ours.err &&
      java.zxid === ours.zxid &&
      java.parts.length === ours.parts.length &&
      java.parts.every((part, at) => isSamePart(part, ours.parts[at] ?? '')),
  },
  {
    // Behind it nothing is proposed there; 3.9 proposes an error under a zxid that is taken already.
    name: 'bytes that are no such request',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      WRITES.has(java.request?.op ?? 0) &&
      java.err === ErrorCode.marshallingError &&
      ours.err === ErrorCode.marshallingError &&
      ours.zxid === java.zxid + 1,
    then: (_java, ours, sight) => {
      if (ours.kind === 'reply') sight.ours.skipZxid(ours.zxid);
    },
  },
  {
    // There it is enough that anybody watches the path (ZOOKEEPER-4466); every checkWatches is followed by a removeWatches,
    // whose answer has to be the same.
    name: 'checkWatches of the watches of others',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      java.request?.op === OpCode.checkWatches &&
      java.err === ErrorCode.ok &&
      ours.err === ErrorCode.noWatcher &&
      java.zxid === ours.zxid,
  },
  {
    // Since 3.9 exists needs READ on a node that is there (ZOOKEEPER-2590). A watch is set there and not here.
    name: 'exists without the right to read',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      java.request?.op === OpCode.exists &&
      java.err === ErrorCode.ok &&
      ours.err === ErrorCode.noAuth &&
      java.zxid === ours.zxid,
    then: goApart,
  },
  {
    // There the answers to the parts before it follow the error, which no client reads.
    name: 'multiRead without a path',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      java.request?.op === OpCode.multiRead &&
      java.err === ErrorCode.marshallingError &&
      ours.err === ErrorCode.marshallingError &&
      java.body.startsWith(' +') &&
      java.zxid === ours.zxid,
  },
  {
    // There it is logged as if it changed something (ZOOKEEPER-2623).
    name: 'check outside of a multi',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      java.request?.op === OpCode.check &&
      ours.err === ErrorCode.unimplemented,
    then: (java, ours, sight) => {
      if (java.kind === 'reply') sight.java.skipZxid(java.zxid);
      goApart(java, ours, sight);
    },
  },
  {
    // A server there has the leader log an error all the same; a multi fails for that reason or for another.
    name: 'An ephemeral node on a local session',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      (java.err === ErrorCode.ephemeralOnLocalSession || java.parts.some((part) => part.startsWith('error'))) &&
      ours.err === ErrorCode.ephemeralOnLocalSession &&
      java.zxid === Math.max(ours.zxid, 0) + 1,
    then: (java, _ours, sight) => {
      if (java.kind === 'reply') sight.java.skipZxid(java.zxid);
    },
  },
  {
    // There the session is made again, and what is sent is the answer to a connect.
    name: 'createSession from a client',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      java.request?.op === OpCode.createSession &&
      ours.err === ErrorCode.unimplemented,
    then: (java, ours, sight) => {
      sight.java.skipLast();
      goApart(java, ours, sight);
    },
  },
  {
    // There it is the error of whatever cannot be parsed.
    name: 'reconfig with an id that is no number',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      java.request?.op === OpCode.reconfig &&
      java.err === ErrorCode.marshallingError &&
      ours.err === ErrorCode.badArguments &&
      java.zxid === ours.zxid,
  },
  {
    name: 'deleteContainer by clients',
    allows: (java, ours) =>
      java.kind === 'reply' &&
      ours.kind === 'reply' &&
      java.request?.op === OpCode.deleteContainer &&
      java.err === ErrorCode.badArguments &&
      (ours.err === ErrorCode.noNode || ours.err === ErrorCode.marshallingError) &&
      java.zxid === ours.zxid,
  },
];

/** The two connections have different things before them: they end here. */
function goApart(_java: Line, _ours: Line, { theirs, own }: Sight): void {
  theirs.leave();
  own.leave();
}

const WRITES: ReadonlySet<number> = new Set([
  ...[OpCode.create, OpCode.create2, OpCode.createContainer, OpCode.createTTL, OpCode.delete, OpCode.deleteContainer],
  ...[OpCode.setData, OpCode.setACL, OpCode.reconfig, OpCode.multi],
]);

/** A part of a multi that creates with a broken list of ACLs, in a mode that only createTTL may have, or in none. */
function hasOddCreate(request: Request | null): boolean {
  if (request?.op !== OpCode.multi) return false;
  const { fields } = request;
  return fields.some((field, at) => {
    const op = 'i' in field && fields[at + 1] !== undefined ? field.i : 0;
    if (op !== OpCode.create && op !== OpCode.create2 && op !== OpCode.createContainer) return false;
    // In the place of a path it makes whatever bytes follow the fields of the part.
    if (fields.some((one) => 'i' in one && one.i === STRAY_INT)) return true;
    const [acl, flags] = [fields[at + 5], fields[at + 6]];
    if (acl !== undefined && 'v' in acl && acl.count !== undefined) return true;
    return flags !== undefined && 'i' in flags && (flags.i < 0 || flags.i > 4);
  });
}

function isSamePart(java: string, ours: string): boolean {
  return java === ours || (java.startsWith('create 0 ') && ours.startsWith(`create2${java.slice('create'.length)} c=`));
}

export const RULE_NAMES: readonly string[] = RULES.map(({ name }) => name);

/** The intended differences, and how often each was met. */
export class RuleBook {
  readonly met = new Map<string, number>();

  allows(java: Line, ours: Line, sight: Sight): boolean {
    const rule = RULES.find((one) => one.allows(java, ours));
    if (rule === undefined) return false;
    rule.then?.(java, ours, sight);
    this.met.set(rule.name, (this.met.get(rule.name) ?? 0) + 1);
    return true;
  }
}
