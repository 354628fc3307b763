import { CLOCK_FAULTS } from './clock-faults.js';
import { CRASH_FAULTS } from './crash-faults.js';
import { DAMAGE_FAULTS } from './damage-faults.js';
import { DISK_FAULTS } from './disk-faults.js';
import type { FaultKind } from './fault.js';
import { MOVE_FAULTS } from './move-faults.js';
import { NETWORK_FAULTS } from './network-faults.js';
import { RECONFIG_FAULTS } from './reconfig-faults.js';

export type { FaultKind, PlannedFault } from './fault.js';
export { describeFault } from './fault.js';

export const FAULT_KINDS: readonly FaultKind[] = [
  ...NETWORK_FAULTS,
  ...CRASH_FAULTS,
  ...DISK_FAULTS,
  ...DAMAGE_FAULTS,
  ...CLOCK_FAULTS,
  ...RECONFIG_FAULTS,
  ...MOVE_FAULTS,
];
