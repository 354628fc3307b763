/** What a server answers to most four-letter words while it does not serve, in ZooKeeper's words. */
export const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';
