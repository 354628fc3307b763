/** Counts open connections and says whether one more is allowed. */
export class ConnectionLimits {
  private total = 0;
  private readonly perHost = new Map<string, number>();

  constructor(
    /** Per address; 0: no limit. */
    private maxPerHost: number,
    /** Of all; 0: no limit. */
    private maxTotal: number,
  ) {}

  /** For those who come from now on. */
  change(maxPerHost: number, maxTotal: number): void {
    this.maxPerHost = maxPerHost;
    this.maxTotal = maxTotal;
  }

  /** Counts a connection under `key`; or says, as ZooKeeper words it, why there can be no more from `host`. */
  add(key: string, host = key): string | null {
    if (this.maxTotal > 0 && this.total >= this.maxTotal) {
      return `Too many connections max allowed is ${this.maxTotal}`;
    }
    const count = this.perHost.get(key) ?? 0;
    if (this.maxPerHost > 0 && count >= this.maxPerHost) {
      return `Too many connections from /${host} - max is ${this.maxPerHost}`;
    }
    this.total++;
    this.perHost.set(key, count + 1);
    return null;
  }

  remove(key: string): void {
    this.total--;
    const count = (this.perHost.get(key) ?? 1) - 1;
    if (count === 0) this.perHost.delete(key);
    else this.perHost.set(key, count);
  }
}
