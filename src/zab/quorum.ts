import type { QuorumVerifier } from '../membership/index.js';
import { QuorumTally } from '../membership/index.js';
import type { ConfigView } from './needs.js';

/** The configurations that must each have a quorum now: the committed one, and a newer one that is on its way. */
export function requiredVerifiers(config: ConfigView): readonly QuorumVerifier[] {
  const current = config.verifier();
  const next = config.lastSeenVerifier();
  return next !== null && next.version > current.version ? [current, next] : [current];
}

export function tallyOf(config: ConfigView): QuorumTally {
  return new QuorumTally(requiredVerifiers(config));
}

/** Does it vote in one of the required configurations? */
export function isVoter(config: ConfigView, sid: number): boolean {
  return requiredVerifiers(config).some(({ voters }) => voters.has(sid));
}

/** All that vote in one of the required configurations. */
export function votersOf(config: ConfigView): ReadonlySet<number> {
  return new Set(requiredVerifiers(config).flatMap(({ voters }) => [...voters.keys()]));
}

/** Is it in a configuration at all, as voter or observer? Others may learn, but their word counts for nothing. */
export function isListed(config: ConfigView, sid: number): boolean {
  return config.verifier().members.has(sid) || config.lastSeenVerifier()?.members.has(sid) === true;
}

/** Do these servers make a quorum of every required configuration? */
export function haveQuorum(config: ConfigView, sids: ReadonlySet<number>): boolean {
  return requiredVerifiers(config).every((verifier) => verifier.containsQuorum(sids));
}

export function sidList(sids: Iterable<number>): string {
  return `[${[...sids].sort((a, b) => a - b).join(', ')}]`;
}
