/** Counts open connections and says whether one more is allowed. */
export class ConnectionLimits {
  private total = 0;
  private readonly perHost = new Map<string, number>();

  constructor(
    /** Per address; 0: no limit. */
    private readonly maxPerHost: number,
    /** Of all; 0: no limit. */
    private readonly maxTotal: number,
  ) {}

  /** Counts a connection from `host`; or says, as ZooKeeper words it, why there can be no more. */
  add(host: string): string | null {
    if (this.maxTotal > 0 && this.total >= this.maxTotal) {
      return `Too many connections max allowed is ${this.maxTotal}`;
    }
    const count = this.perHost.get(host) ?? 0;
    if (this.maxPerHost > 0 && count >= this.maxPerHost) {
      return `Too many connections from /${host} - max is ${this.maxPerHost}`;
    }
    this.total++;
    this.perHost.set(host, count + 1);
    return null;
  }

  remove(host: string): void {
    this.total--;
    const count = (this.perHost.get(host) ?? 1) - 1;
    if (count === 0) this.perHost.delete(host);
    else this.perHost.set(host, count);
  }
}
