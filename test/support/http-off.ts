/** Keys of zoo.cfg that switch the HTTP ports off: all servers of a machine would want the same ones. */
export const HTTP_OFF: Readonly<Record<string, string>> = {
  'admin.enableServer': 'false',
  'metricsProvider.className': 'org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
};

/** The same as lines, each with its end. */
export const HTTP_OFF_LINES = Object.entries(HTTP_OFF)
  .map(([key, value]) => `${key}=${value}\n`)
  .join('');
