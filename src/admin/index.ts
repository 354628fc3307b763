export { makeAdminHandler } from './handler.js';
export type { AdminOptions, AdminTarget } from './needs.js';
export { type DashboardFile, withDashboard } from './dashboard/handler.js';
