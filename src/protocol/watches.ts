/** The numbers by which clients and servers speak of watches. */

/** What an event says happened (`type` of ZooKeeper's WatcherEvent). */
export const EventType = { none: -1, created: 1, deleted: 2, dataChanged: 3, childrenChanged: 4 } as const;

/** The kinds of watch that checkWatches and removeWatches name. */
export const WatcherType = { children: 1, data: 2, any: 3, persistent: 4, persistentRecursive: 5 } as const;

/** The modes of addWatch. */
export const AddWatchMode = { persistent: 0, persistentRecursive: 1 } as const;
