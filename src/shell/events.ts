import type { SessionEvent, WatchEvent, WatchEventType } from '../zk-client/index.js';

const TYPES: Readonly<Record<WatchEventType, string>> = {
  created: 'NodeCreated',
  deleted: 'NodeDeleted',
  dataChanged: 'NodeDataChanged',
  childrenChanged: 'NodeChildrenChanged',
  dataWatchRemoved: 'DataWatchRemoved',
  childWatchRemoved: 'ChildWatchRemoved',
  persistentWatchRemoved: 'PersistentWatchRemoved',
  sessionEnded: 'None',
};

const STATES: Readonly<Record<SessionEvent, string>> = {
  connected: 'SyncConnected',
  connectedReadOnly: 'ConnectedReadOnly',
  disconnected: 'Disconnected',
  saslAuthenticated: 'SaslAuthenticated',
  authFailed: 'AuthFailed',
  expired: 'Expired',
  closed: 'Closed',
};

/** A change as zkCli.sh 3.9 prints it. */
export function eventLine(event: WatchEvent): string {
  return `WatchedEvent state:SyncConnected type:${TYPES[event.type]} path:${event.path} zxid: ${event.zxid}`;
}

export function sessionLine(event: SessionEvent): string {
  return `WatchedEvent state:${STATES[event]} type:None path:null zxid: -1`;
}

export function eventJson(event: WatchEvent): Readonly<Record<string, unknown>> {
  return { event: TYPES[event.type], path: event.path, zxid: event.zxid };
}
