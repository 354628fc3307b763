import { EPOCH_BUGS } from './epochs.js';
import { FILE_BUGS } from './files.js';
import type { KnownBug } from './known-bug.js';
import { LEADER_BUGS } from './leaders.js';
import { ROLE_BUGS } from './roles.js';
import { SNAPSHOT_BUGS } from './snapshots.js';
import { SYNC_BUGS } from './synchronization.js';

/** All known bugs, by the file that has their histories. */
export const THEMES: Readonly<Record<string, readonly KnownBug[]>> = {
  'epochs.ts': EPOCH_BUGS,
  'synchronization.ts': SYNC_BUGS,
  'roles.ts': ROLE_BUGS,
  'files.ts': FILE_BUGS,
  'snapshots.ts': SNAPSHOT_BUGS,
  'leaders.ts': LEADER_BUGS,
};
