export { makeAdminHandler } from './handler.js';
export type { AdminOptions, AdminTarget, LearnerFacts } from './needs.js';
