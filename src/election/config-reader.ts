import { parseMembershipText } from '../membership/index.js';
import type { QuorumVerifier } from '../membership/index.js';

/**
 * Reads the configurations in notifications. Nearly all are this server's own or the same as last time, so the last one read
 * is kept.
 */
export class ConfigReader {
  private lastText = '';
  private last: QuorumVerifier | null = null;

  /** Null when nobody could vote in it. Throws a `MembershipError`. */
  read(text: string, own: QuorumVerifier): QuorumVerifier | null {
    if (text === own.toText()) return own;
    if (text !== this.lastText) {
      this.last = null;
      this.lastText = text;
      const { oracle } = own;
      const read = parseMembershipText(text, oracle === null ? {} : { oracle: () => oracle.ask() });
      this.last = read.voters.size === 0 ? null : read;
    }
    return this.last;
  }
}
