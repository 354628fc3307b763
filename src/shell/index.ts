export { propertiesOfFlags, readProperties, saslOfProperties, tlsOfProperties } from './client-settings.js';
export { complete } from './completion.js';
export { CliError, CliExit } from './errors.js';
export { parseLaunch } from './launch.js';
export { LiveLine, type LiveTarget } from './live-line.js';
export type { Sink } from './output.js';
export { progressLine, timeLeft } from './progress-line.js';
export { Shell, type ShellOptions } from './shell.js';
