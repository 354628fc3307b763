export { ADVANCED_SUMMARY_NAMES, BASIC_SUMMARY_NAMES, COUNTER_NAMES, FRACTIONAL_GAUGE_NAMES } from './metric-names.js';
export { namespaceOf, NamespaceSizes } from './namespaces.js';
export { Counter, Metrics, Summary } from './metrics.js';
