/**
 * The memory that the event loop and the append thread share: a ring of records and a ring of their bytes.
 *
 * The event loop is the only producer, the thread the only consumer; records are done strictly in order. A record's bytes lie
 * in one piece. Counters wrap at 2^32 (as Int32) and are only compared and subtracted.
 */

/** Slots in the ring of records (a power of two). */
export const RECORD_SLOTS = 4096;
export const RING_BYTES = 8 * 1024 * 1024;

/** Indexes of `AppendRing.control`. */
export const Control = {
  /** Records handed over so far. */
  submitted: 0,
  /** Records done so far. */
  completed: 1,
  /** 1 while the thread sleeps or is about to: a submission that reaches `wakeAtBytes` must wake it. */
  sleeping: 2,
  /** 1 while a message to the event loop is under way: another one would say nothing new. */
  announced: 3,
  /** Bytes handed over so far; stored before `submitted`. */
  submittedBytes: 4,
  /** The count of bytes that is worth waking the thread for. */
  wakeAtBytes: 5,
  /** 1 while the event loop is in the middle of a turn, at whose end it looks at `completed` by itself: no message is needed. */
  attentive: 6,
} as const;

const CONTROL_LENGTH = 7;

export const RecordKind = {
  /** Introduces a file: `position` is its length, `length` how far zeros are to be kept ahead. */
  open: 1,
  /** Write, with no promise of durability. */
  write: 2,
  /** Write; all that was written to the file so far is to be durable. */
  writeSync: 3,
  /** The thread forgets the file. */
  close: 4,
} as const;

/** Numbers of a record. Doubles, because positions do not fit into 32 bits. */
const Field = { kind: 0, fd: 1, position: 2, offset: 3, length: 4, errno: 5 } as const;
const FIELDS = 6;

export interface RingMemory {
  readonly control: SharedArrayBuffer;
  readonly records: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

export function allocateRing(): RingMemory {
  return {
    control: new SharedArrayBuffer(CONTROL_LENGTH * Int32Array.BYTES_PER_ELEMENT),
    records: new SharedArrayBuffer(RECORD_SLOTS * FIELDS * Float64Array.BYTES_PER_ELEMENT),
    bytes: new SharedArrayBuffer(RING_BYTES),
  };
}

/** One side's view of the shared memory. `index` is a record's running number. */
export class AppendRing {
  readonly control: Int32Array;
  readonly bytes: Buffer;
  private readonly records: Float64Array;

  constructor(memory: RingMemory) {
    this.control = new Int32Array(memory.control);
    this.records = new Float64Array(memory.records);
    this.bytes = Buffer.from(memory.bytes);
  }

  fill(index: number, kind: number, fd: number, position: number, offset: number, length: number): void {
    const at = slot(index);
    const { records } = this;
    records[at + Field.kind] = kind;
    records[at + Field.fd] = fd;
    records[at + Field.position] = position;
    records[at + Field.offset] = offset;
    records[at + Field.length] = length;
    records[at + Field.errno] = 0;
  }

  kind(index: number): number {
    return this.get(index, Field.kind);
  }

  fd(index: number): number {
    return this.get(index, Field.fd);
  }

  position(index: number): number {
    return this.get(index, Field.position);
  }

  offset(index: number): number {
    return this.get(index, Field.offset);
  }

  length(index: number): number {
    return this.get(index, Field.length);
  }

  /** 0, or the negative number of the system's error. */
  errno(index: number): number {
    return this.get(index, Field.errno);
  }

  setErrno(index: number, errno: number): void {
    this.records[slot(index) + Field.errno] = errno;
  }

  private get(index: number, field: number): number {
    return this.records[slot(index) + field] as number;
  }
}

function slot(index: number): number {
  return (index & (RECORD_SLOTS - 1)) * FIELDS;
}
