import { DURABILITY_MUTANTS } from './durability.js';
import type { Mutant } from './mutant.js';
import { REQUEST_MUTANTS } from './requests.js';
import { SESSION_MUTANTS } from './sessions.js';
import { WATCH_MUTANTS } from './watches.js';
import { ZAB_MUTANTS } from './zab.js';

export type { Mutant } from './mutant.js';

/** Those that the seeds tried so far (docs/verification.md says how many) did not find. */
export const ELUSIVE: ReadonlySet<string> = new Set([
  'epoch not noted before its log',
  'proposals under way are not forwarded',
  'promises do not count',
  'a new leader forgets the time-outs',
  'closed sessions write on',
  'sync without proof',
  'clients from the future are taken',
  'moved sessions write on',
]);

export const MUTANTS: readonly Mutant[] = [
  ...DURABILITY_MUTANTS,
  ...ZAB_MUTANTS,
  ...SESSION_MUTANTS,
  ...REQUEST_MUTANTS,
  ...WATCH_MUTANTS,
];
