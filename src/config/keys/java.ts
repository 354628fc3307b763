import { bool, int, oneOf, propertyBool, propertyInt, propertyLong, text } from '../value-types.js';
import { fileKey, propertyKey } from './definition.js';

const CONNECTION_FACTORIES = [
  'org.apache.zookeeper.server.NIOServerCnxnFactory',
  'org.apache.zookeeper.server.NettyServerCnxnFactory',
];

const FOR_CLIENTS = 'A setting of Java clients, not of servers.';

/** Threads, buffers and log files of the Java server, which have no counterpart here. */
export const java = {
  serverCnxnFactory: propertyKey(oneOf(CONNECTION_FACTORIES), 'org.apache.zookeeper.server.NIOServerCnxnFactory', {
    support: 'moot',
    effect: 'Java class that serves client connections.',
  }),
  'nio.numSelectorThreads': propertyKey(propertyInt(), 1, {
    since: '3.5.0',
    support: 'moot',
    effect: 'Threads that watch client connections.',
    defaultText: 'from the number of cores',
  }),
  'nio.numWorkerThreads': propertyKey(propertyInt(), 2, {
    since: '3.5.0',
    support: 'moot',
    effect: 'Threads that read and write client connections.',
    defaultText: 'from the number of cores',
  }),
  'nio.directBufferBytes': propertyKey(propertyInt(), 65_536, {
    since: '3.5.0',
    unit: 'bytes',
    support: 'moot',
    effect: 'Buffer of a thread for writing.',
  }),
  'nio.shutdownTimeout': propertyKey(propertyLong(), 5000, {
    since: '3.5.0',
    unit: 'ms',
    support: 'moot',
    effect: 'How long a stop waits for those threads.',
  }),
  'netty.advancedFlowControl.enabled': propertyKey(propertyBool(), false, {
    since: '3.6.0',
    support: 'moot',
    guideName: 'advancedFlowControlEnabled',
    effect: 'Stops reading from clients whose requests pile up.',
  }),
  'netty.server.outstandingHandshake.limit': propertyKey(propertyInt(), -1, {
    since: '3.6.0',
    guideName: 'outstandingHandshake.limit',
    effect: 'TLS handshakes with clients at the same time; 0 or less: no limit.',
  }),
  'netty.server.earlyDropSecureConnectionHandshakes': propertyKey(propertyBool(), false, {
    since: '3.7.1, 3.8.0',
    effect: 'Drops TLS clients before their handshake until the server serves.',
  }),
  'commitProcessor.numWorkerThreads': propertyKey(propertyInt(), 1, {
    since: '3.5.0',
    support: 'moot',
    effect: 'Threads that process committed requests.',
    defaultText: 'the number of cores',
  }),
  'commitProcessor.shutdownTimeout': propertyKey(propertyLong(), 5000, {
    since: '3.5.0',
    unit: 'ms',
    support: 'moot',
    effect: 'How long a stop waits for those threads.',
  }),
  'commitProcessor.maxReadBatchSize': propertyKey(propertyInt(), -1, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Reads that are processed before commits are looked at.',
  }),
  'commitProcessor.maxCommitBatchSize': propertyKey(propertyInt(), 1, {
    since: '3.6.0',
    support: 'moot',
    effect: 'Commits that are processed before reads are looked at.',
  }),
  intBufferStartingSizeBytes: propertyKey(propertyInt(), 1024, {
    since: '3.5.5',
    unit: 'bytes',
    support: 'moot',
    effect: 'First size of the buffer for serializing a reply.',
  }),
  'jvm.pause.monitor': fileKey(bool(), false, {
    since: '3.6.0',
    effect: 'Watches for pauses, here of the event loop, and measures them as jvm_pause_time_ms.',
  }),
  'jvm.pause.info-threshold.ms': fileKey(int(), 1000, {
    since: '3.6.0',
    unit: 'ms',
    effect: 'Pause from which a line is logged.',
  }),
  'jvm.pause.warn-threshold.ms': fileKey(int(), 10_000, {
    since: '3.6.0',
    unit: 'ms',
    effect: 'Pause from which a warning is logged.',
  }),
  'jvm.pause.sleep.time.ms': fileKey(int(), 500, {
    since: '3.6.0',
    unit: 'ms',
    effect: 'Time between two looks for a pause.',
  }),
  'jmx.log4j.disable': propertyKey(propertyBool(), false, {
    support: 'moot',
    effect: 'Does not offer the log levels by JMX.',
  }),
  'jmx.log4j.mbean': propertyKey(text(), 'log4j:hierarchy=default', {
    support: 'moot',
    effect: 'Name of the log levels in JMX.',
  }),
  'log.dir': propertyKey(text('a path'), null, {
    effect: 'Folder of the audit log; the log itself goes to the standard output.',
  }),
  'log.file': propertyKey(text('a file name'), null, {
    support: 'moot',
    effect: 'Name of the Java server’s log file.',
  }),
  'root.logger': propertyKey(text(), null, {
    effect: 'Level of the log (its first word), where logback.xml or log4j.properties asks for it or there is none.',
    defaultText: 'INFO,CONSOLE',
  }),
  'console.threshold': propertyKey(text(), null, {
    effect: 'Least level that is logged, where logback.xml or log4j.properties asks for it or there is none.',
    defaultText: 'INFO',
  }),
  'log.threshold': propertyKey(text(), null, {
    support: 'moot',
    effect: 'Level of what the Java server writes into its log file.',
  }),
  'log.maxfilesize': propertyKey(text(), null, {
    support: 'moot',
    effect: 'Size of a log file of the Java server.',
  }),
  'log.maxbackupindex': propertyKey(text(), null, {
    support: 'moot',
    effect: 'Number of log files of the Java server.',
  }),
  traceFile: propertyKey(text('a file name'), null, {
    support: 'moot',
    effect: 'Trace file of requests, in guides of release 3.4.',
    names: [
      { kind: 'file', name: 'traceFile' },
      { kind: 'property', name: 'requestTraceFile' },
    ],
  }),
  'tracelog.dir': propertyKey(text(), null, {
    support: 'moot',
    effect: 'Folder of the Java server’s trace file.',
  }),
  'tracelog.file': propertyKey(text(), null, {
    support: 'moot',
    effect: 'Name of the Java server’s trace file.',
  }),
  'auditlog.file': propertyKey(text(), null, {
    effect: 'File of the audit log, in log.dir; without both keys its lines go where the log goes.',
    defaultText: 'zookeeper_audit.log where log.dir is set',
  }),
  'auditlog.threshold': propertyKey(text(), null, {
    support: 'moot',
    effect: 'Level of the Java server’s audit log.',
  }),
  'client.secure': propertyKey(propertyBool(), false, { support: 'moot', effect: FOR_CLIENTS }),
  clientCnxnSocket: propertyKey(text('a Java class'), null, { support: 'moot', effect: FOR_CLIENTS }),
  disableAutoWatchReset: propertyKey(propertyBool(), false, { support: 'moot', effect: FOR_CLIENTS }),
  'request.timeout': propertyKey(propertyLong(), 0, { unit: 'ms', support: 'moot', effect: FOR_CLIENTS }),
  'sasl.client': propertyKey(propertyBool(), true, { support: 'moot', effect: FOR_CLIENTS }),
  'sasl.client.canonicalize.hostname': propertyKey(propertyBool(), true, { support: 'moot', effect: FOR_CLIENTS }),
  'sasl.client.username': propertyKey(text(), 'zookeeper', { support: 'moot', effect: FOR_CLIENTS }),
  'sasl.clientconfig': propertyKey(text('a section name'), 'Client', { support: 'moot', effect: FOR_CLIENTS }),
  'server.principal': propertyKey(text('a principal'), null, { support: 'moot', effect: FOR_CLIENTS }),
};
