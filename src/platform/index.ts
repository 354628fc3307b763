export { loadKeyStores } from './load-key-stores.js';
export type { RealHost, RealHostOptions } from './real-host.js';
export { createRealHost } from './real-host.js';
export type { LoggerOptions } from './real-logger.js';
export { RealLogger } from './real-logger.js';
export { auditText, RealAuditLog } from './audit-file.js';
export { makeDurableFolderSync, makeFolderSync, syncFolderSync } from './make-folder.js';
export { makeExporter } from './exporter.js';
export { createClientHost } from './client-host.js';
