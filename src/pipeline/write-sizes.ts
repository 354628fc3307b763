import { NamespaceSizes, type Metrics } from '../metrics/index.js';
import { OpCode, type Txn } from '../protocol/index.js';

/** Counts what is written by the first part of the path, on every server that applies it (ZooKeeper's `write_per_namespace`). */
export class WriteSizes {
  private readonly sizes: NamespaceSizes;

  constructor(metrics: Metrics) {
    this.sizes = new NamespaceSizes(metrics, 'write_per_namespace');
  }

  applied(txn: Txn): void {
    switch (txn.type) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
      case OpCode.setData:
        this.sizes.record(txn.path, txn.path.length + (txn.data?.length ?? 0));
        return;
      case OpCode.delete:
      case OpCode.deleteContainer:
        this.sizes.record(txn.path, txn.path.length);
        return;
      case OpCode.multi:
        for (const part of txn.txns) this.applied(part);
        return;
      default:
    }
  }
}
