import { path, propertyBool, propertyInt, text } from '../value-types.js';
import { adminAddresses } from '../peer-addresses.js';
import { fileKey, ownKey, propertyKey } from './definition.js';

/** The HTTP server for administrators, and exporters of metrics. */
export const admin = {
  'admin.enableServer': propertyKey(propertyBool(), true, {
    since: '3.5.0',
    effect: 'Opens the HTTP port for administrators: commands, and health for probes.',
  }),
  'admin.serverAddress': propertyKey(text('an address'), '0.0.0.0', {
    since: '3.5.0',
    effect: 'Address of the HTTP port for administrators.',
  }),
  'admin.serverPort': propertyKey(propertyInt({ min: 0, max: 65_535 }), 8080, {
    since: '3.5.0',
    effect:
      'The HTTP port for administrators. When another program has it, the system chooses one and the log tells which.',
  }),
  'admin.idleTimeout': propertyKey(propertyInt({ min: 0 }), 30_000, {
    since: '3.5.0',
    unit: 'ms',
    effect: 'How long an HTTP connection may be idle; 0 is for ever.',
  }),
  'admin.maxConnections': ownKey(propertyInt({ min: 4, max: 65_535 }), 256, {
    effect: 'Connections of the admin port at a time; for one more the one that has been idle longest is closed.',
  }),
  'admin.commandURL': propertyKey(path(), '/commands', {
    since: '3.5.0',
    effect: 'Path of the commands.',
  }),
  'admin.httpVersion': propertyKey(propertyInt(), 11, {
    since: '3.5.0',
    support: 'moot',
    effect: 'HTTP version, as a number of the Java library; here it is 1.1.',
  }),
  'admin.portUnification': propertyKey(propertyBool(), false, {
    since: '3.6.0',
    effect: 'Takes HTTP and HTTPS on the same port; the stores are those of ssl.quorum.*.',
  }),
  'admin.forceHttps': propertyKey(propertyBool(), false, {
    since: '3.7.1',
    effect: 'Takes only HTTPS; the stores are those of ssl.quorum.*.',
  }),
  'admin.needClientAuth': propertyKey(propertyBool(), false, {
    since: '3.9.0',
    effect: 'Asks HTTPS clients for a certificate.',
  }),
  'admin.rateLimiterIntervalInMS': propertyKey(propertyInt({ min: 0 }), 300_000, {
    since: '3.9.0',
    unit: 'ms',
    effect: 'Shortest time between two snapshots, or two restores, by HTTP.',
  }),
  'admin.snapshot.enabled': propertyKey(propertyBool(), true, {
    since: '3.9.0',
    effect: 'Allows snapshots by HTTP.',
  }),
  'admin.restore.enabled': propertyKey(propertyBool(), true, {
    since: '3.9.0',
    effect: 'Allows restores by HTTP.',
  }),
  'admin.peerAddresses': ownKey(adminAddresses(), new Map(), {
    defaultText: 'the quorum hosts, with the own port',
    effect: 'Where the dashboard finds the admin ports of other servers: 1=host:port,2=host:port.',
  }),
  'metricsProvider.className': fileKey(text('a Java class'), null, {
    since: '3.6.0',
    defaultText: 'Prometheus, if the port is free',
    effect: 'What exports the metrics, docs/monitoring.md tells; a port that is taken only matters when it is set.',
  }),
  'metricsProvider.httpHost': fileKey(text('an address'), '0.0.0.0', {
    since: '3.8.0',
    effect: 'Address of the port for Prometheus.',
  }),
  'metricsProvider.httpPort': fileKey(propertyInt({ min: 0, max: 65_535 }), 7000, {
    since: '3.6.0',
    effect: 'Port for Prometheus, which asks it for /metrics.',
  }),
  'metricsProvider.exportJvmInfo': fileKey(propertyBool(), true, {
    since: '3.6.0',
    effect:
      'Exports metrics of the process, under the names of the Java machine as far as they have a meaning, and those of Node.',
  }),
  'metricsProvider.numWorkerThreads': fileKey(propertyInt(), 1, {
    since: '3.7.1',
    support: 'moot',
    effect: 'Threads that record summaries.',
  }),
  'metricsProvider.maxQueueSize': fileKey(propertyInt(), 1_000_000, {
    since: '3.7.1',
    support: 'moot',
    effect: 'Values that may wait to be recorded.',
  }),
  'metricsProvider.workerShutdownTimeoutMs': fileKey(propertyInt(), 1000, {
    since: '3.7.1',
    unit: 'ms',
    support: 'moot',
    effect: 'How long a stop waits for values to be recorded.',
  }),
  'pathStats.enabled': propertyKey(propertyBool(), false, {
    since: '3.6.0',
    support: 'missing',
    effect: 'Counts requests by path.',
  }),
  'pathStats.slotCapacity': propertyKey(propertyInt(), 60, {
    since: '3.6.0',
    support: 'missing',
    effect: 'Time slots of the counts by path.',
  }),
  'pathStats.slotDuration': propertyKey(propertyInt(), 15, {
    since: '3.6.0',
    unit: 's',
    support: 'missing',
    effect: 'Length of a time slot.',
  }),
  'pathStats.maxDepth': propertyKey(propertyInt(), 6, {
    since: '3.6.0',
    support: 'missing',
    effect: 'Parts of a path that are looked at.',
  }),
  'pathStats.initialDelay': propertyKey(propertyInt(), 5, {
    since: '3.6.0',
    unit: 's',
    support: 'missing',
    effect: 'Time until the first count.',
  }),
  'pathStats.delay': propertyKey(propertyInt(), 5, {
    since: '3.6.0',
    unit: 's',
    support: 'missing',
    effect: 'Time between two counts.',
  }),
  'pathStats.topPathMax': propertyKey(propertyInt(), 20, {
    since: '3.6.0',
    support: 'missing',
    effect: 'Paths that are named.',
  }),
  'pathStats.sampleRate': propertyKey(text('a share of 1'), '0.1', {
    since: '3.6.0',
    support: 'missing',
    effect: 'Share of the requests that are counted.',
  }),
};
