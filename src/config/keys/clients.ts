import { bool, list, optional, propertyBool, propertyInt, propertyLong, real, text } from '../value-types.js';
import { bareKey, ownKey, propertyKey } from './definition.js';

/** Client connections, requests, their limits and throttles. */
export const clients = {
  'jute.maxbuffer': bareKey(propertyInt({ min: 1 }), 0xfffff, {
    unit: 'bytes',
    effect: 'Largest request that is taken, and so the largest data of a znode.',
  }),
  'jute.maxbuffer.extrasize': propertyKey(optional(propertyInt({ min: 0 })), null, {
    since: '3.5.7',
    unit: 'bytes',
    effect:
      'Room for what a server adds to a request before it is logged; what needs more is refused. Less than 1024 is 1024.',
    defaultText: 'jute.maxbuffer',
  }),
  maxCnxns: propertyKey(propertyInt({ raiseTo: 0 }), 0, {
    since: '3.6.0',
    unit: 'connections',
    effect: 'Client connections in all; 0: no limit.',
  }),
  '4lw.commands.whitelist': propertyKey(list(), ['srvr'], {
    since: '3.5.3',
    effect: 'Four-letter words that are answered, separated by commas; * for all. srvr always is.',
  }),
  '4lw.commands.tls': ownKey(bool(), false, {
    effect: 'Answers four-letter words to TLS clients, too.',
  }),
  ruokOnlyWhileServing: ownKey(bool(), false, {
    effect:
      'Answers ruok with imok only while clients are served; else (as ZooKeeper does) as long as the process lives.',
  }),
  clientTcpKeepAlive: propertyKey(propertyBool(), false, {
    since: '3.6.1',
    effect: 'TCP keep-alive on client connections.',
  }),
  'nio.sessionlessCnxnTimeout': propertyKey(propertyInt({ min: 1 }), 10_000, {
    since: '3.5.0',
    unit: 'ms',
    effect: 'How long a connection may stay without a session.',
  }),
  globalOutstandingLimit: propertyKey(propertyInt({ min: 1 }), 1000, {
    unit: 'requests',
    effect: 'Unanswered requests of all clients beyond which no more are read.',
  }),
  'readonlymode.enabled': bareKey(propertyBool(), false, {
    since: '3.4.0',
    effect: 'Serves reads to clients that allow it while there is no quorum.',
  }),
  maxResponseCacheSize: propertyKey(propertyInt(), 400, {
    support: 'moot',
    effect: 'Entries in the cache of serialized data replies.',
  }),
  maxGetChildrenResponseCacheSize: propertyKey(propertyInt(), 400, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Entries in the cache of serialized lists of children.',
  }),
  largeRequestMaxBytes: propertyKey(propertyInt(), 100 * 1024 * 1024, {
    since: '3.6.0',
    unit: 'bytes',
    effect: 'Bytes of all large requests under way beyond which connections are closed.',
  }),
  largeRequestThreshold: propertyKey(propertyInt(), -1, {
    since: '3.6.0',
    unit: 'bytes',
    effect: 'Size from which a request is large; -1: none is.',
  }),
  connection_throttle_tokens: propertyKey(propertyInt(), 0, {
    since: '3.6.0',
    guideName: 'connectionMaxTokens',
    effect: 'Tokens in the bucket that limits new connections; 0: no limit.',
  }),
  connection_throttle_fill_time: propertyKey(propertyInt({ min: 1 }), 1, {
    since: '3.6.0',
    unit: 'ms',
    guideName: 'connectionTokenFillTime',
    effect: 'Time between two fillings of the token bucket.',
  }),
  connection_throttle_fill_count: propertyKey(propertyInt(), 1, {
    since: '3.6.0',
    guideName: 'connectionTokenFillCount',
    effect: 'Tokens that each filling adds.',
  }),
  connection_throttle_freeze_time: propertyKey(propertyInt(), -1, {
    since: '3.6.0',
    unit: 'ms',
    guideName: 'connectionFreezeTime',
    effect: 'Time between two changes of the drop probability; -1: nothing is dropped at random.',
  }),
  connection_throttle_drop_increase: propertyKey(real({ min: 0, max: 1 }), 0.02, {
    since: '3.6.0',
    guideName: 'connectionDropIncrease',
    effect: 'What an empty bucket adds to the drop probability.',
  }),
  connection_throttle_drop_decrease: propertyKey(real({ min: 0, max: 1 }), 0.002, {
    since: '3.6.0',
    guideName: 'connectionDropDecrease',
    effect: 'What a full enough bucket takes off the drop probability.',
  }),
  connection_throttle_decrease_ratio: propertyKey(real({ min: 0, max: 1 }), 0, {
    since: '3.6.0',
    guideName: 'connectionDecreaseRatio',
    effect: 'Share of the bucket above which the drop probability falls.',
  }),
  connection_throttle_weight_enabled: propertyKey(propertyBool(), false, {
    since: '3.6.0',
    effect: 'Lets sessions take different numbers of tokens.',
  }),
  connection_throttle_global_session_weight: propertyKey(propertyInt(), 3, {
    since: '3.6.0',
    effect: 'Tokens that a global session takes.',
  }),
  connection_throttle_local_session_weight: propertyKey(propertyInt(), 1, {
    since: '3.6.0',
    effect: 'Tokens that a local session takes.',
  }),
  connection_throttle_renew_session_weight: propertyKey(propertyInt(), 2, {
    since: '3.6.0',
    effect: 'Tokens that a reconnect takes.',
  }),
  request_throttle_max_requests: propertyKey(propertyInt(), 0, {
    since: '3.6.0',
    unit: 'requests',
    guideName: 'requestThrottleLimit',
    effect: 'Requests under way beyond which new ones are held back; 0: no limit.',
  }),
  request_throttle_stall_time: propertyKey(propertyInt({ min: 1 }), 100, {
    since: '3.6.0',
    unit: 'ms',
    guideName: 'requestThrottleStallTime',
    effect: 'Longest wait of a request that is held back before it is looked at again.',
  }),
  request_throttle_drop_stale: propertyKey(propertyBool(), true, {
    since: '3.6.0',
    guideName: 'requestThrottleDropStale',
    effect: 'Drops requests of closed connections from the queue of the throttle.',
  }),
  request_stale_latency_check: propertyKey(propertyBool(), false, {
    since: '3.6.0',
    guideName: 'requestStaleLatencyCheck',
    effect: 'Counts a request as stale when it waited longer than its session time-out.',
  }),
  request_stale_connection_check: propertyKey(propertyBool(), true, {
    since: '3.6.0',
    guideName: 'requestStaleConnectionCheck',
    effect: 'Counts a request as stale when its connection is closed.',
  }),
  'request_throttler.shutdownTimeout': propertyKey(propertyInt(), 10_000, {
    since: '3.6.0',
    unit: 'ms',
    support: 'moot',
    effect: 'How long a stop waits for the queue of the throttle.',
  }),
  throttled_op_wait_time: propertyKey(propertyInt(), 0, {
    since: '3.7.0',
    unit: 'ms',
    guideName: 'throttledOpWaitTime',
    effect: 'Waiting time from which a request is answered with the error for throttled operations; 0: never.',
  }),
  enforceQuota: propertyKey(propertyBool(), false, {
    since: '3.7.0',
    effect: 'Refuses writes beyond a hard quota.',
  }),
  enableEagerACLCheck: propertyKey(propertyBool(), false, {
    since: '3.8.0',
    support: 'moot',
    effect: 'Checks ACLs of writes before they are forwarded to the leader.',
  }),
  'znode.container.checkIntervalMs': bareKey(propertyInt({ min: 1 }), 60_000, {
    since: '3.6.0',
    unit: 'ms',
    effect: 'Time between two searches for empty container and expired TTL nodes.',
  }),
  'znode.container.maxPerMinute': bareKey(propertyInt({ min: 1 }), 10_000, {
    since: '3.6.0',
    effect: 'Container and TTL nodes that are deleted in a minute at most.',
  }),
  'znode.container.maxNeverUsedIntervalMs': bareKey(propertyLong({ min: 0 }), 0, {
    since: '3.6.0',
    unit: 'ms',
    effect: 'Age at which a container that never had a child is deleted; 0: never.',
  }),
  extendedTypesEnabled: propertyKey(propertyBool(), false, {
    since: '3.5.4, 3.6.0',
    effect: 'Allows TTL nodes; server ids must then be below 255.',
  }),
  emulate353TTLNodes: propertyKey(propertyBool(), false, {
    since: '3.5.4, 3.6.0',
    support: 'missing',
    effect: 'Reads TTL nodes as release 3.5.3 wrote them.',
  }),
  'closeSessionTxn.enabled': propertyKey(propertyBool(), true, {
    since: '3.6.0',
    effect: 'Writes the paths of a closed session into its transaction.',
  }),
  watchManagerName: propertyKey(text('a Java class'), null, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Java class that keeps the watches.',
  }),
  watcherCleanThreadsNum: propertyKey(propertyInt(), 2, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Threads that clean up dead watchers.',
  }),
  watcherCleanThreshold: propertyKey(propertyInt(), 1000, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Dead watchers that are cleaned up in one go.',
  }),
  watcherCleanIntervalInSeconds: propertyKey(propertyInt(), 600, {
    since: '3.6.0',
    unit: 's',
    support: 'moot',
    effect: 'Longest time until dead watchers are cleaned up.',
  }),
  maxInProcessingDeadWatchers: propertyKey(propertyInt(), -1, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Dead watchers that may wait to be cleaned up.',
  }),
  bitHashCacheSize: propertyKey(propertyInt(), 10, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Cache size of a bit set that holds watches.',
  }),
};
