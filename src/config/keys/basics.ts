import { bool, int, oneOf, path, port, optional, text } from '../value-types.js';
import { fileKey, ownKey, propertyKey } from './definition.js';
import { propertyBool } from '../value-types.js';

/** What every server's file has: time, folders, and the ports it listens on. */
export const basics = {
  tickTime: fileKey(int({ min: 1 }), 3000, {
    unit: 'ms',
    effect: 'Length of a tick, the unit of heartbeats, session time-outs and time limits.',
  }),
  dataDir: fileKey(path(), null, {
    effect: 'Folder of the snapshots, of myid and, unless dataLogDir is set, of the transaction log.',
    defaultText: 'none: it must be set',
  }),
  dataLogDir: fileKey(path(), null, {
    effect: 'Folder of the transaction log; best on a disk of its own.',
    defaultText: 'dataDir',
  }),
  clientPort: fileKey(optional(port()), null, {
    effect: 'Port for clients.',
    defaultText: 'the one in the server line; none without',
  }),
  clientPortAddress: fileKey(text('a host name or an address'), null, {
    since: '3.3.0',
    effect: 'Address on which clientPort is opened.',
    defaultText: 'all addresses',
  }),
  secureClientPort: fileKey(optional(port()), null, {
    effect: 'Port for TLS clients.',
    defaultText: 'none',
  }),
  secureClientPortAddress: fileKey(text('a host name or an address'), null, {
    effect: 'Address on which secureClientPort is opened.',
    defaultText: 'all addresses',
  }),
  clientPortListenBacklog: fileKey(int({ raiseTo: -1 }), -1, {
    since: '3.4.14, 3.5.5, 3.6.0',
    unit: 'connections',
    effect: 'Connections that may wait to be accepted on a client port; -1: as the system has it.',
  }),
  maxClientCnxns: fileKey(int({ raiseTo: 0 }), 60, {
    unit: 'connections',
    effect: 'Client connections from one address; 0: no limit.',
  }),
  minSessionTimeout: fileKey(int({ min: -1 }), -1, {
    since: '3.3.0',
    unit: 'ms',
    effect: 'Shortest session time-out that a client gets.',
    defaultText: '2 x tickTime',
  }),
  maxSessionTimeout: fileKey(int({ min: -1 }), -1, {
    since: '3.3.0',
    unit: 'ms',
    effect: 'Longest session time-out that a client gets.',
    defaultText: '20 x tickTime',
  }),
  localSessionsEnabled: fileKey(bool(), false, {
    since: '3.5.0',
    effect: 'Sessions of an ensemble that only the connected server knows of.',
  }),
  localSessionsUpgradingEnabled: fileKey(bool(), false, {
    since: '3.5.0',
    effect: 'Makes a local session global when it needs to be.',
  }),
  'datadir.autocreate': propertyKey(propertyBool(), true, {
    since: '3.5.0',
    effect: 'Makes the data folders at start when they are absent; false: refuses to start instead.',
  }),
  strictConfig: ownKey(bool(), false, {
    effect: 'Refuses to start with a key that no ZooKeeper release knows.',
  }),
  peerType: fileKey(oneOf(['participant', 'observer'], true), 'participant', {
    effect: 'Role of this server; the server list decides where both speak.',
  }),
};
