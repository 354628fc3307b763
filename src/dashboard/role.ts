import type { EnsembleMember } from '../status/index.js';

/** As whom a server serves, or what it does instead. */
export function roleOf({ summary, learner, source }: EnsembleMember): string {
  if (summary !== null) return summary.mode ?? summary.peerState;
  if (source === 'leader' && learner !== null) return learner.isObserver ? 'observer' : 'follower';
  return 'unknown';
}
