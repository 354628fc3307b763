import { COMPATIBLE_VERSION, PRODUCT_VERSION } from '../status/index.js';

/** `zk-server 0.1.0, compatible with Apache ZooKeeper 3.9.5 (Node.js v20.19.0)` */
export function versionText(): string {
  return `zk-server ${PRODUCT_VERSION}, compatible with Apache ZooKeeper ${COMPATIBLE_VERSION} (Node.js ${process.version})`;
}
