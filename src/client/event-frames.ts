import { JuteWriter } from '../jute/index.js';
import { SYNC_CONNECTED, writeReplyHeader, writeWatcherEvent, Xid } from '../protocol/index.js';
import type { WatchEvent } from '../tree/index.js';

/**
 * Encodes watch events. One event object is told to all its watchers one after the other, so that the last frame is
 * usually the one needed: 500 watchers cost one encoding.
 */
export class EventFrames {
  private last: WatchEvent | null = null;
  private lastFrame: Buffer = Buffer.alloc(0);

  /** The whole frame with its length: `xid -1; zxid of the trigger; err 0; type; state; path`. */
  frameOf(event: WatchEvent): Buffer {
    if (event === this.last) return this.lastFrame;
    const w = new JuteWriter(64 + event.path.length);
    const frame = w.reserveInt();
    writeReplyHeader(w, Xid.notification, event.zxid, 0);
    writeWatcherEvent(w, { type: event.type, state: SYNC_CONNECTED, path: event.path });
    w.patchInt(frame, w.length - frame - 4);
    this.last = event;
    this.lastFrame = w.take(0);
    return this.lastFrame;
  }
}
