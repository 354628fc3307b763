import type { AuditLog } from './audit.js';
import type { Clock } from './clock.js';
import type { Disk } from './disk.js';
import type { Logger } from './logger.js';
import type { Network } from './network.js';
import type { Random } from './random.js';

/** The world of one server. */
export interface Host {
  readonly clock: Clock;
  readonly network: Network;
  readonly disk: Disk;
  readonly random: Random;
  readonly log: Logger;
  /** Absent: nobody wants to know who did what. */
  readonly audit?: AuditLog;
}
