export { makeAdminHandler } from './handler.js';
export type { AdminControl, AdminOptions, AdminTarget, ReloadReport } from './needs.js';
export { type DashboardFile, withDashboard } from './dashboard/handler.js';
