import { DURABILITY_MUTANTS } from './durability.js';
import type { Mutant } from './mutant.js';
import { REQUEST_MUTANTS } from './requests.js';
import { SESSION_MUTANTS } from './sessions.js';
import { WATCH_MUTANTS } from './watches.js';
import { ZAB_MUTANTS } from './zab.js';

export type { Mutant } from './mutant.js';

export const MUTANTS: readonly Mutant[] = [
  ...DURABILITY_MUTANTS,
  ...ZAB_MUTANTS,
  ...SESSION_MUTANTS,
  ...REQUEST_MUTANTS,
  ...WATCH_MUTANTS,
];
