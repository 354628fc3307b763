export type { ClientTls, Transport } from './secure-accept.js';
export { ClientListener, type ClientListenerDeps } from './client-listener.js';
export { type ClientOptions, DEFAULT_CLIENT_OPTIONS } from './options.js';
export {
  type CommandContext,
  type ConnectionView,
  FOUR_LETTER_WORDS,
  monitorFigures,
  resetServerStatistics,
} from './four-letter/index.js';
export { SLOW_WINDOW_MS, type SlowNote } from './slow-requests.js';
