/**
 * The append thread. It sleeps until records come, takes all that wait as one group, writes them (one write a run of
 * adjoining bytes), makes them durable with one fdatasync a file, and announces the group. When nothing waits it writes zeros
 * ahead, so that the fdatasync of an append has no growth of the file to put into the file system's journal. When they run
 * low before that, a group takes some along: under one fdatasync with it they cost far less than on their own. Between two
 * groups it may wait a little for the second to become fuller (`Gathering`).
 */
import { fdatasyncSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { AppendRing, Control, RecordKind, type RingMemory } from './append-ring.js';
import { Gathering } from './gathering.js';

/** Zeros written at a quiet moment; an append that comes meanwhile waits for one such step, well under a millisecond. */
const ZERO_STEP_BYTES = 512 * 1024;
/** Zeros that a group takes along. */
const GROUP_ZERO_BYTES = 128 * 1024;
/** With less than this ahead groups take zeros along. */
const LOW_ZEROS_BYTES = 1024 * 1024;
/** A quiet moment: nothing came for so long. */
const QUIET_MS = 2;

const ZEROS = Buffer.alloc(ZERO_STEP_BYTES);

interface OpenFile {
  readonly fd: number;
  /** The end of what was appended. */
  position: number;
  /** The file is zeros from `position` to here. */
  allocated: number;
  /** How far zeros are kept ahead; 0 once the disk had no room for more. */
  aheadBytes: number;
  /** The first error (negative number); it stays. */
  errno: number;
}

class AppendWorker {
  private readonly files = new Map<number, OpenFile>();
  private readonly gathering = new Gathering();
  private done = 0;
  private doneBytes = 0;

  constructor(
    private readonly ring: AppendRing,
    private readonly announce: () => void,
  ) {}

  run(): never {
    const { control } = this.ring;
    for (;;) {
      if (Atomics.load(control, Control.submitted) !== this.done) {
        this.gather();
        this.doGroup(Atomics.load(control, Control.submitted));
        continue;
      }
      const wanting = this.fileWantingZeros();
      const woken = this.sleep(this.done, 0, wanting === undefined ? undefined : QUIET_MS);
      if (woken === 'timed-out' && wanting !== undefined) extend(wanting);
    }
  }

  /** Sleeps unless more than `seen` records are there, until `enoughBytes` wait or the time is over. */
  private sleep(seen: number, enoughBytes: number, timeoutMs: number | undefined): 'ok' | 'not-equal' | 'timed-out' {
    const { control } = this.ring;
    Atomics.store(control, Control.wakeAtBytes, (this.doneBytes + enoughBytes) | 0);
    Atomics.store(control, Control.sleeping, 1);
    const woken = Atomics.wait(control, Control.submitted, seen, timeoutMs);
    Atomics.store(control, Control.sleeping, 0);
    return woken;
  }

  /** Waits for the group that is coming together, where that pays. */
  private gather(): void {
    const { control } = this.ring;
    const { gathering } = this;
    const { enoughBytes } = gathering;
    if (this.waitingBytes() >= enoughBytes || gathering.leftMs(performance.now()) <= 0) return;
    for (;;) {
      const seen = Atomics.load(control, Control.submitted);
      const isEnough = this.waitingBytes() >= enoughBytes;
      const leftMs = gathering.leftMs(performance.now());
      if (isEnough || leftMs <= 0) {
        gathering.waited(isEnough);
        return;
      }
      this.sleep(seen, enoughBytes, leftMs);
    }
  }

  private waitingBytes(): number {
    return (Atomics.load(this.ring.control, Control.submittedBytes) - this.doneBytes) | 0;
  }

  /** Everything from `this.done` up to `end`. */
  private doGroup(end: number): void {
    const { ring } = this;
    const startMs = performance.now();
    const toSync = new Set<OpenFile>();
    let groupBytes = 0;
    let index = this.done;
    while (index !== end) {
      const kind = ring.kind(index);
      if (kind === RecordKind.open) this.files.set(ring.fd(index), newFile(ring, index));
      else if (kind !== RecordKind.close) index = this.writeRun(index, end, toSync);
      index = (index + 1) | 0;
    }
    for (const file of toSync) {
      if (file.errno === 0 && isLow(file)) writeZeros(file, Math.min(GROUP_ZERO_BYTES, file.aheadBytes));
      if (file.errno === 0) file.errno = attempt(() => fdatasyncSync(file.fd));
    }
    for (index = this.done; index !== end; index = (index + 1) | 0) {
      const fd = ring.fd(index);
      if (isWrite(ring.kind(index))) groupBytes += ring.length(index);
      ring.setErrno(index, this.files.get(fd)?.errno ?? -constants.errno.EBADF);
      if (ring.kind(index) === RecordKind.close) this.files.delete(fd);
    }
    this.done = end;
    this.doneBytes = (this.doneBytes + groupBytes) | 0;
    Atomics.store(ring.control, Control.completed, end);
    const isAwaited = Atomics.load(ring.control, Control.attentive) === 0;
    if (isAwaited && Atomics.exchange(ring.control, Control.announced, 1) === 0) this.announce();
    const nowMs = performance.now();
    this.gathering.groupDone(nowMs, nowMs - startMs, groupBytes, this.waitingBytes());
  }

  /** Writes adjoining records of one file in one go; returns the last of them. */
  private writeRun(first: number, end: number, toSync: Set<OpenFile>): number {
    const { ring } = this;
    const file = this.files.get(ring.fd(first));
    const offset = ring.offset(first);
    const position = ring.position(first);
    let length = 0;
    let last = first;
    for (let index = first; index !== end; index = (index + 1) | 0) {
      const kind = ring.kind(index);
      if (!isWrite(kind)) break;
      if (ring.fd(index) !== ring.fd(first) || ring.offset(index) !== offset + length) break;
      if (kind === RecordKind.writeSync && file !== undefined) toSync.add(file);
      length += ring.length(index);
      last = index;
    }
    if (file !== undefined && file.errno === 0) {
      file.errno = attempt(() => writeAll(file.fd, ring.bytes.subarray(offset, offset + length), position));
      file.position = position + length;
      file.allocated = Math.max(file.allocated, file.position);
    }
    return last;
  }

  private fileWantingZeros(): OpenFile | undefined {
    for (const file of this.files.values()) {
      if (file.errno === 0 && file.aheadBytes - ahead(file) > stepBytes(file) / 2) return file;
    }
    return undefined;
  }
}

function isWrite(kind: number): boolean {
  return kind === RecordKind.write || kind === RecordKind.writeSync;
}

function newFile(ring: AppendRing, index: number): OpenFile {
  const position = ring.position(index);
  return {
    fd: ring.fd(index),
    position,
    allocated: position + ring.offset(index),
    aheadBytes: ring.length(index),
    errno: 0,
  };
}

function ahead(file: OpenFile): number {
  return file.allocated - file.position;
}

function stepBytes(file: OpenFile): number {
  return Math.min(ZERO_STEP_BYTES, file.aheadBytes);
}

function isLow(file: OpenFile): boolean {
  return ahead(file) < Math.min(LOW_ZEROS_BYTES, file.aheadBytes / 2);
}

/** Adds a step of durable zeros. */
function extend(file: OpenFile): void {
  if (writeZeros(file, stepBytes(file))) file.errno = attempt(() => fdatasyncSync(file.fd));
}

/** No room for them is no error: the append that needs the room will have it. */
function writeZeros(file: OpenFile, length: number): boolean {
  const errno = attempt(() => writeAll(file.fd, ZEROS.subarray(0, length), file.allocated));
  if (errno === 0) file.allocated += length;
  else file.aheadBytes = 0;
  return errno === 0;
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}

/** 0, or the negative number of the error. */
function attempt(operation: () => void): number {
  try {
    operation();
    return 0;
  } catch (error) {
    const errno = error instanceof Error ? (error as NodeJS.ErrnoException).errno : undefined;
    if (errno === undefined) throw error;
    return errno;
  }
}

if (parentPort === null) throw new Error('append-worker runs as a worker thread only');
const port = parentPort;
new AppendWorker(new AppendRing(workerData as RingMemory), () => port.postMessage(null)).run();
