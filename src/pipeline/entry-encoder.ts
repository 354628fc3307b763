import { JuteWriter } from '../jute/index.js';
import type { Txn, TxnDigest, TxnEntry, TxnHeader } from '../protocol/index.js';
import { writeTxn, writeTxnHeader } from '../protocol/index.js';

/** Room for the entry of a small write; larger ones make it grow. */
const USUAL_BYTES = 256;

/** Encodes transactions, each once: the same bytes are logged and proposed. */
export class EntryEncoder {
  private readonly writer = new JuteWriter(USUAL_BYTES);

  encode(header: TxnHeader, txn: Txn, digest: TxnDigest | null): TxnEntry {
    const w = this.writer;
    writeTxnHeader(w, header);
    writeTxn(w, txn);
    if (digest !== null) {
      w.int(digest.version);
      w.long64(digest.treeDigest);
    }
    return { header, txn, digest, bytes: w.take(USUAL_BYTES) };
  }
}
