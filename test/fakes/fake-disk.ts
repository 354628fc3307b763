import { type Disk, DiskError, type DiskErrorCode } from '../../src/host/index.js';
import type { FakeClock } from './fake-clock.js';
import { type CrashMode, FakeDir, FakeFile, type FakeNode } from './fake-file.js';
import { MountedDisk } from './mounted-disk.js';
import type { Gate, Scheduler } from './scheduler.js';
import type { SeededRandom } from './seeded-random.js';

/** `append` is the write of the append path; `sync` every fdatasync. */
export type DiskOperationKind =
  | 'list'
  | 'stat'
  | 'read'
  | 'open'
  | 'create'
  | 'write'
  | 'append'
  | 'truncate'
  | 'sync'
  | 'rename'
  | 'remove'
  | 'makeDir'
  | 'syncDir';

export interface DiskOperation {
  /** 0 for the first operation of this disk. */
  readonly index: number;
  readonly kind: DiskOperationKind;
  readonly path: string;
}

export interface DiskFault {
  readonly kind: DiskOperationKind | readonly DiskOperationKind[];
  /** A text that the path contains; every path when absent. */
  readonly path?: string;
  readonly code: DiskErrorCode;
  /** Which matching operation fails, 1 for the next; 1 when absent. */
  readonly nth?: number;
  /** All later ones fail as well. */
  readonly forever?: boolean;
}

interface ArmedFault extends DiskFault {
  remaining: number;
}

/**
 * The disk of one simulated machine. It outlives the processes that mount it. Changes become durable by `sync` (bytes) and
 * `syncDir` (names); `crash` drops the rest.
 */
export class FakeDisk {
  /** Milliseconds an operation takes; up to twice that, by chance. */
  readonly latencyMs = { read: 0.05, write: 0.02, sync: 0.3, meta: 0.03 };
  capacityBytes = Number.POSITIVE_INFINITY;
  operationCount = 0;
  /** Sees every operation before it has any effect; may crash the machine, then there is none. */
  onOperation: ((operation: DiskOperation) => void) | null = null;
  /** Told when a fault bites: an operation failed, found no space, or hangs. */
  onTrouble: ((trouble: 'failed' | 'full' | 'hung') => void) | null = null;
  /** For mounted disks. */
  readonly root = new FakeDir();
  /** Which process has claimed a folder. */
  readonly claims = new Map<FakeDir, Gate>();
  private faults: ArmedFault[] = [];
  private denied: { path: string; access: 'read' | 'write' }[] = [];
  private hungKinds: ReadonlySet<DiskOperationKind> | 'all' | null = null;
  private hung: { gate: Gate; fn: () => void }[] = [];

  constructor(
    private readonly scheduler: Scheduler,
    private readonly random: SeededRandom,
  ) {}

  /** The disk as a process with this clock sees it. */
  mount(clock: FakeClock): Disk {
    return new MountedDisk(this, clock);
  }

  // --- faults

  /** The machine lost power (`lose`, `tear`), or only the process died (`keep`). Files opened before are dead. */
  crash(mode: CrashMode): void {
    this.hung = [];
    if (mode !== 'keep') this.root.crash(mode, this.random);
  }

  fail(fault: DiskFault): void {
    this.faults.push({ ...fault, remaining: fault.nth ?? 1 });
  }

  /** Takes back every fault and permission, and lets hung operations finish. */
  repair(): void {
    this.faults = [];
    this.denied = [];
    this.release();
  }

  /** Operations of these kinds do not come back until `release`. */
  hang(...kinds: readonly DiskOperationKind[]): void {
    this.hungKinds = kinds.length === 0 ? 'all' : new Set(kinds);
  }

  release(): void {
    this.hungKinds = null;
    for (const { gate, fn } of this.hung.splice(0)) this.scheduler.at(this.scheduler.nowMs, gate, fn);
  }

  /** Everything under `path` answers PERMISSION from now on. */
  deny(path: string, access: 'read' | 'write'): void {
    this.denied.push({ path, access });
  }

  flipBit(path: string, offset: number, bit = 0): void {
    this.file(path).flipBit(offset, bit);
  }

  // --- looking in from outside, at once and without latency

  /** A durable file with durable parents. */
  install(path: string, bytes: Buffer): void {
    const file = new FakeFile();
    file.write(bytes, 0);
    file.synced(file.pendingCount);
    const { dir, name } = splitPath(path);
    const parent = this.installDir(dir);
    parent.change([name, file]);
    parent.synced();
  }

  /** A durable folder with durable parents. */
  installDir(path: string): FakeDir {
    let dir = this.root;
    for (const name of partsOf(path)) {
      let next = dir.entries.get(name);
      if (next === undefined) {
        next = new FakeDir();
        dir.change([name, next]);
        dir.synced();
      }
      if (next.kind !== 'dir') throw new DiskError('OTHER', path, `${name} in ${path} is not a folder`);
      dir = next;
    }
    return dir;
  }

  /** These files and no others, all durable: the disk was exchanged. No process may be using it. */
  replaceWith(files: ReadonlyMap<string, Buffer>): void {
    this.root.entries = new Map();
    this.root.synced();
    for (const [path, bytes] of files) this.install(path, bytes);
  }

  /** What a reader would find now; undefined when there is no such file. */
  peek(path: string): Buffer | undefined {
    const node = this.find(path);
    return node?.kind === 'file' ? node.read(0, node.size) : undefined;
  }

  /** Every file with its bytes, by path: for comparing, and for `install` on another disk. */
  files(): Map<string, Buffer> {
    const found = new Map<string, Buffer>();
    const walk = (dir: FakeDir, path: string) => {
      for (const [name, node] of [...dir.entries].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (node.kind === 'dir') walk(node, `${path}/${name}`);
        else found.set(`${path}/${name}`, node.read(0, node.size));
      }
    };
    walk(this.root, '');
    return found;
  }

  usedBytes(): number {
    const sum = (node: FakeNode): number =>
      node.kind === 'file' ? node.size : [...node.entries.values()].reduce((total, one) => total + sum(one), 0);
    return sum(this.root);
  }

  find(path: string): FakeNode | undefined {
    let node: FakeNode | undefined = this.root;
    for (const name of partsOf(path)) {
      if (node?.kind !== 'dir') return undefined;
      node = node.entries.get(name);
    }
    return node;
  }

  file(path: string): FakeFile {
    const node = this.find(path);
    if (node?.kind !== 'file') throw new DiskError('NOT_FOUND', path, `${path} is no file`);
    return node;
  }

  // --- for mounted disks

  /** Counts an operation, shows it to the hook and throws the error that is due. */
  begin(kind: DiskOperationKind, path: string): void {
    this.scheduler.mix(kind.length * 31 + path.length);
    this.onOperation?.({ index: this.operationCount++, kind, path });
    const access = kind === 'read' || kind === 'list' || kind === 'stat' || kind === 'open' ? 'read' : 'write';
    for (const denied of this.denied) {
      if (denied.access === access && path.startsWith(denied.path)) {
        throw new DiskError('PERMISSION', path, `permission denied: ${kind} ${path}`);
      }
    }
    for (const fault of this.faults) {
      const kinds = typeof fault.kind === 'string' ? [fault.kind] : fault.kind;
      if (!kinds.includes(kind) || (fault.path !== undefined && !path.includes(fault.path))) continue;
      fault.remaining--;
      if (fault.remaining === 0 || (fault.remaining < 0 && fault.forever === true)) {
        this.onTrouble?.('failed');
        throw new DiskError(fault.code, path, `injected ${fault.code} at ${kind} ${path}`);
      }
    }
  }

  /** Throws NO_SPACE when `growth` more bytes do not fit. */
  reserve(path: string, growth: number): void {
    if (growth > 0 && !this.hasRoom(growth)) {
      this.onTrouble?.('full');
      throw new DiskError('NO_SPACE', path, `no space left on device: ${path}`);
    }
  }

  hasRoom(bytes: number): boolean {
    return this.capacityBytes === Number.POSITIVE_INFINITY || this.capacityBytes - this.usedBytes() >= bytes;
  }

  /** Calls `fn` when an operation of this kind is through. */
  finish(kind: DiskOperationKind, gate: Gate, fn: () => void): void {
    const { read, write, sync, meta } = this.latencyMs;
    const baseMs = kind === 'read' ? read : kind === 'write' || kind === 'append' ? write : meta;
    const latencyMs = (kind === 'sync' || kind === 'syncDir' ? sync : baseMs) * (1 + this.random.fraction());
    this.scheduler.at(this.scheduler.nowMs + latencyMs, gate, () => {
      const isHung = this.hungKinds === 'all' || (this.hungKinds?.has(kind) ?? false);
      if (!isHung) {
        fn();
        return;
      }
      this.hung.push({ gate, fn });
      this.onTrouble?.('hung');
    });
  }
}

export function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

export function splitPath(path: string): { dir: string; name: string } {
  const trimmed = path.replace(/\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  return { dir: trimmed.slice(0, slash) || '/', name: trimmed.slice(slash + 1) };
}
