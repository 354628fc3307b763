import type { ElectionTransport } from '../election/index.js';

/** An election's transport that says nothing to others while this server must not vote; it still hears them. */
export class SilentTransport implements ElectionTransport {
  constructor(
    private readonly inner: ElectionTransport,
    private readonly isSilent: () => boolean,
  ) {}

  get received(): ElectionTransport['received'] {
    return this.inner.received;
  }

  get onPeerDown(): ElectionTransport['onPeerDown'] {
    return this.inner.onPeerDown;
  }

  set onPeerDown(listener: ElectionTransport['onPeerDown']) {
    this.inner.onPeerDown = listener;
  }

  send(sid: number, bytes: Buffer): void {
    if (!this.isSilent()) this.inner.send(sid, bytes);
  }

  connectOne(sid: number): void {
    this.inner.connectOne(sid);
  }

  connectAll(): void {
    this.inner.connectAll();
  }

  allDelivered(): boolean {
    return this.inner.allDelivered();
  }

  refused(sid: number, sinceMs: number): boolean {
    return this.inner.refused(sid, sinceMs);
  }
}
