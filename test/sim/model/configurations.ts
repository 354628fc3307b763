import { parseMembershipText, type QuorumVerifier } from '../../../src/membership/index.js';
import type { TxnEntry } from '../../../src/protocol/index.js';
import { OpCode } from '../../../src/protocol/index.js';

/** Which list of servers decides, as the committed transactions say. */
export class Configurations {
  /** Reconfigurations that came into force. */
  changes = 0;

  constructor(private inForce: QuorumVerifier) {}

  get current(): QuorumVerifier {
    return this.inForce;
  }

  /** The configurations of which a quorum must have this transaction, the next one to be committed. */
  requiredFor(entry: TxnEntry): readonly QuorumVerifier[] {
    const next = configurationOf(entry);
    return next === null ? [this.inForce] : [this.inForce, next];
  }

  committed(entry: TxnEntry): void {
    const next = configurationOf(entry);
    if (next === null) return;
    this.adopt(next);
    this.changes++;
  }

  /** False: it is not newer than the one in force. */
  adopt(next: QuorumVerifier): boolean {
    if (next.version <= this.inForce.version) return false;
    this.inForce = next;
    return true;
  }
}

function configurationOf({ txn }: TxnEntry): QuorumVerifier | null {
  if (txn.type !== OpCode.reconfig || txn.data === null) return null;
  return parseMembershipText(txn.data.toString('utf8'), {});
}
