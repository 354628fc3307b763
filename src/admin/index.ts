export { makeAdminHandler } from './handler.js';
export type { AdminOptions, AdminTarget } from './needs.js';
