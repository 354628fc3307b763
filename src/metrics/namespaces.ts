import type { Metrics, Summary } from './metrics.js';

const SLASH = 0x2f;

/** The first part of a path, as `a` of `/a/b`; null for the root. */
export function namespaceOf(path: string): string | null {
  const end = path.indexOf('/', 1);
  const name = path.slice(1, end < 0 ? path.length : end);
  return name === '' ? null : name;
}

/**
 * Sizes of what is read or written by the first part of the path (ZooKeeper's `read_per_namespace`). Requests that follow each
 * other are mostly about the same one, so that the last is remembered and only compared.
 */
export class NamespaceSizes {
  private lastName = '';
  private lastBytes: Buffer = Buffer.alloc(0);
  private last: Summary | null = null;

  constructor(
    private readonly metrics: Metrics,
    private readonly family: string,
  ) {}

  /** A path that lies in bytes[start, end). */
  recordUtf8(bytes: Uint8Array, start: number, end: number, size: number): void {
    const { lastBytes } = this;
    const length = lastBytes.length;
    const after = start + 1 + length;
    let isSame = length > 0 && after <= end && (after === end || bytes[after] === SLASH);
    for (let i = 0; isSame && i < length; i++) isSame = bytes[start + 1 + i] === lastBytes[i];
    if (isSame) this.last?.record(size);
    else this.record(Buffer.from(bytes.subarray(start, end)).toString('utf8'), size);
  }

  record(path: string, size: number): void {
    const name = namespaceOf(path);
    if (name === null) return;
    if (name !== this.lastName) {
      this.lastName = name;
      this.lastBytes = Buffer.from(name, 'utf8');
      this.last = this.metrics.summaryOf(this.family, name);
    }
    this.last?.record(size);
  }
}
