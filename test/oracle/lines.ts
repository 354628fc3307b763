import { JuteError, JuteReader } from '../../src/jute/index.js';
import {
  CONTAINER_OWNER,
  errorName,
  OpCode,
  opName,
  ownerKind,
  ownerTtlMs,
  type Stat,
  readAclListOrNull,
  readClientInfos,
  readStat,
  readWatcherEvent,
} from '../../src/protocol/index.js';
import { type Place, type Request, ROOT_MARK } from './steps.js';

/** Something that a client saw, with everything that may differ from server to server taken out. */
export type Line =
  | { readonly kind: 'connect'; readonly text: string }
  | {
      readonly kind: 'reply';
      readonly request: Request | null;
      readonly xid: number;
      readonly zxid: number;
      readonly err: number;
      readonly body: string;
      /** The part results of a multi. */
      readonly parts: readonly string[];
    }
  | { readonly kind: 'event'; readonly zxid: number; readonly text: string }
  | { readonly kind: 'end'; readonly text: string };

/**
 * A line that is only read when it is looked at: what came before it may tell that one server is a transaction ahead, as
 * intended.
 */
export class Seen {
  private read: Line | null = null;

  constructor(
    readonly isEvent: boolean,
    private readonly make: () => Line,
  ) {}

  get line(): Line {
    return (this.read ??= this.make());
  }

  get text(): string {
    return lineText(this.line);
  }

  /** It is read anew: more is known by now of what is intended. */
  forget(): void {
    this.read = null;
  }
}

function lineText(line: Line): string {
  switch (line.kind) {
    case 'connect':
    case 'end':
      return line.text;
    case 'event':
      return `event zxid=${line.zxid} ${line.text}`;
    case 'reply': {
      const what = line.request === null ? 'nothing asked' : opName(line.request.op);
      const err = line.err === 0 ? 'ok' : errorName(line.err);
      return `reply to ${what} xid=${line.xid} zxid=${line.zxid} ${err}${line.body === '' ? '' : ` ${line.body}`}`;
    }
  }
}

/** What is needed to make a server's own numbers comparable. */
export interface Names extends Place {
  /** `S0`, `S1`, ... in the order in which the run's sessions were made. */
  sessionName(id: bigint): string;
  /** Wall-clock milliseconds when the run began. */
  readonly startedMs: number;
  /** The zxid that the run began behind. */
  readonly baseZxid: number;
  /** Zxids that this server spent and the other did not, where that is intended. */
  relativeZxid(zxid: number): number;
  /** A node's data without the ports and versions of this ensemble. */
  dataText(text: string): string;
}

export function readReply(frame: Buffer, request: Request | null, names: Names): Line {
  const r = new JuteReader(frame);
  const xid = r.int();
  const zxid = relative(r.longLossy(), names);
  const err = r.int();
  let body = '';
  const parts: string[] = [];
  try {
    if (err === 0 && request !== null) body = readBody(r, request.op, names, parts);
  } catch (error) {
    if (!(error instanceof JuteError)) throw error;
    body += ` (unreadable: ${error.message})`;
  }
  if (r.remaining > 0) body += ` +${r.raw(r.remaining).toString('hex')}`;
  return { kind: 'reply', request, xid, zxid, err, body, parts };
}

export function readEvent(frame: Buffer, names: Names): Line {
  const r = new JuteReader(frame);
  r.int();
  const zxid = r.longLossy();
  const err = r.int();
  const { type, state, path } = readWatcherEvent(r);
  const text = `type=${type} state=${state} ${place(path, names)}${err === 0 ? '' : ` err=${err}`}`;
  return { kind: 'event', zxid: zxid === -1 ? -1 : relative(zxid, names), text };
}

function readBody(r: JuteReader, op: number, names: Names, parts: string[]): string {
  switch (op) {
    case OpCode.create:
    case OpCode.sync:
      return text(r, names);
    case OpCode.create2:
    case OpCode.createTTL:
    case OpCode.createContainer:
      return `${text(r, names)} ${stat(r, names)}`;
    case OpCode.exists:
    case OpCode.setData:
    case OpCode.setACL:
      return stat(r, names);
    case OpCode.getData:
    case OpCode.reconfig:
      return `${data(r, names)} ${stat(r, names)}`;
    case OpCode.getACL:
      return `${acls(r)} ${stat(r, names)}`;
    case OpCode.getChildren:
    case OpCode.getEphemerals:
      return strings(r, names);
    case OpCode.getChildren2:
      return `${strings(r, names)} ${stat(r, names)}`;
    case OpCode.multi:
    case OpCode.multiRead:
      readParts(r, names, parts);
      return parts.join(' | ');
    case OpCode.getAllChildrenNumber:
    case OpCode.addWatch:
      return String(r.int());
    case OpCode.whoAmI:
      return readClientInfos(r)
        .map(({ scheme, user }) => `${scheme}:${user}`)
        .sort()
        .join(' ');
    case OpCode.sasl:
      return data(r, names);
    default:
      return '';
  }
}

function readParts(r: JuteReader, names: Names, parts: string[]): void {
  for (;;) {
    const type = r.int();
    const done = r.bool();
    const err = r.int();
    if (done) {
      parts.push(`end ${type} ${err}`);
      return;
    }
    const body = type === OpCode.error ? errorName(r.int()) : readBody(r, type, names, []);
    parts.push(`${type === OpCode.error ? 'error' : opName(type)} ${err} ${body}`.trim());
  }
}

function text(r: JuteReader, names: Names): string {
  const value = r.stringOrNull();
  return value === null ? 'null' : place(value, names);
}

function place(path: string, { root }: Names): string {
  return JSON.stringify(path.replaceAll(root, ROOT_MARK));
}

function data(r: JuteReader, names: Names): string {
  const bytes = r.bufferOrNull();
  return bytes === null ? 'no data' : `<${names.dataText(bytes.toString('latin1'))}>`;
}

/** Java lists children and ephemerals in the order of a hash table. */
function strings(r: JuteReader, names: Names): string {
  const count = r.int();
  const items: string[] = [];
  for (let i = 0; i < count; i++) items.push(text(r, names));
  return count < 0 ? `count ${count}` : `[${items.sort().join(' ')}]`;
}

function acls(r: JuteReader): string {
  const list = readAclListOrNull(r);
  if (list === null) return 'no ACL';
  return `[${list.map(({ perms, id }) => `${perms} ${id.scheme}:${id.id}`).join(', ')}]`;
}

function stat(r: JuteReader, names: Names): string {
  const s = readStat(r);
  return [
    `c=${relative(s.czxid, names)} m=${relative(s.mzxid, names)} p=${relative(s.pzxid, names)}`,
    `v=${s.version} cv=${s.cversion} av=${s.aversion} ${owner(s, names)}`,
    `len=${s.dataLength} kids=${s.numChildren} times=${times(s, names)}`,
  ].join(' ');
}

function owner({ ephemeralOwner: id }: Stat, names: Names): string {
  if (id === 0n) return 'own=-';
  if (id === CONTAINER_OWNER) return 'own=container';
  return ownerKind(id, true) === 'ttl' ? `own=ttl${ownerTtlMs(id)}` : `own=${names.sessionName(id)}`;
}

const LEEWAY_MS = 600_000;

/** Times are those of two clocks' reading; only that they belong to this run is compared. */
function times({ ctime, mtime }: Stat, { startedMs }: Names): string {
  const name = (ms: number): string => {
    if (ms === 0) return '0';
    return Math.abs(ms - startedMs) < LEEWAY_MS ? 'run' : 'before';
  };
  return ctime > mtime ? `${name(ctime)}>${name(mtime)}` : `${name(ctime)},${name(mtime)}`;
}

const BEFORE_RUN = -999;

/** Zxids count from the run's beginning; older ones are all the same; 0 and below mean no transaction. */
function relative(zxid: number, names: Names): number {
  if (zxid <= 0) return zxid;
  const own = names.relativeZxid(zxid);
  return own <= 0 ? BEFORE_RUN : own;
}
