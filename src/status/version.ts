/** Version of this product; package.json says the same. */
export const PRODUCT_VERSION = '0.1.0';

/** The release of Apache ZooKeeper whose behaviour and protocols this server has. */
export const COMPATIBLE_VERSION = '3.9.5';

const BUILT_ON = '11/24/2026 00:00 GMT';

/**
 * What `srvr`, `stat`, `envi` and `mntr` state as the version. Clients parse it: kazoo takes the digits in front, go-zookeeper
 * asks for `[A-Za-z0-9.-]+, built on MM/DD/YYYY HH:MM ZONE` (the form that ZooKeeper 3.4 printed; later ones print an ISO
 * date, which it refuses).
 */
export const FULL_VERSION = `${COMPATIBLE_VERSION}-zkserver-${PRODUCT_VERSION}, built on ${BUILT_ON}`;
