import { type QuorumVerifier, sameQuorumAddresses } from '../membership/index.js';

/** May the leader of `current` go on leading in `next`? It must vote there and be found where it was. */
export function staysLeader(current: QuorumVerifier, next: QuorumVerifier, myId: number): boolean {
  const then = next.voters.get(myId);
  if (then === undefined) return false;
  const now = current.members.get(myId) ?? then;
  return sameQuorumAddresses(now, then);
}

/**
 * Who leads in the new configuration when its old leader cannot: of its voters that acknowledged the reconfiguration
 * `zxid`, the one that has the most of what came behind it, so that the least is lost. Without such a voter the old leader
 * itself (ZooKeeper's `getDesignatedLeader`).
 */
export function chooseLeader(
  next: QuorumVerifier,
  myId: number,
  acked: Iterable<readonly [sid: number, upTo: number]>,
  zxid: number,
): number {
  let best: { readonly sid: number; readonly upTo: number } | null = null;
  for (const [sid, upTo] of acked) {
    if (sid === myId || upTo < zxid || !next.voters.has(sid) || next.weight(sid) === 0) continue;
    if (best === null || upTo > best.upTo || (upTo === best.upTo && sid > best.sid)) best = { sid, upTo };
  }
  return best?.sid ?? myId;
}
