export type { Applied, SnapshotSend, StoredSnapshot, SyncSizes } from './database.js';
export { Database } from './database.js';
export type { EpochFiles } from './epoch-files.js';
export type { StorageErrorCode } from './errors.js';
export { StorageError } from './errors.js';
export type { DatabaseOptions } from './options.js';
export { STORAGE_DEFAULTS } from './options.js';
export type { SnapshotReceive } from './snapshot-receive.js';
export { StagedFile } from './staged-file.js';
