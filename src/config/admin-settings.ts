import type { Endpoint } from '../host/index.js';
import { isWildcardHost } from '../membership/index.js';
import type { BuildInput } from './build.js';
import { placeOf } from './rules.js';
import type { AdminSettings, ExporterSettings } from './server-config.js';
import { tlsSettings } from './tls-settings.js';

function endpointOf(address: string | null, port: number): Endpoint {
  return { host: address === null || address === '' || isWildcardHost(address) ? '' : address, port };
}

export function adminSettings(input: BuildInput): AdminSettings {
  const { values } = input;
  const isOn = values['admin.enableServer'];
  const forced = values['admin.forceHttps'];
  const transport = !isOn ? 'plain' : forced ? 'tls' : values['admin.portUnification'] ? 'either' : 'plain';
  const wantedBy = forced ? 'admin.forceHttps' : 'admin.portUnification';
  const tls = transport === 'plain' ? null : tlsSettings(input, 'ssl.quorum.', wantedBy);
  const clientAuth = values['admin.needClientAuth'] ? 'need' : 'none';
  return {
    endpoint: isOn ? endpointOf(values['admin.serverAddress'], values['admin.serverPort']) : null,
    transport,
    // Administrators come from anywhere: their certificates are not those of servers.
    tls: tls === null ? null : { ...tls, options: { ...tls.options, clientAuth, verifiesClientHost: false } },
    idleTimeoutMs: values['admin.idleTimeout'],
    maxConnections: values['admin.maxConnections'],
    commandUrl: `/${(values['admin.commandURL'] ?? '').replace(/^\/+|\/+$/g, '')}`,
    rateLimiterIntervalMs: values['admin.rateLimiterIntervalInMS'],
    allowsSnapshot: values['admin.snapshot.enabled'],
    allowsRestore: values['admin.restore.enabled'],
    peerAddresses: values['admin.peerAddresses'],
  };
}

const PROMETHEUS = 'org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider';
const SILENT: ReadonlySet<string> = new Set([
  'org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
  'org.apache.zookeeper.metrics.impl.NullMetricsProvider',
]);

export function exporterSettings(input: BuildInput): ExporterSettings {
  const { values, faults } = input;
  const className = values['metricsProvider.className'];
  if (className !== null && className !== PROMETHEUS && !SILENT.has(className)) {
    faults.warning(
      'NO_EFFECT',
      placeOf(input, 'metricsProvider.className'),
      `a Java class cannot be run here; the metrics are exported for Prometheus.`,
      `Write ${PROMETHEUS}.`,
    );
  }
  const isOff = className !== null && SILENT.has(className);
  return {
    endpoint: isOff ? null : endpointOf(values['metricsProvider.httpHost'], values['metricsProvider.httpPort']),
    isRequired: className === PROMETHEUS,
    exportsProcess: values['metricsProvider.exportJvmInfo'],
  };
}
