/** Where the dashboard is. */
export const DASHBOARD_PATH = '/dashboard';
