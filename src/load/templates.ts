import { encodeToBuffer, type JuteWriter } from '../jute/index.js';
import {
  OpCode,
  OPEN_ACL_UNSAFE,
  writeChangeRequest,
  writePathRequest,
  writePathWatchRequest,
  writeRequestHeader,
} from '../protocol/index.js';
import type { FastRandom } from './fast-random.js';
import { type Kind, KINDS, type Plan } from './plan.js';

/** Where the xid stands in a frame. */
export const XID_OFFSET = 4;

export interface Chosen {
  /** Place in `KINDS`. */
  kind: number;
  /** A whole frame, but for its xid. */
  frame: Buffer;
}

/** The whole frame of a request, with the xid 0. */
function frameOf(type: number, encode: (w: JuteWriter) => void): Buffer {
  return encodeToBuffer((w) => {
    const at = w.reserveInt();
    writeRequestHeader(w, 0, type);
    encode(w);
    w.patchInt(at, w.length - at - 4);
  });
}

/** Nodes that a run makes before it begins. */
export function keyPath(root: string, key: number): string {
  return `${root}/k${key}`;
}

export function childrenPath(root: string): string {
  return `${root}/children`;
}

/**
 * Requests as frames that are encoded once, by the codecs of the protocol: only creates and deletes, whose paths are new each
 * time, are encoded when they are sent.
 */
export class RequestSource {
  private readonly bySlot: Kind[] = [];
  private readonly frames: Readonly<Record<'get' | 'set' | 'exists' | 'multi', Buffer[]>>;
  private readonly children: Buffer;
  private readonly sync: Buffer;
  private readonly payload: Buffer;
  private readonly chosen: Chosen = { kind: 0, frame: Buffer.alloc(0) };

  constructor(
    private readonly root: string,
    private readonly plan: Plan,
    private readonly random: FastRandom,
    /** Tells this source's nodes from those of other connections. */
    private readonly owner: string,
    shared?: RequestSource,
  ) {
    this.payload = Buffer.alloc(plan.payloadBytes, 'x');
    for (const kind of KINDS) {
      for (let i = 0; i < (plan.mix[kind] ?? 0); i++) this.bySlot.push(kind);
    }
    this.children = frameOf(OpCode.getChildren, (w) => writePathWatchRequest(w, childrenPath(root), false));
    this.sync = frameOf(OpCode.sync, (w) => writePathRequest(w, root));
    this.frames = shared?.frames ?? this.keyFrames();
  }

  private created = 0;
  private deleted = 0;

  /** The next request; valid until the next call. */
  next(): Chosen {
    const { chosen } = this;
    let kind = this.bySlot[this.random.below(this.bySlot.length)] as Kind;
    // Only what this connection has made is deleted, so that no delete is in vain.
    if (kind === 'delete' && this.deleted === this.created) kind = 'create';
    chosen.kind = KINDS.indexOf(kind);
    chosen.frame = this.frame(kind);
    return chosen;
  }

  private frame(kind: Kind): Buffer {
    switch (kind) {
      case 'create':
        return this.create(`${this.root}/n-${this.owner}-${this.created++}`);
      case 'delete':
        return this.delete(`${this.root}/n-${this.owner}-${this.deleted++}`);
      case 'children':
        return this.children;
      case 'sync':
        return this.sync;
      default:
        return this.frames[kind][this.random.below(this.plan.keys)] as Buffer;
    }
  }

  private create(path: string): Buffer {
    const { payload } = this;
    const request = { type: OpCode.create, path, data: payload, acl: OPEN_ACL_UNSAFE, flags: 0, ttlMs: -1 };
    return frameOf(OpCode.create, (w) => writeChangeRequest(w, request));
  }

  private delete(path: string): Buffer {
    return frameOf(OpCode.delete, (w) => writeChangeRequest(w, { type: OpCode.delete, path, version: -1 }));
  }

  private keyFrames(): Record<'get' | 'set' | 'exists' | 'multi', Buffer[]> {
    const { mix, keys } = this.plan;
    const each = (kind: Kind, make: (path: string) => Buffer): Buffer[] =>
      (mix[kind] ?? 0) === 0 ? [] : Array.from({ length: keys }, (_, key) => make(keyPath(this.root, key)));
    const setOf = (path: string) => ({ type: OpCode.setData, path, data: this.payload, version: -1 });
    return {
      get: each('get', (path) => frameOf(OpCode.getData, (w) => writePathWatchRequest(w, path, false))),
      exists: each('exists', (path) => frameOf(OpCode.exists, (w) => writePathWatchRequest(w, path, false))),
      set: each('set', (path) => frameOf(OpCode.setData, (w) => writeChangeRequest(w, setOf(path)))),
      multi: each('multi', (path) =>
        frameOf(OpCode.multi, (w) => {
          const check = { type: OpCode.check, path, version: -1 };
          writeChangeRequest(w, { type: OpCode.multi, ops: [check, setOf(path)] });
        }),
      ),
    };
  }
}
