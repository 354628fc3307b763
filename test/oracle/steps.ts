import { encodeToBuffer, type JuteWriter } from '../../src/jute/index.js';
import { opName } from '../../src/protocol/index.js';

/** Put where something else belongs. */
export const STRAY_INT = 77;

/** Stands for the folder of the run in the strings of steps. */
export const ROOT_MARK = '~';

/**
 * One field of a request's record.
 * `s` string; `b` buffer (its bytes as latin1); `i` int; `l` long (a whole number, or 'zxid' with an offset from the run's
 * first zxid); `z` boolean; `v` vector, whose count may lie (`count`); `x` raw bytes in hex.
 */
export type Field =
  | { readonly s: string | null }
  | { readonly b: string | null }
  | { readonly i: number }
  | { readonly l: number }
  | { readonly zxid: number }
  | { readonly z: boolean }
  | { readonly v: readonly Field[][]; readonly count?: number }
  | { readonly x: string };

export interface Request {
  readonly op: number;
  readonly fields: readonly Field[];
  /** Only so many bytes of the body are sent. */
  readonly cut?: number;
  /** Instead of the next number. */
  readonly xid?: number;
}

/** Whose session an `open` asks for. */
export type Claim =
  /** A new one. */
  | { readonly who: 'new' }
  /** That of a slot: its last one, however its connection ended. */
  | { readonly who: 'slot'; readonly slot: number; readonly password: 'right' | 'wrong' | 'short' | 'null' }
  /** One that never was. */
  | { readonly who: 'nobody' };

export type Step =
  | { readonly kind: 'send'; readonly slot: number; readonly requests: readonly Request[] }
  | {
      readonly kind: 'open';
      readonly slot: number;
      readonly claim: Claim;
      readonly timeoutMs: number;
      /** The zxid that the client says it has seen: none, one of this run, or one of the future. */
      readonly seen: 'none' | 'some' | 'future';
      readonly readOnly: boolean;
      readonly hasReadOnly: boolean;
    }
  /** The client goes without a word. */
  | { readonly kind: 'drop'; readonly slot: number }
  /**
   * The session of the slot dies: its client says nothing more, or is gone, until `mark`, an ephemeral node of the session
   * that nobody else touches, is gone from every server.
   */
  | { readonly kind: 'expire'; readonly slot: number; readonly mark: string; readonly isSilent: boolean };

export interface Place {
  /** The run's folder. */
  readonly root: string;
  /** This server's zxid for one that counts from the run's beginning. */
  actualZxid(relativeZxid: number): number;
}

export function encodeFields(fields: readonly Field[], place: Place): Buffer {
  return encodeToBuffer((w) => {
    writeFields(w, fields, place);
  });
}

function writeFields(w: JuteWriter, fields: readonly Field[], place: Place): void {
  for (const field of fields) writeField(w, field, place);
}

function writeField(w: JuteWriter, field: Field, place: Place): void {
  if ('s' in field) w.string(field.s === null ? null : inPlace(field.s, place));
  else if ('b' in field) w.buffer(field.b === null ? null : Buffer.from(field.b, 'latin1'));
  else if ('i' in field) w.int(field.i);
  else if ('l' in field) w.long(field.l);
  else if ('zxid' in field) w.long(place.actualZxid(field.zxid));
  else if ('z' in field) w.bool(field.z);
  else if ('x' in field) w.raw(Buffer.from(field.x, 'hex'));
  else {
    w.int(field.count ?? field.v.length);
    for (const item of field.v) writeFields(w, item, place);
  }
}

export function inPlace(path: string, { root }: Place): string {
  return path.replaceAll(ROOT_MARK, root);
}

// Texts for reports

export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'send':
      return `${step.slot}: ${step.requests.map(describeRequest).join('; ')}`;
    case 'drop':
      return `${step.slot}: drops its connection`;
    case 'expire':
      return `${step.slot}: ${step.isSilent ? 'is silent' : 'is gone'} until its session has expired`;
    case 'open': {
      const { claim } = step;
      const whose =
        claim.who === 'slot'
          ? `the session of ${claim.slot} with a ${claim.password} password`
          : `${claim.who} session`;
      const byte = step.hasReadOnly ? `readOnly=${step.readOnly}` : 'no readOnly byte';
      return `${step.slot}: connects for ${whose}, time-out ${step.timeoutMs}, has seen ${step.seen}, ${byte}`;
    }
  }
}

export function describeRequest({ op, fields, cut, xid }: Request): string {
  const more = `${cut === undefined ? '' : ` cut at ${cut}`}${xid === undefined ? '' : ` as xid ${xid}`}`;
  return `${opName(op)}(${fields.map(describeField).join(', ')})${more}`;
}

function describeField(field: Field): string {
  if ('s' in field) return field.s === null ? 'null' : JSON.stringify(field.s);
  if ('b' in field) return field.b === null ? 'no data' : `<${JSON.stringify(field.b)}>`;
  if ('i' in field) return String(field.i);
  if ('l' in field) return `${field.l}L`;
  if ('zxid' in field) return `zxid ${field.zxid}`;
  if ('z' in field) return String(field.z);
  if ('x' in field) return `0x${field.x}`;
  const count = field.count === undefined ? '' : `as ${field.count}: `;
  return `[${count}${field.v.map((item) => item.map(describeField).join(' ')).join(', ')}]`;
}
