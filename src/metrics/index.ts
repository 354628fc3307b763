export { Counter, Metrics, Summary } from './metrics.js';
