import { JuteWriter } from '../jute/index.js';
import type { Txn, TxnDigest, TxnEntry, TxnHeader } from '../protocol/index.js';
import { writeTxn, writeTxnHeader } from '../protocol/index.js';

/** Entries are written one behind the other into pieces of memory of this size: one allocation for many. */
const SLAB_BYTES = 64 * 1024;
/** With less room than this an entry begins a new slab; larger ones make the slab grow. */
const USUAL_BYTES = 512;

/** Encodes transactions, each once: the same bytes are logged and proposed. */
export class EntryEncoder {
  private readonly slab = new JuteWriter(0);

  encode(header: TxnHeader, txn: Txn, digest: TxnDigest | null): TxnEntry {
    const w = this.slab;
    if (w.room < USUAL_BYTES) w.take(SLAB_BYTES);
    const start = w.length;
    writeTxnHeader(w, header);
    writeTxn(w, txn);
    if (digest !== null) {
      w.int(digest.version);
      w.long64(digest.treeDigest);
    }
    return { header, txn, digest, bytes: w.viewFrom(start) };
  }
}
