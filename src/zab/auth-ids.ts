import type { JuteReader } from '../jute/index.js';
import type { Id } from '../protocol/index.js';
import { MAX_FORWARDED_IDS, TOO_MANY_IDS } from '../protocol/index.js';

/**
 * The ids behind a packet, collected string by string as they come: `ustring scheme; ustring id`, over and over. No more are
 * kept than a request is judged by, nor more than `maxBytes` of them, so a count alone allocates nothing; of a client that
 * has more the rest is only counted, and `TOO_MANY_IDS` stands for all of them.
 */
export class AuthIds {
  private ids: Id[] = [];
  private scheme: string | null = null;
  private bytes = 0;
  private stringsLeft: number;
  private readonly areTooMany: boolean;

  constructor(
    count: number,
    private readonly maxBytes: number,
  ) {
    this.stringsLeft = count * 2;
    this.areTooMany = count > MAX_FORWARDED_IDS;
  }

  get areComplete(): boolean {
    return this.stringsLeft === 0;
  }

  private get isOver(): boolean {
    return this.areTooMany || this.bytes > this.maxBytes;
  }

  get list(): readonly Id[] {
    return this.isOver ? TOO_MANY_IDS : this.ids;
  }

  /** The next string, which takes `size` bytes. */
  take(r: JuteReader, size: number): void {
    this.stringsLeft--;
    this.bytes += size;
    if (this.isOver) {
      this.ids = [];
      return;
    }
    const text = r.string();
    if (this.scheme === null) {
      this.scheme = text;
    } else {
      this.ids.push({ scheme: this.scheme, id: text });
      this.scheme = null;
    }
  }
}
