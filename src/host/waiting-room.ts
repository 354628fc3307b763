/**
 * Those who have connected and not yet said who they are. The room is bounded: whoever comes when it is full takes the place
 * of the one who has waited longest among those of the machine that has the most. So a machine that keeps silent connections
 * open loses its own, and who says his word at once is never kept out.
 */
export class WaitingRoom<T> {
  private readonly hostOf = new Map<T, string>();
  private readonly countOf = new Map<string, number>();

  constructor(readonly limit: number) {}

  get size(): number {
    return this.hostOf.size;
  }

  /** Returns who has to leave, and is no longer in the room; null when there is room enough. */
  enter(guest: T, host: string): T | null {
    const leaving = this.hostOf.size < this.limit ? null : this.longestWaiting();
    if (leaving !== null) this.leave(leaving);
    this.hostOf.set(guest, host);
    this.countOf.set(host, (this.countOf.get(host) ?? 0) + 1);
    return leaving;
  }

  leave(guest: T): void {
    const host = this.hostOf.get(guest);
    if (host === undefined) return;
    this.hostOf.delete(guest);
    const count = (this.countOf.get(host) ?? 1) - 1;
    if (count === 0) this.countOf.delete(host);
    else this.countOf.set(host, count);
  }

  private longestWaiting(): T | null {
    let most = 0;
    for (const count of this.countOf.values()) most = Math.max(most, count);
    for (const [guest, host] of this.hostOf) {
      if (this.countOf.get(host) === most) return guest;
    }
    return null;
  }
}
