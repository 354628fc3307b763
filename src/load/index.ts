export { Histogram } from './histogram.js';
export { parseLaunch, USAGE } from './launch.js';
export { Outcome } from './outcome.js';
export { parseMix, type Plan, PROFILES, type Share } from './plan.js';
export { compare, type Measured, reportJson, reportText } from './report.js';
export { type Crew, runPlan } from './runner.js';
export type { SceneRun } from './scene.js';
export { sceneOf } from './stage.js';
